// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"net/url"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// send runs a form's operation in place: what is wrong stands at its field at once, and what was done is said when the server has
// said it. It is the way of package page without a page in between.
func (s *Shell) send(of screen.Screen, live *screen.Live, operation string, values url.Values) {
	form, ok := of.(screen.Writer)
	op, known := api.Find(operation)
	if !ok || !known || live.Busy {
		return
	}
	typed, key := screen.Own(values), values.Get("_key")
	shown := screen.Shown(operation, typed)
	if screen.Redraws(values) {
		form.Refill(ui.FormState{Key: key, Typed: screen.Rows(shown, values)})
		form.Redraw()
		return
	}
	req, err := op.DecodeForm(typed)
	if err == nil {
		err = req.Validate()
	}
	if err != nil {
		s.refuse(form, key, shown, client.AsProblem(err))
		return
	}
	live.Busy = true
	of.Redraw()
	caller, from := live.Caller, s.sends(op, key)
	s.ctx.Async(func() {
		result, err := caller.Call(context.Background(), op, req, key)
		s.ctx.Dispatch(func(app.Context) {
			live.Busy = false
			of.Redraw()
			if err == nil {
				s.offline = false
				s.done(form, operation, result, from)
				return
			}
			problem := client.AsProblem(err)
			switch problem.Code {
			case "signed_out":
				s.askPassword(func() { s.send(of, live, operation, values) })
			case "offline_write":
				// The same key again: if it was done, the second call says so and does nothing.
				s.refuse(form, key, shown, problem)
			default:
				s.unsent(from)
				s.refuse(form, newKey(), shown, problem)
			}
		})
	})
}

// refuse shows a form again with what is wrong, and moves the focus to the first field at fault.
func (s *Shell) refuse(form screen.Writer, key string, typed url.Values, problem *api.Problem) {
	s.offline = false
	if problem.Code == "offline_write" {
		s.lost()
	}
	form.Refill(ui.FormState{Key: key, Typed: typed, Problem: problem})
	form.Redraw()
	s.ctx.Defer(func(app.Context) { focusFirstError() })
}

// done shows what follows a write, in place of the form, in the history too: Back leads to nothing that could be sent again.
func (s *Shell) done(form screen.Writer, operation string, result any, from sent) {
	next := form.After(operation, result)
	if next.Screen == nil {
		if u, err := url.Parse(next.URL); err == nil {
			s.question = nil
			s.open(u, move{notice: next.Notice, replace: true})
		}
		return
	}
	s.stopLoading()
	env := s.means.Local(s.env)
	env.Now, env.Notice = s.now(), next.Notice
	next.Screen.Use(env)
	s.env, s.question, s.screen, s.problem, s.loading = env, nil, next.Screen, nil, false
	s.lead(from, next.Account)
	if u, err := url.Parse(here()); err == nil {
		s.url = u
	}
	s.shown = s.entry
	s.enliven(next.Screen, false)
	setTitle(env, next.Screen.Title())
	s.settle(nil, move{})
}

// ended asks for the password where a session has ended in the middle of something, and then goes on with it.
type ended struct {
	then  func()
	wrong bool
	busy  bool
}

func (s *Shell) askPassword(then func()) {
	s.ended = &ended{then: then}
	s.ctx.Update()
}

func (e *ended) draw(s *Shell) app.UI {
	state := ui.FormState{}
	if e.wrong {
		state.Problem = api.NewProblem(api.StatusUnauthorized, "sign_in_wrong").At("password")
	}
	form := ui.Form{ID: "session", Action: "/sign-in", Busy: e.busy, State: state, OnSubmit: func(_ app.Context, values url.Values) {
		e.busy = true
		s.ctx.Async(func() {
			homeserver, name := signInAs(s.env)
			right := signIn(homeserver, name, values.Get("password"))
			s.ctx.Dispatch(func(app.Context) {
				e.busy, e.wrong = false, !right
				if right && s.ended == e {
					s.ended = nil
					e.then()
				}
			})
		})
	}}
	return ui.Dialog{
		Title: s.env.T("session.ended"), Icon: ui.IconLock, Modal: true, Form: &form,
		OnClose: func(app.Context) { s.ended = nil }, // what was typed is still there, and can be sent again
		Body: []app.UI{
			ui.Help(s.env.T("session.ended_help")),
			ui.SecretField{Name: "password", Label: s.env.T("session.ended_password", "name", s.env.Person.Name), AutoComplete: "current-password", AutoFocus: true, State: state}.Draw(s.env),
		},
		Actions: []app.UI{
			ui.Button{Label: s.env.T("session.to_sign_in"), Href: "/sign-in?next=" + url.QueryEscape(s.url.String())}.Draw(s.env),
			ui.Button{Label: s.env.T("session.go_on"), Look: ui.Primary}.Draw(s.env),
		},
	}.Draw(s.env)
}

// signInAs returns with what the person signed in: an operator without a homeserver, an administrator with theirs.
func signInAs(env ui.Env) (homeserver, name string) {
	if name, ok := strings.CutPrefix(env.Person.ID, "operator:"); ok {
		return "", name
	}
	for _, h := range env.Homeservers {
		if h.ServerName == api.UserID(env.Person.ID).Server() {
			homeserver = h.Name
		}
	}
	return homeserver, env.Person.ID
}
