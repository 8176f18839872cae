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

// lookMark says in an address that the person has read the warning, and looks.
const lookMark = "look"

// Data is the tab of an account's page with what its clients keep at the homeserver. It warns first: that is private, and whoever looks is
// recorded.
type Data struct {
	screen.Base
	User    api.User         `json:"user"`
	Data    *api.AccountData `json:"data,omitempty"` // nil until somebody looks
	Problem *api.Problem     `json:"problem,omitempty"`
}

// NewData returns the page of an account's data.
func NewData() screen.Screen { return &Data{} }

// Title implements screen.Screen.
func (d *Data) Title() string { return d.Env().T("data.title_of", "name", called(d.User)) }

// Load implements screen.Screen. It costs one call, and another where somebody looks.
func (d *Data) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	id, err := idOf(u)
	if err != nil {
		return err
	}
	if d.User, err = client.Call(ctx, call, api.GetUser, api.UserRef{ID: id}); err != nil || !u.Query().Has(lookMark) {
		return err
	}
	d.Data, d.Problem = begin(ctx, env, call, api.ReadData, api.UserRef{ID: id})()
	return nil
}

// Render implements app.Composer.
func (d *Data) Render() app.UI {
	env := d.Env()
	return app.Div().Body(append(head{user: d.User, path: route.DataPath}.draw(env), d.body()...)...)
}

func (d *Data) body() []app.UI {
	env := d.Env()
	switch {
	case env.WhyNot(api.ReadData.Info().Name) != "" || d.Problem != nil:
		return []app.UI{ui.Section{Title: env.T("data.title"), Body: []app.UI{lacking(env, api.ReadData, d.Problem)}}.Draw(env)}
	case d.Data == nil:
		look := route.At(env.Homeserver, route.DataPath, url.Values{"id": {string(d.User.ID)}, lookMark: {"1"}})
		return []app.UI{ui.Note{
			Kind: ui.Warn, Title: env.T("data.private"), Text: env.T("data.private_help"),
			Actions: []app.UI{ui.Button{Label: env.T("data.look"), Icon: ui.IconOnce, Href: look}.Draw(env)},
		}.Draw(env)}
	}
	var rooms []app.UI
	for _, r := range d.Data.Rooms {
		rooms = append(rooms, ui.Paragraph(ui.Mono(string(r.Room))))
		rooms = append(rooms, d.entries(r.Data)...)
	}
	if len(rooms) == 0 {
		rooms = []app.UI{ui.Help(env.T("data.none"))}
	}
	list := []app.UI{ui.Remark(ui.IconInfo, ui.Neutral, env.T("data.recorded"))}
	if d.Data.Left > 0 {
		list = append(list, ui.Note{Text: env.N("data.left", d.Data.Left)}.Draw(env))
	}
	global := d.entries(d.Data.Global)
	if len(global) == 0 {
		global = []app.UI{ui.Help(env.T("data.none"))}
	}
	return append(list,
		ui.Section{Title: env.T("data.global"), Body: global}.Draw(env),
		ui.Section{Title: env.T("data.rooms"), Body: rooms}.Draw(env),
	)
}

// entries are folded: each opens by itself.
func (d *Data) entries(list []api.Datum) []app.UI {
	env := d.Env()
	var out []app.UI
	for _, e := range list {
		body := []app.UI{ui.Source(e.Content)}
		if e.Cut {
			body = append(body, ui.Help(env.T("data.cut")))
		}
		out = append(out, ui.More{Title: env.T("data.entry", "type", e.Type, "size", e.Size), Body: body}.Draw(env))
	}
	return out
}
