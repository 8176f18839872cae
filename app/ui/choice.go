// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Option is one of several values.
type Option struct {
	Value string
	Label string
	Help  string // beside the label, subtle (Choice)
	Why   string // why it cannot be chosen (Choice)
	Extra app.UI // what there is to fill in when it is chosen (Choice)
}

// Select is a list to choose one value from.
type Select struct {
	Name, Label, Value, Help string
	State                    FormState
	Options                  []Option
	Optional                 bool
	HideLabel                bool // the label is only said
	Prefix                   string
	OnChange                 func(ctx app.Context, value string)
}

// Draw draws it.
func (s Select) Draw(env Env) app.UI {
	p := Field{Name: s.Name, Label: s.Label, State: s.State, Help: s.Help, Prefix: s.Prefix, Optional: s.Optional, HideLabel: s.HideLabel}.parts(env)
	value := s.State.Value(s.Name, s.Value)
	options := make([]app.UI, 0, len(s.Options))
	for _, o := range s.Options {
		options = append(options, option(o, o.Value == value))
	}
	control := app.Select().ID(Attr(p.id)).Name(Attr(s.Name)).Body(options...)
	if p.error != "" {
		control = control.Aria("invalid", yes()).AutoFocus(p.alone)
	}
	if p.describedBy != "" {
		control = control.Aria("describedby", Attr(p.describedBy))
	}
	if s.OnChange != nil {
		do := s.OnChange
		control = control.OnChange(func(ctx app.Context, e app.Event) { do(ctx, e.Get("target").Get("value").String()) }, app.EventScope(s.Name))
	}
	return p.draw(app.Span().Class(classes("pf-v6-c-form-control gh-control--select", when(p.error != "", "pf-m-error"))).
		Body(control, IconChevronDown.Draw()))
}

// option draws one entry. go-app can write no empty value, and without a value an option's is its text; so the empty one has its words in
// the label attribute, and no text.
func option(o Option, chosen bool) app.UI {
	e := app.Option()
	if o.Value == "" {
		e = e.Attr("label", Attr(o.Label))
	} else {
		e = e.Value(Attr(o.Value)).Text(o.Label)
	}
	if chosen {
		e = e.Selected(true)
	}
	return e
}

// Choice is a list of radio rows.
type Choice struct {
	Name, Label, Value, Help string
	State                    FormState
	Options                  []Option
	OnChange                 func(ctx app.Context, value string)
}

// Draw draws it.
func (c Choice) Draw(env Env) app.UI {
	p := Field{Name: c.Name, Label: c.Label, State: c.State, Help: c.Help}.parts(env)
	p.group = true
	value := c.State.Value(c.Name, c.Value)
	rows := make([]app.UI, 0, len(c.Options))
	for i, o := range c.Options {
		rows = append(rows, c.row(p.id+"-"+strconv.Itoa(i), o, o.Value == value))
	}
	return p.draw(app.Div().Class("gh-choice").Body(rows...))
}

func (c Choice) row(id string, o Option, chosen bool) app.UI {
	radio := app.Input().Class("gh-radio").Type("radio").ID(Attr(id)).Name(Attr(c.Name)).Value(Attr(o.Value))
	radio = checked(radio, chosen)
	var help, why, extra app.UI
	if o.Why != "" {
		radio = radio.Disabled(true).Aria("describedby", Attr(id+"-why"))
		why = app.Span().Class("gh-choice__why").ID(Attr(id + "-why")).Body(Rich(o.Why))
	}
	if o.Help != "" {
		help = app.Span().Class("gh-choice__help").Text(" " + o.Help)
	}
	if o.Extra != nil {
		extra = app.Div().Class("gh-choice__extra").Body(o.Extra)
	}
	if c.OnChange != nil {
		do, v := c.OnChange, o.Value
		radio = radio.OnChange(func(ctx app.Context, _ app.Event) { do(ctx, v) }, app.EventScope(c.Name, o.Value))
	}
	return app.Div().Class("gh-choice__row").Body(
		app.Label().Class("gh-choice__label").For(Attr(id)).Body(radio, app.Span().Body(Text(o.Label), help, why)),
		extra,
	)
}

// Check is a box for yes or no. A hidden "false" stands before it, so that a box that is not checked is sent as well.
type Check struct {
	Name, Label, Help string
	Value             string // it stands for one value of a list, and is sent only if it is checked
	State             FormState
	Checked           bool
	Decides           bool   // the form's button says what it does with the box on, and off (Button.Otherwise)
	Why               string // why it cannot be changed
	Prefix            string
	OnChange          func(ctx app.Context, on bool)
}

