// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"strconv"
	"sync"
	"time"

	"gatehouse/server/store"
)

// How many items that ended are written together, and how long one waits for others. Until then the audit log alone knows how they ended.
const (
	endsAtOnce = 64
	endsWait   = 100 * time.Millisecond
)

// ends collects the items of a run as they end, writes them in heaps and counts them.
type ends struct {
	e   *Engine
	job string

	mu      sync.Mutex
	waiting []store.JobItem
	pending bool // somebody will write
	seconds [60]int64
	at      [60]int64 // which second each of them is
	began   int64

	writing sync.Mutex
}

// put takes an item that ended, or waits again.
func (w *ends) put(ctx context.Context, i store.JobItem) {
	w.mu.Lock()
	w.waiting = append(w.waiting, i)
	if i.State != store.ItemWaiting && i.State != store.ItemRunning {
		w.count(now().Unix())
	}
	full, alone := len(w.waiting) >= endsAtOnce, !w.pending
	w.pending = true
	w.mu.Unlock()
	switch {
	case full:
		_ = w.flush(ctx) // what could not be written is tried again with the next, and found in the audit log in the end
	case alone:
		time.AfterFunc(endsWait, func() { _ = w.flush(ctx) })
	}
}

// flush writes what has ended. What cannot be written stays.
func (w *ends) flush(ctx context.Context) error {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.mu.Lock()
	items := w.waiting
	w.waiting, w.pending = nil, false
	w.mu.Unlock()
	if len(items) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := w.e.Store.SetJobItems(ctx, w.job, items)
	if err != nil {
		w.e.Log.Error("items of a job could not be written", "job", w.job, "error", err.Error())
		w.mu.Lock()
		w.waiting = append(items, w.waiting...)
		w.mu.Unlock()
	}
	return err
}

func (w *ends) count(second int64) {
	if w.began == 0 {
		w.began = second
	}
	slot := second % int64(len(w.seconds))
	if w.at[slot] != second {
		w.at[slot], w.seconds[slot] = second, 0
	}
	w.seconds[slot]++
}

// perMinute is how many items end in a minute, by what ended in the last one.
func (w *ends) perMinute() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	second := now().Unix()
	var n int64
	for i, at := range w.at {
		if second-at < int64(len(w.seconds)) {
			n += w.seconds[i]
		}
	}
	if w.began == 0 {
		return 0
	}
	return n * 60 / max(1, min(60, second-w.began+1))
}

func ms(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
