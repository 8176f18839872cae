// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"net/url"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
)

// goTime is how long after `g` a second letter counts.
const goTime = 1500 * time.Millisecond

// pressed handles the keys of LOOK: letters only where nobody types, and only while they are switched on.
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
	if typing(e.Get("target")) || !s.env.LetterKeys || s.question != nil || s.ended != nil {
		return
	}
	switch {
	case key == "/":
		if search := document().Call("getElementById", "search"); search.Truthy() {
			e.Call("preventDefault")
			search.Call("focus")
			search.Call("select")
		}
	case key == "j" || key == "k":
		moveRow(key == "j")
	case key == "g":
		s.goPressed = time.Now()
	case time.Since(s.goPressed) < goTime:
		s.goPressed = time.Time{}
		if address, ok := map[string]string{"o": route.Overview, "a": route.Accounts(s.homeserver()), "s": route.Servers}[key]; ok {
			s.goTo(address)
		}
	case key == "c" && s.env.Can(api.CreateUser.Info().Name):
		s.goTo(route.At(s.homeserver(), route.CreatePath, nil))
	case key == "e" && s.url.Query().Has("id") && s.env.Can(api.UpdateUser.Info().Name):
		s.goTo(route.Account(s.env.Homeserver, route.EditPath, api.UserID(s.url.Query().Get("id"))))
	}
}

func (s *Shell) goTo(address string) {
	if u, err := url.Parse(address); err == nil {
		s.soon(func() { s.open(u, move{}) })
	}
}

func typing(e app.Value) bool {
	return e.Truthy() && e.Get("matches").Truthy() && e.Call("matches", "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]").Bool()
}

// moveRow moves the focus to the next or the previous row's link.
func moveRow(down bool) {
	links := document().Call("querySelectorAll", ".gh-row .gh-account__link")
	active := document().Get("activeElement")
	at := -1
	for i := range links.Length() {
		if links.Index(i).Equal(active) {
			at = i
		}
	}
	if down {
		at++
	} else {
		at--
	}
	if at >= 0 && at < links.Length() {
		links.Index(at).Call("focus")
	}
}
