// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
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
	replace bool   // the history keeps its length
	back    bool   // by Back or Forward: the browser is there already
	stay    bool   // the page is loaded for the first time: focus and scroll position are the browser's
	scroll  int    // how far the page was scrolled when it was left
	notice  string // a sentence for the page: what has just been done
	view    bool   // another view of the same page was chosen: whoever did has the focus on it, and sees what they saw
}

// patience is how long the old screen stands before placeholders take its place.
const patience = 300 * time.Millisecond

// ours reports whether the program shows an address itself: a screen, of a homeserver that the person may see.
func (s *Shell) ours(u *url.URL) bool {
	_, homeserver, ok := panel.Find(u)
	return ok && s.knows(homeserver)
}

func (s *Shell) knows(homeserver string) bool {
	if homeserver == "" {
		return true
	}
	for _, h := range s.env.Homeservers {
		if h.Name == homeserver {
			return true
		}
	}
	return false
}

// open goes to an address: it loads the screen while the old one stands, and then swaps them. A question opens over the page.
func (s *Shell) open(u *url.URL, m move) {
	next, homeserver, ok := panel.Find(u)
	if !ok || !s.knows(homeserver) {
		app.Window().Get("location").Call("assign", u.String())
		return
	}
	shows, asked := cardAt(u)
	asQuestion := !asked && panel.IsOverlay(u) && s.screen != nil && s.problem == nil && !s.loading && (homeserver == s.env.Homeserver || homeserver == "")
	if asQuestion {
		homeserver = s.env.Homeserver // the page under it stays what it is
	}
	if !m.back {
		s.keepScroll()
	}
	s.stopLoading()
	visit := s.visit
	ctx, cancel := context.WithCancel(context.Background())
	env := s.means.Local(s.env).At(homeserver)
	env.Now, env.Notice = s.now(), m.notice
	next.Use(env)
	s.busy, s.cancel = true, cancel
	if !asQuestion {
		s.ctx.After(patience, func(app.Context) {
			s.released(visit, func() {
				if s.busy {
					s.loading, s.problem, s.question = true, nil, nil
				}
			})
		})
	}
	s.ctx.Async(func() {
		var kept app.Value
		var err error
		if asked {
			next, u, err = s.recall(ctx, next, env, u, shows)
		} else {
			kept, err = s.load(ctx, next, env, u)
		}
		s.ctx.Dispatch(func(app.Context) {
			s.released(visit, func() {
				if asked {
					history().Call("replaceState", history().Get("state"), "", u.String())
				}
				s.arrive(next, env, u, err, m, asQuestion)
				if kept != nil && !s.offline {
					s.ctx.Defer(func(app.Context) { ui.PutKept(kept) }) // once their place is drawn
				}
			})
		})
	})
	s.ctx.Update()
}

// hold is how long a page at most waits for a button that is held down.
const hold = 5 * time.Second

// released does what changes the page once no button is held down: a click whose element goes between its two halves would be lost. It
// does nothing if the person has gone elsewhere meanwhile, by that click or otherwise.
func (s *Shell) released(visit int, do func()) {
	since := time.Now()
	var try func(app.Context)
	try = func(app.Context) {
		switch {
		case s.visit != visit:
		case pressing() && time.Since(since) < hold:
			s.ctx.After(10*time.Millisecond, try)
		default:
			do()
		}
	}
	try(s.ctx)
}

// stopLoading lets go of a screen that is still being loaded: its answer comes too late.
func (s *Shell) stopLoading() {
	if s.cancel != nil {
		s.cancel()
	}
	s.visit++
	s.busy, s.cancel = false, nil
}

// arrive shows what was loaded.
func (s *Shell) arrive(next screen.Screen, env ui.Env, u *url.URL, err error, m move, asQuestion bool) {
	closePopovers()
	stands := s.screen != nil && s.problem == nil && !s.loading
	s.busy, s.loading, s.cancel = false, false, nil
	var problem *api.Problem
	if err != nil {
		problem = client.AsProblem(err)
		if problem.Code == "signed_out" {
			s.askPassword(func() { s.open(u, m) })
			return
		}
	}
	s.offline = false
	if problem != nil && problem.Code == "offline" {
		s.lost()
	}
	if s.offline && s.screen != nil && !m.back && m.notice == "" {
		return // the page that stands is better than none
	}
	if w, ok := next.(screen.Writer); ok && problem == nil {
		w.Refill(ui.FormState{Key: newKey()})
	}
	focus := searchFocus()
	m.view = !m.back && s.url != nil && s.url.Path == u.Path && onView()
	s.env = env
	if asQuestion && problem == nil {
		s.question = next
		s.enliven(next, true)
		setTitle(env, next.Title())
		s.enter(u, m, true)
		return
	}
	s.question = nil
	s.url, s.problem = u, problem
	if problem == nil {
		s.show(next, stands)
		setTitle(env, next.Title())
	} else {
		setTitle(env, ui.ProblemTitle(env, problem))
	}
	s.follows()
	s.enter(u, m, false)
	s.shown, s.card = s.entry, cardHere()
	if problem != nil && s.card.key != "" && problem.Status > 0 && problem.Status < api.StatusInternal {
		s.note(card{}) // it is gone: the form is there to be opened again
	}
	s.soon(func() { s.settle(focus, m) }) // after a screen that is drawn again
}

// show puts a screen in the place of the one before. Where that stands and can become the other one, it does.
func (s *Shell) show(next screen.Screen, stands bool) {
	if r, ok := s.screen.(screen.Renewer); ok && stands && r.Renew(next) {
		s.enliven(r, false)
		r.Redraw()
		return
	}
	s.screen = next
	s.enliven(next, false)
}

// enter brings the history in step with what is shown.
func (s *Shell) enter(u *url.URL, m move, over bool) {
	switch address := u.String(); {
	case m.back || m.stay:
	case m.replace || address == here():
		if address != here() {
			s.replaceEntry(address)
		}
	default:
		s.pushEntry(address, over)
	}
}

// settle puts focus and scroll where a person expects them after a page has come.
func (s *Shell) settle(search *focus, m move) {
	if m.stay {
		return
	}
	s.ctx.Defer(func(app.Context) {
		if m.view && focusView() {
			return
		}
		if search == nil || !search.restore() {
			focusID("title")
		}
		scrollTo(m.scroll)
	})
}
