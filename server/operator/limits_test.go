// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gatehouse/server/store/storetest"
)

var limitsStart = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

// A stopwatch is a clock that a test moves.
type stopwatch struct{ now time.Time }

var limitsKey = []byte("a key for the names")

func newLimits(t *testing.T) (*Limits, *stopwatch) {
	t.Helper()
	w := &stopwatch{limitsStart}
	return NewLimits(newStore(t), limitsKey, func() time.Time { return w.now }), w
}

// fataler is a test, or a property.
type fataler interface {
	Helper()
	Fatal(...any)
}

func allow(t fataler, l *Limits, name, address string) *Try {
	t.Helper()
	try, err := l.Allow(context.Background(), name, address)
	if err != nil {
		t.Fatal(err)
	}
	return try
}

func end(t fataler, how func(context.Context) error) {
	t.Helper()
	if err := how(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// fail makes a wrong attempt and reports whether it was allowed.
func fail(t fataler, l *Limits, name, address string) bool {
	t.Helper()
	try := allow(t, l, name, address)
	if try.Wait > 0 {
		return false
	}
	end(t, try.Failed)
	return true
}

func wantWait(t *testing.T, l *Limits, name, address string, want time.Duration) *Try {
	t.Helper()
	try := allow(t, l, name, address)
	if try.Wait != want {
		t.Errorf("%s from %s waits %v, want %v", name, address, try.Wait, want)
	}
	return try
}

func TestFiveFailuresOfANameFromAnAddress(t *testing.T) {
	storetest.Each(t, testFiveFailuresOfANameFromAnAddress)
}

func testFiveFailuresOfANameFromAnAddress(t *testing.T) {
	l, w := newLimits(t)
	for i := range limitPair {
		if !fail(t, l, "ann", "192.0.2.1") {
			t.Fatalf("attempt %d refused", i+1)
		}
		w.now = w.now.Add(time.Minute)
	}
	wantWait(t, l, "ann", "192.0.2.1", 10*time.Minute) // the first was five minutes ago
	wantWait(t, l, " ANN ", "192.0.2.1", 10*time.Minute)
	wantWait(t, l, "bob", "192.0.2.1", 0)
	wantWait(t, l, "ann", "192.0.2.2", 0)

	w.now = w.now.Add(10*time.Minute - time.Millisecond)
	wantWait(t, l, "ann", "192.0.2.1", time.Millisecond)
	w.now = w.now.Add(time.Millisecond)
	if !fail(t, l, "ann", "192.0.2.1") {
		t.Error("refused after the time it was told")
	}
	wantWait(t, l, "ann", "192.0.2.1", time.Minute) // then the second one's turn
}

func TestTwentyFailuresFromAnAddress(t *testing.T) {
	storetest.Each(t, testTwentyFailuresFromAnAddress)
}

func testTwentyFailuresFromAnAddress(t *testing.T) {
	l, w := newLimits(t)
	for i := range limitAddress {
		if !fail(t, l, fmt.Sprint("user", i), "192.0.2.1") {
			t.Fatalf("attempt %d refused", i+1)
		}
	}
	wantWait(t, l, "somebody else", "192.0.2.1", limitWindow)
	wantWait(t, l, "somebody else", "192.0.2.2", 0)
	w.now = w.now.Add(limitWindow)
	wantWait(t, l, "somebody else", "192.0.2.1", 0)
}

// Being refused is no further failure: who waits as long as told gets in.
func TestRefusalsDoNotCount(t *testing.T) { storetest.Each(t, testRefusalsDoNotCount) }

func testRefusalsDoNotCount(t *testing.T) {
	l, w := newLimits(t)
	for range limitPair {
		fail(t, l, "ann", "192.0.2.1")
	}
	for range 20 {
		w.now = w.now.Add(time.Second)
		if fail(t, l, "ann", "192.0.2.1") {
			t.Fatal("allowed")
		}
	}
	wantWait(t, l, "ann", "192.0.2.1", limitWindow-20*time.Second)
	wantWait(t, l, "bob", "192.0.2.1", 0)
}

func TestNetworks(t *testing.T) { storetest.Each(t, testNetworks) }

func testNetworks(t *testing.T) {
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
			l, _ := newLimits(t)
			for range limitPair {
				fail(t, l, "ann", tt.a)
			}
			if wait := allow(t, l, "ann", tt.b).Wait; (wait > 0) != tt.same {
				t.Errorf("after %s, %s waits %v", tt.a, tt.b, wait)
			}
		})
	}
}

