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

// Unlock asks whether a lock shall end.
type Unlock struct{ Question }

// NewUnlock returns the question.
func NewUnlock() screen.Screen { return &Unlock{} }

// Title implements screen.Screen.
func (n *Unlock) Title() string { return n.tab(n.Env().T("unlock.title")) }

// Load implements screen.Screen.
func (n *Unlock) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return n.load(ctx, env, call, u, api.UnlockUser)
}

// Render implements app.Composer.
func (n *Unlock) Render() app.UI {
	env := n.Env()
	return n.draw(ask{
		Op: api.UnlockUser, Path: route.UnlockPath, Title: env.T("unlock.title"), Icon: ui.IconUnlock,
		Submit: env.T("unlock.submit", "name", called(n.Effects.User)), Look: ui.Primary, Back: env.T("unlock.back"),
	})
}

// After implements screen.Writer.
func (n *Unlock) After(_ string, result any) screen.Next {
	u, _ := result.(api.User)
	return n.done("unlocked", u)
}
