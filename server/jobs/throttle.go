// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How the throttle finds out what a homeserver can take. It begins with few calls at once, and adds one for every round that goes well. Calls
// that take several times as long as they do when few are under way wait in the homeserver's queue: then there are fewer. Those that were under way
// at the same time tell of the same thing, so that it is done once for all of them. After an error there is one, after a pause.
const (
	firstAtOnce = 4
	slowFactor  = 4                      // so many times the usual time is slow,
	slowFloor   = 200 * time.Millisecond // unless it is short all the same
	slowDown    = 0.8
	maxPause    = 30 * time.Second
	minPause    = time.Second
	baseHolds   = time.Minute // then what is usual is found out anew
)

// readyFactor is how many times as many calls wait for their turn, at most, as may be under way: some of them wait for the disk until their intent
// is written, and while they do a quick homeserver answers as many as may be under way.
const readyFactor = 2

// An ending is what a call tells the throttle.
type ending int

const (
	went    ending = iota // it was answered, well or not: the homeserver works
	limited               // the homeserver asked to wait
	broken                // no answer, or an error of its own
)

// A throttle bounds the calls of all jobs to one homeserver. Its methods may be called from many goroutines.
type throttle struct {
	ceiling float64
	pace    *rate.Limiter // nil: no bound

	mu      sync.Mutex
	limit   float64
	running queue     // for calls that the homeserver is asked
	readied queue     // for calls that wait for their turn with an intent in the log
	until   time.Time // nothing is begun before
	lowered time.Time // when a slow call last made limit less
	broken  int       // errors in a row
	failed  int64     // errors in all
	pausing bool      // somebody will look when until is over
	base    map[string]*usual
}

// A queue is who is in, and who waits for that, in the order in which they came.
type queue struct {
	n       int
	waiting []chan struct{} // closed when one is in
}

// usual is how long an operation takes where nothing is in its way: the shortest time seen lately.
type usual struct {
	least, next time.Duration
	since       time.Time
}

func newThrottle(p Pace) *throttle {
	if p.AtOnce <= 0 {
		p.AtOnce = DefaultAtOnce
	}
	t := &throttle{
		ceiling: float64(p.AtOnce), limit: min(firstAtOnce, float64(p.AtOnce)), base: map[string]*usual{},
	}
	if p.PerSecond > 0 {
		t.pace = rate.NewLimiter(rate.Limit(p.PerSecond), 1)
	}
	return t
}

// begin waits for its turn. The error is that of ctx.
func (t *throttle) begin(ctx context.Context) error {
	if t.pace != nil {
		if err := t.pace.Wait(ctx); err != nil {
			return context.Cause(ctx)
		}
	}
	return t.wait(ctx, &t.running)
}

// ready waits until a call may be made ready for its turn. The error is that of ctx.
func (t *throttle) ready(ctx context.Context) error { return t.wait(ctx, &t.readied) }

// busy reports whether the homeserver is asked for something.
func (t *throttle) busy() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.running.n > 0
}

// full reports whether the homeserver is asked for as much as it may be.
func (t *throttle) full() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.running.n >= t.whole()
}

// unready says that one that was made ready does not wait for its turn any more.
func (t *throttle) unready() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.readied.n--
	t.admit()
}

// wait waits until one more is in q, and nothing is to be waited for.
func (t *throttle) wait(ctx context.Context, q *queue) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	in := make(chan struct{})
	t.mu.Lock()
	q.waiting = append(q.waiting, in)
	t.admit()
	t.mu.Unlock()
	select {
	case <-in:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(q.waiting, in); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	} else {
		q.n--
		t.admit()
	}
	return context.Cause(ctx)
}

// admit lets those in who need wait no more.
func (t *throttle) admit() {
	if wait := time.Until(t.until); wait > 0 {
		if !t.pausing {
			t.pausing = true
			time.AfterFunc(wait, func() {
				t.mu.Lock()
				defer t.mu.Unlock()
				t.pausing = false
				t.admit()
			})
		}
		return
	}
	t.running.admit(t.whole())
	t.readied.admit(readyFactor * t.whole())
}

// admit lets in who waits, as long as there are less than most.
func (q *queue) admit(most int) {
	for q.n < most && len(q.waiting) > 0 {
		q.n++
		close(q.waiting[0])
		q.waiting = slices.Delete(q.waiting, 0, 1)
	}
}

func (t *throttle) whole() int { return max(1, int(t.limit)) }

// end tells how a call that began went. wait is what the homeserver asked for, if it did.
func (t *throttle) end(operation string, took time.Duration, how ending, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running.n--
	now := time.Now()
	switch how {
	case went:
		t.broken = 0
		switch {
		case t.slow(operation, took, now):
			if now.Add(-took).After(t.lowered) {
				t.limit, t.lowered = max(1, t.limit*slowDown), now
			}
		case t.running.n+1 >= t.whole(): // more would have been tried
			t.limit = min(t.ceiling, t.limit+1/t.limit)
		}
	case limited:
		t.broken = 0
		t.limit = max(1, t.limit/2)
		t.pause(now, wait)
	case broken:
		t.broken++
		t.failed++
		t.limit = 1
		t.pause(now, min(maxPause, minPause<<min(t.broken-1, 5)))
	}
	t.admit()
}

// slow reports whether a call took much longer than is usual, and learns from it what is.
func (t *throttle) slow(operation string, took time.Duration, now time.Time) bool {
	u := t.base[operation]
	if u == nil {
		u = &usual{least: took, next: took, since: now}
		t.base[operation] = u
	}
	u.least, u.next = min(u.least, took), min(u.next, took)
	if now.Sub(u.since) > baseHolds {
		u.least, u.next, u.since = u.next, took, now
	}
	return took > slowFactor*u.least && took > slowFloor
}

func (t *throttle) pause(now time.Time, wait time.Duration) {
	if until := now.Add(wait); until.After(t.until) {
		t.until = until
	}
}

// failures returns how many errors of the homeserver there were in all.
func (t *throttle) failures() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.failed
}

// waits returns until when nothing is begun, and whether that is because the homeserver is away.
func (t *throttle) waits() (until time.Time, away bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until, t.broken > 0
}
