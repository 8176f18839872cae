// SPDX-License-Identifier: Apache-2.0

// Package shell is the program's root: it takes over the page that the server wrote, and from then on loads screens itself, answers
// forms in place and keeps the address in step. It owns navigation; go-app's router only ever mounts it.
package shell

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/panel"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Shell is the root component. Its methods run on the goroutine that draws.
type Shell struct {
	app.Compo

	// ctx is the shell's own. That of an element ends with the element, and with it whatever was to come back by it.
	ctx    app.Context
	env    ui.Env
	states map[string]string // of homeservers, as they were seen since
	means  Means

	url     *url.URL
	screen  screen.Screen
	problem *api.Problem
	loading bool // placeholders stand in for the screen

	question screen.Screen // drawn as a dialog over the screen
	ended    *ended        // asks for the password, over all of it

	busy    bool // another screen is being loaded
	cancel  context.CancelFunc
	visit   int  // counts navigations, so that a late answer is known as one
	offline bool // the gate cannot be reached
	looking bool // for the gate
	newer   bool // the server has become a newer version

	entry   string         // of the history, where the browser is
	shown   string         // the entry whose screen stands; a question over it has its own
	card    card           // what it shows once, if it does
	scrolls map[string]int // how far the pages of entries were scrolled when they were left

	heard    string    // the address of the events that are listened to
	source   app.Value // of them
	listener app.Func

	firstKey  string    // of two that are pressed one after another
	pressedAt time.Time // when that was
	checked   string    // the row whose box was checked last
}

// Means are what the shell works with.
type Means struct {
	Caller    client.Caller
	Languages []ui.Language
	Local     func(ui.Env) ui.Env // gives later screens the browser's own zone
	First     func()              // runs once, when the first picture stands
	Behind    int64               // how far the browser's clock is behind the gate's, in milliseconds
}

// New makes the root from a page's data block.
func New(block Block, env ui.Env, means Means) (*Shell, error) {
	u, err := url.Parse(block.URL)
	if err != nil {
		return nil, err
	}
	env = env.At(env.Homeserver)
	s := &Shell{env: env, means: means, url: u, problem: block.Problem, loading: block.Loading, scrolls: map[string]int{}, states: map[string]string{}}
	if len(block.Screen) == 0 {
		return s, nil
	}
	found, _, ok := panel.Find(u)
	if !ok {
		return s, nil
	}
	if err := json.Unmarshal(block.Screen, found); err != nil {
		return nil, err
	}
	standing := env
	standing.Standing = true
	found.Use(standing)
	s.screen = found
	s.enliven(found, false)
	return s, nil
}

// OnMount implements app.Mounter. It comes before the browser draws, so that nobody sees the page without its focus.
func (s *Shell) OnMount(ctx app.Context) {
	s.ctx = ctx
	ctx.PreventUpdate() // it has just been drawn
	s.means.First()
	s.beginHistory()
	s.listen()
	if _, asked := cardAt(s.url); asked || s.loading {
		s.open(s.url, move{replace: true, stay: true})
	}
	s.follows()
}

// Render implements app.Composer.
func (s *Shell) Render() app.UI {
	return panel.Frame(s.seen(), panel.View{
		URL: s.url, Body: s.body(), Bar: s.bar(), Overlay: s.overlay(), Languages: s.means.Languages, Busy: s.busy, Waiting: s.loading,
		OnNotice: func(app.Context) { s.env.Notice = "" },
	})
}

func (s *Shell) body() app.UI {
	switch {
	case s.problem != nil:
		return ui.ProblemPage(s.env, s.problem, panel.WayOn(s.env, s.problem, s.url)...)
	case s.loading || s.screen == nil:
		return ui.Skeleton(s.env, 8)
	}
	return s.screen
}

// bar is what there is to say about the program itself.
func (s *Shell) bar() app.UI {
	switch {
	case s.offline:
		return ui.Offline(s.env)
	case s.newer:
		return ui.Note{Title: s.env.T("ui.newer"), Status: true, Actions: []app.UI{
			ui.Button{Label: s.env.T("ui.reload"), Small: true, OnClick: func(ctx app.Context) { ctx.Reload() }}.Draw(s.env),
		}}.Draw(s.env)
	}
	return nil
}

// overlay are the dialogs. A question stays there while the password is asked for, with what was typed into it.
func (s *Shell) overlay() []app.UI {
	var list []app.UI
	if s.question != nil {
		list = append(list, s.question)
	}
	if s.ended != nil {
		list = append(list, s.ended.draw(s))
	}
	return list
}

// enliven tells a screen that the program runs.
func (s *Shell) enliven(v screen.Screen, modal bool) {
	if w, ok := v.(screen.Witness); ok {
		maps.Copy(s.states, w.States())
	}
	live := &screen.Live{
		Caller: s.means.Caller.At(s.env.Homeserver), Modal: modal, Close: func(app.Context) { s.closeQuestion() },
	}
	live.Prefer = func(_ app.Context, values url.Values) { s.prefer(values) }
	live.Send = func(_ app.Context, operation string, values url.Values) { s.send(v, live, operation, values) }
	v.Enliven(live)
}

// SeeVersion is told the gate's version with every answer; another one than the page's means that there is a newer page.
func (s *Shell) SeeVersion(version string) { s.newer = version != "" && version != s.env.Version }

// SeeHomeserver is told with every answer how the gate last saw a homeserver.
func (s *Shell) SeeHomeserver(name, state string) { s.states[name] = state }

// seen is the page's environment with homeservers as they are by now.
func (s *Shell) seen() ui.Env { return s.env.WithStates(s.states) }

// now is the time that pages are drawn with: by the gate's clock, as the times that they show.
func (s *Shell) now() int64 { return time.Now().UnixMilli() + s.means.Behind }
