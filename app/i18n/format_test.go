// SPDX-License-Identifier: Apache-2.0

package i18n_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"gatehouse/app/i18n"
	"gatehouse/web/languages"
)

// Numbers and units keep together with a no-break space, which the tables write as ~.
func spaces(s string) string { return strings.ReplaceAll(s, "~", "\u00a0") }

func TestNumbers(t *testing.T) {
	en, de := languages.Printer("en"), languages.Printer("de")
	tests := []struct {
		name   string
		write  func(p *i18n.Printer) string
		en, de string
	}{
		{"zero", func(p *i18n.Printer) string { return p.Number(0) }, "0", "0"},
		{"three digits", func(p *i18n.Printer) string { return p.Number(999) }, "999", "999"},
		{"four digits", func(p *i18n.Printer) string { return p.Number(1000) }, "1,000", "1.000"},
		{"five digits", func(p *i18n.Printer) string { return p.Number(12481) }, "12,481", "12.481"},
		{"negative", func(p *i18n.Printer) string { return p.Number(-100) }, "-100", "-100"},
		{"negative, grouped", func(p *i18n.Printer) string { return p.Number(-1000000) }, "-1,000,000", "-1.000.000"},
		{"smallest", func(p *i18n.Printer) string { return p.Number(math.MinInt64) }, "-9,223,372,036,854,775,808", "-9.223.372.036.854.775.808"},

		{"no bytes", func(p *i18n.Printer) string { return p.Bytes(0) }, "0~B", "0~B"},
		{"bytes", func(p *i18n.Printer) string { return p.Bytes(999) }, "999~B", "999~B"},
		{"a kilobyte", func(p *i18n.Printer) string { return p.Bytes(1000) }, "1~kB", "1~kB"},
		{"kilobytes", func(p *i18n.Printer) string { return p.Bytes(1250) }, "1.3~kB", "1,3~kB"},
		{"below ten", func(p *i18n.Printer) string { return p.Bytes(9949) }, "9.9~kB", "9,9~kB"},
		{"about ten", func(p *i18n.Printer) string { return p.Bytes(9950) }, "10~kB", "10~kB"},
		{"below the next unit", func(p *i18n.Printer) string { return p.Bytes(999499) }, "999~kB", "999~kB"},
		{"rounded to the next unit", func(p *i18n.Printer) string { return p.Bytes(999500) }, "1~MB", "1~MB"},
		{"gigabytes", func(p *i18n.Printer) string { return p.Bytes(1_400_000_000) }, "1.4~GB", "1,4~GB"},
		{"negative bytes", func(p *i18n.Printer) string { return p.Bytes(-2_500_000) }, "-2.5~MB", "-2,5~MB"},
		{"fewer bytes", func(p *i18n.Printer) string { return p.Bytes(-12) }, "-12~B", "-12~B"},
		{"most bytes", func(p *i18n.Printer) string { return p.Bytes(math.MaxInt64) }, "9.2~EB", "9,2~EB"},
		{"least bytes", func(p *i18n.Printer) string { return p.Bytes(math.MinInt64) }, "-9.2~EB", "-9,2~EB"},

		{"percent", func(p *i18n.Printer) string { return p.Percent(57, 100) }, "57~%", "57~%"},
		{"cut", func(p *i18n.Printer) string { return p.Percent(1, 3) }, "33~%", "33~%"},
		{"not yet everything", func(p *i18n.Printer) string { return p.Percent(99999, 100000) }, "99~%", "99~%"},
		{"everything", func(p *i18n.Printer) string { return p.Percent(7, 7) }, "100~%", "100~%"},
		{"of nothing", func(p *i18n.Printer) string { return p.Percent(5, 0) }, "0~%", "0~%"},
		{"negative percent", func(p *i18n.Printer) string { return p.Percent(-5, 10) }, "-50~%", "-50~%"},
		{"much of little", func(p *i18n.Printer) string { return p.Percent(math.MaxInt64, 1) }, "1,000,000,000,000,000~%", "1.000.000.000.000.000~%"},

		{"latency", func(p *i18n.Printer) string { return p.Millis(38 * time.Millisecond) }, "38~ms", "38~ms"},
		{"long latency", func(p *i18n.Printer) string { return p.Millis(1940 * time.Millisecond) }, "1,940~ms", "1.940~ms"},

		{"no time", func(p *i18n.Printer) string { return p.Duration(0) }, "0~s", "0~s"},
		{"below a millisecond", func(p *i18n.Printer) string { return p.Duration(900) }, "0~s", "0~s"},
		{"milliseconds", func(p *i18n.Printer) string { return p.Duration(999 * time.Millisecond) }, "999~ms", "999~ms"},
		{"seconds", func(p *i18n.Printer) string { return p.Duration(59900 * time.Millisecond) }, "59~s", "59~s"},
		{"minutes and seconds", func(p *i18n.Printer) string { return p.Duration(332 * time.Second) }, "5~min 32~s", "5~min 32~s"},
		{"minutes", func(p *i18n.Printer) string { return p.Duration(15 * time.Minute) }, "15~min", "15~min"},
		{"hours without minutes", func(p *i18n.Printer) string { return p.Duration(2*time.Hour + 5*time.Second) }, "2~h", "2~h"},
		{"a day", func(p *i18n.Printer) string { return p.Duration(24 * time.Hour) }, "1~day", "1~Tag"},
		{"days and hours", func(p *i18n.Printer) string { return p.Duration(76 * time.Hour) }, "3~days 4~h", "3~Tage 4~h"},
		{"negative time", func(p *i18n.Printer) string { return p.Duration(-332 * time.Second) }, "-5~min 32~s", "-5~min 32~s"},
		{"longest time", func(p *i18n.Printer) string { return p.Duration(math.MaxInt64) }, "106,751~days 23~h", "106.751~Tage 23~h"},

		{"no items", func(p *i18n.Printer) string { return p.List() }, "", ""},
		{"one item", func(p *i18n.Printer) string { return p.List("a") }, "a", "a"},
		{"two items", func(p *i18n.Printer) string { return p.List("a", "b") }, "a and b", "a und b"},
		{"three items", func(p *i18n.Printer) string { return p.List("a", "b", "c") }, "a, b and c", "a, b und c"},
		{"items with braces", func(p *i18n.Printer) string { return p.List("{last}", "{list}") }, "{last} and {list}", "{last} und {list}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.write(en); got != spaces(tt.en) {
				t.Errorf("en: %q, want %q", got, spaces(tt.en))
			}
			if got := tt.write(de); got != spaces(tt.de) {
				t.Errorf("de: %q, want %q", got, spaces(tt.de))
			}
		})
	}
}

