// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"

	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// resealedAtOnce is how many items are sealed again together: the row of a file can be long.
const resealedAtOnce = 100

// Reseal seals the passwords and the rows of files with the current key that the previous one had sealed: those that wait to be handed out may do so for
// longer than the previous one is there.
func (e *Engine) Reseal(ctx context.Context) error {
	if !e.Seal.Two() {
		return nil
	}
	last := store.JobItem{}
	for {
		items, err := e.Store.SealedJobItems(ctx, last.Job, last.N, resealedAtOnce)
		if err != nil || len(items) == 0 {
			return err
		}
		again := make([]store.JobItem, len(items))
		changed := false
		for n, i := range items {
			now := store.JobItem{Job: i.Job, N: i.N}
			if now.Secret, err = e.Seal.Again(seal.PurposeSeal, i.Secret, secretData(i)); err != nil {
				return err
			}
			if now.Row, err = e.Seal.Again(seal.PurposeSeal, i.Row, rowData(i)); err != nil {
				return err
			}
			changed = changed || now.Secret != nil || now.Row != nil
			again[n] = now
		}
		if changed {
			if err := e.Store.SealJobItems(ctx, items, again); err != nil {
				return err
			}
		}
		last = items[len(items)-1]
	}
}
