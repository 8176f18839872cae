// SPDX-License-Identifier: Apache-2.0

// Package tokens has the screens about registration tokens, with which people make accounts of their own.
package tokens

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

// List is the screen of a homeserver's registration tokens.
type List struct {
	screen.Base
	List api.TokenList `json:"list"`

	menu ui.RowMenu
}

// NewList returns the list of registration tokens.
func NewList() screen.Screen { return &List{} }

// Title implements screen.Screen.
func (l *List) Title() string { return l.Env().T("tokens.title") }

// Load implements screen.Screen. It costs one call; where there are none to be had, nothing is asked.
func (l *List) Load(ctx context.Context, env ui.Env, call client.Caller, _ *url.URL) error {
	if !env.Can(api.ListTokens.Info().Name) {
		return nil
	}
	var err error
	l.List, err = client.Call(ctx, call, api.ListTokens, api.TokenQuery{})
	return err
}

// Render implements app.Composer.
func (l *List) Render() app.UI {
	env := l.Env()
	if reason := env.WhyNot(api.ListTokens.Info().Name); reason != "" {
		return app.Div().Body(
			ui.PageTitle{Title: l.Title(), Words: true}.Draw(env),
			ui.Empty{Icon: ui.IconToken, Title: env.T("tokens.none_here"), Text: reason}.Draw(env),
		)
	}
	create := ui.Button{
		Label: env.T("tokens.create"), Icon: ui.IconAdd, Look: ui.Primary, Href: route.At(env.Homeserver, route.CreateTokenPath, nil),
		Why: env.WhyNot(api.CreateToken.Info().Name),
	}.Draw(env)
	return app.Div().Body(
		ui.PageTitle{Title: l.Title(), Words: true, Actions: []app.UI{create}}.Draw(env),
		l.demand(),
		l.some(),
		l.table(),
		ui.Downloads(env, len(l.List.Tokens), route.Export(env.Homeserver, api.ListTokens, api.TokenQuery{})),
	)
}

// demand says what part tokens have in registration, where that is not what one would think.
func (l *List) demand() app.UI {
	env := l.Env()
	note := ui.Note{Kind: ui.Warn}
	switch l.List.Demand {
	case api.TokenClosed:
		note.Title, note.Text = env.T("tokens.demand.closed", "server", env.ServerName()), env.T("tokens.demand.closed_help")
	case api.TokenNotAsked:
		note.Title, note.Text = env.T("tokens.demand.not_asked", "server", env.ServerName()), env.T("tokens.demand.not_asked_help")
	case api.TokenOptional:
		note.Kind, note.Title = ui.Info, env.T("tokens.demand.optional", "server", env.ServerName())
	default:
		return nil
	}
	return note.Draw(env)
}

// some says that there are more tokens than the list has.
func (l *List) some() app.UI {
	if l.List.Total == 0 {
		return nil
	}
	return ui.Note{Text: l.Env().T("tokens.some", "n", len(l.List.Tokens), "total", l.List.Total)}.Draw(l.Env())
}

func (l *List) table() app.UI {
	env := l.Env()
	rows := make([]ui.Row, 0, len(l.List.Tokens))
	for _, t := range ui.Drawn(env, l.List.Tokens) {
		rows = append(rows, ui.Row{
			Key: string(t.ID), Label: nameOf(env, t), Subtle: t.State != api.TokenValid,
			Cells: []app.UI{
				nameCell(env, t),
				stateChip(env, t),
				usesCell(env, t),
				expiryCell(env, t),
			},
			Dots: &ui.Dots{Label: menuName(env, t), Href: route.Token(env.Homeserver, route.TokenPath, t.ID)},
		})
	}
	l.menu.Items = l.actions
	return ui.Table{
		Caption: l.Title(), Rows: rows, Menu: &l.menu, Keep: true,
		Columns: []ui.Column{
			{Title: env.T("tokens.column.token"), Phone: ui.CardLead},
			{Title: env.T("tokens.column.state"), Width: ui.Middle},
			{Title: env.T("tokens.column.uses"), Width: ui.Large, Phone: ui.CardLabel},
			{Title: env.T("tokens.column.expires"), Width: ui.Large, Phone: ui.CardLabel},
		},
		Empty: ui.Empty{Icon: ui.IconToken, Title: env.T("tokens.empty"), Text: env.T("tokens.empty_help")}.Draw(env),
	}.Draw(env)
}

// actions are the menu of the row of a token.
func (l *List) actions(id string) (string, []ui.MenuItem) {
	for _, t := range l.List.Tokens {
		if string(t.ID) == id {
			return menuName(l.Env(), t), menu(l.Env(), t)
		}
	}
	return "", nil
}

func menuName(env ui.Env, t api.Token) string {
	return env.T("common.actions_for", "name", nameOf(env, t))
}

// menu is what can be done with a token on this server.
func menu(env ui.Env, t api.Token) []ui.MenuItem {
	items := []ui.MenuItem{{
		Label: env.T("tokens.show"), Icon: ui.IconEye, Href: route.Token(env.Homeserver, route.TokenPath, t.ID), Why: env.WhyNot(api.ShowToken.Info().Name),
	}}
	for _, a := range actions(env, t) {
		items = append(items, ui.MenuItem{
			Label: env.T(a.text), Icon: a.icon, Href: route.Token(env.Homeserver, a.path, t.ID), Danger: a.op.Info().Destructive, Why: env.WhyNot(a.op.Info().Name),
		})
	}
	return items
}

// An action is something that can be done to a token.
type action struct {
	op         api.Op
	text, path string
	icon       ui.Icon
}

// actions are those that a kind of server has. Of deleting and revoking most have one; the other is not spoken of.
func actions(env ui.Env, t api.Token) []action {
	list := []action{{api.UpdateToken, "tokens.edit", route.EditTokenPath, ui.IconEdit}}
	has := func(op api.Op) bool { _, lacks := env.Unavailable[op.Info().Name]; return !lacks }
	switch {
	case t.State == api.TokenRevoked:
		list = append(list, action{api.UnrevokeToken, "tokens.unrevoke", route.UnrevokeTokenPath, ui.IconRestore})
	case has(api.RevokeToken):
		list = append(list, action{api.RevokeToken, "tokens.revoke", route.RevokeTokenPath, ui.IconBan})
	}
	if has(api.DeleteToken) {
		list = append(list, action{api.DeleteToken, "tokens.delete", route.DeleteTokenPath, ui.IconTrash})
	}
	return list
}
