// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"context"
	"net/url"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Site is the screen of what Matrix Authentication Service is configured to do: its own configuration, the services that people can sign in with,
// and what was given to its policy. All of it is changed there.
type Site struct {
	screen.Base
	Site      api.Site         `json:"site"`
	Providers api.ProviderList `json:"providers"`
	Policy    api.Policy       `json:"policy"`
}

// NewSite returns the screen.
func NewSite() screen.Screen { return &Site{} }

// Title implements screen.Screen.
func (s *Site) Title() string { return s.Env().T("site.title") }

// Load implements screen.Screen. It costs three calls.
func (s *Site) Load(ctx context.Context, env ui.Env, call client.Caller, _ *url.URL) error {
	if !env.Can(api.GetSite.Info().Name) {
		return nil
	}
	var err error
	if s.Site, err = client.Call(ctx, call, api.GetSite, api.ServerQuery{}); err != nil {
		return err
	}
	if s.Providers, err = client.Call(ctx, call, api.ListProviders, api.ServerQuery{}); err != nil {
		return err
	}
	s.Policy, err = client.Call(ctx, call, api.GetPolicy, api.ServerQuery{})
	return err
}

// Render implements app.Composer.
func (s *Site) Render() app.UI {
	env := s.Env()
	page := top(env, route.SitePath)
	if no := cannot(env, api.GetSite); no != nil {
		return app.Div().Body(append(page, no)...)
	}
	policy := ui.Help(env.T("policy.none"))
	if s.Policy.CreatedMS > 0 {
		policy = app.Div().Body(ui.Facts(env, ui.Fact{Label: env.T("policy.since"), Value: ui.DateTime(env, s.Policy.CreatedMS)}), ui.Source(s.Policy.Data))
	}
	return app.Div().Body(append(page,
		ui.Help(env.T("site.help")),
		ui.Section{Title: env.T("site.people"), Body: []app.UI{ui.Facts(env, s.facts()...)}}.Draw(env),
		ui.Section{Title: env.T("providers.title"), Body: []app.UI{s.providers(), ui.Downloads(env, len(s.Providers.Providers), route.Export(env.Homeserver, api.ListProviders, api.ServerQuery{}))}}.Draw(env),
		ui.Section{Title: env.T("policy.title"), Body: []app.UI{ui.Help(env.T("policy.help")), policy}}.Draw(env),
	)...)
}

// facts are what people may do by themselves.
func (s *Site) facts() []ui.Fact {
	env, of := s.Env(), s.Site
	list := []ui.Fact{{Label: env.T("site.server_name"), Value: ui.Mono(of.ServerName)}}
	for _, f := range []struct {
		text string
		is   bool
	}{
		{"passwords", of.Passwords}, {"registration", of.Registration}, {"email_required", of.RegistrationEmailRequired}, {"token_required", of.RegistrationTokenRequired},
		{"email_change", of.EmailChange}, {"display_name_change", of.DisplayNameChange}, {"password_change", of.PasswordChange},
		{"recovery", of.Recovery}, {"deactivation", of.Deactivation}, {"captcha", of.Captcha},
	} {
		answer := "common.no"
		if f.is {
			answer = "common.yes"
		}
		list = append(list, ui.Fact{Label: env.T("site." + f.text), Value: ui.Text(env.T(answer))})
	}
	return append(list, ui.Fact{Label: env.T("site.quality"), Value: ui.Text(env.T("site.quality_of", "n", strconv.Itoa(of.MinimumPasswordQuality)))})
}

func (s *Site) providers() app.UI {
	env := s.Env()
	rows := make([]ui.Row, 0, len(s.Providers.Providers))
	for _, p := range s.Providers.Providers {
		var off app.UI
		if p.Disabled {
			off = ui.Chip{Label: env.T("providers.disabled"), Icon: ui.IconBan}.Draw(env)
		}
		rows = append(rows, ui.Row{Key: p.ID, Subtle: p.Disabled, Cells: []app.UI{ui.Text(p.Name), ui.Mono(p.Issuer), ui.Date(env, p.CreatedMS), off}})
	}
	return ui.Table{
		Caption: env.T("providers.title"), Rows: rows, Columns: []ui.Column{
			{Title: env.T("create.identity_provider"), Phone: ui.CardLead},
			{Title: env.T("providers.issuer"), Phone: ui.CardLabel},
			{Title: env.T("providers.since"), Width: ui.Middle, Phone: ui.CardLabel},
			{Title: env.T("tokens.column.state"), Width: ui.Middle},
		},
		Empty: ui.Help(env.T("providers.none")),
	}.Draw(env)
}
