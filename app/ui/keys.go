// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// KeyLine is a shortcut and what it is for.
type KeyLine struct {
	Press []string // keys that are pressed one after another, as the browser names them
	Hold  string   // the key that is held down meanwhile
	Text  string
	Off   bool // it is switched off
}

// Keys is a list of shortcuts.
func Keys(env Env, lines ...KeyLine) app.UI {
	rows := make([]app.UI, 0, len(lines))
	for _, l := range lines {
		rows = append(rows, app.Div().Class(classes("gh-keys__row", when(l.Off, "gh-keys__row--off"))).Body(
			app.Dt().Class("gh-keys__keys").Body(l.keys(env)...),
			app.Dd().Body(Text(l.Text), l.off(env)),
		))
	}
	return app.Dl().Class("gh-keys").Body(rows...)
}

func (l KeyLine) keys(env Env) []app.UI {
	var parts []app.UI
	if l.Hold != "" {
		parts = append(parts, keycap(env, l.Hold), app.Span().Class("gh-subtle").Text("+"))
	}
	for i, key := range l.Press {
		if i > 0 {
			parts = append(parts, app.Span().Class("gh-subtle").Text(env.T("keys.then")))
		}
		parts = append(parts, keycap(env, key))
	}
	return parts
}

func (l KeyLine) off(env Env) app.UI {
	if !l.Off {
		return nil
	}
	return Hidden(" (" + env.T("keys.off") + ")")
}

// keycap is a key with what is on it: a character, or its name.
func keycap(env Env, key string) app.UI {
	label := key
	if name := "key." + strings.ToLower(key); len(key) > 1 {
		label = env.T(name)
	}
	return app.Kbd().Class("gh-kbd gh-kbd--large").Text(label)
}
