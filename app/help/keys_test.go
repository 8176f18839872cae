// SPDX-License-Identifier: Apache-2.0

package help

import (
	"flag"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/screen"
	"gatehouse/app/shortcut"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

var _ = flag.Bool("update", false, "write the golden files again")

func TestGolden(t *testing.T) {
	off := screentest.Env()
	off.LetterKeys = false
	for name, env := range map[string]ui.Env{
		"keys": screentest.Env(), "keys-german": screentest.In(screentest.Env(), "de"), "keys-off": off, "keys-auditor": screentest.As(screentest.Env(), api.Auditor),
	} {
		t.Run(name, func(t *testing.T) {
			screentest.Golden(t, name, screentest.Draw(t, NewKeys, env, screentest.NewCaller(nil), "/keys"))
		})
	}
}

// Every key that leads somewhere for the person is listed, and no other. The program's dialog lists the same.
func TestEveryKey(t *testing.T) {
	for _, role := range []api.Role{api.Owner, api.Auditor} {
		env := screentest.As(screentest.Env(), role)
		page := NewKeys()
		page.Use(env)
		dialog := NewKeys()
		dialog.Use(env)
		dialog.Enliven(&screen.Live{Modal: true})
		for _, key := range shortcut.Keys() {
			text := ">" + env.T("keys."+key.Name) + "<"
			want := key.Leads(shortcut.Place{Env: env, Homeserver: "uni"})
			if key.Name == "create" && want != (role == api.Owner) {
				t.Errorf("%s: create leads: %v", role, want)
			}
			for where, s := range map[string]screen.Screen{"page": page, "dialog": dialog} {
				if got := strings.Contains(ui.HTML(s), text); got != want {
					t.Errorf("%s, %s: %q is listed: %v, want %v", role, where, text, got, want)
				}
			}
		}
	}
}
