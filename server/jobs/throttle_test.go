// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"testing"
	"testing/synctest"
	"time"
)

// Calls that were slow at the same time make the limit less once; those that are slow after that, too, make it less again, until one is left.
func TestSlowTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle(Pace{AtOnce: 16})
		together := func(takes time.Duration) {
			n := th.whole()
			for range n {
				if err := th.begin(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(takes)
			for range n {
				th.end("users.lock", takes, went, 0)
			}
		}
		th.limit = th.ceiling
		together(50 * time.Millisecond)
		together(time.Second)
		if n := th.whole(); n != 12 { // four fifths
			t.Errorf("%d at once after it stood still", n)
		}
		for range 20 {
			together(time.Second)
		}
		if n := th.whole(); n != 1 {
			t.Errorf("%d at once where all is slow", n)
		}
	})
}
