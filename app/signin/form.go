// SPDX-License-Identifier: Apache-2.0

// Package signin draws the sign-in page. It is plain HTML: it needs no script and has none.
package signin

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

// Form is the sign-in page.
type Form struct {
	app.Compo
	Homeservers []ui.Homeserver // that people can sign in with
	Operators   bool            // the gate knows people of its own, too
	Homeserver  string          // the one chosen; "" is the gate itself, or the first
	Name        string          // as it was typed
	Next        string          // where the person goes on to
	Ended       bool            // their session has ended
	Problem     *api.Problem    // why it did not work

	env ui.Env
}

// Use gives the page its surroundings.
func (f *Form) Use(env ui.Env) { f.env = env }

// Render implements app.Composer.
func (f *Form) Render() app.UI {
	env := f.env
	state := ui.FormState{Problem: f.Problem}
	wrong := ""
	if f.wrong() {
		wrong = env.T("sign_in.not_matched")
	}
	var notice app.UI
	if f.Problem == nil && f.Ended {
		notice = ui.Note{Kind: ui.Info, Title: env.T("sign_in.ended"), Text: env.T("sign_in.to_go_on"), Status: true}.Draw(env)
	}
	form := ui.Form{
		ID: "sign-in", Action: "/sign-in", Label: env.T("sign_in.title"), State: state,
		Body: []app.UI{
			ui.HiddenField("next", f.Next),
			f.where(),
			ui.Field{Name: "name", Label: env.T("sign_in.name"), Value: f.Name, State: state, AutoComplete: "username", Dir: "ltr", AutoFocus: true,
				Required: true, Error: wrong, HideError: f.wrong()}.Draw(env),
			ui.SecretField{Name: "password", Label: env.T("sign_in.password"), State: state, AutoComplete: "current-password", Error: wrong, HideError: f.wrong()}.Draw(env),
			ui.FormFoot(ui.Button{Label: env.T("sign_in.submit"), Look: ui.Primary, Block: true}.Draw(env)),
		},
	}
	return ui.SignInPage{Title: env.T("sign_in.title"), Body: []app.UI{notice, form.Draw(env)}, Promise: f.promise(),
		Foot: []app.UI{ui.Aside(env.T("sign_in.what_is_this"), env.T("sign_in.about"))}}.Draw(env)
}

// wrong reports whether name and password did not fit, which is the fault of both fields.
func (f *Form) wrong() bool { return f.Problem != nil && f.Problem.Code == "sign_in_wrong" }

// where asks which homeserver vouches for the person, if there is a choice.
func (f *Form) where() app.UI {
	if len(f.Homeservers) == 1 && !f.Operators {
		return ui.HiddenField("homeserver", f.Homeservers[0].Name)
	}
	var options []ui.Option
	for _, h := range f.Homeservers {
		options = append(options, ui.Option{Value: h.Name, Label: h.ServerName})
	}
	if f.Operators {
		options = append(options, ui.Option{Value: "", Label: f.env.T("sign_in.operator")})
	}
	value := f.Homeserver
	if value == "" && f.Problem == nil && len(f.Homeservers) > 0 {
		value = f.Homeservers[0].Name
	}
	return ui.Select{Name: "homeserver", Label: f.env.T("sign_in.homeserver"), Value: value, Options: options}.Draw(f.env)
}

func (f *Form) promise() string {
	if len(f.Homeservers) == 1 && !f.Operators {
		return f.env.T("sign_in.promise", "server", f.Homeservers[0].ServerName)
	}
	return f.env.T("sign_in.promise_any")
}
