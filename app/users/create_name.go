// SPDX-License-Identifier: Apache-2.0

package users

import (
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/ui"
)

// nameDelay is how long nothing is typed before a name is looked up.
const nameDelay = 300 * time.Millisecond

// nameCheck is what is known of the name in the form while it is typed.
type nameCheck struct {
	round    int  // counts what was typed, so that a late answer is known as one
	touched  bool // something was typed
	waiting  bool // the homeserver is being asked
	answer   *api.Availability
	mistake  *api.FieldProblem // in the name itself
	notAsked bool              // the homeserver could not be asked
}

// typed takes what is in the field now, and reports whether the homeserver is to be asked about it.
func (n *nameCheck) typed(value string) (round int, ask bool) {
	*n = nameCheck{round: n.round + 1, touched: true}
	if value == "" {
		return n.round, false
	}
	if err := api.Localpart(value).Validate(); err != nil {
		p := client.AsProblem(err)
		n.mistake = &api.FieldProblem{Field: "localpart", Code: p.Code, Params: p.Params}
		return n.round, false
	}
	return n.round, true
}

// ask notes that the homeserver is asked, unless something else was typed meanwhile.
func (n *nameCheck) ask(round int) bool {
	if n.round != round {
		return false
	}
	n.waiting = true
	return true
}

// answered takes the answer, unless it comes too late.
func (n *nameCheck) answered(round int, a api.Availability, err error) {
	if n.round != round {
		return
	}
	n.waiting = false
	if err != nil {
		n.notAsked = true
		return
	}
	n.answer = &a
}

// localpart is the field of the Matrix ID. Where the program runs it says as it is typed whether the name is free.
func (c *Create) localpart() app.UI {
	env, n := c.Env(), c.name
	f := ui.Field{
		Name: "localpart", Label: env.T("create.localpart"), Help: env.T("create.localpart_help"), State: c.State, Required: true,
		MaxLength: c.Server.MaxLocalpart, AutoFocus: c.State.Typed == nil, Steady: true,
	}
	if live := c.Live(); live != nil && live.Caller != nil && env.Can(api.CheckName.Info().Name) {
		f.OnInput = c.nameTyped
	}
	if n.touched {
		f.State.Problem = nil // it was about another name
	}
	switch {
	case n.mistake != nil:
		f.Error, f.Help = env.FieldText(*n.mistake), ""
	case n.waiting:
		f.Help = env.T("create.checking")
	case n.notAsked:
		f.Help = env.T("create.not_checked")
	case n.answer != nil && n.answer.Free:
		f.Good, f.Help = env.T("create.free", "id", string(n.answer.ID)), ""
	case n.answer != nil:
		f.Help = ""
		f.Error = env.FieldText(api.FieldProblem{Field: "localpart", Code: n.answer.Code, Params: map[string]string{"id": string(n.answer.ID)}})
	}
	return ui.Joined(f, env.ServerName()).Draw(env)
}

func (c *Create) nameTyped(ctx app.Context, value string) {
	round, ask := c.name.typed(value)
	if !ask {
		return
	}
	ctx.After(nameDelay, func(ctx app.Context) {
		live := c.Live()
		if live == nil || !c.name.ask(round) {
			return
		}
		ctx.Async(func() {
			answer, err := client.Call(ctx, live.Caller, api.CheckName, api.NameQuery{Localpart: api.Localpart(value)})
			ctx.Dispatch(func(app.Context) { c.name.answered(round, answer, err) })
		})
	})
}
