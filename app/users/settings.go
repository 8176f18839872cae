// SPDX-License-Identifier: Apache-2.0

package users

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

// Settings is the tab of an account's page with what the homeserver keeps for it beside its profile, and with what is done to it seldom.
type Settings struct {
	screen.Base
	User    api.User        `json:"user"`
	Devices *api.DeviceList `json:"devices,omitempty"`
	// Limit and Features are nil where the server or the person's role has them not; their problems say why they could not be had
	// otherwise.
	Limit           *api.RateLimit   `json:"limit,omitempty"`
	LimitProblem    *api.Problem     `json:"limit_problem,omitempty"`
	Features        *api.FeatureList `json:"features,omitempty"`
	FeaturesProblem *api.Problem     `json:"features_problem,omitempty"`
}

// NewSettings returns the page of an account's settings.
func NewSettings() screen.Screen { return &Settings{} }

// Title implements screen.Screen.
func (s *Settings) Title() string { return s.Env().T("settings.title_of", "name", called(s.User)) }

// Load implements screen.Screen. It costs four calls, at the same time.
func (s *Settings) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	id, err := idOf(u)
	if err != nil {
		return err
	}
	ref := api.UserRef{ID: id}
	limit := begin(ctx, env, call, api.GetRateLimit, ref)
	features := begin(ctx, env, call, api.ListFeatures, ref)
	s.User, s.Devices, _, err = loadAccount(ctx, env, call, id)
	if err != nil {
		return err
	}
	s.Limit, s.LimitProblem = limit()
	s.Features, s.FeaturesProblem = features()
	return nil
}

// Render implements app.Composer.
func (s *Settings) Render() app.UI {
	env := s.Env()
	return app.Div().Body(append(head{user: s.User, devices: s.Devices, path: route.SettingsPath}.draw(env),
		s.limit(),
		s.features(),
		s.section("renew", api.RenewUser, ui.IconWait, route.RenewPath),
		s.section("key_reset", api.AllowKeyReset, ui.IconKey, route.KeyResetPath),
		s.section("sign_in_as", api.SignInAs, ui.IconSignIn, route.SignInAsPath),
	)...)
}

// section is something that can be done, with what it does in words. Its texts are settings.<key> and settings.<key>_help.
func (s *Settings) section(key string, op api.Op, icon ui.Icon, path string) app.UI {
	env := s.Env()
	return ui.Section{
		Title: env.T("settings." + key),
		Body: []app.UI{
			ui.Help(env.T("settings." + key + "_help")),
			ui.Actions(ui.Button{Label: env.T("settings." + key + "_do"), Icon: icon, Href: here(env, path, s.User), Why: why(env, s.User, op)}.Draw(env)),
		},
	}.Draw(env)
}

// limit says how much the account may send, and leads to what changes that.
func (s *Settings) limit() app.UI {
	env := s.Env()
	body := []app.UI{ui.Help(env.T("settings.limit_help"))}
	switch {
	case s.LimitProblem != nil:
		body = append(body, ui.ProblemNote(env, s.LimitProblem))
	case s.Limit == nil:
		body = append(body, ui.Remark(ui.IconLock, ui.Neutral, env.WhyNot(api.GetRateLimit.Info().Name)))
	default:
		body = append(body, ui.Facts(env, ui.Fact{Label: env.T("settings.limit_now"), Value: ui.Text(limitText(env, *s.Limit))}))
		buttons := []app.UI{ui.Button{
			Label: env.T("settings.limit_do"), Icon: ui.IconEdit, Href: here(env, route.LimitPath, s.User), Why: why(env, s.User, api.SetRateLimit),
		}.Draw(env)}
		if s.Limit.Own && why(env, s.User, api.RemoveRateLimit) == "" {
			buttons = append(buttons, ui.Button{Label: env.T("settings.limit_remove"), Href: here(env, route.RemoveLimitPath, s.User)}.Draw(env))
		}
		body = append(body, ui.Actions(buttons...))
	}
	return ui.Section{Title: env.T("settings.limit"), Body: body}.Draw(env)
}

// limitText is a rate limit in words.
func limitText(env ui.Env, r api.RateLimit) string {
	switch {
	case !r.Own:
		return env.T("limit.server")
	case r.Free():
		return env.T("limit.none")
	}
	return env.N("limit.own", r.MessagesPerSecond, "burst", r.Burst)
}

// features are the experimental features, each with what it is and a way to switch it.
func (s *Settings) features() app.UI {
	env := s.Env()
	section := ui.Section{Title: env.T("settings.features"), Body: []app.UI{ui.Help(env.T("settings.features_help"))}}
	switch {
	case s.FeaturesProblem != nil:
		section.Body = append(section.Body, ui.ProblemNote(env, s.FeaturesProblem))
		return section.Draw(env)
	case s.Features == nil:
		section.Body = append(section.Body, ui.Remark(ui.IconLock, ui.Neutral, env.WhyNot(api.ListFeatures.Info().Name)))
		return section.Draw(env)
	}
	reason := why(env, s.User, api.SetFeature)
	t := ui.Table{
		Caption: env.T("settings.features"),
		Columns: []ui.Column{
			{Title: env.T("settings.feature"), Phone: ui.CardLead},
			{Title: env.T("settings.feature_state"), Width: ui.Small},
		},
	}
	if reason == "" {
		t.Columns = append(t.Columns, ui.Column{Title: env.T("ui.actions"), HideTitle: true, Width: ui.Middle, End: true})
	} else {
		section.Body = append(section.Body, ui.Remark(ui.IconLock, ui.Neutral, reason))
	}
	for _, f := range s.Features.Features {
		state, label, aria := env.T("feature.off"), env.T("feature.switch_on"), env.T("feature.switch_on_named", "name", f.Name)
		if f.On {
			state, label, aria = env.T("feature.on"), env.T("feature.switch_off"), env.T("feature.switch_off_named", "name", f.Name)
		}
		row := ui.Row{Key: f.Name, Label: f.Name, Cells: []app.UI{ui.TwoLines(ui.Text(FeatureText(env, f.Name)), ui.Mono(f.Name)), ui.Text(state)}}
		if reason == "" {
			query := url.Values{"id": {string(s.User.ID)}, "name": {f.Name}, "on": {strconv.FormatBool(!f.On)}}
			row.Cells = append(row.Cells, ui.Button{
				Label: label, Aria: aria, Small: true, Href: route.At(env.Homeserver, route.FeaturePath, query),
			}.Draw(env))
		}
		t.Rows = append(t.Rows, row)
	}
	section.Body = append(section.Body, t.Draw(env))
	return section.Draw(env)
}

// FeatureText says what an experimental feature is; of one that this program does not know it says only that it is one.
func FeatureText(env ui.Env, name string) string {
	if key := "feature." + name; env.Format().Has(key) {
		return env.T(key)
	}
	return env.T("feature.unknown")
}
