// SPDX-License-Identifier: Apache-2.0

// Package screen says what a page of the panel is, for the server that writes it as HTML and for the program that takes it over.
package screen

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// A Screen is one page of the panel. Load fetches what it shows and touches no DOM; Render draws it and does no I/O. Its exported
// fields are what was loaded: the server writes them into the page's data block, and the program starts from them. They
// hold no secret in clear, because the block is written by the redacting encoder.
type Screen interface {
	app.Composer
	// Load reads what the address asks for. An error is a *api.Problem.
	Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error
	// Use gives the screen its surroundings. It comes before Load, and where data comes from a block instead of Load.
	Use(env ui.Env)
	// Enliven comes where the program runs, and never on the server.
	Enliven(live *Live)
	// Redraw draws the screen again after something outside of its own events has changed it, such as Enliven.
	Redraw()
	// Title names the page, once it is loaded.
	Title() string
}

// A Renewer is a list, a Screen that can become another of its kind while it stands: its elements are updated, not made again. Where the program runs
// its data and rows come in the page that the server writes.
type Renewer interface {
	Screen
	// Renew takes over what another screen has loaded, and its surroundings; false says that the other is of another kind.
	Renew(next Screen) bool
}

// A Writer is a Screen with a form.
type Writer interface {
	Screen
	// Refill gives the form its request key, and after a refusal what was typed and what is wrong with it. It comes after Load.
	Refill(state ui.FormState)
	// After says what follows when the form's operation is done.
	After(operation string, result any) Next
}

// A Refresher is a Screen that changes by itself. It is loaded again after so long: in place where the program runs, and by the browser where
// scripts are off. That keeps nobody's session alive.
type Refresher interface {
	Screen
	// Refresh says after how long it is to be loaded again; 0: it stays as it is.
	Refresh() time.Duration
	// Take takes what another of its kind has loaded.
	Take(newer Screen)
}

// A Witness is a Screen that has asked homeservers how they are. The head of the page says the same.
type Witness interface {
	Screen
	// States are up, slow or down, by the names of homeservers; "" is not known.
	States() map[string]string
}

// A Listener is a Screen that hears of what it shows while it stands, by server-sent events (HTML, section 9.2).
type Listener interface {
	Screen
	// Listens returns the address of the events; "": there is nothing to hear. It is asked again after each.
	Listens() string
	// Hear takes the data of an event.
	Hear(data string)
}

// Next is what follows a write: another page, or, where the answer holds what is shown once, a screen that has it.
type Next struct {
	URL     string
	Notice  string // a sentence for that page
	Screen  Screen
	Account api.UserID // whose password the screen shows, if it does
}

// Live is what the program gives a screen besides its surroundings; on the server there is none.
type Live struct {
	// Send runs the form's operation and shows what comes of it.
	Send func(ctx app.Context, operation string, values url.Values)
	// Prefer keeps preferences of the person's, and draws the page with them.
	Prefer func(ctx app.Context, values url.Values)
	// Close leaves a screen that is drawn as a dialog.
	Close func(ctx app.Context)
	// Caller calls the catalogue, for what is looked up while a person types.
	Caller client.Caller
	// Modal says that the screen is drawn as a dialog over the one it came from.
	Modal bool
	// Busy says that the form was sent and its answer is awaited.
	Busy bool
}

// Base is what screens share; they embed it.
type Base struct {
	app.Compo
	env    ui.Env
	live   *Live
	redraw func()
}

// OnMount implements app.Mounter.
func (b *Base) OnMount(ctx app.Context) {
	b.redraw = ctx.Update
	ctx.PreventUpdate() // it has just been drawn
}

// Redraw implements Screen.
func (b *Base) Redraw() {
	if b.redraw != nil {
		b.redraw()
	}
}

// CompoID implements app.DismountEnforcer: another screen is another component, even if it is of the same kind. go-app would else keep the
// first one and copy the fields of the second into it, Base with all that go-app itself keeps there included.
func (b *Base) CompoID() string { return fmt.Sprintf("%p", b) }

// Use implements Screen.
func (b *Base) Use(env ui.Env) { b.env = env }

// Env returns the screen's surroundings.
func (b *Base) Env() ui.Env { return b.env }

// Enliven tells a screen that the program runs.
func (b *Base) Enliven(live *Live) { b.live = live }

// Live returns what the program gave, or nil where it does not run.
func (b *Base) Live() *Live { return b.live }

// Modal reports whether the screen is drawn as a dialog.
func (b *Base) Modal() bool { return b.live != nil && b.live.Modal }

// FormBase is what screens with a form share.
type FormBase struct {
	Base
	State ui.FormState `json:"state"`
}

// Refill implements Writer.
func (b *FormBase) Refill(state ui.FormState) { b.State = state }

// Form returns the form of an operation, to be filled with a body. The address is that of the screen, to come back to with mistakes.
func (b *FormBase) Form(operation, address string) ui.Form {
	f := ui.Form{
		Operation: operation, Action: route.Do(b.env.Homeserver, operation), Key: b.State.Key, Screen: address, State: b.State,
	}
	if b.live != nil && b.live.Send != nil {
		live := b.live
		f.Busy = live.Busy
		f.OnSubmit = func(ctx app.Context, values url.Values) { live.Send(ctx, operation, values) }
	}
	return f
}
