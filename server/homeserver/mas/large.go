// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

// largeLasts is how long MAS's lists of administrators and of locked accounts are taken for what they were.
const largeLasts = time.Minute

// large is what is held of a server with more accounts than are read for one list: who is an administrator or locked at MAS, and which accounts
// differ, by name.
type large struct {
	reading sync.Mutex // held while MAS is asked

	mu             sync.Mutex
	until          time.Time
	admins, locked map[api.UserID]bool // nil where there are more than are held
	differs        differences
	looked         map[api.UserID]api.User // accounts that were looked up since
}

// listLarge returns a page of such a server. Administrators, locked accounts and those that differ are few, known by name, and looked up one by
// one; everything else is Synapse's list, completed with what MAS says. Accounts that only MAS has are among those that differ alone.
func (a *adapter) listLarge(ctx context.Context, q api.UserQuery) (api.UserPage, error) {
	if err := a.readLarge(ctx); err != nil {
		return api.UserPage{}, err
	}
	lacks := a.lacksLarge()
	for field, asked := range map[string]bool{
		"admins": q.Admins.Narrows(), "locked": q.Locked.Narrows(), "drift": q.Drift.Narrows(), "sort.admin": q.Sort == api.SortAdmin,
	} {
		if reason := lacks[field]; asked && reason != "" {
			name, _, _ := strings.Cut(field, ".")
			return api.UserPage{}, api.NewProblem(api.StatusNotSupported, "not_supported", "reason", reason).At(name)
		}
	}
	if ids, some := a.large.wanted(q); some {
		return a.listOf(ctx, q, ids)
	}
	return a.listBeside(ctx, q, lacks)
}

// lacksLarge says what the list of such a server cannot tell, and why.
func (a *adapter) lacksLarge() map[string]string {
	l := &a.large
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]string{"sort.admin": reasonTooMany}
	for field, held := range map[string]map[api.UserID]bool{"admins": l.admins, "locked": l.locked} {
		if held == nil && !l.until.IsZero() {
			out[field] = reasonManySuch
		}
	}
	if l.differs.of == nil {
		out["drift"] = reasonComparing
		if a.whole.size() > a.bounds.compared {
			out["drift"] = reasonNotCompared
		}
	}
	return out
}

// wanted returns the accounts that a query asks for by name, if it asks for some alone; the other filters have still to be applied.
func (l *large) wanted(q api.UserQuery) (ids []api.UserID, some bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case q.Drift == api.Only:
		return slices.Sorted(maps.Keys(l.differs.of)), true
	case q.Admins == api.Only:
		return slices.Sorted(maps.Keys(l.admins)), true
	case q.Locked == api.Only:
		return slices.Sorted(maps.Keys(l.locked)), true
	}
	return nil, false
}

// listOf is the list of accounts that are known by name. Where they are more than are looked up for one call, they can be had page by page in the
// order of their IDs; sorted otherwise, the first are all there is.
func (a *adapter) listOf(ctx context.Context, q api.UserQuery, ids []api.UserID) (api.UserPage, error) {
	at, err := openCursor(q)
	if err != nil {
		return api.UserPage{}, err
	}
	limits := a.unsure(q)
	byID := q.Sort == "" || q.Sort == api.SortName
	if len(ids) > a.bounds.asked && (!byID || strings.HasPrefix(q.Search, "@")) {
		low := strings.TrimPrefix(strings.ToLower(q.Search), "@")
		ids = slices.DeleteFunc(ids, func(id api.UserID) bool { return !strings.Contains(strings.ToLower(string(id)), low) })
	}
	if len(ids) > a.bounds.asked {
		if byID {
			page, err := a.listByID(ctx, q, ids, at)
			page.Limits = limits
			return page, err
		}
		ids, limits = ids[:a.bounds.asked], append(limits, reasonFirst)
	}
	users, err := a.lookUp(ctx, ids)
	if err != nil {
		return api.UserPage{}, err
	}
	order := ordering(q)
	users = slices.DeleteFunc(users, func(u api.User) bool { return !a.matches(u, q) })
	slices.SortFunc(users, order)
	page := cut(users, order, at, q, notListed)
	page.Limits = limits
	return page, nil
}

