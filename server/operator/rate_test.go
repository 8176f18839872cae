// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestRate(t *testing.T) {
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	r := NewRate(func() time.Time { return now }, 3)
	for range 50 { // what was good does not count
		if wait := r.Allow("192.0.2.1"); wait != 0 {
			t.Fatalf("wait %s", wait)
		}
		r.Cancelled("192.0.2.1")
	}
	for i := range 3 {
		if wait := r.Allow("192.0.2.1"); wait != 0 {
			t.Fatalf("try %d: wait %s", i, wait)
		}
		r.Failed("192.0.2.1")
		now = now.Add(time.Minute)
	}
	if wait := r.Allow("192.0.2.1"); wait != 12*time.Minute {
		t.Errorf("the fourth: wait %s", wait)
	}
	if wait := r.Allow("192.0.2.2"); wait != 0 {
		t.Errorf("another address: wait %s", wait)
	}
	now = now.Add(12 * time.Minute)
	if wait := r.Allow("192.0.2.1"); wait != 0 {
		t.Errorf("later: wait %s", wait)
	}
	for range 3 {
		r.Allow("2001:db8:1:2::1")
		r.Failed("2001:db8:1:2:ffff::9")
	}
	if r.Allow("2001:db8:1:2::3") == 0 || r.Allow("2001:db8:1:3::3") != 0 {
		t.Error("an IPv6 address does not count as its /64")
	}
}

// Tries at once are as many as they are.
func TestRateAtOnce(t *testing.T) {
	r := NewRate(time.Now, 5)
	var let atomic.Int32
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if r.Allow("192.0.2.1") == 0 {
				let.Add(1)
			}
		})
	}
	all.Wait()
	if let.Load() != 5 {
		t.Errorf("%d were let through", let.Load())
	}
}
