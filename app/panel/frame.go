// SPDX-License-Identifier: Apache-2.0

package panel

import (
	"net/url"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// View is what the frame surrounds: the body of a page, and where it is.
type View struct {
	URL       *url.URL
	Body      app.UI
	Bar       app.UI   // a note above the body
	Overlay   []app.UI // dialogs over the page
	Languages []ui.Language
	Busy      bool
	Waiting   bool // the body is yet to come
	OnNotice  func(ctx app.Context)
}

// Frame draws the page: head, navigation, and the view in it.
func Frame(env ui.Env, v View) app.UI {
	path, address := "", ""
	if v.URL != nil {
		path, address = v.URL.Path, v.URL.String()
	}
	return ui.Shell{
		Home: route.Overview, Nav: nav(env, path), SignOut: "/sign-out", Preferences: route.Preferences, Return: address, Help: route.Keys,
		SwitchURL: func(name string) string { return route.Accounts(name) }, SwitchAll: all(env),
		Languages: v.Languages, Busy: v.Busy, Waiting: v.Waiting, Body: []app.UI{v.Body}, Bar: v.Bar, Overlay: v.Overlay, OnNoticeClose: v.OnNotice,
	}.Draw(env)
}

func all(env ui.Env) string {
	if len(env.Homeservers) > 1 {
		return route.Overview
	}
	return ""
}

// nav shows what works today. Pages of a homeserver are those of the one that the page is about, else of the first.
func nav(env ui.Env, path string) []ui.NavGroup {
	first := []ui.NavItem{{Label: env.T("nav.overview"), Href: route.Overview, Icon: ui.IconOverview, Current: path == route.Overview}}
	name := env.HomeserverOrFirst()
	if name != "" && env.Allowed(string(api.ReadUsers)) {
		under := strings.TrimPrefix(path, "/"+name+"/")
		first = append(first, ui.NavItem{
			Label: env.T("nav.accounts"), Href: route.Accounts(name), Icon: ui.IconUsers,
			Current: under != path && strings.HasPrefix(under, "account") || path == route.Import(name, "") || path == route.Import(name, "")+"/plan",
		})
	}
	if name != "" && env.Allowed(string(api.ReadInvitations)) {
		first = append(first, ui.NavItem{
			Label: env.T("nav.invitations"), Href: route.Invitations(name, nil), Icon: ui.IconMail,
			Current: strings.HasPrefix(path, "/"+name+"/"+route.InvitationPath),
		})
	}
	if name != "" && env.Allowed(string(api.RunJobs)) {
		first = append(first, ui.NavItem{
			Label: env.T("nav.jobs"), Href: route.At(name, route.JobsPath, nil), Icon: ui.IconSkip,
			Current: strings.HasPrefix(path, "/"+name+"/"+route.JobsPath),
		})
	}
	if name != "" && env.At(name).Can(api.ListTokens.Info().Name) {
		first = append(first, ui.NavItem{
			Label: env.T("nav.tokens"), Href: route.Tokens(name), Icon: ui.IconToken,
			Current: strings.HasPrefix(path, "/"+name+"/"+route.TokensPath),
		})
	}
	return []ui.NavGroup{
		{Items: first},
		{Title: env.T("nav.homeserver"), Items: []ui.NavItem{{
			Label: env.T("nav.servers"), Href: route.Servers, Icon: ui.IconServer,
			Current: path == route.Servers || strings.HasSuffix(path, "/"+route.ServerPath) || strings.Contains(path, "/"+route.ServerPath+"/"),
		}}},
	}
}

// TabTitle is what the browser calls a page: what it is, and of which homeserver, where there are several.
func TabTitle(env ui.Env, title string) string {
	if env.Homeserver != "" && len(env.Homeservers) > 1 {
		return env.T("common.page_title_server", "title", title, "server", env.ServerName())
	}
	return env.T("common.page_title", "title", title)
}

// WayOn leads away from a problem: to try again, where that can help, to a new password in place of one that is no longer shown, and home.
func WayOn(env ui.Env, p *api.Problem, u *url.URL) []app.UI {
	var list []app.UI
	if u != nil && (p.Status >= 500 || p.Status == api.StatusTooMany || p.Status == 0) {
		list = append(list, ui.Button{Label: env.T("problem.try_again"), Icon: ui.IconRefresh, Href: u.String()}.Draw(env))
	}
	if p.Code == "not_found" && env.Homeserver != "" { // an account
		list = append(list, ui.Button{Label: env.T("servers.open_accounts"), Icon: ui.IconUsers, Href: route.Accounts(env.Homeserver)}.Draw(env))
	}
	list = append(list, fromCard(env, p, u)...)
	return append(list, ui.Button{Label: env.T("problem.to_overview"), Href: route.Overview}.Draw(env))
}

// gone are the codes of answers that are no longer shown.
var gone = []string{"answer_gone", "already_done_secret", "already_done_token"}

// fromCard leads away from a card that is no longer shown.
func fromCard(env ui.Env, p *api.Problem, u *url.URL) []app.UI {
	if u == nil || env.Homeserver == "" || !slices.Contains(gone, p.Code) {
		return nil
	}
	list := []app.UI{ui.Button{Label: env.T("handout.open_again"), Href: route.WithoutCard(u)}.Draw(env)}
	if id := route.CardOf(u); id != "" {
		reset := ui.Button{Label: env.T("account.reset_password"), Icon: ui.IconKey, Look: ui.Primary, Href: route.Account(env.Homeserver, route.ResetPasswordPath, id)}
		see := ui.Button{Label: env.T("handout.see_account"), Href: route.Account(env.Homeserver, route.AccountPath, id)}
		list = append([]app.UI{reset.Draw(env), see.Draw(env)}, list...)
	}
	return list
}
