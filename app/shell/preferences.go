// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/screen"
)

// prefer keeps preferences in their cookie, and draws the page with those that it can change in place: whether letters are keys.
func (s *Shell) prefer(values url.Values) {
	s.ctx.Async(func() {
		kept := setPreferences(screen.Own(values))
		s.ctx.Dispatch(func(app.Context) {
			if !kept {
				s.lost()
				return
			}
			list := values["letter_keys"]
			s.env.LetterKeys = len(list) > 0 && list[len(list)-1] == "true"
			s.env.Notice = s.env.T("done.preferences")
			s.closeQuestion()
			if s.screen != nil {
				s.screen.Use(s.env)
				s.screen.Redraw()
			}
		})
	})
}
