// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPauseEndsWithTheContext(t *testing.T) {
	for name, d := range map[string]time.Duration{"later": time.Hour, "at once": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := Pause(t.Context(), d); err != nil {
					t.Error(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				if d == 0 {
					cancel()
				}
				go func() {
					synctest.Wait()
					cancel()
				}()
				if err := Pause(ctx, d); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}
