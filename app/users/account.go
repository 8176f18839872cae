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

// Account is the page of one account.
type Account struct {
	screen.Base
	User api.User `json:"user"`
	// Devices is nil where they were not asked for, because the server or the person's role has them not; DevicesProblem says why
	// they could not be had otherwise.
	Devices        *api.DeviceList `json:"devices,omitempty"`
	DevicesProblem *api.Problem    `json:"devices_problem,omitempty"`
	// History is the beginning of what was done to the account here, nil where the person's role has it not.
	History        *api.HistoryPage `json:"history,omitempty"`
	HistoryProblem *api.Problem     `json:"history_problem,omitempty"`
}

// recent is how much of its history stands beside an account.
const recent = 6

// NewAccount returns the page of one account.
func NewAccount() screen.Screen { return &Account{} }

// Title implements screen.Screen.
func (a *Account) Title() string { return called(a.User) }

// Load implements screen.Screen. It costs three calls, at the same time: the account, and its devices and its history where they can
// be had.
func (a *Account) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	id, err := idOf(u)
	if err != nil {
		return err
	}
	history := begin(ctx, env, call, api.UserHistory, api.HistoryQuery{ID: id, Limit: recent})
	if a.User, a.Devices, a.DevicesProblem, err = loadAccount(ctx, env, call, id); err != nil {
		return err
	}
	a.History, a.HistoryProblem = history()
	return nil
}

func loadAccount(ctx context.Context, env ui.Env, call client.Caller, id api.UserID) (api.User, *api.DeviceList, *api.Problem, error) {
	devices := begin(ctx, env, call, api.ListDevices, api.UserRef{ID: id})
	user, err := client.Call(ctx, call, api.GetUser, api.UserRef{ID: id})
	if err != nil {
		return user, nil, nil, err
	}
	list, problem := devices()
	return user, list, problem, nil
}

// begin calls an operation beside others, where the homeserver and the person's role have it. The function that it returns waits for
// what comes of it: neither a result nor a problem where it was not called.
func begin[Req api.Request, Res any](ctx context.Context, env ui.Env, call client.Caller, op *api.Operation[Req, Res], req Req) func() (*Res, *api.Problem) {
	if !env.Can(op.Info().Name) {
		return func() (*Res, *api.Problem) { return nil, nil }
	}
	type answer struct {
		result  *Res
		problem *api.Problem
	}
	waiting := make(chan answer, 1)
	go func() {
		result, err := client.Call(ctx, call, op, req)
		if err != nil {
			waiting <- answer{nil, client.AsProblem(err)}
			return
		}
		waiting <- answer{&result, nil}
	}()
	return func() (*Res, *api.Problem) {
		a := <-waiting
		return a.result, a.problem
	}
}

// Render implements app.Composer.
func (a *Account) Render() app.UI {
	env := a.Env()
	var end app.UI
	if ends := a.ends(); len(ends) > 0 {
		end = ui.Section{Title: env.T("account.end"), Body: []app.UI{ui.EndBox(ends...)}}.Draw(env)
	}
	main := []app.UI{ui.Section{Title: env.T("account.facts"), Body: []app.UI{ui.Facts(env, a.facts()...)}}.Draw(env), end}
	parts := head{user: a.User, devices: a.Devices, path: route.AccountPath}.draw(env)
	if history := a.history(); history != nil {
		return app.Div().Body(append(parts, ui.Columns(main, []app.UI{history}))...)
	}
	return app.Div().Body(append(parts, main...)...)
}

// history is the beginning of the account's history; nothing where the person may not see it.
func (a *Account) history() app.UI {
	env := a.Env()
	section := ui.Section{Title: env.T("history.title")}
	switch {
	case a.HistoryProblem != nil:
		section.Body = []app.UI{ui.ProblemNote(env, a.HistoryProblem)}
	case a.History == nil:
		return nil
	case len(a.History.Events) == 0:
		section.Body = []app.UI{ui.Help(env.T("history.empty_help"))}
	default:
		section.Body = []app.UI{timeline(env, a.History.Events)}
		if a.History.Next != "" {
			section.More = ui.Link(env.T("history.all"), here(env, route.HistoryPath, a.User))
		}
	}
	return section.Draw(env)
}

// ends are the ways to end the account that are left.
func (a *Account) ends() []ui.End {
	env, u := a.Env(), a.User
	var list []ui.End
	add := func(op api.Op, key, path string) {
		reason, help := why(env, u, op), "account.end_"+key+"_help"
		if u.Deactivated {
			help = "account.end_erase_too_help"
		}
		list = append(list, ui.End{
			Title: env.T("account.end_" + key), Text: env.T(help),
			Action: ui.Button{Label: env.T("account." + key), Look: ui.Danger, Href: here(env, path, u), Why: reason}.Draw(env),
		})
	}
	if !u.Deactivated && u.Step == "" { // a deactivation that stopped half-way is continued from its note
		add(api.DeactivateUser, "deactivate", route.DeactivatePath)
	}
	if !u.Erased {
		add(api.EraseUser, "erase", route.ErasePath)
	}
	return list
}
