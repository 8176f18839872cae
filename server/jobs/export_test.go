// SPDX-License-Identifier: Apache-2.0

package jobs

import "context"

// Wipe wipes the passwords that have had their time, as Sweep does once a minute.
func (e *Engine) Wipe(ctx context.Context) error { return e.wipe(ctx) }
