// SPDX-License-Identifier: Apache-2.0

package users

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/qr"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Handout is the card for the person of an account: what it is called and its password, once. It has no address, because its
// password is kept nowhere: it follows a write, and for a minute a page that is loaded again finds it (package shell, card).
type Handout struct {
	screen.Base
	Operation string      `json:"operation"` // that it follows
	Card      api.Handout `json:"card"`
}

// handOut is what follows an operation that answers with a card.
func handOut(_ ui.Env, operation string, result any) screen.Next {
	card, _ := result.(api.Handout)
	return screen.Next{Screen: &Handout{Operation: operation, Card: card}, Account: card.User.ID}
}

// Load implements screen.Screen. There is nothing to load.
func (h *Handout) Load(context.Context, ui.Env, client.Caller, *url.URL) error { return nil }

// Title implements screen.Screen.
func (h *Handout) Title() string {
	env, name := h.Env(), called(h.Card.User)
	switch {
	case h.Operation == api.ResetPassword.Info().Name:
		return env.T("handout.title_reset", "name", name)
	case h.Card.Password.IsZero() && h.Operation == api.ReactivateUser.Info().Name:
		return env.T("handout.title_reactivated", "name", name)
	case h.Card.Password.IsZero():
		return env.T("handout.title_created", "name", name)
	}
	return env.T("handout.title", "name", name)
}

// Render implements app.Composer.
func (h *Handout) Render() app.UI {
	env, card := h.Env(), h.Card
	once := ui.Remark(ui.IconOnce, ui.Warn, env.T("handout.once"))
	switch {
	case !card.Password.IsZero():
	case slices.ContainsFunc(card.Left, func(f api.FieldProblem) bool { return f.Of() == "password" }):
		once = nil // it is said above
	case card.Continued:
		once = ui.Remark(ui.IconInfo, ui.Neutral, env.T("handout.continued"))
	default:
		once = ui.Remark(ui.IconInfo, ui.Neutral, env.T("handout.no_password"))
	}
	out := HandOut(env, card)
	out.Actions = h.actions()
	return app.Div().Body(
		crumbs(env, card.User, env.T("handout.crumb")),
		ui.PageTitle{Title: h.Title(), Words: true}.Draw(env),
		h.left(),
		once,
		h.firstSignIn(),
		out.Draw(env),
	)
}

// firstSignIn warns where an account was made without the e-mail address that its person is going to be asked for.
func (h *Handout) firstSignIn() app.UI {
	env, u := h.Env(), h.Card.User
	if !env.MAS() || h.Operation != api.CreateUser.Info().Name || slices.ContainsFunc(u.Threepids, func(t api.Threepid) bool { return t.Medium == "email" }) {
		return nil
	}
	return ui.Remark(ui.IconMail, ui.Warn, env.T("handout.mas_no_email"))
}

func (h *Handout) actions() []app.UI {
	env := h.Env()
	list := []app.UI{
		ui.PrintButton(env.T("handout.print"), ui.Primary),
		ui.CopyText(env, env.T("handout.copy_all"), h.text()),
	}
	if h.Operation == api.CreateUser.Info().Name {
		list = append(list, ui.Button{
			Label: env.T("handout.create_another"), Icon: ui.IconAdd, Href: route.At(env.Homeserver, route.CreatePath, nil),
		}.Draw(env))
	}
	return append(list, ui.Button{Label: env.T("handout.handed_over"), Look: ui.Plain, Href: here(env, route.AccountPath, h.Card.User)}.Draw(env))
}

// HandOut is the card for the person of an account, without buttons.
func HandOut(env ui.Env, card api.Handout) ui.HandOut {
	link, label := signInLink(card), env.T("handout.qr_label")
	out := ui.HandOut{
		ServerName: card.User.ID.Server(), ID: string(card.User.ID), Password: card.Password.Reveal(), Homeserver: card.Homeserver, Choose: chooses(card),
		SignIn: link, SignInText: bareAddress(card.ClientURL),
	}
	if link := appLink(card); link != "" { // codes are read by phones
		out.App, out.AppText, label = link, elementX, env.T("handout.qr_app_label", "app", elementX)
	}
	if code := qr.Modules(cmp.Or(out.App, link)); link != "" && code != nil {
		out.QR = ui.QR(code, label)
	}
	return out
}

