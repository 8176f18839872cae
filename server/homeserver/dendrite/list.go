// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"gatehouse/app/api"
)

func (s *server) listUsers(ctx context.Context, q api.UserQuery) (api.UserPage, error) {
	if q.Locked == api.Only {
		return api.UserPage{}, unsupported("locked", reasonNoLock)
	}
	if q.Drift == api.Only {
		return api.UserPage{}, unsupported("drift", reasonNoMAS)
	}
	offset, err := readCursor(q.Cursor)
	if err != nil {
		return api.UserPage{}, err
	}
	limit := q.Limit
	if limit == 0 {
		limit = api.DefaultPage
	}
	if s.db != nil {
		return s.listDatabase(ctx, q, limit, offset)
	}
	return s.listKnown(ctx, q, limit, offset)
}

// listDatabase lists the accounts of Dendrite's database.
func (s *server) listDatabase(ctx context.Context, q api.UserQuery, limit int, offset int64) (api.UserPage, error) {
	rows, total, err := s.db.list(ctx, q, s.settings.Hide, limit, offset)
	if err != nil {
		return api.UserPage{}, err
	}
	own, err := s.ownID(ctx)
	if err != nil {
		return api.UserPage{}, err
	}
	page := api.UserPage{Users: make([]api.User, 0, len(rows)), Total: &total, Offset: offset, Unknown: []string{"threepids"}}
	for _, a := range rows {
		page.Users = append(page.Users, s.user(a, own))
	}
	page.Next, page.Previous = cursors(offset, limit, offset+int64(len(rows)) < total)
	return page, nil
}

// listKnown lists what can be known without the database: the user directory, and the accounts that Gatehouse made.
func (s *server) listKnown(ctx context.Context, q api.UserQuery, limit int, offset int64) (api.UserPage, error) {
	if err := answerable(q); err != nil {
		return api.UserPage{}, err
	}
	all, err := s.known(ctx)
	if err != nil {
		return api.UserPage{}, err
	}
	all = slices.DeleteFunc(all, func(u api.User) bool { return !wanted(u, q) })
	slices.SortFunc(all, func(a, b api.User) int {
		n := cmp.Or(compare(a, b, q.Sort), cmp.Compare(a.ID, b.ID))
		if q.Descending {
			return -n
		}
		return n
	})
	from := min(int(min(offset, int64(len(all)))), len(all))
	to := min(from+limit, len(all))
	page := api.UserPage{
		Users: all[from:to], Unknown: []string{"admin", "guest", "appservice_id", "last_seen_ms", "threepids"}, Limits: []string{reasonNoList},
	}
	for i := range page.Users {
		if err := s.remember(ctx, &page.Users[i]); err != nil {
			return api.UserPage{}, err
		}
	}
	page.Next, page.Previous = cursors(offset, limit, to < len(all))
	return page, nil
}

// answerable refuses the filters and orders that only the database can answer.
func answerable(q api.UserQuery) error {
	filters := []struct {
		field string
		asked bool
	}{
		{"admins", q.Admins.Narrows()},
		{"deactivated", q.Deactivated.Narrows()},
		{"guests", q.Guests.Narrows()},
		{"sort", q.Sort == api.SortLastSeen || q.Sort == api.SortAdmin},
	}
	for _, f := range filters {
		if f.asked {
			return unsupported(f.field, reasonNeedsDatabase)
		}
	}
	return nil
}

// known returns the local accounts that the directory or Gatehouse's own memory names.
func (s *server) known(ctx context.Context) ([]api.User, error) {
	serverName, err := s.serverName(ctx)
	if err != nil {
		return nil, err
	}
	made, err := s.keeper.MadeAccounts(ctx, s.settings.Name)
	if err != nil {
		return nil, err
	}
	listed, err := s.directory(ctx)
	if err != nil {
		return nil, problem(err)
	}
	own, err := s.ownID(ctx)
	if err != nil {
		return nil, err
	}
	users := map[api.UserID]api.User{}
	for _, u := range listed {
		if u.ID.Server() == serverName {
			u.Unknown = withoutDatabase("created_ms")
			users[u.ID] = u
		}
	}
	for _, m := range made {
		u, ok := users[m.ID]
		u.ID, u.CreatedMS, u.Unknown = m.ID, m.Created.UnixMilli(), withoutDatabase()
		if !ok {
			u.Unknown = withoutDatabase("display_name", "avatar_url")
		}
		users[m.ID] = u
	}
	out := make([]api.User, 0, len(users))
	for _, u := range users {
		u.System, u.Own = s.system(u.ID), u.ID == own
		out = append(out, u)
	}
	return out, nil
}

// withoutDatabase names the fields that nobody but the database tells, and more.
func withoutDatabase(more ...string) []string {
	return append([]string{"admin", "deactivated", "guest", "appservice_id", "last_seen_ms", "threepids"}, more...)
}

// wanted reports whether an account is in a list of what is known without the database.
func wanted(u api.User, q api.UserQuery) bool {
	switch q.System {
	case api.With:
	case api.Only:
		if !u.System {
			return false
		}
	default:
		if u.System {
			return false
		}
	}
	text := strings.ToLower(q.Search)
	return strings.Contains(strings.ToLower(string(u.ID)), text) || strings.Contains(strings.ToLower(u.DisplayName), text)
}

func compare(a, b api.User, sort api.UserSort) int {
	switch sort {
	case api.SortDisplay:
		return cmp.Compare(strings.ToLower(shown(a)), strings.ToLower(shown(b)))
	case api.SortCreated:
		return cmp.Compare(a.CreatedMS, b.CreatedMS)
	}
	return 0
}

func shown(u api.User) string { return cmp.Or(u.DisplayName, u.ID.Localpart()) }

// system reports whether an account is hidden by a pattern or is Dendrite's own.
func (s *server) system(id api.UserID) bool {
	return id.Localpart() == notices || s.settings.Hidden(id.Localpart())
}

// user makes a row of the database an account of the catalogue.
func (s *server) user(a account, own api.UserID) api.User {
	return api.User{
		ID: a.id, DisplayName: a.displayName, AvatarURL: api.MXC(a.avatar),
		Admin: a.kind == typeAdmin, Guest: a.kind == typeGuest, Deactivated: a.deactivated, AppService: a.appService,
		System: a.appService != "" || s.system(a.id), Own: own != "" && a.id == own, CreatedMS: a.createdMS, LastSeenMS: a.lastSeenMS,
	}
}

// Cursors hold how many accounts come before the page.

func cursors(offset int64, limit int, more bool) (next, previous string) {
	if more {
		next = writeCursor(offset + int64(limit))
	}
	if offset > 0 {
		previous = writeCursor(max(0, offset-int64(limit)))
	}
	return next, previous
}

func writeCursor(offset int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("o" + strconv.FormatInt(offset, 10)))
}

func readCursor(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	bad := api.NewProblem(api.StatusUnprocessable, "invalid_cursor").At("cursor")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return 0, bad
	}
	number, ok := strings.CutPrefix(string(raw), "o")
	offset, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || offset < 0 || offset > maxOffset {
		return 0, bad
	}
	return offset, nil
}

// maxOffset is more accounts than any server has; it keeps sums of offsets from overflowing.
const maxOffset = 1 << 40
