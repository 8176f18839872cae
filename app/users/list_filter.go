// SPDX-License-Identifier: Apache-2.0

package users

import (
	"net/url"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// A filter is one of the yes-or-no questions that a list can be narrowed by.
type filter struct {
	Name      string // of the field of api.UserQuery
	Text      string // accounts.filter.…
	View      string // accounts.view.… of the accounts that are so; "" has no view
	Field     string // of api.User; a list that cannot tell it cannot be filtered by it
	Otherwise api.Filter
	At        func(*api.UserQuery) *api.Filter
}

func filters() []filter {
	return []filter{
		{"admins", "admin", "administrators", "admin", api.With, func(q *api.UserQuery) *api.Filter { return &q.Admins }},
		{"locked", "locked", "locked", "locked", api.With, func(q *api.UserQuery) *api.Filter { return &q.Locked }},
		{"deactivated", "deactivated", "deactivated", "deactivated", api.With, func(q *api.UserQuery) *api.Filter { return &q.Deactivated }},
		{"drift", "drift", "drift", "", api.With, func(q *api.UserQuery) *api.Filter { return &q.Drift }},
		{"guests", "guests", "", "guest", api.With, func(q *api.UserQuery) *api.Filter { return &q.Guests }},
		{"system", "system", "", "", api.Without, func(q *api.UserQuery) *api.Filter { return &q.System }},
	}
}

// explicit fills in what a query leaves to be understood, so that what is asked is what the screen says.
func explicit(q api.UserQuery) api.UserQuery {
	for _, f := range filters() {
		if at := f.At(&q); *at == "" {
			*at = f.Otherwise
		}
	}
	if q.Sort == "" {
		q.Sort = api.SortName
	}
	if q.Limit == 0 {
		q.Limit = api.DefaultPage
	}
	return q
}

// plain leaves out what is understood, so that one list has one address.
func plain(q api.UserQuery) api.UserQuery {
	for _, f := range filters() {
		if at := f.At(&q); *at == f.Otherwise {
			*at = ""
		}
	}
	if q.Sort == api.SortName && !q.Descending {
		q.Sort = ""
	}
	if q.Limit == api.DefaultPage {
		q.Limit = 0
	}
	return q
}

// first is the first page of a list.
func first(q api.UserQuery) api.UserQuery {
	q.Cursor = ""
	return q
}

// cleared is the first page of a list with nothing left out but what is by default.
func cleared(q api.UserQuery) api.UserQuery {
	return api.UserQuery{Sort: q.Sort, Descending: q.Descending, Limit: q.Limit}
}

// narrowed reports whether a list is searched or filtered.
func narrowed(q api.UserQuery) bool {
	q = first(plain(q))
	return q != plain(cleared(q))
}

// address returns the address of a list.
func (l *List) address(q api.UserQuery) string {
	return route.At(l.Env().Homeserver, route.AccountsPath, api.EncodeForm(plain(q)))
}

// page returns the address of another page of the list.
func (l *List) page(cursor string) string {
	q := l.Query
	q.Cursor = cursor
	return l.address(q)
}

// can reports whether this list can be narrowed by a filter, and if not, why, where there is a sentence for it.
func (l *List) can(f filter) (why string, ok bool) {
	if f.Name == "drift" && !l.Env().MAS() {
		return "", false // there is nothing that accounts could differ from
	}
	if reason := l.lacks(f.Name); reason != "" {
		return reason, false
	}
	unknown := slices.Contains(l.Page.Unknown, f.Field)
	for _, u := range l.Page.Users {
		unknown = unknown || (f.Field != "" && !u.Knows(f.Field))
	}
	return "", !unknown
}

// lacks is the sentence that says why the homeserver's list cannot be narrowed or sorted by a field of its query, or "".
func (l *List) lacks(field string) string {
	env := l.Env()
	reason, ok := env.Unavailable[api.ListUsers.Info().Name+"."+field]
	if !ok {
		return ""
	}
	return env.T("missing."+reason, "homeserver", env.ServerName())
}

// only returns the filters with a view that ask for such accounts alone, and the query without them.
func only(q api.UserQuery) (names []string, rest api.UserQuery) {
	for _, f := range filters() {
		if at := f.At(&q); f.View != "" && *at == api.Only {
			names = append(names, f.Name)
			*at = ""
		}
	}
	return names, q
}

// views are links to the lists that are asked for most. They keep the search and the order. The current one shows how many
// accounts it has, where that is known; for the others it would cost a call each.
func (l *List) views() []ui.View {
	env := l.Env()
	names, rest := only(first(l.Query))
	list := []ui.View{{Label: env.T("accounts.view.all"), Href: l.address(rest), Current: len(names) == 0}}
	for _, f := range filters() {
		current := slices.Equal(names, []string{f.Name})
		if _, ok := l.can(f); f.View == "" || (!ok && !current) {
			continue
		}
		q := rest
		*f.At(&q) = api.Only
		list = append(list, ui.View{Label: env.T("accounts.view." + f.View), Href: l.address(q), Current: current})
	}
	for i := range list {
		if list[i].Current && l.Page.Total != nil && l.Query.Search == "" && len(l.chips()) == 0 {
			list[i].Count = env.Format().Number(*l.Page.Total)
		}
	}
	return list
}

// chips are the filters that are on, but for that of the current view.
func (l *List) chips() []ui.FilterChip {
	env := l.Env()
	view, _ := only(l.Query)
	var chips []ui.FilterChip
	for _, f := range filters() {
		q := first(l.Query)
		at := f.At(&q)
		if *at == "" || slices.Equal(view, []string{f.Name}) {
			continue
		}
		label := f.says(env, *at)
		*at = ""
		chips = append(chips, ui.FilterChip{Label: label, Href: l.address(q)})
	}
	return chips
}

// says names the filter and what it is set to.
func (f filter) says(env ui.Env, to api.Filter) string {
	return env.T("accounts.chip", "field", env.T("accounts.filter."+f.Text), "value", env.T("accounts.filter_value."+string(to)))
}

// Narrowing says by what a list is searched and filtered, in words.
func Narrowing(env ui.Env, q api.UserQuery) []string {
	q = plain(q)
	var list []string
	if q.Search != "" {
		list = append(list, env.T("accounts.chip", "field", env.T("accounts.filter.search"), "value", q.Search))
	}
	for _, f := range filters() {
		if to := *f.At(&q); to != "" {
			list = append(list, f.says(env, to))
		}
	}
	return list
}

func (l *List) toolbar() app.UI {
	env := l.Env()
	keep := url.Values{}
	for name, values := range api.EncodeForm(cleared(l.Query)) {
		keep[name] = values
	}
	var fields []app.UI
	var reasons []string // why the others are not there, each said once
	lacking := map[string][]string{}
	for _, f := range filters() {
		why, ok := l.can(f)
		switch {
		case ok:
			fields = append(fields, l.selectFilter(f))
		case why != "":
			if lacking[why] == nil {
				reasons = append(reasons, why)
			}
			lacking[why] = append(lacking[why], env.T("accounts.filter."+f.Text))
		}
	}
	for _, why := range reasons {
		fields = append(fields, ui.Remark(ui.IconLock, ui.Neutral, "**"+strings.Join(lacking[why], ", ")+":** "+why))
	}
	return ui.Toolbar{
		Action: route.Accounts(env.Homeserver), Keep: keep,
		Search:  ui.Search{Name: "search", Value: l.Query.Search, Placeholder: env.T("accounts.search_hint"), Key: "/"},
		Filters: fields, Chips: l.chips(), Clear: l.address(cleared(l.Query)), End: l.find(),
	}.Draw(env)
}

// find leads to the search for an address or an identity, where there is one.
func (l *List) find() []app.UI {
	env := l.Env()
	if !env.Can(api.FindUser.Info().Name) {
		return nil
	}
	return []app.UI{ui.QuietLink(env.T("find.link"), route.Find(env.Homeserver, ""))}
}

// selectFilter is the field of a filter; what it is by default stands first, and stays out of the address.
func (l *List) selectFilter(f filter) app.UI {
	env := l.Env()
	q := l.Query
	value := *f.At(&q)
	options := []ui.Option{{Label: env.T("accounts.filter_value." + string(f.Otherwise))}}
	for _, v := range []api.Filter{api.With, api.Only, api.Without} {
		if v != f.Otherwise {
			options = append(options, ui.Option{Value: string(v), Label: env.T("accounts.filter_value." + string(v))})
		}
	}
	return ui.Select{Name: f.Name, Label: env.T("accounts.filter." + f.Text), Value: string(value), Options: options, Prefix: "filter"}.Draw(env)
}
