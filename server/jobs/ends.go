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
	e        *Engine
	job      string
	throttle *throttle

	mu      sync.Mutex
	waiting []store.JobItem
	pending bool // somebody will write
	seconds [60]int64
	at      [60]int64 // which second each of them is
	first   time.Time // when the first one ended

	writing chan struct{} // full while somebody writes: no mutex, under which time would stand still in a test
}

// put takes an item that ended, or waits again.
func (w *ends) put(ctx context.Context, i store.JobItem) {
	w.mu.Lock()
	w.waiting = append(w.waiting, i)
	if i.State != store.ItemWaiting && i.State != store.ItemRunning {
		w.count()
	}
	full, alone := len(w.waiting) >= endsAtOnce, !w.pending
	w.pending = true
	w.mu.Unlock()
	switch {
	case full:
		_ = w.flush(ctx) // what could not be written is tried again with the next, and found in the audit log in the end
	case alone:
		time.AfterFunc(endsWait, func() { _ = w.flush(store.Patient(ctx, w.throttle.busy)) })
	}
}

// flush writes what has ended. What cannot be written stays.
func (w *ends) flush(ctx context.Context) error {
	w.writing <- struct{}{}
	defer func() { <-w.writing }()
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

// second counts the seconds since the first end, from 1, whatever becomes of the clock.
func (w *ends) second() int64 { return 1 + int64(since(w.first)/time.Second) }

func (w *ends) count() {
	if w.first.IsZero() {
		w.first = now()
	}
	second := w.second()
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
	if w.first.IsZero() {
		return 0
	}
	second := w.second()
	var n int64
	for i, at := range w.at {
		if second-at < int64(len(w.seconds)) {
			n += w.seconds[i]
		}
	}
	return n * 60 / min(60, second)
}

func ms(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
