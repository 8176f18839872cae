// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"context"
	"net/url"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/qr"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Card is a registration token to be handed out. It has no address: it follows a write, and is gone with the page.
type Card struct {
	screen.Base
	Card api.TokenCard `json:"card"`
	New  bool          `json:"new,omitempty"` // it was made just now
}

// Load implements screen.Screen. There is nothing to load.
func (c *Card) Load(context.Context, ui.Env, client.Caller, *url.URL) error { return nil }

// Title implements screen.Screen.
func (c *Card) Title() string {
	if c.New {
		return c.Env().T("tokens.card.title_created")
	}
	return c.Env().T("tokens.card.title")
}

// Render implements app.Composer.
func (c *Card) Render() app.UI {
	env, card := c.Env(), c.Card
	link := registerLink(card, env.ServerName())
	out := ui.TokenCard{
		ServerName: env.ServerName(), Token: card.Text.Reveal(), Homeserver: card.Homeserver, Register: link, Actions: c.actions(),
		Facts: []ui.Fact{{Label: env.T("tokens.card.valid"), Value: ui.Text(c.limits())}},
	}
	if code := qr.Modules(link); link != "" && code != nil {
		out.QR = ui.QR(code, env.T("tokens.card.qr_label"))
	}
	how := env.T("tokens.card.how")
	if link == "" {
		how = env.T("tokens.card.no_client")
	}
	return app.Div().Body(
		crumbs(env, card.Token, env.T("tokens.card.crumb")),
		ui.PageTitle{Title: c.Title(), Words: true}.Draw(env),
		ui.Remark(ui.IconKey, ui.Warn, env.T("tokens.card.bearer", "server", env.ServerName())),
		ui.Remark(ui.IconInfo, ui.Neutral, how),
		out.Draw(env),
	)
}

// limits says how often and how long the token can be used.
func (c *Card) limits() string {
	env, t := c.Env(), c.Card.Token
	uses := env.T("tokens.card.any_uses")
	if t.Uses > 0 {
		uses = env.N("tokens.card.uses", int(t.Uses))
	}
	if t.ExpiresMS <= 0 {
		return uses
	}
	return env.T("tokens.card.until", "uses", uses, "time", ui.ExactTime(env, t.ExpiresMS))
}

func (c *Card) actions() []app.UI {
	env := c.Env()
	list := []app.UI{
		ui.PrintButton(env.T("handout.print"), ui.Primary),
		ui.CopyText(env, env.T("handout.copy_all"), c.text()),
	}
	if c.New {
		list = append(list, ui.Button{
			Label: env.T("handout.create_another"), Icon: ui.IconAdd, Href: route.At(env.Homeserver, route.CreateTokenPath, nil),
		}.Draw(env))
	}
	return append(list, ui.Button{Label: env.T("tokens.card.back"), Look: ui.Plain, Href: route.Tokens(env.Homeserver)}.Draw(env))
}

// text is the card as text, to be copied.
func (c *Card) text() string {
	env, card := c.Env(), c.Card
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			b.WriteString(env.T(key) + ": " + value + "\n")
		}
	}
	line("tokens.card.token", card.Text.Reveal())
	line("tokens.card.register", registerLink(card, env.ServerName()))
	line("handout.homeserver", card.Homeserver)
	line("tokens.card.valid", c.limits())
	return b.String()
}

// mobileClient is the site whose links open Element's apps (decision 7).
const mobileClient = "https://mobile.element.io"

// registerLink is the registration page of the web client. Element Web has it at #/register, and takes no token from the address (of
// its parameters it reads those of a validated e-mail address alone), so the token is typed in there; nor does it take the homeserver. The
// links of the apps take the homeserver. An address that has a fragment or a query is somebody's own idea, and stays as it is.
func registerLink(card api.TokenCard, server string) string {
	address := strings.TrimSuffix(card.ClientURL, "/")
	switch {
	case address == "" || strings.ContainsAny(address, "#?"):
		return card.ClientURL
	case address == mobileClient: // Element, before Element X
		return address + "/?" + url.Values{"hs_url": {card.Homeserver}}.Encode()
	case strings.HasPrefix(address, mobileClient+"/"):
		return address + "?" + url.Values{"account_provider": {server}}.Encode()
	}
	return address + "/#/register"
}
