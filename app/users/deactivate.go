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

// Deactivate asks whether an account shall end, or, where that stopped half-way, whether it shall be finished.
type Deactivate struct{ Question }

// NewDeactivate returns the question.
func NewDeactivate() screen.Screen { return &Deactivate{} }

// Title implements screen.Screen.
func (d *Deactivate) Title() string { return d.tab(d.heading()) }

func (d *Deactivate) heading() string {
	if unfinished(d.Effects.User) != "" {
		return d.Env().T("deactivate.continue_title")
	}
	return d.Env().T("deactivate.title")
}

// Load implements screen.Screen.
func (d *Deactivate) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return d.load(ctx, env, call, u, api.DeactivateUser)
}

// Render implements app.Composer.
func (d *Deactivate) Render() app.UI {
	env, u := d.Env(), d.Effects.User
	a := ask{
		Op: api.DeactivateUser, Path: route.DeactivatePath, Title: d.heading(), Icon: ui.IconDeactivate, Tone: ui.Bad, Fields: []app.UI{d.reason()},
		Submit: env.T("deactivate.submit", "name", called(u)), Look: ui.DangerSolid, Back: env.T("deactivate.back"),
	}
	if key := unfinished(u); key != "" {
		a.Submit, a.Help = env.T("deactivate.continue"), env.T("account.note."+key+"_help")
	}
	return d.draw(a)
}

// After implements screen.Writer.
func (d *Deactivate) After(_ string, result any) screen.Next {
	u, _ := result.(api.User)
	return d.done("deactivated", u)
}
