// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/server/store/storetest"
)

func TestDrafts(t *testing.T) { storetest.Each(t, testDrafts) }

func testDrafts(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	d := Draft{Person: "@a:hs", Homeserver: "hs", Screen: "account/create", Sealed: []byte{0, 1, 0xff}, Expires: t0.Add(15 * time.Minute)}
	take := func(d Draft, now time.Time) (Draft, error) {
		return s.TakeDraft(ctx, d.Person, d.Homeserver, d.Screen, now)
	}

	if _, err := take(d, t0); !errors.Is(err, ErrNotFound) {
		t.Errorf("none: %v, want ErrNotFound", err)
	}
	must(t, s.PutDraft(ctx, d))
	d.Sealed = []byte("newer")
	must(t, s.PutDraft(ctx, d))

	stranger := d
	stranger.Person = "@b:hs"
	if _, err := take(stranger, t0); !errors.Is(err, ErrNotFound) {
		t.Errorf("of somebody else: %v, want ErrNotFound", err)
	}
	got, err := take(d, t0)
	must(t, err)
	if diff := cmp.Diff(d, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := take(d, t0); !errors.Is(err, ErrNotFound) {
		t.Errorf("taken twice: %v, want ErrNotFound", err)
	}

	must(t, s.PutDraft(ctx, d))
	if _, err := take(d, d.Expires); !errors.Is(err, ErrNotFound) {
		t.Errorf("over: %v, want ErrNotFound", err)
	}
	must(t, s.PutDraft(ctx, d))
	if n, err := s.PurgeDrafts(ctx, d.Expires.Add(-time.Millisecond)); err != nil || n != 0 {
		t.Errorf("purged %d, %v before the time", n, err)
	}
	if n, err := s.PurgeDrafts(ctx, d.Expires); err != nil || n != 1 {
		t.Errorf("purged %d, %v, want 1", n, err)
	}
}

// One person has at most so many drafts, and all together have at most so many; the oldest go first, and nobody's go for one
// person's many.
func TestDraftsAreBounded(t *testing.T) { storetest.Each(t, testDraftsAreBounded) }

func testDraftsAreBounded(t *testing.T) {
	s := open(t)
	put := func(person string, screen int, after time.Duration) {
		t.Helper()
		must(t, s.PutDraft(t.Context(), Draft{Person: person, Homeserver: "hs", Screen: fmt.Sprint(screen), Sealed: []byte("x"), Expires: t0.Add(after)}))
	}
	has := func(person string, screen int) bool {
		t.Helper()
		_, err := s.TakeDraft(t.Context(), person, "hs", fmt.Sprint(screen), t0)
		if err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	put("@bob:hs", 0, time.Minute)
	for i := range 3 * maxDraftsOfPerson {
		put("@ann:hs", i, time.Hour+time.Duration(i)*time.Second)
	}
	put("@ann:hs", 1000, time.Second) // the newest, though the first to be over
	var left int
	for i := range 3 * maxDraftsOfPerson {
		if kept := has("@ann:hs", i); kept && i < 2*maxDraftsOfPerson {
			t.Errorf("draft %d is there, and newer ones are not", i)
		} else if kept {
			left++
		}
	}
	if left != maxDraftsOfPerson-1 || !has("@ann:hs", 1000) {
		t.Errorf("%d of the others are left, want %d and the newest", left, maxDraftsOfPerson-1)
	}
	for i := range 2 * maxDrafts {
		put(fmt.Sprintf("@person%d:hs", i), 0, time.Hour+time.Duration(i)*time.Second)
	}
	for i := range 2 * maxDrafts {
		if kept := has(fmt.Sprintf("@person%d:hs", i), 0); kept != (i >= maxDrafts) {
			t.Errorf("of person %d there is a draft: %t", i, kept)
		}
	}
	if has("@bob:hs", 0) {
		t.Error("the oldest of all is there")
	}
}
