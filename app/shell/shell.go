// SPDX-License-Identifier: Apache-2.0

// Package shell is the program's root: it takes over the page that the server wrote, and from then on loads screens itself, answers
// forms in place and keeps the address in step. It owns navigation; go-app's router only ever mounts it.
package shell

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/panel"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Block is what a page carries for the program: it starts from it and asks for nothing. The server writes it (package page).
type Block struct {
	Env     ui.Env          `json:"env"`
	URL     string          `json:"url"`
	Screen  json.RawMessage `json:"screen,omitempty"`  // what was loaded
	Problem *api.Problem    `json:"problem,omitempty"` // why it could not be
	Loading bool            `json:"loading,omitempty"` // the program is to load it
	Keep    bool            `json:"keep,omitempty"`    // the page stays as it is until the next one
}

// Shell is the root component.
type Shell struct {
	app.Compo

	env   ui.Env
	means Means

	url     *url.URL
	screen  screen.Screen
	problem *api.Problem
	loading bool // placeholders stand in for the screen

	question    screen.Screen // drawn as a dialog over the screen
	questionURL *url.URL
	live        *screen.Live // of the screen or question whose form is in use

	busy    bool // another screen is being loaded
	cancel  context.CancelFunc
	visit   int // counts navigations, so that a late answer is known as one
	ended   *ended
	offline bool
	newer   bool // the server has become a newer version
	listen  []func()
	scrolls map[string]int

	goPressed time.Time // when `g` was pressed
}

// Means are what the shell works with.
type Means struct {
	Caller    client.Caller
	Languages []ui.Language
	Local     func(ui.Env) ui.Env // gives later screens the browser's own zone
	First     func()              // runs once, when the first picture stands
}

// New makes the root from a page's data block.
func New(block Block, env ui.Env, means Means) (*Shell, error) {
	u, err := url.Parse(block.URL)
	if err != nil {
		return nil, err
	}
	s := &Shell{env: env, means: means, url: u, problem: block.Problem, loading: block.Loading, scrolls: map[string]int{}}
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
	found.Use(env)
	s.screen = found
	return s, nil
}

// OnMount implements app.Mounter.
func (s *Shell) OnMount(ctx app.Context) {
	s.listenTo(ctx)
	s.enliven(s.screen, false)
	ctx.Defer(func(app.Context) { s.means.First() })
	if s.loading {
		s.open(ctx, s.url, move{replace: true})
	}
}

// OnDismount implements app.Dismounter.
func (s *Shell) OnDismount() {
	for _, stop := range s.listen {
		stop()
	}
}

// Render implements app.Composer.
func (s *Shell) Render() app.UI {
	return panel.Frame(s.env, panel.View{
		URL: s.url, Body: s.body(), Overlay: s.overlay(), Languages: s.means.Languages, Busy: s.busy, Waiting: s.loading,
		OnNotice: func(app.Context) { s.env.Notice = "" },
	})
}

func (s *Shell) body() app.UI {
	var body app.UI
	switch {
	case s.problem != nil:
		body = ui.ProblemPage(s.env, s.problem, panel.WayOn(s.env, s.problem, s.url)...)
	case s.loading || s.screen == nil:
		body = ui.Skeleton(s.env, 8)
	default:
		body = s.screen
	}
	if !s.offline && !s.newer {
		return body
	}
	var bar app.UI
	if s.offline {
		bar = ui.Offline(s.env)
	} else {
		bar = ui.Note{Title: s.env.T("ui.newer"), Status: true, Actions: []app.UI{
			ui.Button{Label: s.env.T("ui.reload"), Small: true, OnClick: func(ctx app.Context) { ctx.Reload() }}.Draw(s.env),
		}}.Draw(s.env)
	}
	return app.Div().Body(bar, body)
}

func (s *Shell) overlay() app.UI {
	switch {
	case s.ended != nil:
		return s.ended.draw(s)
	case s.question != nil:
		return s.question
	}
	return nil
}

// enliven tells a screen that the program runs.
func (s *Shell) enliven(v screen.Screen, modal bool) {
	if v == nil {
		return
	}
	live := &screen.Live{Caller: s.means.Caller, Modal: modal, Close: s.closeQuestion}
	live.Send = func(ctx app.Context, operation string, values url.Values) { s.send(ctx, v, live, operation, values) }
	v.Enliven(live)
	s.live = live
}

// SeeVersion is told the gate's version with every answer; another one than the page's means that there is a newer page.
func (s *Shell) SeeVersion(version string) { s.newer = version != "" && version != s.env.Version }

// now is the time that pages are drawn with.
func now() int64 { return time.Now().UnixMilli() }
