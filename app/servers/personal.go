// SPDX-License-Identifier: Apache-2.0

package servers

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

// Personals is the screen of the personal sessions.
type Personals struct {
	screen.Base
	Query api.PersonalQuery `json:"query"`
	Page  api.PersonalPage  `json:"page"`
}

// NewPersonals returns the screen.
func NewPersonals() screen.Screen { return &Personals{} }

// Title implements screen.Screen.
func (p *Personals) Title() string { return p.Env().T("personal.title") }

// Load implements screen.Screen. It costs one call.
func (p *Personals) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) (err error) {
	if !env.Can(api.ListPersonal.Info().Name) {
		return nil
	}
	if p.Query, err = screen.Query(api.ListPersonal, u); err == nil {
		p.Page, err = client.Call(ctx, call, api.ListPersonal, p.Query)
	}
	return err
}

// Render implements app.Composer.
func (p *Personals) Render() app.UI {
	env := p.Env()
	page := top(env, route.PersonalPath, ui.Button{
		Label: env.T("personal.create"), Icon: ui.IconAdd, Look: ui.Primary, Href: route.At(env.Homeserver, route.CreatePersonalPath, nil),
		Why: env.WhyNot(api.CreatePersonal.Info().Name),
	}.Draw(env))
	if no := cannot(env, api.ListPersonal); no != nil {
		return app.Div().Body(append(page, no)...)
	}
	rows := make([]ui.Row, 0, len(p.Page.Sessions))
	for _, s := range p.Page.Sessions {
		rows = append(rows, ui.Row{Key: s.ID, Label: s.Name, Subtle: s.State != api.PersonalActive, Cells: []app.UI{
			ui.TwoLines(ui.NameLink(s.Name, route.Item(env.Homeserver, route.OnePersonalPath, s.ID)), ui.IDLine(string(s.Actor))),
			ui.Text(scopeText(env, s)), personalChip(env, s), ends(env, s), ui.Time(env, s.LastSeenMS),
		}})
	}
	table := ui.Table{
		Caption: p.Title(), Rows: rows, Columns: []ui.Column{
			{Title: env.T("personal.session"), Phone: ui.CardLead},
			{Title: env.T("personal.scope"), Phone: ui.CardLabel},
			{Title: env.T("tokens.column.state"), Width: ui.Middle},
			{Title: env.T("tokens.column.expires"), Width: ui.Middle, Phone: ui.CardLabel},
			{Title: env.T("personal.seen"), Width: ui.Small, Phone: ui.CardLabel},
		},
		Empty: ui.Empty{Icon: ui.IconKey, Title: env.T("personal.empty")}.Draw(env),
	}
	first, next, q := "", "", p.Query
	if q.Cursor != "" {
		first = p.address(api.PersonalQuery{State: q.State, Actor: q.Actor})
	}
	if q.Cursor = p.Page.Next; q.Cursor != "" {
		next = p.address(q)
	}
	return app.Div().Body(append(page,
		ui.Help(env.T("personal.help")),
		ui.Views(env, env.T("personal.title"), p.views()...),
		table.Draw(env), ui.Forward(env, "ui.on_page", len(rows), p.Page.Total, first, next).Draw(env),
		ui.Downloads(env, len(rows), route.Export(env.Homeserver, api.ListPersonal, p.Query)),
	)...)
}

func (p *Personals) views() []ui.View {
	var list []ui.View
	for _, state := range []string{"", api.PersonalActive, api.PersonalRevoked} {
		list = append(list, ui.View{
			Label: p.Env().T("personal.view." + cmp.Or(state, "all")), Href: p.address(api.PersonalQuery{State: state, Actor: p.Query.Actor}), Current: state == p.Query.State,
		})
	}
	return list
}

func (p *Personals) address(q api.PersonalQuery) string {
	return route.At(p.Env().Homeserver, route.PersonalPath, api.EncodeForm(q))
}

// personalChip is why a session cannot be used, or what sets one that can apart.
func personalChip(env ui.Env, s api.PersonalSession) app.UI {
	switch {
	case s.State == api.PersonalExpired:
		return ui.Chip{Label: env.T("tokens.state.expired"), Icon: ui.IconWait}.Draw(env)
	case s.State == api.PersonalRevoked:
		return ui.Chip{Label: env.T("tokens.state.revoked"), Icon: ui.IconBan, Tone: ui.Warn}.Draw(env)
	case s.Own:
		return ui.Chip{Label: env.T("personal.own"), Icon: ui.IconSettings}.Draw(env)
	}
	return nil
}

func ends(env ui.Env, s api.PersonalSession) app.UI {
	if s.ExpiresMS == 0 && s.State != api.PersonalRevoked {
		return ui.Subtle(env.T("tokens.never"))
	}
	return ui.DateTime(env, s.ExpiresMS)
}

// scopeText is a scope in words, where it is one that is offered here.
func scopeText(env ui.Env, s api.PersonalSession) string {
	for _, c := range scopes {
		if c.scope == s.Scope {
			return env.T("personal.scope." + c.text)
		}
	}
	return s.Scope
}

// Personal is the page of one personal session.
type Personal struct {
	screen.Base
	Session api.PersonalSession `json:"session"`
}

// NewPersonal returns the page.
func NewPersonal() screen.Screen { return &Personal{} }

// Title implements screen.Screen.
func (p *Personal) Title() string { return p.Session.Name }

// Load implements screen.Screen. It costs one call.
func (p *Personal) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	p.Session, err = loadPersonal(ctx, call, u)
	return err
}

func loadPersonal(ctx context.Context, call client.Caller, u *url.URL) (api.PersonalSession, error) {
	ref, err := screen.Query(api.GetPersonal, u)
	if err != nil {
		return api.PersonalSession{}, err
	}
	return client.Call(ctx, call, api.GetPersonal, ref)
}

// Render implements app.Composer.
func (p *Personal) Render() app.UI {
	env, s := p.Env(), p.Session
	var actions []app.UI
	for _, d := range []deed{renewing, revoking} {
		actions = append(actions, ui.Button{
			Label: env.T("personal." + d.text), Icon: d.icon, Look: d.link, Href: route.Item(env.Homeserver, d.path, s.ID), Why: d.why(env, s),
		}.Draw(env))
	}
	return app.Div().Body(append(below(env, "personal.title", route.PersonalPath, p.Title(), actions...), ui.Facts(env, personalFacts(env, s)...))...)
}

func personalFacts(env ui.Env, s api.PersonalSession) []ui.Fact {
	state := personalChip(env, s)
	if state == nil {
		state = ui.Text(env.T("tokens.state.valid"))
	}
	maker := s.Client
	if s.Owner != "" {
		maker = string(s.Owner)
	}
	return []ui.Fact{
		{Label: env.T("personal.actor"), Value: ui.ID(string(s.Actor))},
		{Label: env.T("personal.scope"), Value: ui.Mono(s.Scope)},
		{Label: env.T("tokens.column.state"), Value: state},
		{Label: env.T("tokens.column.expires"), Value: ends(env, s)},
		{Label: env.T("personal.seen"), Value: ui.Time(env, s.LastSeenMS)},
		{Label: env.T("personal.maker"), Value: ui.Text(maker)},
		{Label: env.T("tokens.created"), Value: ui.DateTime(env, s.CreatedMS)},
	}
}
