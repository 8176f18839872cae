// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// Shell is the frame of every page behind the sign-in: head, navigation, and the pane that Body fills.
type Shell struct {
	Home      string                   // where the logo leads
	Nav       []NavGroup               //
	SwitchURL func(name string) string // page of a homeserver, for the switcher; nil: no switcher
	SwitchAll string                   // page of all homeservers; "" leaves it out

	SignOut       string     // address that the sign-out form posts to
	SignOutKey    string     // request key of that form
	PersonLinks   []MenuItem // pages in the person's menu
	Preferences   string     // address that the preferences form posts to; "" leaves it out
	Return        string     // the page to come back to from the preferences
	Languages     []Language // to choose from
	Help          string     // page that explains the keys; "" leaves it out
	Busy          bool       // another screen is being loaded
	Waiting       bool       // the page waits for the homeserver: without scripts it says so, because then it loads itself again
	Body          []app.UI
	Bar           app.UI   // a Note above the page, below the notice
	Overlay       []app.UI // Dialogs over the page, the last on top
	OnNoticeClose func(ctx app.Context)
}

// Language is one that the panel speaks, named in itself.
type Language struct{ Tag, Name string }

// NavGroup is a part of the navigation. The first has no title.
type NavGroup struct {
	Title string
	Items []NavItem
}

// NavItem is one page.
type NavItem struct {
	Label   string
	Href    string
	Icon    Icon
	Current bool
	Count   string // at the end; "" is none
	Waits   bool   // the count waits for somebody
}

// Draw draws the frame around the page.
func (s Shell) Draw(env Env) app.UI {
	busy := "false"
	if s.Busy {
		busy = yes()
	}
	var notice app.UI
	if env.Notice != "" {
		notice = Note{Kind: Good, Title: env.Notice, Status: true, OnClose: s.OnNoticeClose}.Draw(env)
	}
	return app.Div().Body(
		app.A().Class("gh-skip").Href("#main").Text(env.T("ui.skip")),
		s.head(env),
		app.Div().Class("gh-body").Body(
			s.nav(env),
			// What comes and goes has elements of its own, so that it moves no screen to another place: go-app would mount that twice.
			app.Main().Class(classes("gh-pane", when(s.Busy, "gh-pane--busy"))).ID("main").TabIndex(-1).Aria("busy", busy).Body(
				append([]app.UI{app.Div().Body(noscript(env, s.Waiting), notice, s.Bar)}, append(append([]app.UI{}, s.Body...), zone(env))...)...,
			),
		),
		app.Div().Body(s.Overlay...),
	)
}

// zone says that times are not in the person's zone, as long as that is not known.
func zone(env Env) app.UI {
	if env.Zone != "" {
		return nil
	}
	return app.P().Class("gh-zone").Text(env.T("time.zone_utc"))
}

// noscript tells, in browsers without scripts, what the page waits for.
func noscript(env Env, needed bool) app.UI {
	if !needed {
		return nil
	}
	return app.Elem("noscript").Body(
		app.P().Class("gh-noscript").Text(env.T("ui.loads_again")),
	)
}

func (s Shell) head(env Env) app.UI {
	return app.Header().Class("gh-head").Body(
		app.Button().Class("gh-head__button gh-head__menu").Type("button").Attr("popovertarget", "nav").
			Aria("label", Attr(env.T("ui.menu"))).Body(IconMenu.Draw()),
		app.A().Class("gh-logo").Href(Href(s.Home)).Aria("label", Attr(env.T("ui.home"))).Body(
			Mark(),
			app.Span().Class("gh-logo__word").Text("Gatehouse"),
		),
		s.switcher(env),
		app.Div().Class("gh-head__end").Body(s.help(env), s.person(env)),
	)
}

func (s Shell) help(env Env) app.UI {
	if s.Help == "" {
		return nil
	}
	return app.A().Class("gh-head__button gh-head__help").Href(Href(s.Help)).Aria("label", Attr(env.T("keys.title"))).Title(Attr(env.T("keys.title"))).
		Body(IconHelp.Draw())
}

func (s Shell) switcher(env Env) app.UI {
	if s.SwitchURL == nil || len(env.Homeservers) == 0 {
		return nil
	}
	label, state := env.T("ui.all_homeservers"), worst(env.Homeservers)
	if env.Homeserver != "" {
		label, state = env.ServerName(), env.current().State
	}
	if len(env.Homeservers) == 1 && s.SwitchAll == "" {
		label, state = env.Homeservers[0].ServerName, env.Homeservers[0].State
		return app.Span().Class("gh-switch gh-switch--single").Body(
			healthDot(state), app.Bdi().Class("gh-switch__name").Text(label), Hidden(env.T("ui.health."+healthWord(state))))
	}
	var items []MenuItem
	if s.SwitchAll != "" {
		items = append(items, MenuItem{Label: env.T("ui.all_homeservers"), Href: s.SwitchAll, Current: env.Homeserver == ""})
	}
	for _, h := range env.Homeservers {
		items = append(items, MenuItem{
			Label: h.ServerName, Detail: env.T("ui.kind." + h.Kind), Href: s.SwitchURL(h.Name),
			Current: h.Name == env.Homeserver, state: h.State, dot: true,
		})
	}
	return app.Div().Class("gh-switch").Body(
		app.Button().Class("gh-switch__button").Type("button").Attr("popovertarget", "homeservers").Body(
			healthDot(state),
			Hidden(env.T("ui.homeserver")+" "),
			app.Bdi().Class("gh-switch__name").Text(label),
			IconSelector.Draw(),
		),
		menuPanel("homeservers", env.T("ui.homeservers"), "gh-menu--start", items),
	)
}

