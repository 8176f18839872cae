// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
)

// Names of the fields that belong to the page and not to the request.
const (
	fieldKey    = "_key"    // the request key: one writing, however often it is sent
	fieldScreen = "_screen" // the screen to come back to with errors
	FieldAdd    = "_add"    // value: the list that gets another row; nothing is done but drawing
	FieldRemove = "_remove" // value: list.index of the row that goes; nothing is done but drawing
)

// Form is the form of a writing operation. Where the program runs, OnSubmit gets what was filled in; without it the form is posted to Action.
type Form struct {
	ID        string // default "form"
	Operation string // name of the operation
	Action    string // /do/{homeserver}/{operation}
	Key       string // the request key
	Screen    string // address of the screen that the form is on
	State     FormState
	Label     string // what screen readers call it; default: the page's title
	Busy      bool   // it has been sent and waits for the answer
	Wide      bool   // no limit of its width
	Body      []app.UI
	OnSubmit  func(ctx app.Context, values url.Values)

	class string
}

// FormState is what was typed into a form, and what is wrong with it. Key is the request key to go on with.
type FormState struct {
	Key     string       `json:"key,omitempty"`
	Typed   url.Values   `json:"typed,omitempty"`
	Problem *api.Problem `json:"problem,omitempty"`
}

// Value returns what was typed into a field, else the default.
func (s FormState) Value(name, otherwise string) string {
	if list, ok := s.Typed[name]; ok && len(list) > 0 {
		return list[len(list)-1]
	}
	return otherwise
}

// Checked returns whether a box was checked; default where the form was not sent yet.
func (s FormState) Checked(name string, otherwise bool) bool {
	list, ok := s.Typed[name]
	if !ok {
		return otherwise
	}
	for _, v := range list {
		if v == "true" {
			return true
		}
	}
	return false
}

// Error returns the mistake in a field, or nil.
func (s FormState) Error(name string) *api.FieldProblem {
	if s.Problem == nil {
		return nil
	}
	for i := range s.Problem.Fields {
		if s.Problem.Fields[i].Field == name {
			return &s.Problem.Fields[i]
		}
	}
	return nil
}

// ErrorText returns the sentence for the mistake in a field, or "".
func (s FormState) ErrorText(env Env, name string) string {
	p := s.Error(name)
	if p == nil {
		return ""
	}
	return env.FieldText(*p)
}

// alone reports whether the one mistake that there is stands at this field: it is said there, and not above the form.
func (s FormState) alone(env Env, name string) bool {
	p := s.Problem
	return p != nil && len(p.Fields) == 1 && p.Fields[0].Field == name &&
		(p.Code == "invalid_request" || env.ProblemText(p) == env.FieldText(p.Fields[0]))
}

// problem is what stands above the fields. One that a field says alone is only to be seen where the form has no such field: the style sheet knows.
func (s FormState) problem(env Env) app.UI {
	class := "gh-form__problem"
	var problem app.UI
	if s.Problem != nil {
		problem = ProblemNote(env, s.Problem)
		if len(s.Problem.Fields) == 1 && s.alone(env, s.Problem.Fields[0].Field) {
			class = classes(class, "gh-form__problem--field")
		}
	}
	return app.Div().Class(class).Body(problem)
}

// Draw draws the form, and above its fields what went wrong. That has an element of its own, so that the fields below keep theirs, with what
// was typed into them, when it comes.
func (f Form) Draw(env Env) app.UI {
	if f.State.Key != "" {
		f.Key = f.State.Key
	}
	if f.ID == "" {
		f.ID = "form"
	}
	class := f.class
	if class == "" {
		class = classes("gh-form", when(f.Wide, "gh-form--wide"))
	}
	body := append([]app.UI{hidden(fieldKey, f.Key), hidden(fieldScreen, f.Screen), f.State.problem(env)}, f.Body...)
	return &form{
		ID: f.ID, Class: class, Method: "post", Action: f.Action, Label: f.Label, Busy: f.Busy, Operation: f.Operation,
		Body: body, OnSubmit: f.OnSubmit,
	}
}

// form is a form element whose entries go to OnSubmit. It is a component so that the handler is always that of the last drawing.
type form struct {
	app.Compo
	ID, Class, Method, Action, Label, Operation string
	Busy                                        bool
	Body                                        []app.UI
	OnSubmit                                    func(ctx app.Context, values url.Values)
}

// Render implements app.Composer.
func (f *form) Render() app.UI {
	e := app.Form().Class(f.Class).ID(Attr(f.ID)).Method(f.Method).Action(Href(f.Action)).NoValidate(true).Attr("autocomplete", "off")
	if f.Label != "" {
		e = e.Aria("label", Attr(f.Label))
	}
	if f.Operation != "" {
		e = e.DataSet("operation", Attr(f.Operation))
	}
	if f.Busy {
		e = e.Aria("busy", yes())
	}
	if f.OnSubmit != nil {
		e = e.OnSubmit(f.submit)
	}
	return e.Body(f.Body...)
}

func (f *form) submit(ctx app.Context, e app.Event) {
	if f.OnSubmit == nil {
		return
	}
	e.PreventDefault()
	if f.Busy {
		return
	}
	f.OnSubmit(ctx, FormValues(f.JSValue(), e.Get("submitter")))
}

// FormValues reads the entries of a form, that of the button that sent it too. Files have no place in an operation and are left out.
func FormValues(form, submitter app.Value) url.Values {
	values := url.Values{}
	data := app.Window().Get("FormData")
	if submitter.Truthy() {
		data = data.New(form, submitter)
	} else {
		data = data.New(form)
	}
	entries := app.Window().Get("Array").Call("from", data.Call("entries"))
	for i := range entries.Length() {
		entry := entries.Index(i)
		if v := entry.Index(1); v.Type() == app.TypeString {
			values.Add(entry.Index(0).String(), v.String())
		}
	}
	return values
}

// hidden is a field that is sent and not seen.
func hidden(name, value string) app.UI {
	if value == "" {
		return nil
	}
	return app.Input().Type("hidden").Name(Attr(name)).Value(Attr(value))
}

// HiddenField is a value that the form carries along: the account it is about, or what it was opened with.
func HiddenField(name, value string) app.UI {
	return app.Input().Type("hidden").Name(Attr(name)).Value(Attr(value))
}

// FormFoot is the row of buttons at the end of a form.
func FormFoot(buttons ...app.UI) app.UI { return app.Div().Class("gh-form__foot").Body(buttons...) }
