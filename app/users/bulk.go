// SPDX-License-Identifier: Apache-2.0

package users

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// bulk leads from the accounts that are selected, or all that match, to the plan of a job.
func (l *List) bulk() *ui.BulkBar {
	env := l.Env()
	b := &ui.BulkBar{
		FormID: selectForm, Action: route.At(env.Homeserver, route.PlanJobPath, nil), Clear: l.address(l.Query),
		All: ui.QuietLink(l.allText(), route.At(env.Homeserver, route.PlanJobPath, api.EncodeForm(api.JobPlan{All: true, Filter: narrow(l.Query)}))),
	}
	button := func(op api.Op, label string, icon ui.Icon, look ui.Look, spare int) app.UI {
		return ui.Button{Label: env.T(label), Icon: icon, Small: true, Look: look, Spare: spare, Name: "operation", Value: op.Info().Name}.Draw(env)
	}
	if env.Can(api.LockUser.Info().Name) {
		b.Actions = append(b.Actions, button(api.LockUser, "account.lock", ui.IconLock, ui.Secondary, 3))
	}
	if env.Can(api.SignOut.Info().Name) {
		b.Actions = append(b.Actions, button(api.SignOut, "jobs.sign_out", ui.IconSignOut, ui.Secondary, 2))
	}
	if env.Can(api.SendNotice.Info().Name) {
		b.Actions = append(b.Actions, button(api.SendNotice, "jobs.notice", ui.IconNotice, ui.Secondary, 1))
	}
	b.Actions = append(b.Actions, ui.Button{Label: env.T("jobs.more"), Icon: ui.IconDots, Small: true}.Draw(env))
	if env.Can(api.DeactivateUser.Info().Name) {
		b.Danger = []app.UI{button(api.DeactivateUser, "account.deactivate", ui.IconDeactivate, ui.Danger, 0)}
	}
	return b
}

// narrow is what the list is narrowed by, defaults and all, without its page and order.
func narrow(q api.UserQuery) api.UserQuery {
	q = explicit(first(q))
	q.Limit, q.Sort, q.Descending = 0, "", false
	return q
}

func (l *List) allText() string {
	if l.Page.Total != nil {
		return l.Env().N("jobs.select_all_n", int(*l.Page.Total))
	}
	return l.Env().T("jobs.select_all")
}
