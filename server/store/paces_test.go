// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"sync"
	"testing"
	"time"

	"gatehouse/server/store/storetest"
)

func TestTurns(t *testing.T) { storetest.Each(t, testTurns) }

func testTurns(t *testing.T) {
	source := storetest.Source(t)
	stores := []*Store{openAt(t, source), openAt(t, source)}
	p := Pace{Every: 100 * time.Millisecond, AtOnce: 3}
	now := t0
	turn := func(i int, longest, want time.Duration) {
		t.Helper()
		if got, err := stores[i%2].TakeTurn(t.Context(), "this", p, now, longest); err != nil || got != want {
			t.Errorf("turn %d waits %s, %v, want %s", i, got, err, want)
		}
	}
	for i := range 3 {
		turn(i, 0, 0)
	}
	for range 3 {
		if _, err := stores[0].TakeTurn(t.Context(), "this", p, now, 99*time.Millisecond); !errors.Is(err, ErrConflict) {
			t.Errorf("longer than it may be: %v", err)
		}
	}
	turn(3, time.Minute, 100*time.Millisecond)
	turn(4, time.Minute, 200*time.Millisecond)
	now = now.Add(300 * time.Millisecond)
	turn(5, 0, 0)
	turn(6, time.Minute, 100*time.Millisecond)
	now = now.Add(time.Hour)
	for i := range 3 {
		turn(i, 0, 0)
	}
	turn(3, time.Minute, 100*time.Millisecond)
	if wait, err := stores[0].TakeTurn(t.Context(), "that", p, now, 0); err != nil || wait != 0 {
		t.Errorf("another one waits %s, %v", wait, err)
	}
	if n, err := stores[0].PurgePaces(t.Context(), now.Add(100*time.Millisecond)); err != nil || n != 1 {
		t.Errorf("%d purged, %v", n, err)
	}
	if n, err := stores[0].PurgePaces(t.Context(), now.Add(400*time.Millisecond)); err != nil || n != 1 {
		t.Errorf("%d purged, %v", n, err)
	}
}

// Turns that were taken before the clock was set back keep nobody waiting until it is as late again.
func TestTurnsOfALaterClock(t *testing.T) { storetest.Each(t, testTurnsOfALaterClock) }

func testTurnsOfALaterClock(t *testing.T) {
	s := openAt(t, storetest.Source(t))
	p := Pace{Every: time.Second, AtOnce: 2}
	for _, c := range []struct {
		at   time.Duration
		want time.Duration
	}{
		{time.Hour, 0}, {time.Hour, 0}, {time.Hour, time.Second},
		{time.Hour - time.Minute, time.Minute + 2*time.Second}, // machines of which one is a little ahead
		{0, 0}, {0, 0}, {0, time.Second},
	} {
		if got, err := s.TakeTurn(t.Context(), "this", p, t0.Add(c.at), time.Hour); err != nil || got != c.want {
			t.Errorf("at %s: %s, %v, want %s", c.at, got, err, c.want)
		}
	}
}

// Turns that are taken at once, at two gates, are one after the other all the same.
func TestTurnsAtOnce(t *testing.T) { storetest.Each(t, testTurnsAtOnce) }

func testTurnsAtOnce(t *testing.T) {
	source := storetest.Source(t)
	stores := []*Store{openAt(t, source), openAt(t, source)}
	var mu sync.Mutex
	waits := map[time.Duration]int{}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			wait, err := stores[i%2].TakeTurn(t.Context(), "this", Pace{Every: time.Second, AtOnce: 5}, t0, time.Hour)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			waits[wait]++
		})
	}
	all.Wait()
	if waits[0] != 5 || len(waits) != 16 || waits[15*time.Second] != 1 {
		t.Errorf("%v", waits)
	}
}
