// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var limitsStart = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

// A stopwatch is a clock that a test moves.
type stopwatch struct{ now time.Time }

func newLimits() (*Limits, *stopwatch) {
	w := &stopwatch{limitsStart}
	return NewLimits(func() time.Time { return w.now }), w
}

// fail makes a wrong attempt and reports whether it was allowed.
func fail(l *Limits, name, address string) bool {
	if wait, _ := l.Allow(name, address); wait > 0 {
		return false
	}
	l.Failed(name, address)
	return true
}

func wantWait(t *testing.T, l *Limits, name, address string, want time.Duration) {
	t.Helper()
	if got, _ := l.Allow(name, address); got != want {
		t.Errorf("%s from %s waits %v, want %v", name, address, got, want)
	}
}

func TestFiveFailuresOfANameFromAnAddress(t *testing.T) {
	l, w := newLimits()
	for i := range limitPair {
		if !fail(l, "ann", "192.0.2.1") {
			t.Fatalf("attempt %d refused", i+1)
		}
		w.now = w.now.Add(time.Minute)
	}
	wantWait(t, l, "ann", "192.0.2.1", 10*time.Minute) // the first was five minutes ago
	wantWait(t, l, " ANN ", "192.0.2.1", 10*time.Minute)
	wantWait(t, l, "bob", "192.0.2.1", 0)
	wantWait(t, l, "ann", "192.0.2.2", 0)

	w.now = w.now.Add(10*time.Minute - time.Nanosecond)
	wantWait(t, l, "ann", "192.0.2.1", time.Nanosecond)
	w.now = w.now.Add(time.Nanosecond)
	if !fail(l, "ann", "192.0.2.1") {
		t.Error("refused after the time it was told")
	}
	wantWait(t, l, "ann", "192.0.2.1", time.Minute) // then the second one's turn
}

func TestTwentyFailuresFromAnAddress(t *testing.T) {
	l, w := newLimits()
	for i := range limitAddress {
		if !fail(l, fmt.Sprint("user", i), "192.0.2.1") {
			t.Fatalf("attempt %d refused", i+1)
		}
	}
	wantWait(t, l, "somebody else", "192.0.2.1", limitWindow)
	wantWait(t, l, "somebody else", "192.0.2.2", 0)
	w.now = w.now.Add(limitWindow)
	wantWait(t, l, "somebody else", "192.0.2.1", 0)
}

// Being refused is no further failure: who waits as long as told gets in.
func TestRefusalsDoNotCount(t *testing.T) {
	l, w := newLimits()
	for range limitPair {
		fail(l, "ann", "192.0.2.1")
	}
	for range 100 {
		w.now = w.now.Add(time.Second)
		if fail(l, "ann", "192.0.2.1") {
			t.Fatal("allowed")
		}
	}
	wantWait(t, l, "ann", "192.0.2.1", limitWindow-100*time.Second)
	wantWait(t, l, "bob", "192.0.2.1", 0)
}

