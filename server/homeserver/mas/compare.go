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
	"gatehouse/server/homeserver/matrix"
)

const (
	// compareTime bounds one comparison of both sides.
	compareTime = 15 * time.Minute
	// comparedLasts is how long its result is good for at least; one that took longer is good for twenty times as long as it took.
	comparedLasts = 10 * time.Minute
)

// differences are the accounts of a server with many that differ between both sides.
type differences struct {
	of     map[api.UserID][]string // nil while nobody has compared
	unsure bool                    // of some it is not known whether they are a bridge's
}

// note puts what is known of one account in place of what is held of it.
func (d differences) note(u api.User) {
	switch {
	case d.of == nil || !u.Knows("drift"):
	case len(u.Drift) > 0:
		d.of[u.ID] = u.Drift
	default:
		delete(d.of, u.ID)
	}
}

// has reports whether any account differs in something.
func (d differences) has(drift string) bool {
	for _, list := range d.of {
		if slices.Contains(list, drift) {
			return true
		}
	}
	return false
}

// comparison is the work that is done beside the calls.
type comparison struct {
	mu      sync.Mutex
	running bool
	closed  bool
	next    time.Time // when it is due again
	stop    context.CancelFunc
	work    sync.WaitGroup
}

// compareSoon begins to compare both sides of a server with many accounts, unless that was done, is being done, or would be too much. It does
// not wait for it: that takes minutes.
func (a *adapter) compareSoon(ctx context.Context) {
	c := &a.comparison
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running || c.closed || time.Now().Before(c.next) || a.whole.size() > a.bounds.compared {
		return
	}
	ctx, c.stop = context.WithTimeout(context.WithoutCancel(ctx), compareTime)
	c.running = true
	c.work.Go(func() {
		begin := time.Now()
		found, err := a.compare(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.stop()
		c.running, c.next = false, time.Now().Add(comparedLasts+20*time.Since(begin))
		if err != nil { // what was known before stays; MAS or Synapse was away
			c.next = time.Now().Add(time.Minute)
			return
		}
		a.large.mu.Lock()
		defer a.large.mu.Unlock()
		a.large.differs = found
	})
}

// close ends the work and waits until it has ended.
func (c *comparison) close() {
	c.mu.Lock()
	c.closed = true
	if c.running {
		c.stop()
	}
	c.mu.Unlock()
	c.work.Wait()
}

// What is held of an account while both sides are compared: a bit for each thing that they have an opinion about.
const (
	hasMAS sides = 1 << iota
	adminAtMAS
	lockedAtMAS
	endedAtMAS
	hasSynapse
	adminAtSynapse
	lockedAtSynapse
	endedAtSynapse
)

// sides is what both sides say of one account.
type sides uint8

func (s *sides) set(bit sides, is bool) {
	if is {
		*s |= bit
	}
}

// pair is the account as far as it matters to whether it differs; unknown are the fields that Synapse's list does not tell.
func (s sides) pair(id api.UserID, unknown []string) pair {
	at := func(bit sides) *time.Time {
		if s&bit == 0 {
			return nil
		}
		return &time.Time{}
	}
	p := pair{id: id}
	if s&hasMAS != 0 {
		p.mas = &account{Attributes: user{Admin: s&adminAtMAS != 0, Locked: at(lockedAtMAS), Deactivated: at(endedAtMAS)}}
	}
	if s&hasSynapse != 0 {
		p.synapse = &api.User{ID: id, Admin: s&adminAtSynapse != 0, Locked: s&lockedAtSynapse != 0, Deactivated: s&endedAtSynapse != 0, Unknown: unknown}
	}
	return p
}

// compare reads both sides to their ends and returns those that differ. Some 80 bytes of memory an account while it lasts. What differs is looked
// at once more, where that is not too much: accounts change while the lists are read.
func (a *adapter) compare(ctx context.Context) (differences, error) {
	index, unknown, err := a.index(ctx)
	if err != nil {
		return differences{}, err
	}
	found := differences{of: map[api.UserID][]string{}}
	var alone []*api.User
	for id, has := range index {
		p := has.pair(id, unknown)
		if p.mas == nil {
			if !a.settings.Hidden(id.Localpart()) {
				alone = append(alone, p.synapse)
			}
			continue
		}
		found.note(p.user(""))
	}
	if err := a.learnBridges(ctx, alone, int(a.bounds.joined)); err != nil {
		return differences{}, err
	}
	for _, u := range alone {
		found.unsure = found.unsure || !u.Knows("drift")
		found.note(pair{id: u.ID, synapse: u}.user(""))
	}
	if len(found.of) <= a.bounds.asked {
		again, err := a.lookUp(ctx, slices.Collect(maps.Keys(found.of)))
		if err != nil {
			return differences{}, err
		}
		clear(found.of)
		for _, u := range again {
			found.note(u)
		}
	}
	return found, nil
}

// index reads both sides, at once, and returns what they say of each account, and the fields that Synapse's list does not tell.
func (a *adapter) index(ctx context.Context) (map[api.UserID]sides, []string, error) {
	var mu sync.Mutex
	index := map[api.UserID]sides{}
	var unknown []string
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		_, err := readEach(ctx, a.mas, matrix.At("/api/admin/v1/users"), joinPage, func(found []account) bool {
			mu.Lock()
			defer mu.Unlock()
			for _, one := range found {
				s := index[a.id(one.Attributes.Username)] | hasMAS
				s.set(adminAtMAS, one.Attributes.Admin)
				s.set(lockedAtMAS, one.Attributes.Locked != nil)
				s.set(endedAtMAS, one.Attributes.Deactivated != nil)
				index[a.id(one.Attributes.Username)] = s
			}
			return true
		})
		if err != nil {
			return problem(err)
		}
		return nil
	})
	g.Go(func() error {
		return a.eachAtSynapse(ctx, func(p api.UserPage) bool {
			mu.Lock()
			defer mu.Unlock()
			unknown = p.Unknown
			for _, u := range p.Users {
				s := index[u.ID] | hasSynapse
				s.set(adminAtSynapse, u.Admin)
				s.set(lockedAtSynapse, u.Locked)
				s.set(endedAtSynapse, u.Deactivated)
				index[u.ID] = s
			}
			return true
		})
	})
	err := g.Wait()
	return index, unknown, err
}
