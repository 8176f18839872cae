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

// Connections is the tab of an account's page with from where it is used, and where its notifications go.
type Connections struct {
	screen.Base
	User               api.User            `json:"user"`
	Connections        *api.ConnectionList `json:"connections,omitempty"` // nil where they cannot be had
	ConnectionsProblem *api.Problem        `json:"connections_problem,omitempty"`
	Pushers            *api.PusherList     `json:"pushers,omitempty"` // nil where they cannot be had
	PushersProblem     *api.Problem        `json:"pushers_problem,omitempty"`
}

// NewConnections returns the page of an account's connections.
func NewConnections() screen.Screen { return &Connections{} }

// Title implements screen.Screen.
func (c *Connections) Title() string {
	return c.Env().T("connections.title_of", "name", called(c.User))
}

// Load implements screen.Screen. It costs three calls, at the same time.
func (c *Connections) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	id, err := idOf(u)
	if err != nil {
		return err
	}
	connections := begin(ctx, env, call, api.ListConnections, api.UserRef{ID: id})
	pushers := begin(ctx, env, call, api.ListPushers, api.UserRef{ID: id})
	if c.User, err = client.Call(ctx, call, api.GetUser, api.UserRef{ID: id}); err != nil {
		return err
	}
	c.Connections, c.ConnectionsProblem = connections()
	c.Pushers, c.PushersProblem = pushers()
	return nil
}

// Render implements app.Composer.
func (c *Connections) Render() app.UI {
	env := c.Env()
	return app.Div().Body(append(head{user: c.User, path: route.ConnectionsPath}.draw(env),
		ui.Section{Title: env.T("connections.title"), Body: c.connections()}.Draw(env),
		ui.Section{Title: env.T("pushers.title"), Body: c.pushers()}.Draw(env),
	)...)
}

// lacking says why a part of a page is not there: what went wrong, or why it cannot be had at all.
func lacking(env ui.Env, op api.Op, problem *api.Problem) app.UI {
	if problem != nil {
		return ui.ProblemNote(env, problem)
	}
	return ui.Remark(ui.IconLock, ui.Neutral, env.WhyNot(op.Info().Name))
}

func (c *Connections) connections() []app.UI {
	env := c.Env()
	if c.Connections == nil {
		return []app.UI{lacking(env, api.ListConnections, c.ConnectionsProblem)}
	}
	list := *c.Connections
	if len(list.Connections) == 0 {
		return []app.UI{ui.Empty{Icon: ui.IconWorld, Title: env.T("connections.empty"), Text: env.T("connections.empty_help")}.Draw(env)}
	}
	byDevice := !slices.Contains(list.Unknown, "device")
	t := ui.Table{Caption: env.T("connections.title"), Columns: []ui.Column{
		{Title: env.T("devices.column.address"), Width: ui.Large, Phone: ui.CardLead},
		{Title: env.T("devices.column.client"), Phone: ui.CardLabel},
		{Title: env.T("devices.column.last_seen"), Width: ui.Small},
	}}
	help := env.T("connections.no_device")
	if byDevice {
		t.Columns = append([]ui.Column{{Title: env.T("devices.column.device"), Phone: ui.CardLead}}, t.Columns...)
		t.Columns[1].Phone = ui.CardLine
		help = env.T("connections.by_device")
	}
	for _, one := range list.Connections {
		cells := []app.UI{ui.Mono(one.IP), ui.Subtle(one.UserAgent), ui.Time(env, one.LastSeenMS)}
		if byDevice {
			device := api.Device{ID: one.Device, DisplayName: one.DeviceName}
			cell := deviceCell(env, device)
			if slices.Contains(list.Unknown, "device_name") {
				cell = ui.Mono(string(one.Device))
			}
			cells = append([]app.UI{cell}, cells...)
		}
		t.Rows = append(t.Rows, ui.Row{Label: one.IP, Cells: cells})
	}
	if list.Total > len(list.Connections) {
		help = env.T("connections.more", "n", len(list.Connections), "total", list.Total) + " " + help
	}
	return []app.UI{t.Draw(env), ui.Help(help), downloads(env, api.ListConnections, c.User)}
}

func (c *Connections) pushers() []app.UI {
	env := c.Env()
	if c.Pushers == nil {
		return []app.UI{lacking(env, api.ListPushers, c.PushersProblem)}
	}
	if len(c.Pushers.Pushers) == 0 {
		return []app.UI{ui.Empty{Icon: ui.IconNotice, Title: env.T("pushers.empty"), Text: env.T("pushers.empty_help")}.Draw(env)}
	}
	t := ui.Table{Caption: env.T("pushers.title"), Columns: []ui.Column{
		{Title: env.T("pushers.column.app"), Phone: ui.CardLead},
		{Title: env.T("devices.column.device"), Phone: ui.CardLabel},
		{Title: env.T("pushers.column.way"), Phone: ui.CardLabel},
		{Title: env.T("pushers.column.key"), Width: ui.Large, Phone: ui.CardLabel},
	}}
	for _, p := range c.Pushers.Pushers {
		name := ui.None(env)
		if p.AppName != "" {
			name = ui.Name(env, p.AppName)
		}
		t.Rows = append(t.Rows, ui.Row{Label: p.AppName, Subtle: p.Disabled, Cells: []app.UI{
			ui.TwoLines(name, ui.Mono(p.AppID)), pusherDevice(env, p), pusherWay(env, p), ui.Mono(p.Key),
		}})
	}
	return []app.UI{t.Draw(env), ui.Help(env.T("pushers.help")), downloads(env, api.ListPushers, c.User)}
}

func pusherDevice(env ui.Env, p api.Pusher) app.UI {
	if p.Name == "" && p.Device == "" {
		return ui.None(env)
	}
	if p.Name == "" {
		return ui.Mono(string(p.Device))
	}
	return ui.TwoLines(ui.Name(env, p.Name), ui.Mono(string(p.Device)))
}

// pusherWay says how notifications travel, and whether they do.
func pusherWay(env ui.Env, p api.Pusher) app.UI {
	way := env.T("pushers.way", "kind", p.Kind)
	switch p.Kind {
	case "email":
		way = env.T("pushers.kind.email")
	case "http":
		way = env.T("pushers.kind.http")
	}
	var below app.UI
	switch {
	case p.Disabled:
		below = ui.Text(env.T("pushers.disabled"))
	case p.Gateway != "":
		below = ui.Mono(p.Gateway)
	}
	return ui.TwoLines(ui.Text(way), below)
}

// downloads leads to a list of an account, that is not empty, as a file.
func downloads(env ui.Env, op api.Op, u api.User) app.UI {
	return ui.Downloads(env, 1, route.Export(env.Homeserver, op, api.UserRef{ID: u.ID}))
}
