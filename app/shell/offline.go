// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// lookAgain is how long the shell waits before it looks whether the gate is there again.
const lookAgain = 2 * time.Second

// lost notes that the gate cannot be reached, and looks for it until it can.
func (s *Shell) lost() {
	s.offline = true
	if s.looking {
		return
	}
	s.looking = true
	s.lookLater()
}

func (s *Shell) lookLater() {
	s.ctx.After(lookAgain, func(app.Context) {
		if !s.offline {
			s.looking = false
			return
		}
		s.ctx.Async(func() {
			there := reachable()
			s.ctx.Dispatch(func(app.Context) {
				if !there && s.offline {
					s.lookLater()
					return
				}
				s.looking = false
				s.found()
			})
		})
	})
}

// found goes on where the gate was lost: a page that could not be loaded is loaded again.
func (s *Shell) found() {
	s.offline = false
	if s.problem != nil && s.problem.Code == "offline" && !s.busy {
		s.open(s.url, move{replace: true})
	}
}