// berlin is Europe/Berlin around the days of the tests, so that they also run where there is no zone database.
func berlin(t time.Time) int {
	summer := time.Date(t.Year(), 3, 31, 1, 0, 0, 0, time.UTC)
	winter := time.Date(t.Year(), 10, 31, 1, 0, 0, 0, time.UTC)
	if t.After(summer) && t.Before(winter) {
		return 7200
	}
	return 3600
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestAgo(t *testing.T) {
	newYork := func(time.Time) int { return -5 * 3600 }
	noon := "2026-11-21T12:00:00Z"
	tests := []struct {
		name   string
		offset func(time.Time) int
		t, now string
		en, de string
	}{
		{"now", nil, noon, noon, "just now", "gerade eben"},
		{"seconds", nil, "2026-11-21T11:59:01Z", noon, "just now", "gerade eben"},
		{"a clock ahead", nil, "2026-11-21T12:04:00Z", noon, "just now", "gerade eben"},
		{"a clock a day ahead", nil, "2026-11-22T12:00:00Z", noon, "just now", "gerade eben"},
		{"far ahead", nil, "2027-01-05T12:00:00Z", noon, "5 Jan 2027", "5. Jan. 2027"},
		{"a minute", nil, "2026-11-21T11:59:00Z", noon, "1 min ago", "vor 1 Min."},
		{"minutes", nil, "2026-11-21T11:00:01Z", noon, "59 min ago", "vor 59 Min."},
		{"an hour", nil, "2026-11-21T11:00:00Z", noon, "1 h ago", "vor 1 Std."},
		{"the whole day", nil, "2026-11-21T00:00:00Z", "2026-11-21T23:59:59Z", "23 h ago", "vor 23 Std."},
		{"over midnight", nil, "2026-11-20T23:50:00Z", "2026-11-21T01:20:00Z", "1 h ago", "vor 1 Std."},
		{"last night", nil, "2026-11-20T23:00:00Z", "2026-11-21T05:00:00Z", "yesterday", "gestern"},
		{"yesterday morning", nil, "2026-11-20T00:00:00Z", "2026-11-21T23:59:59Z", "yesterday", "gestern"},
		{"the day before", nil, "2026-11-19T23:59:59Z", "2026-11-21T00:00:00Z", "2 days ago", "vor 2 Tagen"},
		{"today in UTC, yesterday in Berlin", berlin, "2026-07-20T21:30:00Z", "2026-07-21T08:00:00Z", "yesterday", "gestern"},
		{"yesterday in UTC, today in Berlin", berlin, "2026-07-20T22:30:00Z", "2026-07-21T08:00:00Z", "9 h ago", "vor 9 Std."},
		{"yesterday in UTC, today in New York", newYork, "2026-11-20T06:00:00Z", "2026-11-21T04:00:00Z", "22 h ago", "vor 22 Std."},
		{"six days", nil, "2026-11-15T12:00:00Z", noon, "6 days ago", "vor 6 Tagen"},
		{"a week", nil, "2026-11-14T12:00:00Z", noon, "1 week ago", "vor 1 Woche"},
		{"weeks", nil, "2026-10-31T12:00:00Z", noon, "3 weeks ago", "vor 3 Wochen"},
		{"a day less than a month", nil, "2026-10-22T12:00:00Z", noon, "4 weeks ago", "vor 4 Wochen"},
		{"a month", nil, "2026-10-21T12:00:00Z", noon, "1 month ago", "vor 1 Monat"},
		{"a short month", nil, "2026-02-01T12:00:00Z", "2026-03-01T12:00:00Z", "1 month ago", "vor 1 Monat"},
		{"from the end of a long month", nil, "2026-01-31T12:00:00Z", "2026-02-28T12:00:00Z", "4 weeks ago", "vor 4 Wochen"},
		{"months", nil, "2026-03-01T12:00:00Z", noon, "8 months ago", "vor 8 Monaten"},
		{"nearly a year", nil, "2025-11-22T12:00:00Z", noon, "11 months ago", "vor 11 Monaten"},
		{"a year", nil, "2025-11-21T12:00:00Z", noon, "1 year ago", "vor 1 Jahr"},
		{"years", nil, "2024-06-01T12:00:00Z", noon, "2 years ago", "vor 2 Jahren"},
		{"1 January 1970", nil, "1970-01-01T00:00:00Z", noon, "56 years ago", "vor 56 Jahren"},
		{"before 1970", nil, "1969-12-31T23:00:00Z", "1970-01-01T05:00:00Z", "yesterday", "gestern"},
		{"long ago", nil, "0002-01-01T00:00:00Z", noon, "2,024 years ago", "vor 2.024 Jahren"},
		{"never", nil, "0001-01-01T00:00:00Z", noon, "Never", "Nie"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for lang, want := range map[string]string{"en": tt.en, "de": tt.de} {
				f := i18n.Format{Printer: languages.Printer(lang), Offset: tt.offset}
				if got := f.Ago(at(tt.t), at(tt.now)); got != want {
					t.Errorf("%s: %q, want %q", lang, got, want)
				}
			}
		})
	}
}

