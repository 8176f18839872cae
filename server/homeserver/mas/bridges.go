// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
)

// askedAtOnce is how many accounts are looked up at the same time.
const askedAtOnce = 8

// bridges remembers the application service that an account belongs to, "" for none: that is settled when the account is made.
type bridges struct {
	mu sync.Mutex
	of map[api.UserID]string
}

// known returns the accounts whose application service was not met yet, and tells the others theirs.
func (b *bridges) known(alone []*api.User) (ask []*api.User) {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := make(map[api.UserID]string, len(alone)) // and none that have gone
	for _, u := range alone {
		service, ok := b.of[u.ID]
		if !ok {
			ask = append(ask, u)
			continue
		}
		u.AppService, kept[u.ID] = service, service
	}
	b.of = kept
	return ask
}

func (b *bridges) note(u *api.User, service string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	u.AppService, b.of[u.ID] = service, service
}

// learnBridges looks up the application services of accounts that only Synapse has, which its list does not tell: a bridge's account is no
// difference. One request for each account that was not met before (GET /_synapse/admin/v2/users/{id}), eight at a time. Of more than most, the
// others wait for the next reading, and whether they differ is named as unknown.
func (a *adapter) learnBridges(ctx context.Context, alone []*api.User, most int) error {
	ask := a.bridges.known(alone)
	slices.SortFunc(ask, func(a, b *api.User) int { return cmp.Compare(a.ID, b.ID) })
	if len(ask) > most {
		for _, u := range ask[most:] {
			u.Unknown = append(slices.Clone(u.Unknown), "drift")
		}
		ask = ask[:most]
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(askedAtOnce)
	for _, u := range ask {
		g.Go(func() error {
			found, err := homeserver.Call(ctx, a.synapse, api.GetUser, api.UserRef{ID: u.ID})
			if err == nil || missing(err) { // it may have gone meanwhile
				a.bridges.note(u, found.AppService)
				return nil
			}
			return err
		})
	}
	return g.Wait()
}
