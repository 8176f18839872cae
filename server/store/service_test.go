// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gatehouse/server/store/storetest"
)

func TestServiceAccounts(t *testing.T) { storetest.Each(t, testServiceAccounts) }

func testServiceAccounts(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	if _, err := s.ServiceAccount(ctx, "hs"); !errors.Is(err, ErrNotFound) {
		t.Errorf("none: %v, want ErrNotFound", err)
	}
	one := ServiceAccount{Homeserver: "hs", UserID: "@gate-1:hs", SealedToken: []byte("sealed 1"), Created: t0}
	two := ServiceAccount{Homeserver: "hs", UserID: "@gate-2:hs", SealedToken: []byte("sealed 2"), Reason: "refused", Created: t0.Add(time.Hour)}
	must(t, s.ReplaceServiceAccount(ctx, "", one))
	elsewhere := ServiceAccount{Homeserver: "other", UserID: "@gate-1:other", SealedToken: []byte("x"), Created: t0}
	must(t, s.ReplaceServiceAccount(ctx, "", elsewhere))

	for _, old := range []string{"", "@gate-9:hs"} {
		if err := s.ReplaceServiceAccount(ctx, old, two); !errors.Is(err, ErrConflict) {
			t.Errorf("taking %q for the live one: %v, want ErrConflict", old, err)
		}
	}
	got, err := s.ServiceAccount(ctx, "hs")
	must(t, err)
	if diff := cmp.Diff(one, got); diff != "" {
		t.Errorf("after conflicts (-want +got):\n%s", diff)
	}

	must(t, s.ReplaceServiceAccount(ctx, "@gate-1:hs", two))
	one.SealedToken, one.Retired = nil, two.Created // the old token is gone
	all, err := s.ServiceAccounts(ctx, "hs")
	must(t, err)
	if diff := cmp.Diff([]ServiceAccount{two, one}, all, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// The same account with a new token.
	two.SealedToken, two.Created = []byte("sealed 3"), t0.Add(2*time.Hour)
	must(t, s.ReplaceServiceAccount(ctx, "@gate-2:hs", two))
	got, err = s.ServiceAccount(ctx, "hs")
	must(t, err)
	if diff := cmp.Diff(two, got); diff != "" {
		t.Errorf("new token (-want +got):\n%s", diff)
	}
}

func TestOneServiceAccountOfManyIsTaken(t *testing.T) {
	storetest.Each(t, testOneServiceAccountOfManyIsTaken)
}

func testOneServiceAccountOfManyIsTaken(t *testing.T) {
	s := open(t)
	var taken atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			err := s.ReplaceServiceAccount(t.Context(), "", ServiceAccount{
				Homeserver: "hs", UserID: fmt.Sprintf("@gate-%d:hs", i), SealedToken: []byte("x"), Created: t0,
			})
			switch {
			case err == nil:
				taken.Add(1)
			case !errors.Is(err, ErrConflict):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := taken.Load(); got != 1 {
		t.Errorf("%d were taken", got)
	}
}

// What is retired is noted until it is seen to have ended; the live one cannot be noted as either.
func TestServiceAccountsEnd(t *testing.T) { storetest.Each(t, testServiceAccountsEnd) }

func testServiceAccountsEnd(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	live := ServiceAccount{Homeserver: "hs", UserID: "@gate-2:hs", SealedToken: []byte("sealed"), Created: t0.Add(time.Hour)}
	lost := ServiceAccount{Homeserver: "hs", UserID: "@gate-1:hs", Reason: "unused", Created: t0}
	must(t, s.ReplaceServiceAccount(ctx, "", live))
	must(t, s.RetireServiceAccount(ctx, lost))
	must(t, s.RetireServiceAccount(ctx, ServiceAccount{Homeserver: "hs", UserID: live.UserID, Created: t0}))
	lost.Retired = t0
	check := func() {
		t.Helper()
		all, err := s.ServiceAccounts(ctx, "hs")
		must(t, err)
		if diff := cmp.Diff([]ServiceAccount{live, lost}, all, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	check()
	for _, id := range []string{live.UserID, "@gate-9:hs"} {
		if err := s.EndServiceAccount(ctx, "hs", id, t0); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s ended: %v, want ErrNotFound", id, err)
		}
	}
	must(t, s.EndServiceAccount(ctx, "hs", lost.UserID, t0.Add(2*time.Hour)))
	lost.Ended = t0.Add(2 * time.Hour)
	check()
	// Sealed anew: only by whoever knows what is there.
	must(t, s.SealServiceAccount(ctx, "hs", live.UserID, []byte("another"), []byte("wrong")))
	check()
	must(t, s.SealServiceAccount(ctx, "hs", live.UserID, []byte("sealed"), []byte("sealed again")))
	live.SealedToken = []byte("sealed again")
	check()
	must(t, s.SealServiceAccount(ctx, "hs", lost.UserID, nil, []byte("a token of a retired account")))
	check()
}
