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

// Reactivate asks whether a deactivated account shall come back, and with which password.
type Reactivate struct {
	Question
	Server api.Server `json:"server"`
}

// NewReactivate returns the question.
func NewReactivate() screen.Screen { return &Reactivate{} }

// Title implements screen.Screen.
func (r *Reactivate) Title() string { return r.tab(r.Env().T("reactivate.title")) }

// Load implements screen.Screen. It asks for the server, too, because some want a password.
func (r *Reactivate) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	if err := r.load(ctx, env, call, u, api.ReactivateUser); err != nil || why(env, r.Effects.User, api.ReactivateUser) != "" {
		return err
	}
	var err error
	r.Server, err = client.Call(ctx, call, api.ServerInfo, api.ServerQuery{})
	return err
}

// Refill implements screen.Writer.
func (r *Reactivate) Refill(state ui.FormState) {
	r.Question.Refill(withoutSecrets(api.ReactivateUser, state))
}

// Render implements app.Composer.
func (r *Reactivate) Render() app.UI {
	env := r.Env()
	return r.draw(ask{
		Op: api.ReactivateUser, Path: route.ReactivatePath, Title: env.T("reactivate.title"), Icon: ui.IconRestore,
		Fields: []app.UI{passwordChoice{
			state: r.State, none: true, noneWhy: offer{env, r.Server, api.ReactivateUser}.why("password.none"),
			why: offer{env, r.Server, api.ReactivateUser}.why("password"), help: env.T("reactivate.password_help"),
			live: r.Live() != nil,
		}.draw(env)},
		Submit: env.T("reactivate.submit", "name", called(r.Effects.User)), Look: ui.Primary, Back: env.T("reactivate.back"),
	})
}

// After implements screen.Writer. The answer may hold a password, so it is a page and no address.
func (r *Reactivate) After(operation string, result any) screen.Next {
	return handOut(r.Env(), operation, result)
}
