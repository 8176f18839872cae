// SPDX-License-Identifier: Apache-2.0

package i18n

import (
	"math"
	"syscall/js"
	"testing"
	"time"
	_ "time/tzdata"
)

// The zone is set through Node's environment, which it looks at again whenever it is assigned.
func TestBrowserOffset(t *testing.T) {
	env := js.Global().Get("process").Get("env")
	before := env.Get("TZ")
	t.Cleanup(func() {
		if before.IsUndefined() {
			env.Delete("TZ")
		} else {
			env.Set("TZ", before)
		}
	})
	summer, winter := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		zone           string
		summer, winter int
	}{
		{"Europe/Berlin", 7200, 3600},
		{"America/St_Johns", -9000, -12600},
		{"UTC", 0, 0},
	} {
		env.Set("TZ", tt.zone)
		if s, w := BrowserOffset(summer), BrowserOffset(winter); s != tt.summer || w != tt.winter {
			t.Errorf("%s: %d, %d, want %d, %d", tt.zone, s, w, tt.summer, tt.winter)
		}
	}
	if got := BrowserOffset(time.Unix(math.MaxInt32*1e6, 0)); got != 0 {
		t.Errorf("an instant beyond JavaScript: %d", got)
	}
}

// The browser's offsets of a zone are those that the server has of it, to the second, also just before clocks are changed and when they are.
func TestZoneOffset(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati", "UTC"} {
		location, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		offset := ZoneOffset(name)
		for at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == 2026; {
			if _, want := at.In(location).Zone(); offset(at) != want {
				t.Fatalf("%s at %s: %d, want %d", name, at, offset(at), want)
			}
			_, end := at.In(location).ZoneBounds()
			if next := at.Add(50 * time.Hour); !end.IsZero() && end.After(at) && end.Before(next) {
				at = end.Add(-time.Second)
				if _, want := at.In(location).Zone(); offset(at) != want {
					t.Fatalf("%s at %s: %d, want %d", name, at, offset(at), want)
				}
				at = end
			} else {
				at = next
			}
		}
	}
	if got := ZoneOffset("Europe/Berlin")(time.Unix(math.MaxInt32*1e6, 0)); got != 0 {
		t.Errorf("an instant beyond JavaScript: %d", got)
	}
	for _, name := range []string{"", "Europe/Atlantis"} {
		if ZoneOffset(name) != nil {
			t.Errorf("%q is known", name)
		}
	}
}

func TestGMTSeconds(t *testing.T) {
	for name, want := range map[string]int{"GMT": 0, "GMT+05:30": 19800, "GMT-03:30": -12600, "GMT\u221208:00": -28800, "GMT-00:01:15": -75} {
		if got := gmtSeconds(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}
