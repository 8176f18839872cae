// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// A stateAsk is a question whether an account shall be put into a state, or out of it. Its texts are states.<name>_…
type stateAsk struct {
	op         api.Op
	name, path string
	icon       ui.Icon
	begins     bool // it asks for a reason, and warns
}

// State is the question of a stateAsk.
type State struct {
	Question
	ask stateAsk
}

// NewSuspend asks whether an account shall be suspended.
func NewSuspend() screen.Screen {
	return &State{ask: stateAsk{api.SuspendUser, "suspend", route.SuspendPath, ui.IconPause, true}}
}

// NewUnsuspend asks whether that shall end.
func NewUnsuspend() screen.Screen {
	return &State{ask: stateAsk{api.UnsuspendUser, "unsuspend", route.UnsuspendPath, ui.IconPlay, false}}
}

// NewShadowBan asks whether an account shall be shadow-banned.
func NewShadowBan() screen.Screen {
	return &State{ask: stateAsk{api.ShadowBanUser, "shadow_ban", route.ShadowBanPath, ui.IconGhost, true}}
}

// NewUnshadowBan asks whether that shall end.
func NewUnshadowBan() screen.Screen {
	return &State{ask: stateAsk{api.UnshadowBanUser, "unshadow_ban", route.UnshadowBanPath, ui.IconUser, false}}
}

// Title implements screen.Screen.
func (s *State) Title() string { return s.Env().T("states." + s.ask.name + "_title") }

// Load implements screen.Screen.
func (s *State) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return s.load(ctx, env, call, u, s.ask.op)
}

// Render implements app.Composer.
func (s *State) Render() app.UI {
	env := s.Env()
	a := ask{
		Op: s.ask.op, Path: s.ask.path, Title: s.Title(), Icon: s.ask.icon, Look: ui.Primary,
		Submit: env.T("states."+s.ask.name+"_submit", "name", called(s.Effects.User)), Back: env.T("states." + s.ask.name + "_back"),
	}
	if s.ask.begins {
		a.Tone, a.Fields = ui.Warn, []app.UI{s.reason()}
	}
	return s.draw(a)
}

// After implements screen.Writer.
func (s *State) After(_ string, result any) screen.Next {
	u, _ := result.(api.User)
	return s.done(s.ask.name, u)
}
