// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/screen"
)

// listens has a screen hear of what it shows, as long as it stands and can be seen: without TLS a browser opens six connections to a server, for
// all tabs together, and as many tabs that nobody looks at would leave none. The first event says what was missed. A connection that breaks is
// made again by the browser.
func (s *Shell) listens() {
	address := ""
	if l, ok := s.screen.(screen.Listener); ok && s.problem == nil && !document().Get("hidden").Bool() {
		address = l.Listens()
	}
	if address == s.heard {
		return
	}
	if s.source != nil {
		s.source.Call("close")
		s.listener.Release()
		s.source = nil
	}
	if s.heard = address; address == "" {
		return
	}
	s.source = app.Window().Get("EventSource").New(address)
	s.listener = app.FuncOf(func(_ app.Value, args []app.Value) any {
		data := args[0].Get("data").String()
		s.ctx.Dispatch(func(app.Context) {
			// Another screen of the same address, such as another page of a job's items, goes on hearing.
			if l, ok := s.screen.(screen.Listener); ok && s.heard == address {
				l.Hear(data)
				s.redraw(l)
				s.listens()
				if r, ok := s.screen.(screen.Refresher); ok && s.heard == "" { // it has come to an end, of which only a part was told
					s.refresh(r)
				}
			}
		})
		return nil
	})
	s.source.Set("onmessage", s.listener)
}
