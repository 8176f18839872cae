// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/panel"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// move says how an address is gone to.
type move struct {
	replace bool   // the history keeps its length: Back, Forward, and the first load
	back    bool   // the scroll position of that entry comes back
	notice  string // a sentence for the page
}

// patience is how long the old screen stands before placeholders take its place.
const patience = 300 * time.Millisecond

// ours reports whether the program shows an address itself. Another homeserver means other capabilities, and those come with a page.
func (s *Shell) ours(u *url.URL) bool {
	_, homeserver, ok := panel.Find(u)
	return ok && (homeserver == "" || homeserver == s.env.Homeserver)
}

// open goes to an address: it loads the screen while the old one stands, and then swaps them. A question opens over the page.
func (s *Shell) open(ctx app.Context, u *url.URL, m move) {
	next, homeserver, ok := panel.Find(u)
	if !ok || (homeserver != "" && homeserver != s.env.Homeserver) {
		app.Window().Get("location").Call("assign", u.String())
		return
	}
	asQuestion := panel.IsQuestion(u) && s.screen != nil && s.problem == nil
	if !asQuestion && !m.back {
		s.keepScroll()
	}
	if s.cancel != nil {
		s.cancel()
	}
	s.visit++
	visit := s.visit
	loadCtx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	env := s.means.Local(s.env)
	env.Now, env.Notice, env.Homeserver = now(), m.notice, homeserver
	if homeserver == "" {
		env.Homeserver = s.env.Homeserver
	}
	next.Use(env)
	s.busy = true
	ctx.After(patience, func(app.Context) {
		if s.visit == visit && s.busy && !asQuestion {
			s.loading = true
			s.problem = nil
		}
	})
	ctx.Async(func() {
		err := next.Load(loadCtx, env, s.means.Caller, u)
		ctx.Dispatch(func(ctx app.Context) {
			if s.visit == visit {
				s.arrive(ctx, next, env, u, err, m, asQuestion)
			}
		})
	})
}

// arrive shows what was loaded.
func (s *Shell) arrive(ctx app.Context, next screen.Screen, env ui.Env, u *url.URL, err error, m move, asQuestion bool) {
	s.busy, s.loading, s.cancel = false, false, nil
	var problem *api.Problem
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return
		}
		problem = client.AsProblem(err)
		s.offline = problem.Code == "offline"
		if problem.Code == "signed_out" {
			s.askPassword(func(ctx app.Context) { s.open(ctx, u, m) })
			return
		}
		if s.offline && s.screen != nil {
			return // the page that stands is better than none
		}
	} else {
		s.offline = false
	}
	if w, ok := next.(screen.Writer); ok && problem == nil {
		w.Refill(ui.FormState{Key: newKey()})
	}
	s.env = env
	if asQuestion && problem == nil {
		s.question, s.questionURL = next, u
		s.enliven(next, true)
		s.pushOnce(u, m)
		return
	}
	s.question, s.questionURL = nil, nil
	s.url, s.problem = u, problem
	if problem == nil {
		s.screen = next
		s.enliven(next, false)
		setTitle(next.Title())
	}
	s.pushOnce(u, m)
	s.settle(ctx, u, m)
}

func (s *Shell) pushOnce(u *url.URL, m move) {
	if !m.replace && u.String() != here() {
		push(u.String())
	}
}

// settle puts focus and scroll where a person expects them after a page has come.
func (s *Shell) settle(ctx app.Context, u *url.URL, m move) {
	y := 0
	if m.back {
		y = s.scrolls[u.String()]
	}
	ctx.Defer(func(app.Context) {
		if !keepsFocus() {
			focusID("title")
		}
		scrollTo(y)
	})
}

// closeQuestion takes the dialog away and returns to the page under it.
func (s *Shell) closeQuestion(app.Context) {
	if s.question == nil {
		return
	}
	s.question, s.questionURL = nil, nil
	if s.live != nil {
		s.live.Busy = false
	}
	s.enliven(s.screen, false)
	if here() != s.url.String() {
		push(s.url.String())
	}
}

func (s *Shell) keepScroll() { s.scrolls[s.url.String()] = scrollY() }
