// SPDX-License-Identifier: Apache-2.0

package tokens

import (
	"context"
	"net/url"
	"slices"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// find returns the token that an address is about. What it reads stays with the homeserver.
func find(ctx context.Context, call client.Caller, u *url.URL) (api.Token, error) {
	ref := api.TokenRef{ID: api.TokenID(u.Query().Get("id"))}
	if err := ref.Validate(); err != nil {
		return api.Token{}, err
	}
	list, err := client.Call(ctx, call, api.ListTokens, api.TokenQuery{ID: ref.ID})
	if err != nil {
		return api.Token{}, err
	}
	for _, t := range list.Tokens {
		if t.ID == ref.ID {
			return t, nil
		}
	}
	return api.Token{}, api.NewProblem(api.StatusNotFound, "no_such_token")
}

// hidden stands for the part of a token that is not shown.
const hidden = "••••••"

// nameOf is what a token is called where it is not to be seen.
func nameOf(env ui.Env, t api.Token) string {
	if t.Start == "" {
		return env.T("tokens.hidden")
	}
	return env.T("tokens.hidden_start", "start", t.Start)
}

// nameCell is a token in a list: its first characters, as a link to its page.
func nameCell(env ui.Env, t api.Token) app.UI {
	return ui.MonoLink(t.Start+hidden, nameOf(env, t), route.Token(env.Homeserver, route.TokenPath, t.ID))
}

// stateChip is why a token cannot be used; of one that can, nothing.
func stateChip(env ui.Env, t api.Token) app.UI {
	switch t.State {
	case api.TokenUsedUp:
		return ui.Chip{Label: env.T("tokens.state.used_up"), Icon: ui.IconUserCheck}.Draw(env)
	case api.TokenExpired:
		return ui.Chip{Label: env.T("tokens.state.expired"), Icon: ui.IconWait}.Draw(env)
	case api.TokenRevoked:
		return ui.Chip{Label: env.T("tokens.state.revoked"), Icon: ui.IconBan, Tone: ui.Warn}.Draw(env)
	}
	return nil
}

// usesCell is how often a token was used, of how many times.
func usesCell(env ui.Env, t api.Token) app.UI {
	text := env.T("tokens.used", "n", t.Completed)
	if t.Uses > 0 {
		text = env.T("tokens.used_of", "n", t.Completed, "of", t.Uses)
	}
	if t.Pending == 0 {
		return ui.Text(text)
	}
	return ui.TwoLines(ui.Text(text), ui.Subtle(env.N("tokens.pending_n", int(t.Pending))))
}

// expiryCell is until when a token can be used.
func expiryCell(env ui.Env, t api.Token) app.UI {
	if t.ExpiresMS <= 0 {
		return ui.Subtle(env.T("tokens.never"))
	}
	return ui.DateTime(env, t.ExpiresMS)
}

// facts is what is known of a token.
func facts(env ui.Env, t api.Token) []ui.Fact {
	limit := ui.Text(env.T("tokens.no_limit"))
	if t.Uses > 0 {
		limit = ui.Num(env, t.Uses)
	}
	state := stateChip(env, t)
	if state == nil {
		state = ui.Text(env.T("tokens.state.valid"))
	}
	list := []ui.Fact{
		{Label: env.T("tokens.column.state"), Value: state},
		{Label: env.T("tokens.uses"), Value: limit},
		{Label: env.T("tokens.completed"), Value: ui.Num(env, t.Completed)},
	}
	add := func(label, field string, value app.UI) {
		if !slices.Contains(t.Unknown, field) {
			list = append(list, ui.Fact{Label: env.T(label), Value: value})
		}
	}
	add("tokens.pending", "pending", ui.Num(env, t.Pending))
	list = append(list, ui.Fact{Label: env.T("tokens.column.expires"), Value: expiryCell(env, t)})
	add("tokens.created", "created_ms", ui.DateTime(env, t.CreatedMS))
	add("tokens.last_used", "last_used_ms", ui.Time(env, t.LastUsedMS))
	return list
}

// crumbs is the way from the list to a screen about a token, or to one about none.
func crumbs(env ui.Env, t api.Token, title string) app.UI {
	list := []ui.Crumb{{Label: env.T("tokens.title"), Href: route.Tokens(env.Homeserver)}}
	if t.ID != "" {
		c := ui.Crumb{Label: t.Start + hidden}
		if title != "" {
			c.Href = route.Token(env.Homeserver, route.TokenPath, t.ID)
		}
		list = append(list, c)
	}
	if title != "" {
		list = append(list, ui.Crumb{Label: title})
	}
	return ui.Crumbs(env, list...)
}
