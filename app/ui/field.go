// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Field is a line of text to fill in, with its label, help and error.
type Field struct {
	Name         string // dotted path in the request: display_name.to
	Label        string
	Value        string // as it is before anything is typed
	State        FormState
	Help         string
	Type         string // text (default), email, tel, url, search, number
	AutoComplete string // default off
	InputMode    string
	Dir          string // ltr, rtl, auto; default auto
	Placeholder  string
	MaxLength    int
	Optional     bool // says so beside the label
	Required     bool
	ReadOnly     bool
	AutoFocus    bool
	Mono         bool
	HideLabel    bool   // the label is only said
	Good         string // what is right with the value: the name is free
	Error        string // in place of the state's
	HideError    bool   // the error is only said, because it stands above the form
	Why          string // why it cannot be filled in
	Before       string // in a box before the field: @
	After        string // in a box after it: :example.org
	Prefix       string // of the IDs, where two forms are on a page
	Steady       bool   // what is below it changes while a person types, and has room, so that nothing below moves
	// OnInput gets the value as it is typed.
	OnInput func(ctx app.Context, value string)
}

// Joined is a field for the local part of a Matrix ID: @ … :server.
func Joined(f Field, server string) Field {
	f.Before, f.After, f.Mono, f.Dir = "@", ":"+server, true, "ltr"
	f.Type = ""
	return f
}

// Draw draws the field.
func (f Field) Draw(env Env) app.UI {
	p := f.parts(env)
	control := app.Input().ID(Attr(p.id)).Name(Attr(f.Name)).Type(orElse(f.Type, "text")).
		Attr("autocomplete", orElse(f.AutoComplete, "off")).Attr("spellcheck", "false").Attr("autocapitalize", "none").
		Dir(orElse(f.Dir, "auto"))
	if f.InputMode != "" {
		control = control.Attr("inputmode", f.InputMode)
	}
	if f.Placeholder != "" {
		control = control.Placeholder(Attr(f.Placeholder))
	}
	if f.MaxLength > 0 {
		control = control.MaxLength(f.MaxLength)
	}
	if f.ReadOnly || f.Why != "" {
		control = control.ReadOnly(true)
	}
	if f.Required {
		control = control.Aria("required", yes())
	}
	if f.AutoFocus {
		control = control.AutoFocus(true)
	}
	if f.OnInput != nil {
		do := f.OnInput
		control = control.OnInput(func(ctx app.Context, e app.Event) { do(ctx, e.Get("target").Get("value").String()) }, app.EventScope(f.Name))
	}
	if p.error != "" {
		control = control.Aria("invalid", yes()).AutoFocus(p.alone || f.AutoFocus)
	}
	if p.describedBy != "" {
		control = control.Aria("describedby", Attr(p.describedBy))
	}
	return p.draw(f.box(p, withValue(control, f.State.Value(f.Name, f.Value))))
}

// withValue gives a field its text. go-app takes the attribute away where the text becomes empty, which leaves the browser's field as
// it is; so there a component empties it.
func withValue(e app.HTMLInput, value string) app.UI {
	if app.IsServer {
		return e.Value(Attr(value))
	}
	return &textInput{Input: e.Value(value), Value: value}
}

type textInput struct {
	app.Compo
	Input app.HTMLInput
	Value string

	last string
}

// OnMount implements app.Mounter.
func (t *textInput) OnMount(app.Context) { t.last = t.Value }

// OnUpdate implements app.Updater.
func (t *textInput) OnUpdate(app.Context) {
	if t.Value == "" && t.last != "" {
		t.JSValue().Set("value", "")
	}
	t.last = t.Value
}

// Render implements app.Composer.
func (t *textInput) Render() app.UI { return t.Input }

// box draws the frame around the control, joined with what is before and after it.
func (f Field) box(p fieldParts, control app.UI) app.UI {
	frame := app.Span().Class(classes("pf-v6-c-form-control", when(p.error != "", "pf-m-error"), when(f.Good != "" && p.error == "", "pf-m-success"),
		when(f.ReadOnly || f.Why != "", "pf-m-readonly"), when(f.Mono, "gh-control--mono"))).Body(control)
	if f.Before == "" && f.After == "" {
		return frame
	}
	var before, after app.UI
	if f.Before != "" {
		before = app.Span().Class("gh-joined__box").Aria("hidden", yes()).Text(f.Before)
	}
	if f.After != "" {
		after = app.Bdi().Class("gh-joined__box").ID(Attr(p.id + "-after")).Dir("ltr").Text(f.After)
	}
	return app.Span().Class("gh-joined").Dir("ltr").Body(before, frame, after)
}

// fieldParts is what all kinds of fields have around their control.
type fieldParts struct {
	id, label, help, error, good, why string
	optional                          string
	describedBy                       string
	hideLabel, hideError, group       bool
	steady                            bool
	alone                             bool // the error is the only one of its form
}

func (f Field) parts(env Env) fieldParts {
	p := fieldParts{id: fieldID(f.Prefix, f.Name), label: f.Label, help: f.Help, error: f.Error, good: f.Good, why: f.Why, hideLabel: f.HideLabel, hideError: f.HideError, steady: f.Steady}
	if p.error == "" {
		p.error = f.State.ErrorText(env, f.Name)
		p.alone = p.error != "" && !f.HideError && f.State.alone(env, f.Name)
	}
	if f.Optional {
		p.optional = env.T("ui.optional")
	}
	p.describe()
	if f.After != "" {
		p.describedBy = classes(p.describedBy, p.id+"-after")
	}
	return p
}

