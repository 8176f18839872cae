// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

const (
	scanPage  = 500 // accounts asked for at once while filtering; Synapse has no bound of its own
	scanPages = 10  // requests that one call may take
)

// plan is how a query is answered: what the server filters and what is left to us.
type plan struct {
	query  url.Values
	keep   func(api.User) bool // nil where the server does it all
	asked  int                 // accounts that the page shall hold
	nobody bool                // nobody can match
}

// list returns a page of accounts (GET /_synapse/admin/v3/users, v2 before 1.103). What the server cannot filter is filtered
// here, over at most 10 requests of 500 accounts a call; Scanned and Of say how far that got. Total is told where the
// server's own count is the right one.
func (s *synapse) list(ctx context.Context, q api.UserQuery) (api.UserPage, error) {
	if q.Drift == api.Only { // there is nothing that this Synapse's accounts could differ from
		return api.UserPage{}, unsupported(reasonNoMAS).At("drift")
	}
	at, err := openCursor(q)
	if err != nil {
		return api.UserPage{}, err
	}
	known := s.learn(ctx)
	p := s.plan(q, known)
	if p.nobody {
		none := int64(0)
		return api.UserPage{Users: []api.User{}, Total: &none}, nil
	}
	own, err := s.keys.Own(ctx)
	if err != nil {
		return api.UserPage{}, matrix.Problem(err)
	}
	found, err := s.scan(ctx, p, at.Position, own)
	if err != nil {
		return api.UserPage{}, err
	}
	page := api.UserPage{Users: found.users, Unknown: found.unknown}
	switch all := int64(len(found.users)); {
	case p.keep == nil:
		page.Total, page.Offset = &found.total, at.Position
	case at.Position == 0 && !found.more:
		page.Total = &all
	default:
		page.Scanned, page.Of = min(found.next, found.total), found.total
	}
	if found.more {
		page.Next = at.forward(q, found.next)
	}
	if at.Position > 0 {
		page.Previous = at.backward(q)
	}
	return page, nil
}

// plan sorts a query into what this version of Synapse filters and what is filtered here.
func (s *synapse) plan(q api.UserQuery, known facts) plan {
	v3 := known.version.atLeast(1, 103)
	p := plan{query: url.Values{}, asked: q.Limit}
	if p.asked <= 0 {
		p.asked = api.DefaultPage
	}
	var rest []func(api.User) bool
	also := func(f func(api.User) bool) { rest = append(rest, f) }

	if q.Search != "" {
		// A search that begins like a Matrix ID is one for a Matrix ID; `name` looks at localparts and display names.
		field := "name"
		if strings.HasPrefix(q.Search, "@") {
			field = "user_id"
		}
		p.query.Set(field, q.Search)
		if strings.ContainsAny(q.Search, "_%") {
			also(holds(q.Search)) // SQL LIKE takes them for wildcards
		}
	}
	switch has := func(u api.User) bool { return u.Admin }; {
	case q.Admins != api.Only && q.Admins != api.Without:
	case known.version.atLeast(1, 91):
		p.query.Set("admins", strconv.FormatBool(q.Admins == api.Only))
	default:
		also(filter(q.Admins, has))
	}
	switch has := func(u api.User) bool { return u.Deactivated }; {
	case v3 && q.Deactivated == api.Only, v3 && q.Deactivated == api.Without:
		p.query.Set("deactivated", strconv.FormatBool(q.Deactivated == api.Only))
	case !v3 && q.Deactivated != api.Without:
		p.query.Set("deactivated", "true") // v2: "also", not "only"
		if q.Deactivated == api.Only {
			also(filter(api.Only, has))
		}
	}
	if q.Locked != api.Without && known.version.atLeast(1, 93) {
		p.query.Set("locked", "true") // "also": hidden by default, in v3 as well
	}
	if q.Locked == api.Only {
		also(func(u api.User) bool { return u.Locked })
	}
	p.query.Set("guests", strconv.FormatBool(q.Guests != api.Without && !known.mas))
	if q.Guests == api.Only {
		p.nobody = known.mas
		also(func(u api.User) bool { return u.Guest })
	}
	if system := q.System; len(s.settings.Hide) > 0 && system != api.With {
		if system == "" {
			system = api.Without
		}
		also(filter(system, func(u api.User) bool { return u.System }))
	} else if system == api.Only {
		p.nobody = true
	}
	p.query.Set("order_by", map[api.UserSort]string{
		api.SortDisplay: "displayname", api.SortCreated: "creation_ts", api.SortLastSeen: "last_seen_ts", api.SortAdmin: "admin",
	}[q.Sort])
	if p.query.Get("order_by") == "" {
		p.query.Set("order_by", "name")
	}
	p.query.Set("dir", map[bool]string{false: "f", true: "b"}[q.Descending])
	if len(rest) > 0 {
		p.keep = func(u api.User) bool {
			return !slices.ContainsFunc(rest, func(f func(api.User) bool) bool { return !f(u) })
		}
	}
	return p
}

