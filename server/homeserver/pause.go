// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"context"
	"time"
)

// AwaitEvery is how often an adapter looks whether another gate has made the account that both need.
const AwaitEvery = 250 * time.Millisecond

// Pause waits, unless ctx ends first.
func Pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
