// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"gatehouse/app/api"
)

// The reasons (`missing.<reason>`) why something cannot be had: why a list is Synapse's alone, and what MAS does not keep or let
// be changed.
const (
	reasonTooMany     = "mas_too_many"
	reasonComparing   = "mas_comparing"
	reasonNotCompared = "mas_not_compared"
	reasonManySuch    = "mas_too_many_such"
	reasonFirst       = "mas_first"
	reasonNoDevices   = "mas_no_device_edit"
	reasonNoPhones    = "mas_no_phones"
	reasonOld         = "mas_old"
	reasonBridges     = "mas_bridges"
	reasonEnded       = "mas_ended"
)

// list returns a page of the accounts of both sides. It is filtered, sorted and counted here: Synapse sorts and MAS does not, MAS knows
// who is locked and administrator, Synapse knows names, and neither knows what only the other has. On servers with more accounts than
// can be held it is listLarge's.
func (a *adapter) list(ctx context.Context, q api.UserQuery) (api.UserPage, error) {
	users, unknown, ok, err := a.accounts(ctx)
	if err != nil {
		return api.UserPage{}, err
	}
	if !ok {
		return a.listLarge(ctx, q)
	}
	at, err := openCursor(q)
	if err != nil {
		return api.UserPage{}, err
	}
	asked := q.Drift.Narrows()
	unsure := asked && slices.ContainsFunc(users, func(u api.User) bool { return !u.Knows("drift") })
	order := ordering(q)
	users = slices.DeleteFunc(users, func(u api.User) bool { return !a.matches(u, q) || asked && !u.Knows("drift") })
	slices.SortFunc(users, order)
	page := cut(users, order, at, q, unknown)
	if unsure {
		page.Limits = append(page.Limits, reasonBridges)
	}
	return page, nil
}

// cut takes the page out of the sorted list. A cursor names the account beside the page, so that nobody is shown twice or left out
// because somebody else came or went.
func cut(users []api.User, order func(a, b api.User) int, at cursor, q api.UserQuery, unknown []string) api.UserPage {
	size := q.Limit
	if size <= 0 {
		size = api.DefaultPage
	}
	begin := 0
	if at.Beside.ID != "" {
		place, found := slices.BinarySearchFunc(users, at.Beside, order)
		switch {
		case at.Before:
			begin = max(0, place-size)
		case found:
			begin = place + 1
		default:
			begin = place
		}
	}
	end := min(begin+size, len(users))
	total := int64(len(users))
	page := api.UserPage{Users: users[begin:end], Total: &total, Offset: int64(begin), Unknown: unknown}
	if page.Users == nil {
		page.Users = []api.User{}
	}
	if end < len(users) {
		page.Next = cursor{Beside: users[end-1]}.text(q)
	}
	if begin > 0 && begin < len(users) {
		page.Previous = cursor{Beside: users[begin], Before: true}.text(q)
	}
	return page
}

// matches applies the filters.
func (a *adapter) matches(u api.User, q api.UserQuery) bool {
	system := q.System
	if system == "" && len(a.settings.Hide) > 0 {
		system = api.Without
	}
	for _, f := range []struct {
		asked api.Filter
		has   bool
	}{
		{q.Admins, u.Admin}, {q.Deactivated, u.Deactivated}, {q.Locked, u.Locked}, {q.Guests, u.Guest}, {q.Drift, len(u.Drift) > 0}, {system, u.System},
	} {
		if f.asked == api.Only && !f.has || f.asked == api.Without && f.has {
			return false
		}
	}
	low := strings.ToLower(q.Search)
	if strings.HasPrefix(low, "@") {
		return strings.Contains(strings.ToLower(string(u.ID)), low)
	}
	return strings.Contains(strings.ToLower(u.ID.Localpart()), low) || strings.Contains(strings.ToLower(u.DisplayName), low)
}

// ordering is how a query wants its accounts sorted; the ID decides where nothing else does, so that the order is always the same.
func ordering(q api.UserQuery) func(a, b api.User) int {
	by := map[api.UserSort]func(a, b api.User) int{
		api.SortDisplay: func(a, b api.User) int {
			return strings.Compare(strings.ToLower(a.DisplayName), strings.ToLower(b.DisplayName))
		},
		api.SortCreated:  func(a, b api.User) int { return cmp.Compare(a.CreatedMS, b.CreatedMS) },
		api.SortLastSeen: func(a, b api.User) int { return cmp.Compare(a.LastSeenMS, b.LastSeenMS) },
		api.SortAdmin: func(a, b api.User) int {
			switch {
			case a.Admin == b.Admin:
				return 0
			case b.Admin:
				return -1
			}
			return 1
		},
	}[q.Sort]
	return func(a, b api.User) int {
		order := 0
		if by != nil {
			order = by(a, b)
		}
		if order == 0 {
			order = strings.Compare(string(a.ID), string(b.ID))
		}
		if q.Descending {
			return -order
		}
		return order
	}
}

// cursor is the place beside an account: of it, what the list can be sorted by.
type cursor struct {
	Beside api.User
	Before bool
}

// written is a cursor's form.
type written struct {
	ID       api.UserID `json:"i"`
	Display  string     `json:"d,omitempty"`
	Created  int64      `json:"c,omitempty"`
	LastSeen int64      `json:"l,omitempty"`
	Admin    bool       `json:"a,omitempty"`
	Before   bool       `json:"b,omitempty"`
	Query    uint32     `json:"q"`
}

func (c cursor) text(q api.UserQuery) string {
	u := c.Beside
	data, err := json.Marshal(written{u.ID, u.DisplayName, u.CreatedMS, u.LastSeenMS, u.Admin, c.Before, fingerprint(q)})
	if err != nil {
		panic(err) // texts and numbers always encode
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func openCursor(q api.UserQuery) (cursor, error) {
	if q.Cursor == "" {
		return cursor{}, nil
	}
	var w written
	data, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil || json.Unmarshal(data, &w) != nil || w.Query != fingerprint(q) || w.ID == "" {
		return cursor{}, api.NewProblem(api.StatusUnprocessable, "invalid_cursor").At("cursor")
	}
	return cursor{Beside: api.User{ID: w.ID, DisplayName: w.Display, CreatedMS: w.Created, LastSeenMS: w.LastSeen, Admin: w.Admin}, Before: w.Before}, nil
}

// fingerprint tells queries apart whose lists are not the same one. The size of a page is not of them.
func fingerprint(q api.UserQuery) uint32 {
	q.Cursor, q.Limit = "", 0
	h := fnv.New32a()
	fmt.Fprintf(h, "%q", []any{q.Search, q.Admins, q.Deactivated, q.Locked, q.Guests, q.Drift, q.System, q.Sort, q.Descending})
	return h.Sum32()
}
