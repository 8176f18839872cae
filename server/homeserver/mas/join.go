// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

const (
	// joinPage is how many accounts are asked for at once. Synapse counts and sorts all of them for every page: of 250,000 one of 2,000 takes as long
	// as one of 500, 0.4 s.
	joinPage = 2000
	// tooManyLasts is how long a server with more accounts than can be held is taken for one.
	tooManyLasts = 10 * time.Minute
)

// bounds are how many accounts a server may have, on the side with more of them, for something to be done.
type bounds struct {
	// joined are held and put together for each list: some 10 MiB. The pages of both sides have nothing in common that they could be asked by,
	// so a list that compares them has to have read both.
	joined int64
	// compared are read beside the calls, to find those that differ: some 30 MiB while that lasts.
	compared int64
	// asked are looked up one by one.
	asked int
}

var usualBounds = bounds{joined: 20_000, compared: 250_000, asked: 1000}

// joined is the accounts of both sides, read a while ago.
type joined struct {
	reading sync.Mutex // held while both sides are read

	mu      sync.Mutex
	users   map[api.UserID]api.User
	unknown []string
	tooMany int64 // how many there are, where they cannot be held
	until   time.Time
}

// accounts returns every account of both sides, put together, and the fields that the list cannot tell; ok is false where there are
// more than can be held. What was read is good for ten seconds and twenty times as long as it took.
func (a *adapter) accounts(ctx context.Context) (users []api.User, unknown []string, ok bool, err error) {
	a.whole.reading.Lock()
	defer a.whole.reading.Unlock()
	if users, unknown, fresh, ok := a.whole.now(); fresh {
		return users, unknown, ok, nil
	}
	begin := time.Now()
	if n, err := a.count(ctx); err != nil {
		return nil, nil, false, err
	} else if n > a.bounds.joined {
		a.whole.keep(nil, nil, n, begin.Add(tooManyLasts))
		return nil, nil, false, nil
	}
	all, unknown, err := a.readBoth(ctx)
	if err != nil {
		return nil, nil, false, err
	}
	a.whole.keep(all, unknown, 0, time.Now().Add(10*time.Second+20*time.Since(begin)))
	users, unknown, _, ok = a.whole.now()
	return users, unknown, ok, nil
}

// count returns how many accounts the side with more of them has. Two requests at once.
func (a *adapter) count(ctx context.Context) (int64, error) {
	var here, there int64
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		p, err := readPage[user](ctx, a.mas, matrix.At("/api/admin/v1/users"), 1, "")
		if err != nil {
			return problem(err)
		}
		there = int64(p.Total)
		return nil
	})
	g.Go(func() error {
		p, err := homeserver.Call(ctx, a.synapse, api.ListUsers, api.UserQuery{System: api.With, Guests: api.Without, Limit: 1})
		if err == nil && p.Total != nil {
			here = *p.Total
		}
		return err
	})
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return max(here, there), nil
}

// readBoth reads both sides to their ends, at once.
func (a *adapter) readBoth(ctx context.Context) (map[api.UserID]api.User, []string, error) {
	own, err := a.keys.Own(ctx)
	if err != nil {
		return nil, nil, problem(err)
	}
	var accounts []account
	var unknown []string
	pairs := map[api.UserID]pair{}
	g, together := errgroup.WithContext(ctx)
	g.Go(func() error {
		var err error
		if accounts, _, err = readAll[user](together, a.mas, matrix.At("/api/admin/v1/users"), joinPage, int(2*a.bounds.joined)); err != nil {
			return problem(err)
		}
		return nil
	})
	g.Go(func() error {
		return a.eachAtSynapse(together, func(p api.UserPage) bool {
			unknown = p.Unknown
			for _, u := range p.Users {
				u.Unknown = p.Unknown
				pairs[u.ID] = pair{id: u.ID, synapse: &u}
			}
			return int64(len(pairs)) <= 2*a.bounds.joined
		})
	})
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	for _, one := range accounts {
		id := a.id(one.Attributes.Username)
		p := pairs[id]
		p.id, p.mas = id, &one
		pairs[id] = p
	}
	var alone []*api.User
	for _, p := range pairs {
		if p.mas == nil && !p.synapse.System && !p.synapse.Knows("appservice_id") {
			alone = append(alone, p.synapse)
		}
	}
	if err := a.learnBridges(ctx, alone, a.bounds.asked); err != nil {
		return nil, nil, err
	}
	all := make(map[api.UserID]api.User, len(pairs))
	for id, p := range pairs {
		u := p.user(own)
		u.System = u.System || a.settings.Hidden(id.Localpart())
		if p.synapse != nil {
			// The others are told once for the list.
			u.Unknown = slices.DeleteFunc(slices.Clone(u.Unknown), func(field string) bool { return field != "drift" })
		}
		all[id] = u
	}
	return all, remove(unknown, "locked"), nil
}

// eachAtSynapse hands Synapse's list over page by page, to its end or until it is told to stop.
func (a *adapter) eachAtSynapse(ctx context.Context, goOn func(api.UserPage) bool) error {
	q := api.UserQuery{System: api.With, Guests: api.Without, Limit: joinPage}
	for {
		p, err := homeserver.Call(ctx, a.synapse, api.ListUsers, q)
		if err != nil {
			return err
		}
		if q.Cursor = p.Next; !goOn(p) || q.Cursor == "" {
			return nil
		}
	}
}

// now returns what is held; fresh is false where nothing is, or it is old.
func (j *joined) now() (users []api.User, unknown []string, fresh, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if time.Now().After(j.until) {
		return nil, nil, false, false
	}
	return slices.Collect(maps.Values(j.users)), j.unknown, true, j.tooMany == 0
}

func (j *joined) keep(users map[api.UserID]api.User, unknown []string, tooMany int64, until time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.users, j.unknown, j.tooMany, j.until = users, unknown, tooMany, until
}

// size is how many accounts the server is known to have, 0 where they can be held or nobody knows.
func (j *joined) size() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if time.Now().After(j.until) {
		return 0
	}
	return j.tooMany
}

// note puts an account that was just written in place of what is held of it, so that the next list shows it.
func (a *adapter) note(u api.User) api.User {
	a.whole.note(u)
	if a.whole.size() > 0 {
		a.large.note(u)
	}
	return u
}

func (j *joined) note(u api.User) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.users != nil {
		held := u
		held.Threepids, held.ExternalIDs, held.Unknown, held.Begun = nil, nil, nil, nil
		j.users[u.ID] = held
	}
}
