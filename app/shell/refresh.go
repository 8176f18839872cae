// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/client"
	"gatehouse/app/panel"
	"gatehouse/app/screen"
)

// follows has a screen that changes by itself loaded again after a while. Focus, scroll position and history stay.
func (s *Shell) follows() {
	s.listens()
	r, ok := s.screen.(screen.Refresher)
	if !ok || s.problem != nil || r.Refresh() <= 0 {
		return
	}
	s.ctx.After(r.Refresh(), func(app.Context) {
		if s.screen == r && !s.busy && !s.loading {
			s.refresh(r)
		}
	})
}

// redraw draws a screen again that changed by itself. Whoever had the focus on something that is gone then has it on the title, and not nowhere.
func (s *Shell) redraw(changed screen.Screen) {
	body, before := document().Get("body"), document().Get("activeElement")
	changed.Redraw()
	s.ctx.Defer(func(app.Context) {
		if !before.Equal(body) && document().Get("activeElement").Equal(body) {
			focusID("title")
		}
	})
}

// refresh loads another of the same kind and gives the screen what that has loaded. One that cannot be loaded now is tried again.
func (s *Shell) refresh(r screen.Refresher) {
	next, homeserver, ok := panel.Find(s.url)
	if !ok {
		return
	}
	u, env := *s.url, s.means.Local(s.env).At(homeserver)
	env.Now = s.now()
	next.Use(env)
	s.ctx.Async(func() {
		err := next.Load(client.Polling(context.Background()), env, s.means.Caller.At(homeserver), &u)
		s.ctx.Dispatch(func(app.Context) {
			if s.screen != r {
				return
			}
			problem := client.AsProblem(err)
			switch {
			case problem == nil:
				s.offline = false
				r.Use(env)
				r.Take(next)
				s.redraw(r)
			case problem.Code == "signed_out":
				s.askPassword(s.follows)
				return
			case problem.Code == "offline":
				s.lost()
			}
			s.follows()
		})
	})
}
