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

// Repair asks whether a difference between Synapse and Matrix Authentication Service shall end.
type Repair struct {
	Question
	Drift string `json:"drift"` // of api.User.Drift
}

// NewRepair returns the question.
func NewRepair() screen.Screen { return &Repair{} }

// Title implements screen.Screen.
func (r *Repair) Title() string { return r.Env().T("repair.title") }

// Load implements screen.Screen.
func (r *Repair) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	r.Drift = u.Query().Get("drift")
	return r.load(ctx, env, call, u, api.RepairUser)
}

// Render implements app.Composer.
func (r *Repair) Render() app.UI {
	env, u := r.Env(), r.Effects.User
	a := ask{
		Op: api.RepairUser, Path: route.RepairPath, Title: r.Title(), Icon: ui.IconUnlink, Tone: ui.Warn,
		// Of what the server says, what is about this difference.
		Happens: slices.DeleteFunc(slices.Clone(r.Effects.Happens), func(e api.Effect) bool { return e.Params["drift"] != r.Drift }),
		Fields:  []app.UI{ui.HiddenField("drift", r.Drift), r.reason()},
		Submit:  env.T("repair.submit", "name", called(u)), Look: ui.Primary, Back: env.T("repair.back"), About: url.Values{"drift": {r.Drift}},
		Why: whyNotRepair(env, u, r.Drift),
	}
	return r.draw(a)
}

// whyNotRepair says why a difference cannot be ended by this person, or "" when it can.
func whyNotRepair(env ui.Env, u api.User, drift string) string {
	if reason := why(env, u, api.RepairUser); reason != "" {
		return reason
	}
	if !slices.Contains(u.Drift, drift) {
		return env.T("problem.no_drift")
	}
	for _, need := range (api.UserRepair{Drift: drift}).Demands() {
		if !env.Allowed(string(need)) {
			return env.T("ui.denied", "role", env.Person.Role, "permission", string(need))
		}
	}
	return ""
}

// After implements screen.Writer.
func (r *Repair) After(_ string, result any) screen.Next {
	u, _ := result.(api.User)
	return r.done("repaired", u)
}

// differences are notes on what differs between the two sides, each with its repair.
func differences(env ui.Env, u api.User) []app.UI {
	var list []app.UI
	for _, drift := range u.Drift {
		list = append(list, ui.Note{
			Kind: ui.Warn, Icon: ui.IconUnlink, Title: env.T("account.note.drift." + drift), Text: env.T("account.note.drift." + drift + "_help"),
			Actions: []app.UI{ui.Button{
				Label: env.T("account.repair"), Icon: ui.IconRestore, Look: ui.Primary, Href: route.Repair(env.Homeserver, u.ID, drift),
				Why: whyNotRepair(env, u, drift),
			}.Draw(env)},
		}.Draw(env))
	}
	return list
}
