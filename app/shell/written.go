// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
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

// ReadBlock reads the block of a page. It reports false where the page has none.
func ReadBlock(page app.Value) (Block, bool) {
	var block Block
	e := page.Call("getElementById", "data")
	if !e.Truthy() {
		return block, false
	}
	return block, json.Unmarshal([]byte(e.Get("textContent").String()), &block) == nil
}

// load loads a screen. A list (screen.Renewer) is fetched as the page that the server writes, and what kept are its rows, to be put into the page
// that stands: the browser makes them of HTML in a fraction of the time that the program would take to draw them
// (docs/decisions/0003-menus-of-rows-are-links.md). A page that cannot be had so is loaded as every other.
func (s *Shell) load(ctx context.Context, next screen.Screen, env ui.Env, u *url.URL) (kept app.Value, err error) {
	if _, ok := next.(screen.Renewer); ok {
		if page := fetchPage(ctx, u.String()); page.Truthy() && s.reads(page, next, env, u) {
			return ui.Kept(page), nil
		}
	}
	return nil, next.Load(ctx, env, s.means.Caller.At(env.Homeserver), u)
}

// reads gives a screen what the server's page of it carries. It reports false where that is not what the program would show: placeholders, a problem,
// another language or zone.
func (s *Shell) reads(page app.Value, next screen.Screen, env ui.Env, u *url.URL) bool {
	block, ok := ReadBlock(page)
	if !ok || block.URL != u.String() || block.Env.Language != env.Language || block.Env.Zone != env.Zone || len(block.Screen) == 0 {
		return false
	}
	s.SeeVersion(block.Env.Version)
	for _, h := range block.Env.Homeservers {
		s.SeeHomeserver(h.Name, h.State)
	}
	if json.Unmarshal(block.Screen, next) != nil {
		return false
	}
	env.Standing = true
	next.Use(env)
	return true
}