// notListed are the fields that lists of accounts known by name do not tell.
var notListed = []string{"threepids", "external_ids"}

// listByID returns a page of sorted accounts, of which as many are looked up as it takes to fill it, and not more than one call may: Scanned and Of
// say how far that got.
func (a *adapter) listByID(ctx context.Context, q api.UserQuery, ids []api.UserID, at cursor) (api.UserPage, error) {
	order := ordering(q)
	place := func(of api.UserID) (int, bool) {
		return slices.BinarySearchFunc(ids, of, func(id, of api.UserID) int { return order(api.User{ID: id}, api.User{ID: of}) })
	}
	if q.Descending {
		slices.Reverse(ids)
	}
	begin, found := 0, false
	if at.Beside.ID != "" {
		begin, found = place(at.Beside.ID)
	}
	rest := ids[begin:]
	switch {
	case at.Before:
		rest = slices.Clone(ids[:begin])
		slices.Reverse(rest)
	case found:
		begin, rest = begin+1, rest[1:]
	}
	size := q.Limit
	if size <= 0 {
		size = api.DefaultPage
	}
	users, asked := []api.User{}, 0
	for len(users) < size && asked < len(rest) && asked < a.bounds.asked {
		n := min(size-len(users), len(rest)-asked, a.bounds.asked-asked)
		some, err := a.lookUp(ctx, rest[asked:asked+n])
		if err != nil {
			return api.UserPage{}, err
		}
		users = append(users, slices.DeleteFunc(some, func(u api.User) bool { return !a.matches(u, q) })...)
		asked += n
	}
	end := begin + asked
	if at.Before {
		slices.Reverse(users)
		begin, end = begin-asked, begin
	}
	page := api.UserPage{Users: users, Scanned: int64(end), Of: int64(len(ids)), Unknown: notListed}
	if end < len(ids) && end > 0 {
		page.Next = cursor{Beside: api.User{ID: ids[end-1]}}.text(q)
	}
	if begin > 0 && begin < len(ids) {
		page.Previous = cursor{Beside: api.User{ID: ids[begin]}, Before: true}.text(q)
	}
	return page, nil
}

// unsure says that there may be more accounts that differ than are known, where a query asks for them.
func (a *adapter) unsure(q api.UserQuery) []string {
	a.large.mu.Lock()
	defer a.large.mu.Unlock()
	if q.Drift.Narrows() && a.large.differs.unsure {
		return []string{reasonBridges}
	}
	return nil
}

