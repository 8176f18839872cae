// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/server/store/storetest"
)

func TestRate(t *testing.T) { storetest.Each(t, testRate) }

func testRate(t *testing.T) {
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	s := newStore(t)
	clock := func() time.Time { return now }
	r, other := NewRate(s, "this", 3, clock), NewRate(s, "that", 3, clock)
	want := func(r *Rate, address string, wait time.Duration) {
		t.Helper()
		if full, err := r.Full(t.Context(), address); err != nil || full != wait {
			t.Errorf("full for %s, want %s; %v", full, wait, err)
		}
		if got, err := r.Count(t.Context(), address); err != nil || got != wait {
			t.Errorf("waits %s, want %s; %v", got, wait, err)
		}
	}
	for range 3 {
		want(r, "192.0.2.1", 0)
		now = now.Add(time.Minute)
	}
	want(r, "192.0.2.1", 12*time.Minute)
	want(r, "192.0.2.1", 12*time.Minute) // that did not count
	want(r, "192.0.2.2", 0)
	want(other, "192.0.2.1", 0)
	now = now.Add(12 * time.Minute)
	want(r, "192.0.2.1", 0)
	want(r, "2001:db8:1:2::1", 0)
	want(r, "2001:db8:1:2:ffff::9", 0)
	want(r, "2001:db8:1:2::", 0)
	want(r, "2001:db8:1:2::3", limitWindow)
	want(r, "2001:db8:1:3::3", 0)
}

// What is done at once is as much as it is.
func TestRateAtOnce(t *testing.T) { storetest.Each(t, testRateAtOnce) }

func testRateAtOnce(t *testing.T) {
	r := NewRate(newStore(t), "this", 5, time.Now)
	var let atomic.Int32
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			wait, err := r.Count(t.Context(), "192.0.2.1")
			if err != nil {
				t.Error(err)
			}
			if wait == 0 {
				let.Add(1)
			}
		})
	}
	all.Wait()
	if let.Load() != 5 {
		t.Errorf("%d were let through", let.Load())
	}
}