func (p *fieldParts) describe() {
	p.describedBy = classes(when(p.error != "", p.id+"-error"), when(p.good != "" && p.error == "", p.id+"-good"),
		when(p.help != "", p.id+"-help"), when(p.why != "", p.id+"-why"))
}

func (p fieldParts) draw(control app.UI) app.UI {
	notes := p.notes()
	if p.steady {
		notes = []app.UI{app.Div().Class("gh-field__steady").Role("status").Body(notes...)}
	}
	var optional app.UI
	if p.optional != "" {
		optional = app.Span().Class("gh-field__optional").Text(" " + p.optional)
	}
	class := classes("gh-field__label", when(p.hideLabel, "gh-hidden"))
	if p.group {
		return app.FieldSet().Class("gh-field").ID(Attr(p.id)).TabIndex(-1).Aria("describedby", Attr(p.describedBy)).Body(
			append([]app.UI{app.Legend().Class(class).Body(Text(p.label), optional), control}, notes...)...)
	}
	return app.Div().Class("gh-field").Body(
		append([]app.UI{app.Label().Class(class).For(Attr(p.id)).Body(Text(p.label), optional), control}, notes...)...)
}

// notes are the lines below a control.
func (p fieldParts) notes() []app.UI {
	var list []app.UI
	if p.error != "" {
		note := fieldNote(classes("gh-field__note gh-tone-bad", when(p.hideError, "gh-hidden")), p.id+"-error", IconAlert, p.error)
		if p.alone && !p.group { // a group cannot be marked as wrong, and has no focus of its own
			note = note.Class("gh-field__alone").Role("alert")
		}
		list = append(list, note)
	} else if p.good != "" {
		list = append(list, fieldNote("gh-field__note gh-tone-good", p.id+"-good", IconChecked, p.good))
	}
	if p.help != "" {
		list = append(list, app.P().Class("gh-field__help").ID(Attr(p.id+"-help")).Body(Rich(p.help)))
	}
	if p.why != "" {
		list = append(list, fieldNote("gh-field__note", p.id+"-why", IconLock, p.why))
	}
	return list
}

func fieldNote(class, id string, icon Icon, text string) app.HTMLP {
	return app.P().Class(class).ID(Attr(id)).Body(icon.Draw(), app.Span().Body(Rich(text)))
}

func fieldID(prefix, name string) string { return orElse(prefix, "f") + "-" + slug(name) }

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// SecretField is a field for a password. It is never filled, and what was typed never comes back.
type SecretField struct {
	Name         string
	Label        string
	State        FormState
	Help         string
	AutoComplete string // current-password or new-password (default)
	Prefix       string
	Optional     bool
	AutoFocus    bool
	Error        string
	HideError    bool // as in Field
	MaxLength    int
}

// Draw draws the field.
func (f SecretField) Draw(env Env) app.UI {
	p := Field{Name: f.Name, Label: f.Label, State: f.State, Help: f.Help, Prefix: f.Prefix, Optional: f.Optional, Error: f.Error, HideError: f.HideError}.parts(env)
	control := app.Input().ID(Attr(p.id)).Name(Attr(f.Name)).Type("password").Dir("ltr").
		Attr("autocomplete", orElse(f.AutoComplete, "new-password")).Attr("spellcheck", "false").Attr("autocapitalize", "none")
	if f.MaxLength > 0 {
		control = control.MaxLength(f.MaxLength)
	}
	if f.AutoFocus {
		control = control.AutoFocus(true)
	}
	if p.error != "" {
		control = control.Aria("invalid", yes()).AutoFocus(p.alone || f.AutoFocus)
	}
	if p.describedBy != "" {
		control = control.Aria("describedby", Attr(p.describedBy))
	}
	return p.draw(app.Span().Class(classes("pf-v6-c-form-control gh-control--mono", when(p.error != "", "pf-m-error"))).Body(control))
}

// TextArea is a field of several lines.
type TextArea struct {
	Name, Label, Value, Help string
	State                    FormState
	Rows                     int // default 3
	Optional                 bool
	MaxLength                int
}

// Draw draws the field. On the server its text is its body, as HTML has it, and not go-app's Text or Value, which write an attribute.
func (f TextArea) Draw(env Env) app.UI {
	p := Field{Name: f.Name, Label: f.Label, State: f.State, Help: f.Help, Optional: f.Optional}.parts(env)
	rows := f.Rows
	if rows == 0 {
		rows = 3
	}
	control := app.Textarea().ID(Attr(p.id)).Name(Attr(f.Name)).Rows(rows).Dir("auto")
	if text := f.State.Value(f.Name, f.Value); app.IsServer {
		control = control.Body(Text(text))
	} else {
		control = control.Text(text)
	}
	if f.MaxLength > 0 {
		control = control.MaxLength(f.MaxLength)
	}
	if p.error != "" {
		control = control.Aria("invalid", yes()).AutoFocus(p.alone)
	}
	if p.describedBy != "" {
		control = control.Aria("describedby", Attr(p.describedBy))
	}
	return p.draw(app.Span().Class(classes("pf-v6-c-form-control pf-m-textarea", when(p.error != "", "pf-m-error"))).Body(control))
}
