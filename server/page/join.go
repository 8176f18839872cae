// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/app/join"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/server/gate"
	"gatehouse/server/invitation"
)

// The pages of invitations know no session and set no cookie: the link alone is who asks. Its address is a key, so nothing here writes it
// anywhere but into the form's own action, and Referrer-Policy same-origin keeps it from other sites.

// holder is who asks, with a form's request key or without.
func holder(c echo.Context, key string) gate.Holder {
	return gate.Holder{Token: api.NewSecret(c.Param("token")), Address: c.RealIP(), RequestID: gate.RequestID(c), Key: key}
}

// joinForm answers GET with the form, as long as the link is good.
func (p *Pages) joinForm(c echo.Context) error {
	invited, err := p.Gate.Invited(c.Request().Context(), holder(c, ""))
	if err != nil {
		return p.joinDead(c, problemOf(err))
	}
	return p.writeJoin(c, http.StatusOK, invited, &join.Form{State: ui.FormState{Key: gate.NewKey()}, GoesOn: invited.GoesOn("")})
}

// join takes the form: it looks a name up, or makes the account and answers with its card.
func (p *Pages) join(c echo.Context) error {
	values, err := p.form(c)
	if err != nil {
		return err
	}
	key, ctx := values.Get("_key"), c.Request().Context()
	looks := values.Has(join.Check)
	h := holder(c, key)
	if looks {
		h.Key = ""
	}
	invited, err := p.Gate.Invited(ctx, h)
	if err != nil {
		return p.joinDead(c, problemOf(err))
	}
	typed := screen.Own(values)
	take, err := api.DecodeTakeUp(typed)
	typed = url.Values{join.Name: typed[join.Name], "password.mode": typed["password.mode"], join.Terms: typed[join.Terms]}
	if err == nil && looks {
		return p.joinLook(c, invited, take, ui.FormState{Key: key, Typed: typed})
	}
	var joining gate.Joining
	if err == nil {
		joining, err = p.Gate.TakeUp(ctx, invited, take)
	}
	if err == nil {
		done := &join.Done{Card: joining.Card, Chosen: joining.Chosen}
		env := p.env(c, nil, "")
		done.Use(env)
		return p.write(c, http.StatusOK, document{env: env, title: done.Title(), body: done, bare: true})
	}
	problem := told(problemOf(err))
	if !fits(problem) {
		return p.joinDead(c, problem)
	}
	goesOn := invited.GoesOn(take.Localpart)
	if joining.Begun != "" {
		goesOn = api.Localpart(joining.Begun.Localpart())
	}
	return p.writeJoin(c, tell(c, problem).Status, invited, &join.Form{State: ui.FormState{Key: gate.NewKey(), Typed: typed, Problem: problem}, GoesOn: goesOn})
}

// joinLook draws the form again, with what there is to say about the name. Nothing was done, so the form keeps its key.
func (p *Pages) joinLook(c echo.Context, invited gate.Invited, take api.TakeUp, state ui.FormState) error {
	name, err := p.Gate.NameFree(c.Request().Context(), invited, take.Localpart)
	switch {
	case err == nil && name.Free:
		return p.writeJoin(c, http.StatusOK, invited, &join.Form{State: state, Free: name.ID})
	case err == nil:
		state.Problem = api.NewProblem(api.StatusConflict, name.Code, "id", string(name.ID)).At(join.Name)
	default:
		if state.Problem = told(problemOf(err)); len(state.Problem.Fields) == 0 && state.Problem.Status == api.StatusUnprocessable {
			state.Problem = state.Problem.At(join.Name)
		}
	}
	return p.writeJoin(c, tell(c, state.Problem).Status, invited, &join.Form{State: state})
}

// writeJoin writes the form; of it are given its state and what is known of the name.
func (p *Pages) writeJoin(c echo.Context, status int, invited gate.Invited, form *join.Form) error {
	settings := invited.Homeserver.Settings
	if form.GoesOn != "" && form.State.Typed != nil { // another name may have been typed
		form.State.Typed.Set(join.Name, string(form.GoesOn))
	}
	form.ServerName, form.Pattern, form.Action = settings.ServerName, invited.Localpart, c.Request().URL.EscapedPath()
	for _, t := range settings.Terms {
		form.Terms = append(form.Terms, join.Term(t))
	}
	env := p.env(c, nil, "")
	form.Use(env)
	d := document{env: env, title: form.Title(), body: form, bare: true}
	if form.Chooses() {
		d.script = "join.js"
	}
	return p.write(c, status, d)
}

func (p *Pages) joinDead(c echo.Context, problem *api.Problem) error {
	problem.RequestID = ""
	tell(c, problem)
	env := p.env(c, nil, "")
	dead := &join.Dead{Problem: problem}
	dead.Use(env)
	return p.write(c, problem.Status, document{env: env, title: dead.Title(), body: dead, bare: true})
}

// told is what somebody without a session is told of a problem. What is wrong behind the gate is no matter of theirs, and can name others'
// accounts.
func told(p *api.Problem) *api.Problem {
	ours := len(p.Fields) > 0
	for _, f := range p.Fields {
		ours = ours && (f.Field == join.Name || f.Field == join.Again || f.Field == join.Terms || strings.HasPrefix(f.Field, "password"))
	}
	switch {
	case ours || strings.Contains(p.Code, "invitation"):
		return p
	case p.Unclear(), p.Code == "done_not_recorded", p.Code == "internal":
		return api.NewProblem(p.Status, "invitation_unknown")
	case p.Code == "key_reused", p.Code == "request_key_missing", p.Status == api.StatusUnprocessable:
		return p
	}
	return api.NewProblem(api.StatusUnavailable, "invitation_cannot")
}

// fits reports whether the form can be tried again after a problem.
func fits(p *api.Problem) bool {
	switch p.Code {
	case "no_such_invitation", "invitation_unknown", "invitation_account_made":
		return false
	}
	return true
}

// ofInvitation reports whether a request is for one of these pages.
func ofInvitation(c echo.Context) bool {
	return strings.HasPrefix(c.Request().URL.Path, invitation.Path)
}
