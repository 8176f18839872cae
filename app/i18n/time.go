// SPDX-License-Identifier: Apache-2.0

package i18n

import (
	"strconv"
	"time"
)

// Format writes times in a language and a zone. It never asks for the zone of the machine it runs on: on the server that
// is not the person's, and in the browser Go has but one offset for all of a year.
type Format struct {
	*Printer
	// Offset returns the seconds that the person's clock was ahead of UTC at an instant (see LoadZone and BrowserOffset);
	// nil is UTC.
	Offset func(time.Time) int
}

// local returns t as a UTC time that shows what the person's clock showed, and the offset.
func (f Format) local(t time.Time) (time.Time, int) {
	t = t.UTC()
	if f.Offset == nil {
		return t, 0
	}
	// No zone is or was a day away from UTC: more is a broken clock source, not a zone.
	offset := f.Offset(t)
	if offset <= -86400 || offset >= 86400 {
		return t, 0
	}
	return t.Add(time.Duration(offset) * time.Second), offset
}

// Ago writes how long t lies before now: just now, 2 min ago, 1 h ago, yesterday, 3 days ago, 3 weeks ago, 8 months ago, 2
// years ago. Days are counted by the person's calendar, but less than six hours are hours even over midnight. A time up to
// a day after now is a clock that runs ahead, and just now; a later one is written as a date. The zero time is never.
func (f Format) Ago(t, now time.Time) string {
	if t.IsZero() {
		return f.T("time.never")
	}
	seconds := now.Unix() - t.Unix()
	switch {
	case seconds < -86400:
		return f.Date(t)
	case seconds < 60:
		return f.T("time.just_now")
	case seconds < 3600:
		return f.N("time.minutes_ago", int(seconds/60))
	}
	then, _ := f.local(t)
	today, _ := f.local(now)
	days := dayNumber(today) - dayNumber(then)
	if seconds < 6*3600 || days <= 0 {
		return f.N("time.hours_ago", int(seconds/3600))
	}
	months := 12*(today.Year()-then.Year()) + int(today.Month()) - int(then.Month())
	if today.Day() < then.Day() {
		months--
	}
	switch {
	case days == 1:
		return f.T("time.yesterday")
	case days < 7:
		return f.N("time.days_ago", int(days))
	case months < 1:
		return f.N("time.weeks_ago", int(days/7))
	case months < 12:
		return f.N("time.months_ago", months)
	}
	return f.N("time.years_ago", months/12)
}

// dayNumber counts the days since 1 January 1970, also before it.
func dayNumber(t time.Time) int64 {
	seconds := t.Unix()
	day := seconds / 86400
	if seconds%86400 < 0 {
		day--
	}
	return day
}

// Date writes the day: 3 Mar 2022. The zero time is empty.
func (f Format) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	local, _ := f.local(t)
	return f.T("format.date",
		"day", strconv.Itoa(local.Day()),
		"month", f.T("month."+strconv.Itoa(int(local.Month()))),
		"year", strconv.Itoa(local.Year()))
}

// DateTime writes the day and the minute: 14 Sep 2024, 10:22. The zero time is empty.
func (f Format) DateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	local, _ := f.local(t)
	return f.T("format.date_time", "date", f.Date(t), "time", two(local.Hour())+":"+two(local.Minute()))
}

// Exact is DateTime with the zone: 14 Sep 2024, 10:22 UTC+2. The zero time is empty.
func (f Format) Exact(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return f.DateTime(t) + "\u00a0" + f.Zone(t)
}

// Clock writes the time of day, as a log does: 09:12:04. The zero time is empty.
func (f Format) Clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	local, _ := f.local(t)
	return two(local.Hour()) + ":" + two(local.Minute()) + ":" + two(local.Second())
}

// Zone names the person's zone at an instant by its distance from UTC: UTC, UTC+2, UTC-3:30.
func (f Format) Zone(t time.Time) string {
	_, offset := f.local(t)
	sign := "+"
	if offset < 0 {
		sign, offset = "-", -offset
	}
	minutes := offset / 60
	switch {
	case minutes == 0:
		return "UTC"
	case minutes%60 == 0:
		return "UTC" + sign + strconv.Itoa(minutes/60)
	}
	return "UTC" + sign + strconv.Itoa(minutes/60) + ":" + two(minutes%60)
}

// two writes a number below 100 with two digits.
func two(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}