func filter(f api.Filter, has func(api.User) bool) func(api.User) bool {
	return func(u api.User) bool { return has(u) == (f == api.Only) }
}

// holds reports whether a text is in an account's ID or display name, as the server looks for it but word for word.
func holds(search string) func(api.User) bool {
	low := strings.ToLower(search)
	return func(u api.User) bool {
		if strings.HasPrefix(low, "@") {
			return strings.Contains(strings.ToLower(string(u.ID)), low)
		}
		return strings.Contains(strings.ToLower(u.ID.Localpart()), low) || strings.Contains(strings.ToLower(u.DisplayName), low)
	}
}

// found is what a scan came back with.
type found struct {
	users   []api.User
	unknown []string
	total   int64 // accounts that the server counts for the query
	next    int64 // where the next page begins
	more    bool  // whether there may be one
}

// scan reads accounts from a position on until the page is full, the list ends, or the call has taken its share. While it
// filters, a page is full when one account more than asked is found, so that no empty page follows.
func (s *synapse) scan(ctx context.Context, p plan, from int64, own api.UserID) (found, error) {
	out := found{users: []api.User{}, next: from}
	seen := map[api.UserID]bool{}
	size := p.asked
	for i := range scanPages {
		rows, total, err := s.rows(ctx, p.query, from, size)
		if err != nil {
			return found{}, err
		}
		out.total = total
		for n, w := range rows {
			const milliseconds = 1
			u := s.user(w, own, milliseconds)
			out.unknown, u.Unknown = u.Unknown, nil
			switch {
			case seen[u.ID], p.keep != nil && !p.keep(u): // rows move between pages while accounts are made
			case len(out.users) == p.asked:
				out.next, out.more = from+int64(n), true
				return out, nil
			default:
				out.users = append(out.users, u)
			}
			seen[u.ID] = true
		}
		from += int64(len(rows))
		out.next, out.more = from, from < total && len(rows) > 0
		if p.keep == nil || !out.more || i == scanPages-1 {
			break
		}
		size = scanPage
	}
	return out, nil
}

// rows asks for one page of the server's.
func (s *synapse) rows(ctx context.Context, query url.Values, from int64, limit int) ([]wireUser, int64, error) {
	query = cloneValues(query)
	query.Set("from", strconv.FormatInt(from, 10))
	query.Set("limit", strconv.Itoa(limit))
	path := matrix.At("/_synapse/admin/v3/users")
	if !s.facts.now().version.atLeast(1, 103) {
		path = matrix.At("/_synapse/admin/v2/users")
	}
	var out struct {
		Users []wireUser `json:"users"`
		Total int64      `json:"total"`
	}
	_, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: path, Query: query}, &out)
	if matrix.Is(err, http.StatusBadRequest, "M_INVALID_PARAM") {
		return nil, 0, matrix.Problem(err).At("sort")
	}
	if err != nil {
		return nil, 0, matrix.Problem(err)
	}
	return out.Users, out.Total, nil
}

func cloneValues(v url.Values) url.Values {
	out := make(url.Values, len(v)+2)
	for key, list := range v {
		out[key] = slices.Clone(list)
	}
	return out
}
