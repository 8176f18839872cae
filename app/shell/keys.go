// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"net/url"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/shortcut"
)

// secondTime is how long after the first of two keys the second counts.
const secondTime = 1500 * time.Millisecond

// pressed does what the keys of package shortcut are for: letters only where nobody types, and only while they are switched on.
func (s *Shell) pressed(e app.Value) {
	key := e.Get("key").String()
	if key == "Enter" && (e.Get("ctrlKey").Bool() || e.Get("metaKey").Bool()) {
		if form := e.Get("target").Get("form"); form.Truthy() && form.Get("method").String() == "post" {
			e.Call("preventDefault")
			form.Call("requestSubmit")
		}
		return
	}
	if e.Get("defaultPrevented").Bool() || e.Get("ctrlKey").Bool() || e.Get("metaKey").Bool() || e.Get("altKey").Bool() {
		return
	}
	if typing(e.Get("target")) || s.question != nil || s.ended != nil || document().Call("querySelector", ":popover-open").Truthy() {
		return
	}
	switch {
	case key == "Escape":
		s.unselect()
	case s.env.LetterKeys:
		s.letter(e, key)
	}
}

func (s *Shell) letter(e app.Value, key string) {
	before := s.firstKey
	if time.Since(s.pressedAt) > secondTime {
		before = ""
	}
	s.firstKey = ""
	k, ok, more := shortcut.Find(before, key)
	if more {
		s.firstKey, s.pressedAt = key, time.Now()
	}
	if !ok {
		return
	}
	if k.To != nil {
		if address := k.To(s.place()); address != "" {
			s.goTo(address)
		}
		return
	}
	switch k.Name {
	case "search":
		if search := document().Call("getElementById", "search"); search.Truthy() {
			e.Call("preventDefault")
			search.Call("focus")
			search.Call("select")
		}
	case "next_row", "previous_row":
		moveRow(k.Name == "next_row")
	case "select":
		selectRow()
	}
}

// place is where the person is, for keys that lead elsewhere.
func (s *Shell) place() shortcut.Place {
	return shortcut.Place{Env: s.env, Homeserver: s.env.HomeserverOrFirst(), Account: api.UserID(s.url.Query().Get("id"))}
}

func (s *Shell) goTo(address string) {
	if u, err := url.Parse(address); err == nil {
		s.soon(func() { s.open(u, move{}) })
	}
}

func typing(e app.Value) bool {
	return e.Truthy() && e.Get("matches").Truthy() && e.Call("matches", "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]").Bool()
}