// From many addresses a name gets slower and slower, but is never refused.
func TestANameAloneOnlyGetsSlower(t *testing.T) { storetest.Each(t, testANameAloneOnlyGetsSlower) }

func testANameAloneOnlyGetsSlower(t *testing.T) {
	l, w := newLimits(t)
	attempt := 0
	next := func() (wait, delay time.Duration) {
		attempt++
		address := fmt.Sprintf("198.51.%d.%d", attempt/250, attempt%250)
		try := allow(t, l, "ann", address)
		end(t, try.Failed)
		return try.Wait, try.Delay
	}
	ms := time.Millisecond
	for i, want := range []time.Duration{0, 0, 0, 0, 0, 250 * ms, 500 * ms, 1000 * ms, 2000 * ms, 4000 * ms, 4000 * ms, 4000 * ms} {
		if wait, delay := next(); wait != 0 || delay != want {
			t.Errorf("attempt %d: wait %v, delay %v, want delay %v", i+1, wait, delay, want)
		}
	}
	for range 100 {
		if wait, delay := next(); wait != 0 || delay != slowMost {
			t.Fatalf("attempt %d: wait %v, delay %v", attempt, wait, delay)
		}
	}
	if delay := allow(t, l, "bob", "192.0.2.1").Delay; delay != 0 {
		t.Errorf("another name waits %v", delay)
	}
	w.now = w.now.Add(limitWindow)
	if delay := allow(t, l, "ann", "192.0.2.1").Delay; delay != 0 {
		t.Errorf("after a quiet time: delay %v", delay)
	}
}

func TestSuccess(t *testing.T) { storetest.Each(t, testSuccess) }

func testSuccess(t *testing.T) {
	l, _ := newLimits(t)
	for range limitPair - 1 {
		fail(t, l, "ann", "192.0.2.1")
	}
	end(t, wantWait(t, l, "ann", "192.0.2.1", 0).Succeeded)
	for i := range limitPair {
		if !fail(t, l, "ann", "192.0.2.1") {
			t.Fatalf("attempt %d after a success refused", i+1)
		}
	}
	if fail(t, l, "ann", "192.0.2.1") {
		t.Error("a success made it endless")
	}
}

// With an account of one's own one cannot buy further guesses at others'.
func TestSuccessDoesNotClearTheAddress(t *testing.T) {
	storetest.Each(t, testSuccessDoesNotClearTheAddress)
}

func testSuccessDoesNotClearTheAddress(t *testing.T) {
	l, _ := newLimits(t)
	allowed := 0
	for i := range 3 * limitAddress {
		if fail(t, l, fmt.Sprint("victim", i), "192.0.2.1") {
			allowed++
		}
		if try := allow(t, l, "own", "192.0.2.1"); try.Wait == 0 {
			end(t, try.Succeeded)
		}
	}
	if allowed != limitAddress {
		t.Errorf("%d guesses, want %d", allowed, limitAddress)
	}
}

// Many who share one address and sign in rightly are no attack.
func TestSuccessesDoNotCount(t *testing.T) { storetest.Each(t, testSuccessesDoNotCount) }

func testSuccessesDoNotCount(t *testing.T) {
	l, _ := newLimits(t)
	for i := range 3 * limitAddress {
		name := fmt.Sprint("user", i)
		end(t, wantWait(t, l, name, "192.0.2.1", 0).Succeeded)
	}
}

