// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
)

// owners knows which account has which address, where asking for each of a file's addresses takes longer than asking each account for its own: a file of
// 200,000 new accounts for a homeserver of fewer. Which it is shows while the file is read: once a tenth as many addresses were asked for as there are
// accounts, and the rest of the file would ask for more than there are if it goes on so, the accounts are asked.
type owners struct {
	mu    sync.Mutex
	asked int                         // addresses that were asked for one by one
	file  int64                       // so many will have been in the end, if the file goes on as it began
	rows  int64                       // that have been compared
	lines int64                       // of the file
	blind bool                        // accounts do not tell their addresses
	of    map[api.Threepid]api.UserID // nil before the accounts were asked
}

// trial is which part of a homeserver's accounts, in addresses, is asked for before what a file asks for is told from its beginning.
const trial = 10

// compared says that n more rows of the file have been compared.
func (o *owners) compared(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rows += int64(n)
	o.file = int64(o.asked) * max(o.lines, o.rows) / max(o.rows, 1)
}

// many reports whether a file asks for more addresses than there are accounts.
func (o *owners) many(accounts int) bool {
	return o.asked >= accounts || o.asked >= accounts/trial && o.file >= int64(accounts)
}

// owner returns who of a homeserver has an address, "" for nobody. told is false where the homeserver has to be asked for it.
func (k *known) owner(ctx context.Context, serverName string, t api.Threepid) (id api.UserID, told bool, err error) {
	o := &k.owners
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil && k.all != nil && !k.partly && !o.blind && o.many(len(k.all)) {
		if err := k.askAccounts(ctx, serverName); err != nil {
			return "", false, err
		}
	}
	if o.of == nil {
		o.asked++
		return "", false, nil
	}
	return o.of[addressOf(t)], true, nil
}

// askAccounts asks all accounts of a homeserver for their addresses.
func (k *known) askAccounts(ctx context.Context, serverName string) error {
	of, blind := map[api.Threepid]api.UserID{}, false
	var mu sync.Mutex
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(rowsCompared)
	for localpart := range k.all {
		group.Go(func() error {
			u, err := k.look(within, api.UserID("@"+localpart+":"+serverName))
			if p, ok := errors.AsType[*api.Problem](err); ok && p.Code == "not_found" {
				return nil // it was deleted since the list was read
			}
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			blind = blind || !u.Knows("threepids")
			for _, t := range u.Threepids {
				of[addressOf(t)] = u.ID
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if k.owners.blind = blind; !blind {
		k.owners.of = of
	}
	return nil
}

// addressOf is an address as it is compared.
func addressOf(t api.Threepid) api.Threepid {
	return api.Threepid{Medium: t.Medium, Address: api.CanonicalAddress(t.Medium, t.Address)}
}