// lookUp reads accounts from both sides, eight at a time, but for those that were read just before. One that neither has any more is left out.
func (a *adapter) lookUp(ctx context.Context, ids []api.UserID) ([]api.User, error) {
	own, err := a.keys.Own(ctx)
	if err != nil {
		return nil, problem(err)
	}
	l := &a.large
	found := make([]*api.User, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(askedAtOnce)
	for i, id := range ids {
		l.mu.Lock()
		u, had := l.looked[id]
		l.mu.Unlock()
		if had {
			found[i] = &u
			continue
		}
		g.Go(func() error {
			p, err := a.look(ctx, id)
			if missing(err) {
				return nil
			}
			if err == nil {
				u := p.user(own)
				u.System = u.System || a.settings.Hidden(id.Localpart())
				u = l.note(u)
				found[i] = &u
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	users := make([]api.User, 0, len(ids))
	for _, u := range found {
		if u != nil {
			users = append(users, *u)
		}
	}
	return users, nil
}

// listBeside is Synapse's own list, with what MAS says beside it. Accounts that a filter leaves out are missing from the page that it has.
func (a *adapter) listBeside(ctx context.Context, q api.UserQuery, lacks map[string]string) (api.UserPage, error) {
	theirs := q
	theirs.Admins, theirs.Drift = "", ""
	if lacks["locked"] == "" {
		theirs.Locked = ""
	}
	page, err := homeserver.Call(ctx, a.synapse, api.ListUsers, theirs)
	if err != nil {
		return api.UserPage{}, err
	}
	l := &a.large
	l.mu.Lock()
	for i := range page.Users {
		u := &page.Users[i]
		u.Admin, u.Drift = l.admins[u.ID], l.differs.of[u.ID]
		if l.locked != nil {
			u.Locked = l.locked[u.ID]
		}
		if slices.Contains(u.Drift, api.DriftDeactivated) {
			u.Deactivated = !u.Deactivated // MAS decides
		}
	}
	// What Synapse filtered by its own state may be otherwise at MAS. Those that it left out for it are among the differences.
	ended := q.Deactivated.Narrows() && l.differs.has(api.DriftDeactivated)
	l.mu.Unlock()
	if q.Admins == api.Without || q.Locked == api.Without || q.Drift == api.Without || ended {
		page.Total = nil // it counts others, too
		page.Users = slices.DeleteFunc(page.Users, func(u api.User) bool {
			return q.Admins == api.Without && u.Admin || q.Locked == api.Without && u.Locked || q.Drift == api.Without && len(u.Drift) > 0 ||
				q.Deactivated == api.Without && u.Deactivated || q.Deactivated == api.Only && !u.Deactivated
		})
	}
	if ended {
		page.Limits = append(page.Limits, reasonEnded)
	}
	if lacks["locked"] == "" {
		page.Unknown = remove(page.Unknown, "locked")
	}
	if lacks["admins"] != "" {
		page.Unknown = append(page.Unknown, "admin")
	}
	why := lacks["drift"]
	if why == "" {
		why = reasonTooMany
	}
	page.Limits = append(append(page.Limits, why), a.unsure(q)...)
	return page, nil
}

// readLarge asks MAS for its administrators and for its locked accounts, where that was not done a minute ago, and has both sides compared where
// that is due.
func (a *adapter) readLarge(ctx context.Context) error {
	l := &a.large
	l.reading.Lock()
	defer l.reading.Unlock()
	a.compareSoon(ctx)
	l.mu.Lock()
	fresh := time.Now().Before(l.until)
	l.mu.Unlock()
	if fresh {
		return nil
	}
	var admins, locked map[api.UserID]bool
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		admins, err = a.names(ctx, administrators())
		return err
	})
	g.Go(func() (err error) {
		locked, err = a.names(ctx, withStatus("locked"))
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.admins, l.locked, l.looked, l.until = admins, locked, nil, time.Now().Add(largeLasts)
	return nil
}

// names returns the accounts at MAS that a filter lets through, nil where there are more than can be held.
func (a *adapter) names(ctx context.Context, filters ...filter) (map[api.UserID]bool, error) {
	found, all, err := readAll[user](ctx, a.mas, matrix.At("/api/admin/v1/users"), joinPage, int(a.bounds.joined), filters...)
	if err != nil {
		return nil, problem(err)
	}
	if !all || int64(len(found)) > a.bounds.joined {
		return nil, nil
	}
	out := make(map[api.UserID]bool, len(found))
	for _, one := range found {
		out[a.id(one.Attributes.Username)] = true
	}
	return out, nil
}

// note puts an account that was just read or written in place of what is held of it, and returns what that is.
func (l *large) note(u api.User) api.User {
	u.Threepids, u.ExternalIDs, u.Begun = nil, nil, nil
	u.Unknown = slices.DeleteFunc(slices.Clone(u.Unknown), func(field string) bool { return field == "threepids" || field == "external_ids" })
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.looked == nil {
		l.looked = map[api.UserID]api.User{}
	}
	l.looked[u.ID] = u
	mark(l.admins, u.ID, u.Admin)
	mark(l.locked, u.ID, u.Locked)
	l.differs.note(u)
	return u
}

func mark(in map[api.UserID]bool, id api.UserID, is bool) {
	switch {
	case in == nil:
	case is:
		in[id] = true
	default:
		delete(in, id)
	}
}
