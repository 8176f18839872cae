// SPDX-License-Identifier: Apache-2.0

package i18n

import (
	"slices"
	"strings"
	"testing"
)

var matches = []struct{ header, have, want string }{
	{"", "en de", "en"},
	{"de", "en de", "de"},
	{"DE-at", "en de", "de"},
	{"de-AT,en;q=0.5", "en de de-AT", "de-AT"},
	{"fr,de;q=0.3,en;q=0.4", "en de", "en"},
	{"fr;q=0.9, de ; q=0.7 , *;q=0.1", "en de", "de"},
	{"en;q=0.8,de;q=0.8", "en de", "en"},
	{"de;q=0.8,en;q=0.8", "en de", "de"}, // alike: the order of the header
	{"*", "en de", "en"},
	{"*,en;q=0", "en de", "de"},
	{"en;q=0,de;q=0,*", "en de", "en"}, // all refused: the default
	{"en;q=0", "en de", "en"},
	{"de;q=0,de-DE", "en de", "en"},
	{"zh-Hant-x-private", "en zh", "zh"},
	{"zh-Hant-TW", "en zh-Hant zh", "zh-Hant"},
	{"zh-x-private", "en zh-x zh", "zh"}, // the x goes with what it introduced
	{"de;q=1.000", "en de", "de"},
	{"de;q=1.001", "en de", "en"},
	{"de;q=2", "en de", "en"},
	{"de;q=0.1234", "en de", "en"},
	{"de;q=-1", "en de", "en"},
	{"de;q=.5", "en de", "en"},
	{"de;q=0.x", "en de", "en"},
	{"de;x=1", "en de", "en"},
	{"de;q=0.", "en de", "en"},
	{"de;Q=0.5", "en de", "de"},
	{",,;,de", "en de", "de"},
	{"12,de", "en de", "de"},
	{"abcdefghi,de", "en de", "de"},
	{"d\u00e9,de", "en de", "de"},
	{strings.Repeat("fr,", maxRanges) + "de", "en de", "en"},
	{"de", "", ""},
}

func TestMatch(t *testing.T) {
	for _, tt := range matches {
		if got := Match(tt.header, strings.Fields(tt.have)); got != tt.want {
			t.Errorf("Match(%q, %q) = %q, want %q", tt.header, tt.have, got, tt.want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, tt := range matches {
		f.Add(tt.header)
	}
	have := []string{"en", "de", "zh-Hant"}
	f.Fuzz(func(t *testing.T, header string) {
		got := Match(header, have)
		if !slices.Contains(have, got) {
			t.Fatalf("Match(%q) = %q, which is not one of %q", header, got, have)
		}
		// What is liked by nobody named in the header is the default.
		if !strings.Contains(header, "*") && !strings.Contains(strings.ToLower(header), strings.ToLower(got)) && got != "en" {
			t.Fatalf("Match(%q) = %q, which the header does not name", header, got)
		}
	})
}
