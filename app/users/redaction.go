// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Redaction is the page of a redaction that was begun: its address says which one, so it can be shared and loaded again. As long as the
// redaction goes on the page follows it.
type Redaction struct {
	screen.Base
	State api.RedactionState `json:"state"`
}

// NewRedaction returns the page.
func NewRedaction() screen.Screen { return &Redaction{} }

// Title implements screen.Screen.
func (r *Redaction) Title() string { return r.Env().T("redaction.title") }

// Load implements screen.Screen. It costs one call.
func (r *Redaction) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) error {
	query := api.RedactionQuery{ID: api.UserID(u.Query().Get("id")), RedactID: u.Query().Get("redact_id")}
	if err := query.Validate(); err != nil {
		return err
	}
	var err error
	r.State, err = client.Call(ctx, call, api.RedactionStatus, query)
	return err
}

// redactionEvery is how often the page looks how far the redaction is.
const redactionEvery = 3 * time.Second

func (r *Redaction) ended() bool {
	return r.State.State == api.RedactionComplete || r.State.State == api.RedactionFailed
}

// Refresh implements screen.Refresher.
func (r *Redaction) Refresh() time.Duration {
	if r.ended() {
		return 0
	}
	return redactionEvery
}

// Take implements screen.Refresher.
func (r *Redaction) Take(newer screen.Screen) {
	if n, ok := newer.(*Redaction); ok {
		r.State = n.State
	}
}

// Render implements app.Composer.
func (r *Redaction) Render() app.UI {
	env, id := r.Env(), r.State.ID
	way := crumbs(env, api.User{ID: id}, r.Title())
	if foreign(env, id) {
		way = foreignCrumbs(env, id, r.Title())
	}
	parts := []app.UI{
		way,
		ui.PageTitle{Title: r.Title(), Words: true, Below: ui.ID(string(id))}.Draw(env),
		r.note(),
	}
	if len(r.State.Failed) > 0 {
		parts = append(parts, r.failed())
	}
	return app.Div().Body(append(parts, ui.Actions(r.onward()...))...)
}

// note says how far it is.
func (r *Redaction) note() app.UI {
	env := r.Env()
	n := ui.Note{Status: true}
	switch r.State.State {
	case api.RedactionComplete:
		n.Kind, n.Title, n.Text = ui.Good, env.T("redaction.complete"), env.T("redaction.complete_help")
		if r.State.Total > 0 {
			n.Kind, n.Title, n.Text = ui.Warn, env.N("redaction.partly", r.State.Total), env.T("redaction.partly_help")
		}
	case api.RedactionFailed:
		n.Kind, n.Title, n.Lead = ui.Bad, env.T("redaction.failed"), nil
		n.Text = env.T("redaction.failed_help")
		if r.State.Error != "" {
			n.Body = []app.UI{ui.Paragraph(ui.Mono(r.State.Error))}
		}
	case api.RedactionScheduled:
		n.Icon, n.Title, n.Text = ui.IconWait, env.T("redaction.scheduled"), env.T("redaction.follows")
	default:
		n.Icon, n.Title, n.Text = ui.IconWait, env.T("redaction.active"), env.T("redaction.follows")
	}
	return n.Draw(env)
}

func (r *Redaction) failed() app.UI {
	env := r.Env()
	t := ui.Table{Caption: env.T("redaction.failed_list"), Columns: []ui.Column{
		{Title: env.T("redaction.column.event"), Phone: ui.CardLead},
		{Title: env.T("redaction.column.reason"), Phone: ui.CardLabel},
	}}
	for _, f := range r.State.Failed {
		t.Rows = append(t.Rows, ui.Row{Label: f.Event, Cells: []app.UI{ui.Mono(f.Event), ui.Text(f.Error)}})
	}
	body := []app.UI{t.Draw(env)}
	if r.State.Total > len(r.State.Failed) {
		body = append(body, ui.Help(env.T("redaction.more", "n", len(r.State.Failed), "total", r.State.Total)))
	}
	return ui.Section{Title: env.T("redaction.failed_list"), Body: body}.Draw(env)
}

func (r *Redaction) onward() []app.UI {
	env, u := r.Env(), api.User{ID: r.State.ID}
	var list []app.UI
	if !foreign(env, u.ID) {
		list = append(list, ui.Button{Label: env.T("redaction.to_account"), Href: here(env, route.AccountPath, u)}.Draw(env))
	}
	if r.ended() && why(env, u, api.RedactUser) == "" {
		list = append(list, ui.Button{Label: env.T("redaction.again"), Icon: ui.IconMessageOff, Look: ui.Danger, Href: route.Redact(env.Homeserver, u.ID)}.Draw(env))
	}
	return list
}