func TestNetworks(t *testing.T) {
	tests := []struct {
		name string
		a, b string
		same bool
	}{
		{"one IPv4 address", "192.0.2.1", "192.0.2.1", true},
		{"two IPv4 addresses", "192.0.2.1", "192.0.2.2", false},
		{"IPv4 written as IPv6", "192.0.2.1", "::ffff:192.0.2.1", true},
		{"one IPv6 network", "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
		{"one IPv6 address, spelled differently", "2001:db8::1", "2001:DB8:0:0:0:0:0:1", true},
		{"two IPv6 networks", "2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"a zone", "fe80::1%eth0", "fe80::2%eth1", true},
		{"what is no address", "", "@", true},
		{"what is none and what is one", "", "192.0.2.1", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, _ := newLimits()
			for range limitPair {
				fail(l, "ann", tt.a)
			}
			wait, _ := l.Allow("ann", tt.b)
			if (wait > 0) != tt.same {
				t.Errorf("after %s, %s waits %v", tt.a, tt.b, wait)
			}
		})
	}
}

// From many addresses a name gets slower and slower, but is never refused.
func TestANameAloneOnlyGetsSlower(t *testing.T) {
	l, w := newLimits()
	attempt := 0
	next := func() (wait, delay time.Duration) {
		attempt++
		address := fmt.Sprintf("198.51.%d.%d", attempt/250, attempt%250)
		wait, delay = l.Allow("ann", address)
		l.Failed("ann", address)
		return wait, delay
	}
	ms := time.Millisecond
	for i, want := range []time.Duration{0, 0, 0, 0, 0, 250 * ms, 500 * ms, 1000 * ms, 2000 * ms, 4000 * ms, 4000 * ms, 4000 * ms} {
		if wait, delay := next(); wait != 0 || delay != want {
			t.Errorf("attempt %d: wait %v, delay %v, want delay %v", i+1, wait, delay, want)
		}
	}
	for range 1000 {
		if wait, delay := next(); wait != 0 || delay != slowMost {
			t.Fatalf("attempt %d: wait %v, delay %v", attempt, wait, delay)
		}
	}
	if _, delay := l.Allow("bob", "192.0.2.1"); delay != 0 {
		t.Errorf("another name waits %v", delay)
	}
	w.now = w.now.Add(limitWindow)
	if _, delay := l.Allow("ann", "192.0.2.1"); delay != 0 {
		t.Errorf("after a quiet time: delay %v", delay)
	}
}

func TestSuccess(t *testing.T) {
	l, _ := newLimits()
	for range limitPair - 1 {
		fail(l, "ann", "192.0.2.1")
	}
	wantWait(t, l, "ann", "192.0.2.1", 0)
	l.Succeeded("ann", "192.0.2.1")
	for i := range limitPair {
		if !fail(l, "ann", "192.0.2.1") {
			t.Fatalf("attempt %d after a success refused", i+1)
		}
	}
	if fail(l, "ann", "192.0.2.1") {
		t.Error("a success made it endless")
	}
}

// With an account of one's own one cannot buy further guesses at others'.
func TestSuccessDoesNotClearTheAddress(t *testing.T) {
	l, _ := newLimits()
	allowed := 0
	for i := range 10 * limitAddress {
		if fail(l, fmt.Sprint("victim", i), "192.0.2.1") {
			allowed++
		}
		if wait, _ := l.Allow("own", "192.0.2.1"); wait == 0 {
			l.Succeeded("own", "192.0.2.1")
		}
	}
	if allowed != limitAddress {
		t.Errorf("%d guesses, want %d", allowed, limitAddress)
	}
}

// Many who share one address and sign in rightly are no attack.
func TestSuccessesDoNotCount(t *testing.T) {
	l, _ := newLimits()
	for i := range 10 * limitAddress {
		name := fmt.Sprint("user", i)
		wantWait(t, l, name, "192.0.2.1", 0)
		l.Succeeded(name, "192.0.2.1")
	}
}

func TestCancelledAttemptsDoNotCount(t *testing.T) {
	l, _ := newLimits()
	for range 10 * limitAddress {
		wantWait(t, l, "ann", "192.0.2.1", 0)
		l.Cancelled("ann", "192.0.2.1")
	}
}

// An attempt whose end nobody says counts as one under way, and not for long.
func TestForgottenAttempts(t *testing.T) {
	l, w := newLimits()
	for range limitPair {
		wantWait(t, l, "ann", "192.0.2.1", 0)
	}
	wantWait(t, l, "ann", "192.0.2.1", attemptLife)
	w.now = w.now.Add(attemptLife)
	wantWait(t, l, "ann", "192.0.2.1", 0)
}

// Guesses sent all at once are counted before the first has its answer.
func TestAttemptsAtOnce(t *testing.T) {
	l, _ := newLimits()
	var allowed atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if wait, _ := l.Allow("ann", "192.0.2.1"); wait == 0 {
				allowed.Add(1)
			}
		})
	}
	wg.Wait()
	if got := allowed.Load(); got != limitPair {
		t.Errorf("%d at once, want %d", got, limitPair)
	}
	for range limitPair {
		l.Failed("ann", "192.0.2.1")
	}
	wantWait(t, l, "ann", "192.0.2.1", limitWindow)
}

// Whatever happens, the tables stay bounded, and nobody waits longer than the window.
func TestLimitsAreBounded(t *testing.T) {
	l, w := newLimits()
	const more = 500
	for i := range limitEntries + more {
		fail(l, fmt.Sprint("user", i), fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
		w.now = w.now.Add(time.Millisecond)
	}
	for name, table := range map[string]table{"pairs": l.pairs, "addresses": l.addresses, "names": l.names} {
		if len(table.entries) != limitEntries || table.used.Len() != limitEntries {
			t.Errorf("%s: %d entries, %d in the list, want %d", name, len(table.entries), table.used.Len(), limitEntries)
		}
	}
}

// However attempts, ends and pauses follow each other, there are never more
// failures in a window than allowed.
func TestLimitsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, w := newLimits()
		type failure struct {
			pair string
			addr string
			at   time.Time
		}
		var failures []failure
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			name := rapid.SampledFrom([]string{"ann", "bob", "cem"}).Draw(t, "name")
			addr := rapid.SampledFrom([]string{"192.0.2.1", "192.0.2.2"}).Draw(t, "address")
			w.now = w.now.Add(time.Duration(rapid.IntRange(0, 120).Draw(t, "seconds")) * time.Second)
			wait, delay := l.Allow(name, addr)
			if wait < 0 || wait > limitWindow || delay < 0 || delay > slowMost || wait > 0 && delay > 0 {
				t.Fatalf("wait %v, delay %v", wait, delay)
			}
			if wait > 0 {
				continue
			}
			switch rapid.SampledFrom([]string{"failed", "failed", "failed", "cancelled"}).Draw(t, "end") {
			case "failed":
				l.Failed(name, addr)
				failures = append(failures, failure{name + addr, addr, w.now})
			case "cancelled":
				l.Cancelled(name, addr)
			}
			pair, address := 0, 0
			for _, f := range failures {
				if w.now.Sub(f.at) < limitWindow && f.addr == addr {
					address++
					if f.pair == name+addr {
						pair++
					}
				}
			}
			if pair > limitPair || address > limitAddress {
				t.Fatalf("%d failures of %s from %s, %d from there", pair, name, addr, address)
			}
		}
	})
}

func TestNextTick(t *testing.T) {
	for _, tt := range []struct{ after, want time.Duration }{
		{0, 250 * time.Millisecond},
		{time.Nanosecond, 250 * time.Millisecond},
		{249 * time.Millisecond, 250 * time.Millisecond},
		{250 * time.Millisecond, 500 * time.Millisecond},
		{999 * time.Millisecond, time.Second},
	} {
		if got := NextTick(limitsStart.Add(tt.after)).Sub(limitsStart); got != tt.want {
			t.Errorf("%v: next tick at %v, want %v", tt.after, got, tt.want)
		}
	}
}
