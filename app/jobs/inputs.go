// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/ui"
	"gatehouse/app/users"
)

// An input is a field of the request that each account gets.
type input struct {
	name  string // as in a form
	label string // the key of what it is called; "": it is not spoken of
	fixed string // it is this, and nobody is asked
	draw  func(p *Plan, in input, name string) app.UI
}

var reason = []input{{name: "reason", label: "common.reason", draw: line(ui.Field{Optional: true, MaxLength: 500})}}

// line draws a field. Its help is the key of a text.
func line(f ui.Field) func(*Plan, input, string) app.UI {
	return func(p *Plan, in input, name string) app.UI {
		f := f
		f.Name, f.Label, f.State = name, p.Env().T(in.label), p.State
		if f.Help != "" {
			f.Help = p.Env().T(f.Help)
		}
		return f.Draw(p.Env())
	}
}

// rate is one of the numbers of a rate limit.
func rate(help string) func(*Plan, input, string) app.UI {
	return line(ui.Field{Help: help, Type: "number", InputMode: "numeric", Dir: "ltr", Required: true})
}

// moment is a time of messages, where the homeserver can tell by it which to redact.
func moment(help string) func(*Plan, input, string) app.UI {
	draw := line(ui.Field{Help: help, Type: "datetime-local", Optional: true, Dir: "ltr"})
	return func(p *Plan, in input, name string) app.UI {
		if _, ok := p.Env().Unavailable[api.RedactUser.Info().Name+".time"]; ok {
			return nil
		}
		return draw(p, in, name)
	}
}

func until(p *Plan, in input, name string) app.UI {
	env := p.Env()
	return ui.Field{
		Name: name, Label: env.T(in.label), Help: env.T("renew.until_help"), State: p.State, Type: "date", Dir: "ltr", Optional: true,
		Why: p.denied(in, "2027-01-31"), // any date
	}.Draw(env)
}

func mails(p *Plan, _ input, name string) app.UI {
	env := p.Env()
	return ui.Check{Name: name, Label: env.T("renew.mails"), Help: env.T("renew.mails_help"), State: p.State, Checked: true}.Draw(env)
}

func passwords(p *Plan, in input, name string) app.UI {
	env := p.Env()
	return ui.Choice{Name: name, Label: env.T(in.label), Help: env.T("jobs.password_help"), Value: api.PasswordPassphrase, State: p.State, Options: []ui.Option{
		{Value: api.PasswordPassphrase, Label: env.T("create.password_passphrase")},
		{Value: api.PasswordRandom, Label: env.T("create.password_random")},
	}}.Draw(env)
}

func notice(p *Plan, in input, name string) app.UI {
	env := p.Env()
	return ui.TextArea{Name: name, Label: env.T(in.label), Help: env.T("notice.text_help"), State: p.State, Rows: 5, MaxLength: 10000}.Draw(env)
}

func rooms(p *Plan, in input, name string) app.UI {
	env := p.Env()
	return ui.TextArea{Name: name, Label: env.T(in.label), Help: env.T("jobs.rooms_help"), State: p.State}.Draw(env)
}

func types(p *Plan, in input, name string) app.UI {
	env := p.Env()
	return ui.Select{Name: name, Label: env.T(in.label), State: p.State, Options: users.TypeOptions(env, p.Types)}.Draw(env)
}

// feature is one of those that the homeserver knows, or, where it did not tell them, a name.
func feature(p *Plan, in input, name string) app.UI {
	env := p.Env()
	if len(p.Features) == 0 {
		return ui.Field{Name: name, Label: env.T(in.label), Help: env.T("feature.help"), State: p.State, Mono: true, Dir: "ltr", MaxLength: 64}.Draw(env)
	}
	options := make([]ui.Option, 0, len(p.Features))
	for _, f := range p.Features {
		options = append(options, ui.Option{Value: f, Label: users.FeatureText(env, f), Help: f})
	}
	return ui.Choice{Name: name, Label: env.T(in.label), Help: env.T("feature.help"), Value: p.Features[0], State: p.State, Options: options}.Draw(env)
}

func onOff(p *Plan, in input, name string) app.UI {
	env := p.Env()
	return ui.Choice{Name: name, Label: env.T(in.label), Value: "true", State: p.State, Options: []ui.Option{
		{Value: "true", Label: env.T("feature.submit_on")}, {Value: "false", Label: env.T("feature.submit_off")},
	}}.Draw(env)
}

// drift is which difference between Synapse and Matrix Authentication Service shall end; accounts without it are left alone.
func drift(p *Plan, in input, name string) app.UI {
	env := p.Env()
	c := ui.Choice{Name: name, Label: env.T(in.label), Help: env.T("jobs.repair_help"), State: p.State}
	for _, d := range api.Drifts() {
		c.Options = append(c.Options, ui.Option{Value: d, Label: driftName(env, d), Why: p.denied(in, d)})
	}
	return c.Draw(env)
}

// denied says what filling in a field so takes that the person may not, or "".
func (p *Plan) denied(in input, value string) string {
	return denied(p.Env(), api.JobPlan{Operation: p.Plan.Operation, With: []api.JobField{{Name: in.name, Value: value}}})
}

func driftName(env ui.Env, d string) string {
	return strings.TrimSuffix(env.T("account.note.drift."+d), ".")
}

// fields are what was asked of each account of a job, as people know it.
func fields(env ui.Env, j api.Job) []ui.Fact {
	o, _ := offerOf(j.Operation, j.With)
	var list []ui.Fact
	for _, f := range j.With {
		label := ui.FieldName(env, f.Name)
		for _, in := range o.inputs {
			if in.name == f.Name && in.label != "" {
				label = env.T(in.label)
			}
		}
		if text := shown(env, f); label != "" && text != "" {
			list = append(list, ui.Fact{Label: label, Value: ui.Text(text)})
		}
	}
	return list
}

// shown writes the value of a field.
func shown(env ui.Env, f api.JobField) string {
	switch {
	case f.Value == "":
		return ""
	case f.Name == "password.mode":
		return env.T("jobs.password." + f.Value)
	case f.Name == "drift":
		return driftName(env, f.Value)
	case f.Name == "on" && f.Value == "true":
		return env.T("feature.on")
	case f.Name == "on":
		return env.T("feature.off")
	case f.Name == "scope" && f.Value == api.ScopeAll:
		return env.T("redact.scope_all")
	}
	return value(env, f.Value)
}
