// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// The browser's history has an entry for each screen and each question. The state of an entry says which one it is, whether it is a question
// over the entry before, what card it shows, and, once it was left for another, how far its page was scrolled.
const (
	stateEntry  = "entry"
	stateOver   = "over"
	stateScroll = "scroll"
	stateCard   = "card" // see card
)

func history() app.Value { return app.Window().Get("history") }

// here returns the address in the bar, without the origin and the fragment.
func here() string {
	location := app.Window().Get("location")
	return location.Get("pathname").String() + location.Get("search").String()
}

// field returns a value of an entry's state, which is nil where another page made the entry.
func field(state app.Value, name string) app.Value {
	if !state.Truthy() {
		return app.Undefined()
	}
	return state.Get(name)
}

func entryOf(state app.Value) string {
	if id := field(state, stateEntry); id.Truthy() {
		return id.String()
	}
	return ""
}

// beginHistory finds the entry that the page was loaded into. From now on the program scrolls, because the browser would do so before the
// page that an entry is of has come; when the document ends, the browser does again, for the next load of it.
func (s *Shell) beginHistory() {
	s.entry = entryOf(history().Get("state"))
	if s.entry == "" {
		s.replaceEntry(here())
	}
	s.shown = s.entry
	history().Set("scrollRestoration", "manual")
	s.on(app.Window(), "pagehide", func(app.Value) { history().Set("scrollRestoration", "auto") })
	s.on(app.Window(), "pageshow", func(app.Value) { history().Set("scrollRestoration", "manual") })
}

// pushEntry makes an entry for an address. over says that it is a question over the page of the entry before.
func (s *Shell) pushEntry(address string, over bool) {
	s.noteEntry(cardHere())
	s.entry = newKey()
	history().Call("pushState", map[string]any{stateEntry: s.entry, stateOver: over}, "", address)
}

// noteEntry writes down what is known of the entry where the browser is.
func (s *Shell) noteEntry(c card) {
	history().Call("replaceState", map[string]any{
		stateEntry: s.entry, stateOver: field(history().Get("state"), stateOver).Truthy(), stateScroll: s.scrolls[s.entry], stateCard: c.state(),
	}, "")
}

// replaceEntry makes another entry of the one where the browser is.
func (s *Shell) replaceEntry(address string) {
	s.entry = newKey()
	history().Call("replaceState", map[string]any{stateEntry: s.entry}, "", address)
}

// moved follows Back and Forward: out of a question, or to another page.
func (s *Shell) moved(state app.Value) {
	entry := entryOf(state)
	if entry == "" && here() == s.url.String() && s.question == nil {
		// A link to a place in the page. Its entry shows the same.
		history().Call("replaceState", map[string]any{stateEntry: s.entry, stateCard: s.card.state()}, "")
		return
	}
	if entry == s.entry && entry != "" {
		return
	}
	s.keepScroll()
	if entry == "" {
		entry = newKey()
		history().Call("replaceState", map[string]any{stateEntry: entry}, "")
	}
	s.entry = entry
	if entry == s.shown {
		s.stopLoading()
		s.dropQuestion()
		return
	}
	scroll, known := s.scrolls[entry]
	if !known && field(state, stateScroll).Truthy() {
		scroll = field(state, stateScroll).Int()
	}
	if u, err := url.Parse(here()); err == nil {
		s.open(u, move{replace: true, back: true, scroll: scroll})
	}
}

// keepScroll notes how far the page is scrolled before another takes its place. Placeholders are not a page.
func (s *Shell) keepScroll() {
	if !s.loading {
		s.scrolls[s.shown] = scrollY()
	}
}

// closeQuestion takes the dialog away and returns to the page under it, in the history too.
func (s *Shell) closeQuestion() {
	if s.question == nil {
		return
	}
	s.dropQuestion()
	switch state := history().Get("state"); {
	case s.entry == s.shown: // a link to the question itself was loaded over it
	case field(state, stateOver).Truthy():
		history().Call("back")
	default:
		s.pushEntry(s.url.String(), false)
		s.shown = s.entry
	}
}

func (s *Shell) dropQuestion() {
	if s.question == nil {
		return
	}
	s.question = nil
	if s.screen != nil {
		setTitle(s.env, s.screen.Title())
	}
	s.ctx.Update()
}

func scrollY() int { return app.Window().Get("scrollY").Int() }

func scrollTo(y int) {
	app.Window().Call("scrollTo", map[string]any{"top": y, "behavior": "instant"})
}
