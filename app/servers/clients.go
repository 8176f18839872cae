// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"context"
	"net/url"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Clients is the screen of the clients that people sign in with.
type Clients struct {
	screen.Base
	Query api.ClientQuery `json:"query"`
	Page  api.ClientPage  `json:"page"`
}

// NewClients returns the screen.
func NewClients() screen.Screen { return &Clients{} }

// Title implements screen.Screen.
func (c *Clients) Title() string { return c.Env().T("clients.title") }

// Load implements screen.Screen. It costs one call.
func (c *Clients) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) (err error) {
	if !env.Can(api.ListClients.Info().Name) {
		return nil
	}
	if c.Query, err = screen.Query(api.ListClients, u); err == nil {
		c.Page, err = client.Call(ctx, call, api.ListClients, c.Query)
	}
	return err
}

// Render implements app.Composer.
func (c *Clients) Render() app.UI {
	env := c.Env()
	page := top(env, route.ClientsPath)
	if no := cannot(env, api.ListClients); no != nil {
		return app.Div().Body(append(page, no)...)
	}
	rows := make([]ui.Row, 0, len(c.Page.Clients))
	for _, one := range c.Page.Clients {
		rows = append(rows, ui.Row{Key: one.ID, Label: clientTitle(one), Cells: []app.UI{
			ui.NameLink(clientTitle(one), route.Item(env.Homeserver, route.ClientPath, one.ID)), ui.Mono(one.URL), ui.Text(origin(env, one)),
		}})
	}
	table := ui.Table{
		Caption: c.Title(), Rows: rows, Columns: []ui.Column{
			{Title: env.T("clients.client"), Phone: ui.CardLead},
			{Title: env.T("clients.url"), Phone: ui.CardLabel},
			{Title: env.T("clients.origin"), Width: ui.Middle, Phone: ui.CardLabel},
		},
		Empty: ui.Empty{Icon: ui.IconFilterOff, Title: env.T("clients.none")}.Draw(env),
	}
	first, next := "", ""
	if c.Query.Cursor != "" {
		first = c.address(api.ClientQuery{Search: c.Query.Search})
	}
	if c.Page.Next != "" {
		next = c.address(api.ClientQuery{Search: c.Query.Search, Cursor: c.Page.Next})
	}
	return app.Div().Body(append(page,
		ui.Toolbar{
			Action: route.At(env.Homeserver, route.ClientsPath, nil), Search: ui.Search{Name: "search", Value: c.Query.Search, Placeholder: env.T("clients.search")},
		}.Draw(env),
		table.Draw(env), ui.Forward(env, "ui.on_page", len(rows), c.Page.Total, first, next).Draw(env),
		ui.Downloads(env, len(rows), route.Export(env.Homeserver, api.ListClients, c.Query)),
	)...)
}

func (c *Clients) address(q api.ClientQuery) string {
	return route.At(c.Env().Homeserver, route.ClientsPath, api.EncodeForm(q))
}

func clientTitle(c api.Client) string {
	if c.Name == "" {
		return c.ID
	}
	return c.Name
}

// origin says where a client comes from.
func origin(env ui.Env, c api.Client) string {
	if c.Static {
		return env.T("clients.static")
	}
	return env.T("clients.dynamic")
}

// Client is the page of one client.
type Client struct {
	screen.Base
	Client api.Client `json:"client"`
}

// NewClient returns the page.
func NewClient() screen.Screen { return &Client{} }

// Title implements screen.Screen.
func (c *Client) Title() string { return clientTitle(c.Client) }

// Load implements screen.Screen. It costs one call.
func (c *Client) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) error {
	ref, err := screen.Query(api.GetClient, u)
	if err == nil {
		c.Client, err = client.Call(ctx, call, api.GetClient, ref)
	}
	return err
}

// Render implements app.Composer.
func (c *Client) Render() app.UI {
	env, one := c.Env(), c.Client
	var back []app.UI
	for _, address := range one.RedirectURLs {
		back = append(back, app.Div().Body(ui.Mono(address)))
	}
	if back == nil {
		back = []app.UI{ui.None(env)}
	}
	return app.Div().Body(append(below(env, "clients.title", route.ClientsPath, c.Title()), ui.Facts(env,
		ui.Fact{Label: env.T("clients.id"), Value: ui.Mono(one.ID)},
		ui.Fact{Label: env.T("clients.url"), Value: ui.Mono(one.URL)},
		ui.Fact{Label: env.T("clients.origin"), Value: ui.Text(origin(env, one))},
		ui.Fact{Label: env.T("clients.grants"), Value: ui.Mono(strings.Join(one.GrantTypes, " "))},
		ui.Fact{Label: env.T("clients.redirects"), Value: app.Div().Body(back...)},
	))...)
}