// worst is the state of the homeserver that is worst off; what is not known is better than down.
func worst(list []Homeserver) string {
	state := "up"
	for _, h := range list {
		switch {
		case h.State == "down":
			return "down"
		case h.State == "slow":
			state = "slow"
		case h.State != "up" && state == "up":
			state = ""
		}
	}
	return state
}

// person is the menu of who is signed in: language, theme, letter keys, sign out.
func (s Shell) person(env Env) app.UI {
	name := env.Person.Name
	if name == "" {
		name = env.Person.ID
	}
	return app.Div().Body(
		app.Button().Class("gh-person__button").Type("button").Attr("popovertarget", "person").Body(
			Avatar{Name: name}.Draw(env), Hidden(env.T("ui.person", "name", name))),
		app.Div().Class("gh-menu gh-menu--person").ID("person").Attr("popover", "auto").Body(
			app.Div().Class("gh-person__who").Body(
				app.Strong().Dir("auto").Text(name),
				app.Span().Class("gh-subtle").Body(ID(env.Person.ID)),
				app.Span().Class("gh-subtle").Text(env.T("role."+env.Person.Role)),
			),
			s.personLinks(),
			s.preferences(env),
			app.Form().Class("gh-person__out").Method("post").Action(Href(s.SignOut)).Body(
				hidden(fieldKey, s.SignOutKey),
				Button{Label: env.T("ui.sign_out"), Icon: IconSignOut, Block: true}.Draw(env),
			),
			app.P().Class("gh-person__version").Text(env.T("ui.version", "version", env.Version)),
		),
	)
}

func (s Shell) personLinks() app.UI {
	if len(s.PersonLinks) == 0 {
		return nil
	}
	items := make([]app.UI, 0, len(s.PersonLinks))
	for _, i := range s.PersonLinks {
		items = append(items, app.Li().Body(i.draw()))
	}
	return app.Ul().Role("list").Body(items...)
}

func (s Shell) preferences(env Env) app.UI {
	if s.Preferences == "" {
		return nil
	}
	var languages []Option
	for _, l := range s.Languages {
		languages = append(languages, Option{Value: l.Tag, Label: l.Name})
	}
	var themes []Option
	for _, t := range []string{"system", "light", "dark"} {
		themes = append(themes, Option{Value: t, Label: env.T("ui.theme." + t)})
	}
	return app.Form().Class("gh-person__prefs").Method("post").Action(Href(s.Preferences)).Body(
		hidden(fieldKey, s.SignOutKey),
		hidden(fieldScreen, s.Return),
		Select{Name: "language", Label: env.T("ui.language"), Value: env.Language, Options: languages, Prefix: "pref"}.Draw(env),
		Select{Name: "theme", Label: env.T("ui.theme"), Value: env.Theme, Options: themes, Prefix: "pref"}.Draw(env),
		Check{Name: "letter_keys", Label: env.T("ui.letter_keys"), Checked: env.LetterKeys, Prefix: "pref"}.Draw(env),
		Button{Label: env.T("ui.save_preferences"), Small: true}.Draw(env),
	)
}

func (s Shell) nav(env Env) app.UI {
	groups := make([]app.UI, 0, len(s.Nav))
	for _, g := range s.Nav {
		items := make([]app.UI, 0, len(g.Items))
		for _, i := range g.Items {
			items = append(items, app.Li().Body(i.draw()))
		}
		var title app.UI
		if g.Title != "" {
			title = app.P().Class("gh-nav__title").Text(g.Title)
		}
		groups = append(groups, app.Div().Class("gh-nav__group").Body(title, app.Ul().Role("list").Body(items...)))
	}
	return app.Nav().Class("gh-nav").ID("nav").Attr("popover", "auto").Aria("label", Attr(env.T("ui.nav"))).Body(groups...)
}

func (i NavItem) draw() app.UI {
	e := app.A().Class("gh-nav__item").Href(Href(i.Href))
	if i.Current {
		e = e.Aria("current", "page")
	}
	var count app.UI
	if i.Count != "" {
		count = app.Span().Class(classes("gh-nav__count", when(i.Waits, "gh-nav__count--waits"))).Text(i.Count)
	}
	return e.Body(i.Icon.Draw(), app.Span().Class("gh-nav__label").Text(i.Label), count)
}

// RootClass is the class of the html element for a theme. The theme "system" has none: it follows the system.
func RootClass(theme string) string {
	switch theme {
	case "light":
		return "gh-light"
	case "dark":
		return "pf-v6-theme-dark"
	}
	return ""
}
