// SPDX-License-Identifier: Apache-2.0

package users

import (
	"cmp"
	"context"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Rooms is the tab of an account's page with the rooms that it is or was in, and how much it did lately.
type Rooms struct {
	screen.Base
	User            api.User      `json:"user"`
	Cursor          string        `json:"cursor,omitempty"`
	Page            *api.RoomPage `json:"page,omitempty"` // nil where they cannot be had
	PageProblem     *api.Problem  `json:"page_problem,omitempty"`
	Activity        *api.Activity `json:"activity,omitempty"` // nil where it cannot be had
	ActivityProblem *api.Problem  `json:"activity_problem,omitempty"`
}

// NewRooms returns the page of an account's rooms.
func NewRooms() screen.Screen { return &Rooms{} }

// Title implements screen.Screen.
func (r *Rooms) Title() string { return r.Env().T("rooms.title_of", "name", called(r.User)) }

// Load implements screen.Screen. It costs three calls, at the same time, whatever is on the page.
func (r *Rooms) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	id, err := idOf(u)
	if err != nil {
		return err
	}
	query := api.RoomQuery{ID: id, Cursor: u.Query().Get("cursor")}
	if err := query.Validate(); err != nil {
		return err
	}
	r.Cursor = query.Cursor
	page := begin(ctx, env, call, api.ListRooms, query)
	activity := begin(ctx, env, call, api.CountActivity, api.UserRef{ID: id})
	if r.User, err = client.Call(ctx, call, api.GetUser, api.UserRef{ID: id}); err != nil {
		return err
	}
	r.Page, r.PageProblem = page()
	r.Activity, r.ActivityProblem = activity()
	return nil
}

// Render implements app.Composer.
func (r *Rooms) Render() app.UI {
	env := r.Env()
	parts := head{user: r.User, path: route.RoomsPath}.draw(env)
	if r.Page == nil {
		return app.Div().Body(append(parts, ui.Section{Title: env.T("rooms.title"), Body: []app.UI{lacking(env, api.ListRooms, r.PageProblem)}}.Draw(env))...)
	}
	title := env.N("rooms.count", r.Page.Total)
	redact := ui.Button{
		Label: env.T("rooms.redact_all"), Icon: ui.IconMessageOff, Look: ui.Danger, Small: true, Href: route.Redact(env.Homeserver, r.User.ID),
		Why: why(env, r.User, api.RedactUser),
	}.Draw(env)
	return app.Div().Body(append(parts,
		ui.Section{Title: title, More: redact, Body: r.rooms()}.Draw(env),
		ui.Section{Title: env.T("activity.title"), Body: []app.UI{r.activity()}}.Draw(env),
	)...)
}

func (r *Rooms) rooms() []app.UI {
	env := r.Env()
	if len(r.Page.Rooms) == 0 {
		if r.Cursor != "" {
			return []app.UI{ui.Empty{
				Icon: ui.IconDoor, Title: env.T("rooms.past_end"), Text: env.T("rooms.past_end_help"),
				Actions: []app.UI{ui.Button{Label: env.T("ui.first_page"), Href: here(env, route.RoomsPath, r.User)}.Draw(env)},
			}.Draw(env)}
		}
		return append(r.limits(), ui.Empty{Icon: ui.IconDoor, Title: env.T("rooms.empty"), Text: env.T("rooms.empty_help")}.Draw(env))
	}
	t := ui.Table{Caption: env.T("rooms.title"), Columns: []ui.Column{
		{Title: env.T("rooms.column.room"), Phone: ui.CardLead},
		{Title: env.T("rooms.column.membership"), Width: ui.Middle},
	}}
	if why(env, r.User, api.RedactUser) == "" {
		t.Select, t.SelectBy = "room", selectForm
		t.Bulk = &ui.BulkBar{
			FormID: selectForm, Action: route.At(env.Homeserver, route.RedactPath, nil), Clear: r.page(r.Cursor),
			Actions: []app.UI{
				ui.HiddenField("id", string(r.User.ID)),
				ui.Button{Label: env.T("rooms.redact_selected"), Icon: ui.IconMessageOff, Small: true, Name: someRooms, Value: "1"}.Draw(env),
			},
		}
	}
	for _, one := range r.Page.Rooms {
		t.Rows = append(t.Rows, ui.Row{
			Key: string(one.ID), Label: cmp.Or(one.Name, one.Alias, string(one.ID)), Subtle: one.Membership == "leave" || one.Membership == "ban",
			Cells: []app.UI{roomCell(env, one), membership(env, one.Membership)},
		})
	}
	return append(r.limits(), t.Draw(env), r.pager(), ui.Downloads(env, len(r.Page.Rooms), route.Export(env.Homeserver, api.ListRooms, api.RoomQuery{ID: r.User.ID})))
}

// limits says what is not in the list, or in its names.
func (r *Rooms) limits() []app.UI {
	env := r.Env()
	var list []app.UI
	for _, reason := range r.Page.Limits {
		list = append(list, ui.Remark(ui.IconInfo, ui.Neutral, env.T("missing."+reason, "homeserver", env.ServerName())))
	}
	return list
}

func (r *Rooms) pager() app.UI {
	env, page := r.Env(), r.Page
	p := ui.Pager{Total: int64(page.Total), From: page.Offset + 1, To: page.Offset + len(page.Rooms)}
	if page.Next != "" {
		p.Next = r.page(page.Next)
	}
	if page.Previous != "" {
		p.Previous, p.First = r.page(page.Previous), r.page("")
	}
	return p.Draw(env)
}

func (r *Rooms) page(cursor string) string {
	query := url.Values{"id": {string(r.User.ID)}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	return route.At(r.Env().Homeserver, route.RoomsPath, query)
}

// roomCell is a room in two lines: what it is called, as far as that is known, and its ID.
func roomCell(env ui.Env, r api.Room) app.UI {
	switch {
	case r.Name != "":
		return ui.TwoLines(ui.Name(env, r.Name), ui.Mono(string(r.ID)))
	case r.Alias != "":
		return ui.TwoLines(ui.Mono(r.Alias), ui.Mono(string(r.ID)))
	}
	return ui.Mono(string(r.ID))
}

func membership(env ui.Env, m string) app.UI {
	switch m {
	case "join":
		return ui.Text(env.T("rooms.membership.join"))
	case "invite":
		return ui.Text(env.T("rooms.membership.invite"))
	case "knock":
		return ui.Text(env.T("rooms.membership.knock"))
	case "ban":
		return ui.Role(ui.IconBan, env.T("rooms.membership.ban"), false)
	case "leave":
		return ui.Text(env.T("rooms.membership.leave"))
	}
	return ui.Text(m)
}

// activity is how much the account did, in a small table.
func (r *Rooms) activity() app.UI {
	env := r.Env()
	if r.Activity == nil {
		return lacking(env, api.CountActivity, r.ActivityProblem)
	}
	t := ui.Table{Caption: env.T("activity.title"), Compact: true, Columns: []ui.Column{
		{Title: env.T("activity.column.period"), Phone: ui.CardLead},
		{Title: env.T("activity.column.invites"), Width: ui.Middle, End: true, Phone: ui.CardLabel},
		{Title: env.T("activity.column.joins"), Width: ui.Middle, End: true, Phone: ui.CardLabel},
	}}
	for _, p := range r.Activity.Periods {
		period := env.N("activity.days", p.Hours/24)
		if p.Hours < 48 {
			period = env.N("activity.hours", p.Hours)
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []app.UI{ui.Text(period), ui.Num(env, p.Invites), ui.Num(env, p.Joins)}})
	}
	return t.Draw(env)
}
