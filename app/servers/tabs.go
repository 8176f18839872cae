// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// tabs are the pages about a homeserver: of what Matrix Authentication Service keeps for it there are some where there is one. A page that
// cannot be had has no tab, but the one that is open.
func tabs(env ui.Env, open string) app.UI {
	var views []ui.View
	for _, t := range []struct {
		text, path string
		op         api.Op
	}{
		{"account.summary", route.ServerPath, api.ServerInfo},
		{"personal.title", route.PersonalPath, api.ListPersonal},
		{"clients.title", route.ClientsPath, api.ListClients},
		{"site.title", route.SitePath, api.GetSite},
	} {
		if t.path == open || t.path == route.ServerPath || env.MAS() && env.Can(t.op.Info().Name) {
			views = append(views, ui.View{Label: env.T(t.text), Href: route.At(env.Homeserver, t.path, nil), Current: t.path == open})
		}
	}
	if len(views) < 2 {
		return nil
	}
	return ui.Views(env, env.ServerName(), views...)
}

// top is the head of a page about a homeserver.
func top(env ui.Env, open string, actions ...app.UI) []app.UI {
	return []app.UI{
		ui.Crumbs(env, ui.Crumb{Label: env.T("servers.title"), Href: route.Servers}, ui.Crumb{Label: env.ServerName()}),
		ui.PageTitle{Title: env.ServerName(), Actions: actions}.Draw(env),
		tabs(env, open),
	}
}

// below is the head of a page under one of the tabs.
func below(env ui.Env, text, path, title string, actions ...app.UI) []app.UI {
	return []app.UI{
		ui.Crumbs(env,
			ui.Crumb{Label: env.T("servers.title"), Href: route.Servers}, ui.Crumb{Label: env.ServerName(), Href: route.At(env.Homeserver, route.ServerPath, nil)},
			ui.Crumb{Label: env.T(text), Href: route.At(env.Homeserver, path, nil)}, ui.Crumb{Label: title},
		),
		ui.PageTitle{Title: title, Words: true, Actions: actions}.Draw(env),
	}
}

// cannot stands in place of what is not to be had; nil where it is.
func cannot(env ui.Env, op api.Op) app.UI {
	if reason := env.WhyNot(op.Info().Name); reason != "" {
		return ui.Locked(env, reason)
	}
	return nil
}
