// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"slices"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Reset asks for another password of an account.
type Reset struct{ Question }

// NewReset returns the question.
func NewReset() screen.Screen { return &Reset{} }

// Title implements screen.Screen.
func (r *Reset) Title() string { return r.tab(r.Env().T("reset.title")) }

// Load implements screen.Screen.
func (r *Reset) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return r.load(ctx, env, call, u, api.ResetPassword)
}

// Refill implements screen.Writer.
func (r *Reset) Refill(state ui.FormState) {
	r.Question.Refill(withoutSecrets(api.ResetPassword, state))
}

// Render implements app.Composer.
func (r *Reset) Render() app.UI {
	env := r.Env()
	submit, otherwise := r.submit()
	return r.draw(ask{
		// What becomes of the devices is for the box to say.
		Happens: slices.DeleteFunc(slices.Clone(r.Effects.Happens), func(e api.Effect) bool { return ofDevices(e.Code) }),
		Op:      api.ResetPassword, Path: route.ResetPasswordPath, Title: env.T("reset.title"), Icon: ui.IconKey,
		Fields: []app.UI{
			passwordChoice{state: r.State, help: env.T("create.password_help"), live: r.Live() != nil}.draw(env),
			ui.Check{
				Name: "sign_out", Label: env.T("reset.sign_out"), Help: env.T("reset.sign_out_help"), State: r.State, Checked: true, Decides: true,
			}.Draw(env),
		},
		Submit: submit, Otherwise: otherwise, Look: ui.Primary, Back: env.T("reset.back"),
	})
}

func ofDevices(code string) bool {
	return slices.Contains([]string{"devices_signed_out", "all_devices_signed_out", "devices_stay", "unsaved_keys_lost", "mas_sessions_end", "mas_owned_end"}, code)
}

// submit says what the button does where the devices are signed out, and where they are not.
func (r *Reset) submit() (submit, otherwise string) {
	env := r.Env()
	n, known := r.counted("devices_signed_out")
	if env.MAS() {
		n, known = r.counted("mas_sessions_end")
	}
	switch {
	case !known:
		return env.T("reset.submit_sign_out"), env.T("reset.submit_keep")
	case n == 0:
		return env.T("reset.submit"), ""
	}
	return env.N("reset.submit_sign_out_n", n), env.T("reset.submit_keep")
}

// After implements screen.Writer. The answer holds the password, so it is a page and no address.
func (r *Reset) After(operation string, result any) screen.Next {
	return handOut(r.Env(), operation, result)
}
