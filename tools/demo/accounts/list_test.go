// SPDX-License-Identifier: Apache-2.0

package accounts

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func TestIsAlwaysTheSame(t *testing.T) {
	if diff := cmp.Diff(All(), All()); diff != "" {
		t.Errorf("two mixes differ:\n%s", diff)
	}
}

// TestCanBeCreated holds the mix against what both servers take: names of the
// specification's grammar that do not begin with an underscore and, for Synapse,
// are not all digits.
func TestCanBeCreated(t *testing.T) {
	grammar := regexp.MustCompile(`^[a-z0-9.=/+-][a-z0-9._=/+-]*$`)
	seen := map[string]bool{Admin: true}
	for _, a := range All() {
		if !grammar.MatchString(a.Localpart) || strings.Trim(a.Localpart, "0123456789") == "" || len(a.Localpart) > 200 {
			t.Errorf("%q is no name for a new account", a.Localpart)
		}
		if seen[a.Localpart] {
			t.Errorf("%q is there twice", a.Localpart)
		}
		seen[a.Localpart] = true
		if len(a.DisplayName) > 256 {
			t.Errorf("%q has a display name that is too long", a.Localpart)
		}
		for _, d := range a.Devices {
			if d.LastSeen > a.Created {
				t.Errorf("%q was seen before it was made", a.Localpart)
			}
		}
		if a.Erased && !a.Deactivated || a.Locked && a.Deactivated || a.Deactivated && len(a.Devices) > 0 {
			t.Errorf("%q cannot be: %+v", a.Localpart, a)
		}
	}
}

// TestHasEverything counts what the demo promises to show.
func TestHasEverything(t *testing.T) {
	got := map[string]int{}
	for _, a := range All() {
		got["all"]++
		for what, is := range map[string]bool{
			"administrators": a.Admin,
			"locked":         a.Locked,
			"deactivated":    a.Deactivated,
			"erased":         a.Erased,
			"bots":           a.UserType == "bot",
			"support":        a.UserType == "support",
			"bridged":        strings.HasPrefix(a.Localpart, "whatsapp_") || strings.HasPrefix(a.Localpart, "telegram_"),
			"nameless":       a.DisplayName == "",
			"with e-mail":    a.Email != "",
			"never seen":     len(a.Devices) == 0,
			"right to left":  strings.ContainsFunc(a.DisplayName, func(r rune) bool { return unicode.In(r, unicode.Arabic, unicode.Hebrew) }),
			"east Asian":     strings.ContainsFunc(a.DisplayName, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana) }),
			"long":           len([]rune(a.DisplayName)) > 60,
		} {
			if is {
				got[what]++
			}
		}
	}
	want := map[string]int{
		"all": 200, "administrators": 5, "locked": 6, "deactivated": 16, "erased": 4, "bots": 7, "support": 2,
		"bridged": 21, "nameless": 8, "right to left": 8, "east Asian": 7, "long": 3,
	}
	for what, n := range want {
		if got[what] != n {
			t.Errorf("%s: %d, want %d", what, got[what], n)
		}
	}
	for _, what := range []string{"never seen", "with e-mail"} {
		if got[what] < 20 || got[what] > 120 {
			t.Errorf("%s: %d, want some but not all", what, got[what])
		}
	}
}
