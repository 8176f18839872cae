// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"slices"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/panel"
	"gatehouse/app/ui"
)

// What the shell does to the browser beyond drawing is here and in history.go. Outside of a browser it does nothing.

func document() app.Value { return app.Window().Get("document") }

func setTitle(env ui.Env, title string) { document().Set("title", panel.TabTitle(env, title)) }

// focusID moves the focus without scrolling to it.
func focusID(id string) {
	if e := document().Call("getElementById", id); e.Truthy() {
		e.Call("focus", map[string]any{"preventScroll": true})
	}
}

// onView reports whether the focus is on one of the views of a list.
func onView() bool {
	e := document().Get("activeElement")
	return e.Truthy() && e.Call("matches", ui.ViewLinks).Bool()
}

// focusView moves the focus to the view that is shown.
func focusView() bool {
	e := document().Call("querySelector", ui.CurrentView)
	if !e.Truthy() {
		return false
	}
	e.Call("focus")
	return true
}

// focusFirstError moves the focus to the first field that is marked as wrong, or to the box that says what happened.
func focusFirstError() {
	for _, within := range []string{"dialog[open]", "main"} {
		for _, wrong := range []string{`[aria-invalid="true"]`, `[role="alert"]`} {
			e := document().Call("querySelector", within+" "+wrong)
			if !e.Truthy() {
				continue
			}
			if wrong == `[role="alert"]` {
				e.Call("setAttribute", "tabindex", "-1")
			}
			e.Call("focus")
			return
		}
	}
}

// focus is where a person was typing in the search field of a list. The next list has another field in its place.
type focus struct{ start, end app.Value }

func searchFocus() *focus {
	e := document().Get("activeElement")
	if !e.Truthy() || e.Get("id").String() != "search" {
		return nil
	}
	return &focus{e.Get("selectionStart"), e.Get("selectionEnd")}
}

func (f *focus) restore() bool {
	e := document().Call("getElementById", "search")
	if !e.Truthy() {
		return false
	}
	e.Call("focus", map[string]any{"preventScroll": true})
	e.Call("setSelectionRange", f.start, f.end)
	return true
}

// pressing reports whether a button or key is held down; the boot script knows.
func pressing() bool { return app.Window().Get("gatehouse").Get("pressing").Bool() }

// newKey returns a request key.
func newKey() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// listen takes over from go-app what makes pages change: links, forms of lists, and the history.
func (s *Shell) listen() {
	app.Window().Set("onclick", nil)
	app.Window().Set("onpopstate", nil)
	s.on(document(), "click", s.clicked)
	s.on(document(), "submit", s.submitted)
	s.on(document(), "keydown", s.pressed)
	s.on(document(), "visibilitychange", func(app.Value) { s.soon(s.listens) })
	s.on(app.Window(), "popstate", func(e app.Value) { s.soon(func() { s.moved(e.Get("state")) }) })
	s.on(app.Window(), "online", func(app.Value) { s.soon(s.found) })
	s.on(app.Window(), "offline", func(app.Value) { s.soon(s.lost) })
}

// soon runs a function on the goroutine that draws, and then draws.
func (s *Shell) soon(do func()) { s.ctx.Dispatch(func(app.Context) { do() }) }

// on handles an event as long as the document lives, before the event returns.
func (s *Shell) on(target app.Value, event string, handle func(app.Value)) {
	target.Call("addEventListener", event, app.FuncOf(func(_ app.Value, args []app.Value) any {
		handle(args[0])
		return nil
	}))
}

// clicked opens a link that leads to a screen; every other link is the browser's. It decides before the event returns.
func (s *Shell) clicked(e app.Value) {
	s.selectRange(e)
	if e.Get("defaultPrevented").Bool() || e.Get("button").Int() != 0 {
		return
	}
	for _, key := range []string{"ctrlKey", "metaKey", "shiftKey", "altKey"} {
		if e.Get(key).Bool() {
			return
		}
	}
	link := e.Get("target").Call("closest", "a[href]")
	if !link.Truthy() || link.Call("hasAttribute", "download").Bool() || link.Get("target").String() != "" {
		return
	}
	if link.Get("origin").String() != app.Window().Get("location").Get("origin").String() {
		return
	}
	if link.Get("hash").String() != "" {
		return
	}
	s.follow(e, link.Get("pathname").String()+link.Get("search").String())
}

// submitted opens the address that a list's form makes. Forms of writes have a handler of their own, which came first.
func (s *Shell) submitted(e app.Value) {
	form := e.Get("target")
	if e.Get("defaultPrevented").Bool() || form.Call("getAttribute", "method").String() != "get" {
		return
	}
	query := ui.FormValues(form, e.Get("submitter"))
	for name, values := range query { // what is empty needs no place in an address
		if query[name] = slices.DeleteFunc(values, func(v string) bool { return v == "" }); len(query[name]) == 0 {
			delete(query, name)
		}
	}
	u, err := url.Parse(form.Call("getAttribute", "action").String())
	if err != nil {
		return
	}
	u.RawQuery = query.Encode()
	s.follow(e, u.String())
}

func (s *Shell) follow(e app.Value, address string) {
	u, err := url.Parse(address)
	if err != nil || !s.ours(u) {
		return
	}
	e.Call("preventDefault")
	s.soon(func() {
		s.open(u, move{})
		// Not before the key is up: the focus goes back to the menu's button, and the rest of a press of Enter would open the menu again.
		s.released(s.visit, closePopovers)
	})
}

// closePopovers closes the menus: a native link would have left them behind with the page.
func closePopovers() {
	list := document().Call("querySelectorAll", ":popover-open")
	for i := range list.Length() {
		list.Index(i).Call("hidePopover")
	}
}
