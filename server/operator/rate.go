// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"crypto/sha256"
	"sync"
	"time"
)

// Rate counts what an address does that it may do only so often: tries of links that do not work, looks whether a name is free. Its
// methods may be called from many goroutines. As in [Limits], a try counts from Allow on, before its end is known, and an IPv6
// address counts as its /64.
type Rate struct {
	now func() time.Time

	mu        sync.Mutex
	addresses table
}

// NewRate returns a Rate that allows n within 15 minutes. now is the clock.
func NewRate(now func() time.Time, n int) *Rate {
	return &Rate{now: now, addresses: newTable(n)}
}

// Allow asks whether an address may try. With wait > 0 it may not, until that much time has passed. Otherwise the try counts, and
// must be ended with one of [Rate.Failed] and [Rate.Cancelled].
func (r *Rate) Allow(address string) (wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, now := rateKey(address), r.now()
	if wait = r.addresses.full(key, now); wait == 0 {
		r.addresses.begin(key, now)
	}
	return wait
}

// Failed notes that the try counts.
func (r *Rate) Failed(address string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addresses.fail(rateKey(address), r.now())
}

// Cancelled takes a try back.
func (r *Rate) Cancelled(address string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addresses.cancel(rateKey(address))
}

func rateKey(address string) limitKey { return sha256.Sum256([]byte("address\x00" + network(address))) }
