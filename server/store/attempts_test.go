// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"testing"
	"time"

	"gatehouse/server/store/storetest"
)

func TestAttempts(t *testing.T) { storetest.Each(t, testAttempts) }

func testAttempts(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	limits := []Limit{{"wide", 3}, {"narrow", 2}}
	begin := func(name string, want time.Duration, full string) {
		t.Helper()
		free, by, err := s.BeginAttempt(ctx, name, limits, t0, t0.Add(time.Minute))
		must(t, err)
		if want == 0 && free.IsZero() && by.Key == "" {
			return
		}
		if got := free.Sub(t0); got != want || by.Key != full {
			t.Errorf("%s: full for %s by %q, want %s by %q", name, got, by.Key, want, full)
		}
	}
	count := func(key string, at time.Duration, want int) {
		t.Helper()
		if got, err := s.Attempts(ctx, key, t0.Add(at)); err != nil || got != want {
			t.Errorf("%d count under %s, want %d, %v", got, key, want, err)
		}
	}
	begin("a", 0, "")
	begin("b", 0, "")
	begin("c", time.Minute, "narrow")
	count("wide", 0, 2) // c counts nowhere
	must(t, s.FailAttempt(ctx, "a", []string{"wide", "narrow", "more"}, t0.Add(time.Hour)))
	count("more", 0, 1)
	count("narrow", time.Minute, 1)
	must(t, s.EndAttempt(ctx, "b", "narrow"))
	count("narrow", 0, 0)
	count("wide", 0, 1)
	begin("d", 0, "")
	must(t, s.FailAttempt(ctx, "d", []string{"wide"}, t0.Add(2*time.Hour)))
	begin("e", 0, "")
	begin("f", time.Minute, "wide") // both are; it is the first
	must(t, s.EndAttempt(ctx, "none", "narrow"))
	begin("f", time.Minute, "wide") // e's is the first to end

	if n, err := s.PurgeAttempts(ctx, t0.Add(time.Hour)); err != nil || n != 3 {
		t.Errorf("%d purged, %v", n, err)
	}
	count("wide", 0, 1)
}

// However many there are, the table stays bounded; what ends first goes first.
func TestAttemptsAreBounded(t *testing.T) { storetest.Each(t, testAttemptsAreBounded) }

func testAttemptsAreBounded(t *testing.T) {
	s := open(t)
	for i := range 12 {
		must(t, s.FailAttempt(t.Context(), fmt.Sprint(i), []string{"key"}, t0.Add(time.Duration(i+1)*time.Minute)))
	}
	if n, err := s.purgeAttempts(t.Context(), t0, 5); err != nil || n != 7 {
		t.Errorf("%d purged, %v", n, err)
	}
	if n, err := s.purgeAttempts(t.Context(), t0, 5); err != nil || n != 0 {
		t.Errorf("%d purged, %v", n, err)
	}
	free, _, err := s.Full(t.Context(), []Limit{{"key", 5}}, t0)
	if err != nil || free.Sub(t0) != 8*time.Minute {
		t.Errorf("the first of the rest ends at %v, %v", free, err)
	}
}
