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

// Lock asks whether an account shall be locked.
type Lock struct{ Question }

// NewLock returns the question.
func NewLock() screen.Screen { return &Lock{} }

// Title implements screen.Screen.
func (l *Lock) Title() string { return l.tab(l.Env().T("lock.title")) }

// Load implements screen.Screen.
func (l *Lock) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return l.load(ctx, env, call, u, api.LockUser)
}

// Render implements app.Composer.
func (l *Lock) Render() app.UI {
	env := l.Env()
	return l.draw(ask{
		Op: api.LockUser, Path: route.LockPath, Title: env.T("lock.title"), Icon: ui.IconLock, Tone: ui.Warn, Fields: []app.UI{l.reason()},
		Submit: env.T("lock.submit", "name", called(l.Effects.User)), Look: ui.Primary, Back: env.T("lock.back"),
	})
}

// After implements screen.Writer.
func (l *Lock) After(_ string, result any) screen.Next {
	u, _ := result.(api.User)
	return l.done("locked", u)
}