// chooses reports whether the person may have to tell the client which homeserver theirs is.
func chooses(card api.Handout) bool { return card.ClientURL != "" && !knowsHomeserver(card) }

// text is the card as text, to be copied.
func (h *Handout) text() string {
	env, card := h.Env(), h.Card
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			b.WriteString(env.T(key) + ": " + value + "\n")
		}
	}
	line("handout.id", string(card.User.ID))
	line("handout.password", card.Password.Reveal())
	line("handout.sign_in_at", signInLink(card))
	line("handout.app", appLink(card))
	line("handout.homeserver", card.Homeserver)
	if chooses(card) {
		b.WriteString(env.T("handout.choose") + "\n")
	}
	return b.String()
}

// left says what was asked for and could not be done, and where it can be done now.
func (h *Handout) left() app.UI {
	env, card := h.Env(), h.Card
	if len(card.Left) == 0 {
		return nil
	}
	note := leftNote(env, card.Left)
	if card.User.Begun != nil {
		note.Actions = []app.UI{continueButton(env, card.User, ui.Primary)}
		return note.Draw(env)
	}
	password, others := false, false
	for _, f := range card.Left {
		password = password || f.Of() == "password"
		others = others || f.Of() != "password"
	}
	if password && why(env, card.User, api.ResetPassword) == "" {
		note.Actions = append(note.Actions, ui.Button{
			Label: env.T("account.reset_password"), Icon: ui.IconKey, Href: here(env, route.ResetPasswordPath, card.User),
		}.Draw(env))
	}
	if others && why(env, card.User, api.UpdateUser) == "" {
		note.Actions = append(note.Actions, ui.Button{
			Label: env.T("edit.title"), Icon: ui.IconEdit, Href: here(env, route.EditPath, card.User),
		}.Draw(env))
	}
	return note.Draw(env)
}

// mobileClient is the site whose links open Element's apps.
const mobileClient = "https://mobile.element.io"

// signInLink is the sign-in page of the client with the Matrix ID filled in, and the homeserver where the client takes it (decision 7). An
// address that has a fragment or a query is somebody's own idea, and stays as it is.
func signInLink(card api.Handout) string {
	address := strings.TrimSuffix(card.ClientURL, "/")
	switch {
	case address == "" || strings.ContainsAny(address, "#?"):
		return card.ClientURL
	case address == mobileClient: // Element, before Element X
		return address + "/?" + url.Values{"hs_url": {card.Homeserver}}.Encode()
	case knowsHomeserver(card):
		return address + "?" + url.Values{"account_provider": {card.User.ID.Server()}, "login_hint": {"mxid:" + string(card.User.ID)}}.Encode()
	}
	return address + "/#/login?defaultUsername=" + url.QueryEscape(string(card.User.ID))
}

// The web client of Element, which a hand-out card names unless another one is configured, and its app.
const (
	elementWeb = "https://app.element.io"
	elementX   = "Element X"
)

// appLink opens Element X with the homeserver filled in, where the card's client is Element's own; "" otherwise: whoever runs another client
// does not send people past it. A browser without the app asks Element's site for the address, so it has no Matrix ID in it.
func appLink(card api.Handout) string {
	if strings.TrimSuffix(card.ClientURL, "/") != elementWeb {
		return ""
	}
	return mobileClient + "/element?" + url.Values{"account_provider": {card.User.ID.Server()}}.Encode()
}

// knowsHomeserver reports whether the link tells the client which homeserver the account is on.
func knowsHomeserver(card api.Handout) bool {
	return card.ClientURL == mobileClient || strings.HasPrefix(card.ClientURL, mobileClient+"/")
}

// bareAddress is an address as people write it: without scheme and path's end.
func bareAddress(address string) string {
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	return strings.TrimSuffix(rest, "/")
}
