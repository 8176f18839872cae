// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/server/store/storetest"
)

const (
	idle     = 15 * time.Minute
	absolute = 8 * time.Hour
)

func newSession(t *testing.T, s *Store, person string) string {
	t.Helper()
	id, err := s.CreateSession(t.Context(), Session{
		Person: person, DisplayName: "Ann \u202e", Role: "owner", Homeserver: "hs", Created: t0,
		AbsoluteEnd: t0.Add(absolute), Address: "192.0.2.1", UserAgent: strings.Repeat("ü", 300),
	})
	must(t, err)
	return id
}

func TestSession(t *testing.T) { storetest.Each(t, testSession) }

func testSession(t *testing.T) {
	s := open(t)
	id := newSession(t, s, "@ann:hs")
	if raw, err := base64.RawURLEncoding.DecodeString(id); err != nil || len(raw) != 32 {
		t.Errorf("id %q is not 256 bits in base64url: %v", id, err)
	}
	if other := newSession(t, s, "@ann:hs"); other == id {
		t.Error("two sessions with one id")
	}
	got, err := s.Session(t.Context(), id, t0, idle)
	must(t, err)
	want := Session{
		Hash: SessionHash(id), Person: "@ann:hs", DisplayName: "Ann \u202e", Role: "owner", Homeserver: "hs",
		Created: t0, LastActive: t0, AbsoluteEnd: t0.Add(absolute), Address: "192.0.2.1",
		UserAgent: strings.Repeat("ü", 200),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	local, err := s.CreateSession(t.Context(), Session{Person: "local:alice", Created: t0, AbsoluteEnd: t0.Add(absolute)})
	must(t, err)
	if got, err := s.Session(t.Context(), local, t0, idle); err != nil || got.Homeserver != "" {
		t.Errorf("local operator: %+v, %v", got, err)
	}
}

func TestSessionIDIsNotStored(t *testing.T) { storetest.Each(t, testSessionIDIsNotStored) }

func testSessionIDIsNotStored(t *testing.T) {
	s := open(t)
	id := newSession(t, s, "@ann:hs")
	stored := storetest.Stored(t, storetest.Given(t))
	if strings.Contains(stored, id) {
		t.Error("the session's id is stored")
	}
	if raw, err := base64.RawURLEncoding.DecodeString(id); err != nil || strings.Contains(stored, string(raw)) {
		t.Error("the session's raw id is stored")
	}
	if !strings.Contains(stored, SessionHash(id)) {
		t.Error("the hash is not there either: this test looks in the wrong place")
	}
}

func TestSessionEnds(t *testing.T) { storetest.Each(t, testSessionEnds) }

func testSessionEnds(t *testing.T) {
	tests := []struct {
		name string
		do   func(t *testing.T, s *Store, id string)
		at   time.Duration
		want error
	}{
		{name: "active", at: idle - time.Millisecond},
		{name: "idle", at: idle, want: ErrExpired},
		{name: "touched", at: idle, do: func(t *testing.T, s *Store, id string) { touch(t, s, id, 10*time.Minute) }},
		{name: "touched, idle again", at: 10*time.Minute + idle, want: ErrExpired,
			do: func(t *testing.T, s *Store, id string) { touch(t, s, id, 10*time.Minute) }},
		{name: "absolute end, though active", at: absolute, want: ErrExpired, do: func(t *testing.T, s *Store, id string) {
			for at := 10 * time.Minute; at < absolute; at += 10 * time.Minute {
				touch(t, s, id, at)
			}
			_, err := s.Session(t.Context(), id, t0.Add(absolute-time.Millisecond), idle)
			must(t, err)
		}},
		{name: "ended", want: ErrExpired, do: func(t *testing.T, s *Store, id string) {
			must(t, s.EndSession(t.Context(), id, t0))
			must(t, s.EndSession(t.Context(), id, t0.Add(time.Hour)))
		}},
		{name: "another one ended", do: func(t *testing.T, s *Store, _ string) {
			must(t, s.EndSession(t.Context(), newSession(t, s, "@ann:hs"), t0))
		}},
		{name: "ended, touched after", want: ErrExpired, at: 2 * time.Minute, do: func(t *testing.T, s *Store, id string) {
			n, err := s.Session(t.Context(), id, t0, idle)
			must(t, err)
			must(t, s.EndSession(t.Context(), id, t0))
			must(t, s.TouchSession(t.Context(), n, t0.Add(2*time.Minute)))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			id := newSession(t, s, "@ann:hs")
			if tt.do != nil {
				tt.do(t, s, id)
			}
			n, err := s.Session(t.Context(), id, t0.Add(tt.at), idle)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if !n.Ended.IsZero() && n.LastActive.After(n.Ended) {
				t.Errorf("active at %v, after its end at %v", n.LastActive, n.Ended)
			}
			if n.Person != "@ann:hs" {
				t.Errorf("whose it was is lost: %+v", n)
			}
		})
	}
}

func touch(t *testing.T, s *Store, id string, at time.Duration) {
	t.Helper()
	n, err := s.Session(t.Context(), id, t0.Add(at), idle)
	must(t, err)
	must(t, s.TouchSession(t.Context(), n, t0.Add(at)))
}

func TestSessionUnknown(t *testing.T) { storetest.Each(t, testSessionUnknown) }

func testSessionUnknown(t *testing.T) {
	s := open(t)
	id := newSession(t, s, "@ann:hs")
	// The name of a session is no key to it.
	for _, guess := range []string{"", "nonsense", SessionHash(id)} {
		if _, err := s.Session(t.Context(), guess, t0, idle); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v, want ErrNotFound", guess, err)
		}
	}
}

