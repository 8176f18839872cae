// SPDX-License-Identifier: Apache-2.0

//go:build !js

package i18n_test

import (
	"testing"
	"time"

	"gatehouse/app/i18n"
)

// Every offset is the zone's own, on the days when the clocks change too, and most instants are not asked about.
func TestRemember(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"} {
		zone, ok := i18n.LoadZone(name)
		if !ok {
			t.Fatalf("%s is not known", name)
		}
		asked := 0
		remembered := i18n.Remember(func(t time.Time) int { asked++; return zone(t) })
		n := 0
		for at := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2027; at = at.Add(41 * time.Minute) {
			n++
			if got, want := remembered(at), zone(at); got != want {
				t.Fatalf("%s at %s: %d, want %d", name, at, got, want)
			}
		}
		if asked > n/10 {
			t.Errorf("%s: the zone was asked %d times about %d instants", name, asked, n)
		}
		if before := time.Unix(-1, 0); remembered(before) != zone(before) {
			t.Errorf("%s before 1970: %d, want %d", name, remembered(before), zone(before))
		}
	}
}
