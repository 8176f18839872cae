// SPDX-License-Identifier: Apache-2.0

//go:build !js

package i18n

import (
	"strings"
	"testing"
	"time"
)

func TestLoadZone(t *testing.T) {
	summer, winter := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name           string
		ok             bool
		summer, winter int
	}{
		{"Europe/Berlin", true, 7200, 3600},
		{"America/St_Johns", true, -9000, -12600},
		{"America/Argentina/Buenos_Aires", true, -10800, -10800},
		{"Asia/Kolkata", true, 19800, 19800},
		{"America/Port-au-Prince", true, -14400, -18000},
		{"Etc/GMT+12", true, -43200, -43200},
		{"UTC", true, 0, 0},
		{"", false, 0, 0},
		{"Local", false, 0, 0},
		{"Europe/Atlantis", false, 0, 0},
		{"../../etc/passwd", false, 0, 0},
		{"/etc/localtime", false, 0, 0},
		{"Europe//Berlin", false, 0, 0},
		{"Europe/Berlin/", false, 0, 0},
		{`Europe\Berlin`, false, 0, 0},
		{"Europe/Berlin\x00", false, 0, 0},
		{"2026", false, 0, 0},
		{strings.Repeat("A", 65), false, 0, 0},
	} {
		offset, ok := LoadZone(tt.name)
		if ok != tt.ok || offset(summer) != tt.summer || offset(winter) != tt.winter {
			t.Errorf("LoadZone(%q) = %d, %d, %v, want %d, %d, %v", tt.name, offset(summer), offset(winter), ok, tt.summer, tt.winter, tt.ok)
		}
	}
}

func FuzzLoadZone(f *testing.F) {
	f.Add("Europe/Berlin")
	f.Add("../x")
	f.Fuzz(func(t *testing.T, name string) {
		offset, ok := LoadZone(name)
		if ok && (strings.Contains(name, ".") || strings.HasPrefix(name, "/")) {
			t.Errorf("%q was taken for a zone", name)
		}
		if s := offset(time.Unix(0, 0)); s <= -86400 || s >= 86400 {
			t.Errorf("%q is %d s from UTC", name, s)
		}
	})
}
