// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"context"
	"errors"
	"time"

	"gatehouse/app/api"
)

// awaitEvery is how often an adapter looks whether another gate has made the account that both need.
const awaitEvery = 250 * time.Millisecond

// AwaitServiceAccount waits for the service account that another gate on the same store makes in place of old, "" for none, and returns it.
func AwaitServiceAccount(ctx context.Context, k Keeper, homeserver string, old api.UserID) (ServiceAccount, error) {
	for {
		if err := Pause(ctx, awaitEvery); err != nil {
			return ServiceAccount{}, err
		}
		kept, err := k.ServiceAccount(ctx, homeserver)
		if err == nil && kept.ID != old && !kept.Token.IsZero() {
			return kept, nil
		}
		if err != nil && !errors.Is(err, ErrNone) {
			return ServiceAccount{}, err
		}
	}
}

// Pause waits, unless ctx ends first.
func Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
