// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"crypto/rand"
	"time"

	"gatehouse/server/store"
)

// Rate counts what an address does that it may do only so often: tries of links that do not work, looks whether a name is free. As in
// [Limits], it counts over all gates that share the store, and an IPv6 address counts as its /64.
type Rate struct {
	store *store.Store
	what  string
	most  int
	now   func() time.Time
}

// NewRate returns a Rate that allows n within 15 minutes of what is named. now is the clock.
func NewRate(s *store.Store, what string, n int, now func() time.Time) *Rate {
	return &Rate{store: s, what: what, most: n, now: now}
}

// Full returns how long an address has to wait until it may do so again, 0 if it may now.
func (r *Rate) Full(ctx context.Context, address string) (wait time.Duration, err error) {
	now := r.now()
	free, _, err := r.store.Full(ctx, r.limits(address), now)
	return until(free, now), err
}

// Count counts that an address does so, unless it has to wait: then it does not count, and may not be done.
func (r *Rate) Count(ctx context.Context, address string) (wait time.Duration, err error) {
	now := r.now()
	free, _, err := r.store.BeginAttempt(context.WithoutCancel(ctx), rand.Text(), r.limits(address), now, now.Add(limitWindow))
	return until(free, now), err
}

func (r *Rate) limits(address string) []store.Limit {
	return []store.Limit{{Key: r.what + " from " + network(address), Most: r.most}}
}

// until is how long it is to a time, 0 for the zero time.
func until(t, now time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return t.Sub(now)
}
