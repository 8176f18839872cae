// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"crypto/rand"
	"encoding/base64"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// Everything that the shell does to the browser beyond drawing is here. Outside of a browser it does nothing.

func document() app.Value { return app.Window().Get("document") }

// here returns the address in the bar, without the origin.
func here() string {
	location := app.Window().Get("location")
	return location.Get("pathname").String() + location.Get("search").String()
}

func push(address string) {
	app.Window().Get("history").Call("pushState", nil, "", address)
}

func setTitle(title string) { document().Set("title", title+" · Gatehouse") }

func scrollY() int { return app.Window().Get("scrollY").Int() }

func scrollTo(y int) { app.Window().Call("scrollTo", 0, y) }

// focusID moves the focus without scrolling to it.
func focusID(id string) {
	if e := document().Call("getElementById", id); e.Truthy() {
		e.Call("focus", map[string]any{"preventScroll": true})
	}
}

// focusFirstError moves the focus to the first field that is marked as wrong, or to the box that says what happened.
func focusFirstError() {
	e := document().Call("querySelector", `dialog[open] [aria-invalid="true"], main [aria-invalid="true"]`)
	if !e.Truthy() {
		e = document().Call("querySelector", `dialog[open] [role="alert"], main [role="alert"]`)
		if e.Truthy() {
			e.Call("setAttribute", "tabindex", "-1")
		}
	}
	if e.Truthy() {
		e.Call("focus")
	}
}

// keepsFocus reports whether the focus is where a person types or works through a list's controls, and is better left there.
func keepsFocus() bool {
	e := document().Get("activeElement")
	return e.Truthy() && e.Call("matches", "input[type=search]").Bool()
}

// newKey returns a request key.
func newKey() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// listenTo takes over from go-app what makes pages change: links, forms of lists, and the history.
func (s *Shell) listenTo(ctx app.Context) {
	app.Window().Set("onclick", nil)
	app.Window().Set("onpopstate", nil)
	s.on(document(), "click", func(e app.Value) { s.clicked(ctx, e) })
	s.on(document(), "submit", func(e app.Value) { s.submitted(ctx, e) })
	s.on(document(), "keydown", func(e app.Value) { s.pressed(ctx, e) })
	s.on(app.Window(), "popstate", func(app.Value) {
		if u, err := url.Parse(here()); err == nil {
			ctx.Dispatch(func(ctx app.Context) { s.returned(ctx, u) })
		}
	})
	s.on(app.Window(), "online", func(app.Value) { ctx.Dispatch(func(app.Context) { s.offline = false }) })
	s.on(app.Window(), "offline", func(app.Value) { ctx.Dispatch(func(app.Context) { s.offline = true }) })
}

func (s *Shell) on(target app.Value, event string, handle func(app.Value)) {
	f := app.FuncOf(func(_ app.Value, args []app.Value) any {
		handle(args[0])
		return nil
	})
	target.Call("addEventListener", event, f)
	s.listen = append(s.listen, func() {
		target.Call("removeEventListener", event, f)
		f.Release()
	})
}

// clicked opens a link that leads to a screen; every other link is the browser's. It decides before the event returns.
func (s *Shell) clicked(ctx app.Context, e app.Value) {
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
	s.follow(ctx, e, link.Get("pathname").String()+link.Get("search").String())
}

// submitted opens the address that a list's form makes. Forms of writes have a handler of their own, which came first.
func (s *Shell) submitted(ctx app.Context, e app.Value) {
	form := e.Get("target")
	if e.Get("defaultPrevented").Bool() || form.Get("method").String() != "get" {
		return
	}
	query := url.Values{}
	entries := app.Window().Get("Array").Call("from", app.Window().Get("FormData").New(form).Call("entries"))
	for i := range entries.Length() {
		if v := entries.Index(i).Index(1).String(); v != "" {
			query.Add(entries.Index(i).Index(0).String(), v)
		}
	}
	action := form.Call("getAttribute", "action").String()
	u, err := url.Parse(action)
	if err != nil {
		return
	}
	u.RawQuery = query.Encode()
	s.follow(ctx, e, u.String())
}

func (s *Shell) follow(ctx app.Context, e app.Value, address string) {
	u, err := url.Parse(address)
	if err != nil || !s.ours(u) {
		return
	}
	e.Call("preventDefault")
	closePopovers()
	ctx.Dispatch(func(ctx app.Context) { s.open(ctx, u, move{replace: u.String() == here()}) })
}

// closePopovers closes the menus: a native link would have left them behind with the page.
func closePopovers() {
	list := document().Call("querySelectorAll", ":popover-open")
	for i := range list.Length() {
		list.Index(i).Call("hidePopover")
	}
}

// returned follows Back and Forward: out of a question, or to another page.
func (s *Shell) returned(ctx app.Context, u *url.URL) {
	if s.question != nil && u.String() == s.url.String() {
		s.question, s.questionURL = nil, nil
		s.enliven(s.screen, false)
		return
	}
	s.open(ctx, u, move{replace: true, back: true})
}
