// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// FileForm is a form that sends a file. The browser sends it, and nobody else: it needs no script.
type FileForm struct {
	Action, Label string
	State         FormState
	Body          []app.UI
}

// Draw draws it.
func (f FileForm) Draw(env Env) app.UI {
	return app.Form().Class("gh-form").ID("form").Method("post").EncType("multipart/form-data").Action(Href(f.Action)).Aria("label", Attr(f.Label)).
		Body(append([]app.UI{f.State.problem(env)}, f.Body...)...)
}

// FileField is where a file is chosen.
type FileField struct {
	Name, Label, Help string
	Accept            string // what the browser offers first
	State             FormState
}

// Draw draws it.
func (f FileField) Draw(env Env) app.UI {
	p := Field{Name: f.Name, Label: f.Label, Help: f.Help, State: f.State}.parts(env)
	control := app.Input().Class("gh-file").Type("file").ID(Attr(p.id)).Name(Attr(f.Name)).Accept(Attr(f.Accept)).Required(true)
	if p.error != "" {
		control = control.Aria("invalid", yes()).AutoFocus(p.alone)
	}
	if p.describedBy != "" {
		control = control.Aria("describedby", Attr(p.describedBy))
	}
	return p.draw(control)
}