func TestTouchWritesOnceAMinute(t *testing.T) { storetest.Each(t, testTouchWritesOnceAMinute) }

func testTouchWritesOnceAMinute(t *testing.T) {
	s := open(t)
	id := newSession(t, s, "@ann:hs")
	n, err := s.Session(t.Context(), id, t0, idle)
	must(t, err)
	active := func() time.Duration {
		t.Helper()
		got, err := s.Session(t.Context(), id, t0, idle)
		must(t, err)
		return got.LastActive.Sub(t0)
	}

	// Too early: it does not even ask for the write handle.
	tx, err := s.write.BeginTx(t.Context(), nil)
	must(t, err)
	short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	must(t, s.TouchSession(short, n, t0.Add(59*time.Second)))
	must(t, tx.Rollback())
	if got := active(); got != 0 {
		t.Errorf("written after 59 s: %v", got)
	}
	must(t, s.TouchSession(t.Context(), n, t0.Add(60*time.Second)))
	// n is old by now, as it is for a request that came at the same time.
	must(t, s.TouchSession(t.Context(), n, t0.Add(61*time.Second)))
	if got := active(); got != 60*time.Second {
		t.Errorf("last active after %v, want 1m0s", got)
	}
}

func TestEndSessions(t *testing.T) { storetest.Each(t, testEndSessions) }

func testEndSessions(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	one, two, other := newSession(t, s, "@ann:hs"), newSession(t, s, "@ann:hs"), newSession(t, s, "@bob:hs")
	must(t, s.EndSession(ctx, one, t0))
	if n, err := s.EndSessions(ctx, "@ann:hs", t0); err != nil || n != 1 {
		t.Errorf("ended %d, %v, want 1", n, err)
	}
	if _, err := s.Session(ctx, two, t0, idle); !errors.Is(err, ErrExpired) {
		t.Errorf("second session: %v, want ErrExpired", err)
	}
	_, err := s.Session(ctx, other, t0, idle)
	must(t, err)
}

func TestPurgeSessions(t *testing.T) { storetest.Each(t, testPurgeSessions) }

func testPurgeSessions(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	ended, live := newSession(t, s, "@ann:hs"), newSession(t, s, "@ann:hs")
	must(t, s.EndSession(ctx, ended, t0))
	if n, err := s.PurgeSessions(ctx, t0); err != nil || n != 0 {
		t.Errorf("purged %d, %v too early", n, err)
	}
	if n, err := s.PurgeSessions(ctx, t0.Add(time.Second)); err != nil || n != 1 {
		t.Errorf("purged %d, %v, want the ended one", n, err)
	}
	_, err := s.Session(ctx, live, t0, idle)
	must(t, err)
	if n, err := s.PurgeSessions(ctx, t0.Add(absolute+time.Second)); err != nil || n != 1 {
		t.Errorf("purged %d, %v, want the one past its end", n, err)
	}
}
