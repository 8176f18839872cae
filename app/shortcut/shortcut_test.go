// SPDX-License-Identifier: Apache-2.0

package shortcut

import (
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/internal/screentest"
)

func TestFind(t *testing.T) {
	for _, c := range []struct {
		before, key, name string
		more              bool
	}{
		{"", "?", "help", false}, {"", "c", "create", false}, {"", "g", "", true}, {"g", "a", "go_accounts", false}, {"g", "s", "go_servers", false},
		{"", "a", "", false}, {"g", "c", "", false}, {"g", "g", "", false}, {"", "Enter", "", false}, {"", "Escape", "", false}, {"", "ß", "", false},
	} {
		k, ok, more := Find(c.before, c.key)
		if k.Name != c.name || ok != (c.name != "") || more != c.more {
			t.Errorf("%q %q: %q, %v, %v", c.before, c.key, k.Name, ok, more)
		}
	}
}

// No two keys are the same, none hides another, and each letter of the list is found.
func TestKeys(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Keys() {
		press := k.Hold + " " + strings.Join(k.Press, " ")
		if seen[press] || seen[k.Name] {
			t.Errorf("%s, %s is there twice", k.Name, press)
		}
		seen[press], seen[k.Name] = true, true
		if !k.Letter {
			continue
		}
		before := ""
		if len(k.Press) == 2 {
			before = k.Press[0]
		}
		if found, ok, _ := Find(before, k.Press[len(k.Press)-1]); !ok || found.Name != k.Name {
			t.Errorf("%s is not found by its key", k.Name)
		}
	}
}

func TestTo(t *testing.T) {
	owner := Place{Env: screentest.Env(), Homeserver: "uni", Account: "@a:uni-lindau.example"}
	auditor := owner
	auditor.Env = screentest.As(owner.Env, api.Auditor)
	nowhere := owner
	nowhere.Homeserver = ""
	elsewhere := owner
	elsewhere.Account = ""
	for _, c := range []struct {
		name, place string
		at          Place
		want        string
	}{
		{"help", "nowhere", nowhere, "/keys"},
		{"create", "owner", owner, "/uni/accounts/create"}, {"create", "auditor", auditor, ""}, {"create", "nowhere", nowhere, ""},
		{"edit", "owner", owner, "/uni/account/edit?id=%40a%3Auni-lindau.example"}, {"edit", "auditor", auditor, ""}, {"edit", "elsewhere", elsewhere, ""},
		{"go_accounts", "auditor", auditor, "/uni/accounts"}, {"go_accounts", "nowhere", nowhere, ""}, {"go_overview", "nowhere", nowhere, "/"},
	} {
		for _, k := range Keys() {
			if k.Name == c.name {
				if got := k.To(c.at); got != c.want {
					t.Errorf("%s, %s: %q, want %q", c.name, c.place, got, c.want)
				}
			}
		}
	}
	for _, k := range Keys() {
		if k.Name == "edit" && (!k.Leads(elsewhere) || k.Leads(auditor)) {
			t.Error("edit leads somewhere for an owner on any page, and never for an auditor")
		}
	}
}
