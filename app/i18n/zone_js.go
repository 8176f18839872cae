// SPDX-License-Identifier: Apache-2.0

package i18n

import (
	"strconv"
	"strings"
	"syscall/js"
	"time"
)

// BrowserOffset returns the seconds that the browser's clock is ahead of UTC at an instant, with the daylight saving time
// of that instant. An instant that JavaScript cannot express (more than 275,000 years away) has the offset 0.
func BrowserOffset(t time.Time) int {
	minutes := js.Global().Get("Date").New(float64(t.UnixMilli())).Call("getTimezoneOffset").Float()
	if minutes != minutes { // NaN
		return 0
	}
	return int(-minutes * 60)
}

// ZoneOffset returns the seconds that clocks of a zone are ahead of UTC at an instant, as the browser knows that zone; nil, which is UTC,
// for one that it does not know.
func ZoneOffset(name string) func(time.Time) int {
	format, ok := zoneFormat(name)
	if !ok {
		return nil
	}
	return Remember(func(t time.Time) int { return longOffset(format, t) })
}

// zoneFormat makes the browser's formatter for a zone, which throws where it does not know the zone.
func zoneFormat(name string) (format js.Value, ok bool) {
	defer func() { ok = recover() == nil }()
	if name == "" {
		panic(name)
	}
	return js.Global().Get("Intl").Get("DateTimeFormat").New("en-US", map[string]any{"timeZone": name, "timeZoneName": "longOffset"}), true
}

// longOffset reads the offset off the name that the browser has for the zone at an instant: GMT, GMT+05:30, GMT-00:01:15.
func longOffset(format js.Value, t time.Time) int {
	date := js.Global().Get("Date").New(float64(t.UnixMilli()))
	if ms := date.Call("getTime").Float(); ms != ms { // NaN, which formatToParts refuses
		return 0
	}
	parts := format.Call("formatToParts", date)
	for i := range parts.Length() {
		if parts.Index(i).Get("type").String() == "timeZoneName" {
			return gmtSeconds(parts.Index(i).Get("value").String())
		}
	}
	return 0
}

func gmtSeconds(name string) int {
	text := strings.ReplaceAll(strings.TrimPrefix(name, "GMT"), "\u2212", "-")
	if text == "" {
		return 0
	}
	seconds, unit := 0, 3600
	for part := range strings.SplitSeq(text[1:], ":") {
		n, _ := strconv.Atoi(part)
		seconds += n * unit
		unit /= 60
	}
	if text[0] == '-' {
		return -seconds
	}
	return seconds
}