func TestDates(t *testing.T) {
	fixed := func(seconds int) func(time.Time) int { return func(time.Time) int { return seconds } }
	tests := []struct {
		name       string
		offset     func(time.Time) int
		t          time.Time
		en, de     string // Date
		enAt, deAt string // Exact
		clock      string
	}{
		{"UTC", nil, at("2022-03-03T09:12:04Z"), "3 Mar 2022", "3. März 2022", "3 Mar 2022, 09:12~UTC", "3. März 2022, 09:12~UTC", "09:12:04"},
		{"summer", berlin, at("2024-09-14T08:22:31Z"), "14 Sep 2024", "14. Sept. 2024", "14 Sep 2024, 10:22~UTC+2", "14. Sept. 2024, 10:22~UTC+2", "10:22:31"},
		{"winter", berlin, at("2024-12-31T23:30:00Z"), "1 Jan 2025", "1. Jan. 2025", "1 Jan 2025, 00:30~UTC+1", "1. Jan. 2025, 00:30~UTC+1", "00:30:00"},
		{"half an hour", fixed(19800), at("2025-05-01T00:00:00Z"), "1 May 2025", "1. Mai 2025", "1 May 2025, 05:30~UTC+5:30", "1. Mai 2025, 05:30~UTC+5:30", "05:30:00"},
		{"west", fixed(-12600), at("2025-05-01T00:00:00Z"), "30 Apr 2025", "30. Apr. 2025", "30 Apr 2025, 20:30~UTC-3:30", "30. Apr. 2025, 20:30~UTC-3:30", "20:30:00"},
		{"a broken zone", fixed(86400), at("2025-05-01T00:00:00Z"), "1 May 2025", "1. Mai 2025", "1 May 2025, 00:00~UTC", "1. Mai 2025, 00:00~UTC", "00:00:00"},
		{"not UTC at first", nil, at("2025-05-01T00:30:00+02:00"), "30 Apr 2025", "30. Apr. 2025", "30 Apr 2025, 22:30~UTC", "30. Apr. 2025, 22:30~UTC", "22:30:00"},
		{"far", nil, time.Date(12026, 11, 1, 0, 0, 0, 0, time.UTC), "1 Nov 12026", "1. Nov. 12026", "1 Nov 12026, 00:00~UTC", "1. Nov. 12026, 00:00~UTC", "00:00:00"},
		{"before our era", nil, time.Date(-44, 3, 15, 12, 0, 0, 0, time.UTC), "15 Mar -44", "15. März -44", "15 Mar -44, 12:00~UTC", "15. März -44, 12:00~UTC", "12:00:00"},
		{"zero", berlin, time.Time{}, "", "", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for lang, want := range map[string][2]string{"en": {tt.en, tt.enAt}, "de": {tt.de, tt.deAt}} {
				f := i18n.Format{Printer: languages.Printer(lang), Offset: tt.offset}
				if got := f.Date(tt.t); got != want[0] {
					t.Errorf("%s: Date %q, want %q", lang, got, want[0])
				}
				if got := f.Exact(tt.t); got != spaces(want[1]) {
					t.Errorf("%s: Exact %q, want %q", lang, got, want[1])
				}
				if got := f.DateTime(tt.t); !strings.HasPrefix(spaces(want[1]), got) {
					t.Errorf("%s: DateTime %q, want the start of %q", lang, got, want[1])
				}
				if got := f.Clock(tt.t); got != tt.clock {
					t.Errorf("%s: Clock %q, want %q", lang, got, tt.clock)
				}
			}
		})
	}
}

// Neither the zone of a time value nor that of the machine shows through.
func TestLocalZoneDoesNotMatter(t *testing.T) {
	before := time.Local
	t.Cleanup(func() { time.Local = before })
	time.Local = time.FixedZone("elsewhere", 11*3600)
	f := i18n.Format{Printer: languages.Printer("en"), Offset: berlin}
	moment := at("2024-09-14T20:22:31Z")
	if got, want := f.Exact(moment.In(time.Local)), f.Exact(moment); got != want || !strings.HasPrefix(got, "14 Sep 2024, 22:22") {
		t.Errorf("got %q, want %q", got, want)
	}
}
