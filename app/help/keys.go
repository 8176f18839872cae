// SPDX-License-Identifier: Apache-2.0

// Package help explains the panel itself.
package help

import (
	"context"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/shortcut"
	"gatehouse/app/ui"
)

// Keys is the screen that lists the shortcuts and switches those off that are letters.
type Keys struct{ screen.Base }

// NewKeys returns the list of shortcuts.
func NewKeys() screen.Screen { return &Keys{} }

// Load implements screen.Screen. There is nothing to load.
func (k *Keys) Load(context.Context, ui.Env, client.Caller, *url.URL) error { return nil }

// Title implements screen.Screen.
func (k *Keys) Title() string { return k.Env().T("keys.title") }

// Render implements app.Composer.
func (k *Keys) Render() app.UI {
	env, live := k.Env(), k.Live()
	form := ui.Form{
		Action: route.Preferences, Screen: route.Keys, Label: k.Title(),
		Body: []app.UI{ui.Check{Name: "letter_keys", Label: env.T("ui.letter_keys"), Help: env.T("keys.letters_help"), Checked: env.LetterKeys}.Draw(env)},
	}
	save := ui.Button{Label: env.T("ui.save_preferences")}.Draw(env)
	if live != nil && live.Prefer != nil {
		form.OnSubmit = live.Prefer
	}
	if k.Modal() {
		body := []app.UI{ui.Keys(env, k.list()...)}
		return ui.Dialog{
			Title: k.Title(), Icon: ui.IconHelp, Form: &form, Modal: true, OnClose: live.Close, Body: append(body, form.Body...),
			Actions: []app.UI{ui.Button{Label: env.T("ui.close"), OnClick: live.Close}.Draw(env), save},
		}.Draw(env)
	}
	form.Body = append(form.Body, ui.FormFoot(save))
	return app.Div().Body(
		ui.PageTitle{Title: k.Title(), Words: true}.Draw(env),
		ui.Scriptless(env.T("keys.about")),
		ui.Keys(env, k.list()...),
		form.Draw(env),
	)
}

// list are the keys that do something for the person.
func (k *Keys) list() []ui.KeyLine {
	env := k.Env()
	place := shortcut.Place{Env: env, Homeserver: env.HomeserverOrFirst()}
	var lines []ui.KeyLine
	for _, key := range shortcut.Keys() {
		if key.Leads(place) {
			lines = append(lines, ui.KeyLine{Press: key.Press, Hold: key.Hold, Text: env.T("keys." + key.Name), Off: key.Letter && !env.LetterKeys})
		}
	}
	return lines
}
