// SPDX-License-Identifier: Apache-2.0

// Package join draws the pages on which somebody with an invitation makes their account. They are plain HTML: they need no script and
// have none, but for one that asks while a name is typed what a button asks.
package join

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

// Names of the buttons and of the fields of the form.
const (
	Check = "_check" // looks up whether the name is free, and draws the form again
	Name  = "localpart"
	Again = "again"
	Terms = "accepted"
	Own   = "password.password"
)

// Term is a policy that has to be accepted.
type Term struct{ Name, URL string }

// Form is the page on which the account is made.
type Form struct {
	app.Compo
	ServerName string
	Pattern    api.NamePattern // of the name
	Terms      []Term
	Action     string // the page's own address
	State      ui.FormState
	Free       api.UserID    // this name was looked up and is free
	GoesOn     api.Localpart // of an account that is there, and lacks a password

	env ui.Env
}

// Use gives the page its surroundings.
func (f *Form) Use(env ui.Env) { f.env = env }

// Title names the page.
func (f *Form) Title() string { return f.env.T("join.title", "server", f.ServerName) }

// Chooses reports whether the person chooses the name.
func (f *Form) Chooses() bool { return f.GoesOn == "" && !f.Pattern.Fixed() }

// Render implements app.Composer.
func (f *Form) Render() app.UI {
	env := f.env
	intro := env.T("join.intro")
	// The first button of a form is the one that Enter presses, so the one that makes the account stands first.
	buttons := []app.UI{ui.Button{Label: env.T("join.submit"), Look: ui.Primary}.Draw(env)}
	switch {
	case f.GoesOn != "":
		intro = env.T("join.intro_begun")
	case f.Pattern.Fixed():
		intro = env.T("join.intro_fixed")
	default:
		buttons = append(buttons, ui.Button{Label: env.T("join.check"), Name: Check, Value: "1", NoValidate: true}.Draw(env))
	}
	form := ui.Form{
		ID: "join", Action: f.Action, Label: f.Title(), State: f.State,
		Body: []app.UI{f.name(), f.password(), f.terms(), ui.FormFoot(buttons...)},
	}
	return ui.SignInPage{
		Title: f.Title(), Body: []app.UI{ui.Help(intro), form.Draw(env)}, Promise: env.T("join.promise", "server", f.ServerName),
	}.Draw(env)
}

func (f *Form) name() app.UI {
	env := f.env
	field := ui.Field{
		Name: Name, Label: env.T("join.name"), Help: env.T("join.name_help"), State: f.State, AutoComplete: "username", Required: true, MaxLength: 240,
		AutoFocus: f.State.Typed == nil && f.Chooses(), Steady: f.Chooses(),
	}
	switch {
	case f.GoesOn != "":
		field.Value, field.ReadOnly, field.Help = string(f.GoesOn), true, env.T("join.name_begun")
	case f.Pattern.Fixed():
		field.Value, field.ReadOnly, field.Help = string(f.Pattern), true, env.T("join.name_fixed")
	case f.Pattern != "":
		field.Help = env.T("join.name_pattern", "pattern", string(f.Pattern))
	}
	switch { // in place of the help, so that nothing below moves
	case f.Free != "":
		field.Good, field.Help = env.T("join.free", "id", string(f.Free)), ""
	case f.Chooses() && f.State.Error(Name) != nil:
		field.Help = ""
	}
	return ui.Joined(field, f.ServerName).Draw(env)
}

func (f *Form) password() app.UI {
	env, state := f.env, f.State
	own := ui.SecretField{Name: Own, Label: env.T("join.password_new"), Help: env.T("join.password_help"), State: state, MaxLength: api.MaxPassword}
	if state.Typed != nil && state.Value("password.mode", "") == api.PasswordTyped {
		own.Help = env.T("error.passwords_again")
	}
	again := ui.SecretField{Name: Again, Label: env.T("join.password_again"), State: state, MaxLength: api.MaxPassword}
	return ui.Choice{
		Name: "password.mode", Label: env.T("join.password"), Value: api.PasswordTyped, State: state,
		Options: []ui.Option{
			{Value: api.PasswordTyped, Label: env.T("join.password_own"), Extra: app.Div().Body(own.Draw(env), again.Draw(env))},
			{Value: api.PasswordPassphrase, Label: env.T("join.password_made"), Help: env.T("join.password_made_help")},
		},
	}.Draw(env)
}

func (f *Form) terms() app.UI {
	if len(f.Terms) == 0 {
		return nil
	}
	env := f.env
	links := make([]app.UI, 0, len(f.Terms))
	for _, t := range f.Terms {
		links = append(links, ui.Paragraph(ui.ExternalLink(t.Name, t.URL)))
	}
	return app.Div().Body(
		ui.Help(env.T("join.terms", "server", f.ServerName)),
		app.Div().Body(links...),
		ui.Check{Name: Terms, Label: env.T("join.accept"), State: f.State}.Draw(env),
	)
}
