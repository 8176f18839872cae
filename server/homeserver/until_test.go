// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestUntil(t *testing.T) {
	broken := errors.New("broken")
	pauses := []time.Duration{0, time.Second, 2 * time.Second}
	for name, c := range map[string]struct {
		doneAt, brokenAt int // the look, from 1
		done             bool
		err              error
		takes            time.Duration
	}{
		"at once": {doneAt: 1, done: true},
		"later":   {doneAt: 2, done: true, takes: time.Second},
		"never":   {takes: 3 * time.Second},
		"broken":  {doneAt: 3, brokenAt: 2, err: broken, takes: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin, looks := time.Now(), 0
				done, err := Until(pauses, func() (bool, error) {
					if looks++; looks == c.brokenAt {
						return false, broken
					}
					return looks == c.doneAt, nil
				})
				if done != c.done || !errors.Is(err, c.err) || time.Since(begin) != c.takes {
					t.Errorf("%t, %v after %s", done, err, time.Since(begin))
				}
			})
		})
	}
}