// Draw draws it.
func (c Check) Draw(env Env) app.UI {
	p := Field{Name: c.Name, Label: c.Label, State: c.State, Help: c.Help, Prefix: c.Prefix, Why: c.Why}.parts(env)
	value, on := "true", c.State.Checked(c.Name, c.Checked)
	if c.Value != "" {
		p.id, p.describedBy = p.id+"-"+slug(c.Value), strings.ReplaceAll(p.describedBy, p.id, p.id+"-"+slug(c.Value))
		value, on = c.Value, slices.Contains(c.State.Typed[c.Name], c.Value)
	}
	box := app.Input().Class(classes("gh-check", when(c.Decides, "gh-decides"))).Type("checkbox").ID(Attr(p.id)).Value(Attr(value))
	var companion app.UI
	if c.Why != "" {
		box = box.Disabled(true)
	} else {
		if c.Value == "" {
			companion = hidden(c.Name, "false")
		}
		box = box.Name(Attr(c.Name))
	}
	box = checked(box, on)
	if p.error != "" {
		box = box.Aria("invalid", yes()).AutoFocus(p.alone)
	}
	if p.describedBy != "" {
		box = box.Aria("describedby", Attr(p.describedBy))
	}
	if c.OnChange != nil {
		do := c.OnChange
		box = box.OnChange(func(ctx app.Context, e app.Event) { do(ctx, e.Get("target").Get("checked").Bool()) }, app.EventScope(c.Name))
	}
	label := app.Label().Class(classes("gh-check__label", when(c.Why != "", "gh-subtle"))).For(Attr(p.id)).Body(box, app.Span().Text(c.Label))
	return app.Div().Class("gh-field gh-field--check").Body(append([]app.UI{companion, label}, p.notes()...)...)
}

// Repeat is a list of fields of the same kind, with a button that adds a row and one that removes each. Both submit the form with
// _add or _remove, which only draws it again.
type Repeat struct {
	Name  string // the list in the request: threepids
	Label string
	Help  string
	Add   string // "Add another address"
	Empty string // what stands there without a row
	State FormState
	Rows  []RepeatRow
}

// RepeatRow is one row of a Repeat: its fields, and what the button that removes it says.
type RepeatRow struct {
	Index  int
	Fields []app.UI
	Remove string
}

// Draw draws it.
func (r Repeat) Draw(env Env) app.UI {
	p := Field{Name: r.Name, Label: r.Label, State: r.State, Help: r.Help}.parts(env)
	p.group = true
	rows := []app.UI{HiddenList(r.Name)}
	for _, row := range r.Rows {
		index := strconv.Itoa(row.Index)
		rows = append(rows, app.Div().Class("gh-repeat__row").Body(
			app.Div().Class("gh-repeat__fields").Body(row.Fields...),
			Button{
				Icon: IconTrash, Aria: row.Remove, Look: Plain, Name: FieldRemove, Value: r.Name + "." + index, NoValidate: true,
			}.Draw(env),
		))
	}
	if len(r.Rows) == 0 && r.Empty != "" {
		rows = append(rows, app.P().Class("gh-field__help").Text(r.Empty))
	}
	rows = append(rows, app.Div().Body(
		Button{Label: r.Add, Icon: IconAdd, Small: true, Name: FieldAdd, Value: r.Name, NoValidate: true}.Draw(env)))
	return p.draw(app.Div().Class("gh-repeat").Body(rows...))
}

// HiddenList says that a list is meant even when it has no row: its own name, with nothing in it.
func HiddenList(name string) app.UI { return app.Input().Type("hidden").Name(Attr(name)) }

// Fields puts short fields side by side where there is room.
func Fields(fields ...app.UI) app.UI { return app.Div().Class("gh-fields").Body(fields...) }

// Unless puts a remark below fields, that is there as long as nothing is in those of them that have a placeholder, which tells style sheets so. It
// comes and goes while a person types, without the program, too.
func Unless(fields, remark app.UI) app.UI {
	return app.Div().Class("gh-unless").Body(fields, app.Div().Class("gh-unless__remark").Role("status").Body(remark))
}

// Scriptless is a paragraph that only matters where the browser runs no scripts.
func Scriptless(text string) app.UI { return app.P().Class("gh-help gh-scriptless").Text(text) }

// Help is a paragraph that explains a form.
func Help(text string) app.UI { return app.P().Class("gh-help").Body(Rich(text)) }