func TestCancelledAttemptsDoNotCount(t *testing.T) {
	storetest.Each(t, testCancelledAttemptsDoNotCount)
}

func testCancelledAttemptsDoNotCount(t *testing.T) {
	l, _ := newLimits(t)
	for range 3 * limitAddress {
		end(t, wantWait(t, l, "ann", "192.0.2.1", 0).Cancelled)
	}
}

// An attempt whose end nobody says counts as one under way, and not for long.
func TestForgottenAttempts(t *testing.T) { storetest.Each(t, testForgottenAttempts) }

func testForgottenAttempts(t *testing.T) {
	l, w := newLimits(t)
	for range limitPair {
		wantWait(t, l, "ann", "192.0.2.1", 0)
	}
	wantWait(t, l, "ann", "192.0.2.1", attemptLife)
	w.now = w.now.Add(attemptLife)
	wantWait(t, l, "ann", "192.0.2.1", 0)
}

// Guesses sent all at once, to two gates, are counted before the first has its answer.
func TestAttemptsAtOnce(t *testing.T) { storetest.Each(t, testAttemptsAtOnce) }

func testAttemptsAtOnce(t *testing.T) {
	source := storetest.Source(t)
	now := func() time.Time { return limitsStart }
	gates := []*Limits{NewLimits(storeAt(t, source), limitsKey, now), NewLimits(storeAt(t, source), limitsKey, now)}
	var mu sync.Mutex
	var allowed []*Try
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			try, err := gates[i%2].Allow(t.Context(), "ann", "192.0.2.1")
			if err != nil {
				t.Error(err)
			} else if try.Wait == 0 {
				mu.Lock()
				defer mu.Unlock()
				allowed = append(allowed, try)
			}
		})
	}
	wg.Wait()
	if len(allowed) != limitPair {
		t.Errorf("%d at once, want %d", len(allowed), limitPair)
	}
	for _, try := range allowed {
		end(t, try.Failed)
	}
	for _, l := range gates {
		wantWait(t, l, "ann", "192.0.2.1", limitWindow)
	}
}

// A name may be a password that was typed into the wrong field: nothing in the store can be compared with a guess at it.
func TestNamesAreHashedWithTheKey(t *testing.T) {
	a, b := NewLimits(nil, limitsKey, nil), NewLimits(nil, []byte("another key"), nil)
	if a.key("name", "x") == b.key("name", "x") || a.key("name", "x") != a.key("name", "x") || a.key("a", "b") == a.key("a", "b", "") {
		t.Error("the key is not used, or texts run into each other")
	}
}

// However attempts, ends and pauses follow each other, there are never more
// failures in a window than allowed.
func TestLimitsHold(t *testing.T) { storetest.Each(t, testLimitsHold) }

func testLimitsHold(t *testing.T) {
	l, w := newLimits(t)
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++ // each has addresses of its own
		type failure struct {
			pair string
			addr string
			at   time.Time
		}
		var failures []failure
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			name := rapid.SampledFrom([]string{"ann", "bob", "cem"}).Draw(t, "name")
			addr := rapid.SampledFrom([]string{fmt.Sprintf("10.0.%d.1", round), fmt.Sprintf("10.0.%d.2", round)}).Draw(t, "address")
			w.now = w.now.Add(time.Duration(rapid.IntRange(0, 120).Draw(t, "seconds")) * time.Second)
			try := allow(t, l, name, addr)
			wait, delay := try.Wait, try.Delay
			if wait < 0 || wait > limitWindow || delay < 0 || delay > slowMost || wait > 0 && delay > 0 {
				t.Fatalf("wait %v, delay %v", wait, delay)
			}
			if wait > 0 {
				continue
			}
			switch rapid.SampledFrom([]string{"failed", "failed", "failed", "cancelled"}).Draw(t, "end") {
			case "failed":
				end(t, try.Failed)
				failures = append(failures, failure{name + addr, addr, w.now})
			case "cancelled":
				end(t, try.Cancelled)
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
