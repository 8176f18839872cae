// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"

	"gatehouse/app/api"
)

// Wipe wipes the passwords that have had their time, as Sweep does once a minute.
func (e *Engine) Wipe(ctx context.Context) error { return e.wipe(ctx) }

// Stop ends a running job that cannot go on, as a run does.
func (e *Engine) Stop(ctx context.Context, id string, why *api.Problem) error {
	return e.stop(ctx, id, why, e.keep)
}

// BeginCourtesy shows this process's courtesy until end is called.
func BeginCourtesy() (end func(), err error) { return shown.begin() }
