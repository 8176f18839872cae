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

	"gatehouse/server/store/storetest"
)

// invitation returns one that can be used n times, until an hour after t0.
func invitation(id string, n int) Invitation {
	return Invitation{
		ID: id, Homeserver: "hs", TokenHash: TokenHash("token of " + id), SealedToken: []byte{0, 1, 0xff}, Localpart: "class-*", DisplayName: "Ann",
		Email: "ann@example.org", Rooms: []string{"#hall:example.org"}, Note: "for Ann", Uses: n, Expires: t0.Add(time.Hour), Created: t0, CreatedBy: "@admin:example.org",
	}
}

func TestInvitations(t *testing.T) { storetest.Each(t, testInvitations) }

func testInvitations(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	a := invitation("a", 2)
	must(t, s.AddInvitation(ctx, a))
	if err := s.AddInvitation(ctx, a); err == nil {
		t.Error("the same invitation was added twice")
	}
	got, err := s.InvitationByToken(ctx, TokenHash("token of a"))
	must(t, err)
	if diff := cmp.Diff(a, got); diff != "" {
		t.Errorf("by token (-want +got):\n%s", diff)
	}
	if _, err := s.InvitationByToken(ctx, TokenHash("another")); !errors.Is(err, ErrNotFound) {
		t.Errorf("another token: %v", err)
	}
	if _, err := s.Invitation(ctx, "other", "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("of another homeserver: %v", err)
	}

	changed, err := s.ChangeInvitation(ctx, "hs", "a", func(i *Invitation) error {
		i.Uses, i.Expires, i.Note, i.Localpart = 5, t0.Add(2*time.Hour), "longer", "cannot be changed"
		return nil
	})
	must(t, err)
	refusal := errors.New("no")
	_, err = s.ChangeInvitation(ctx, "hs", "a", func(i *Invitation) error {
		i.Uses = 9
		return refusal
	})
	if !errors.Is(err, refusal) {
		t.Errorf("a change that refuses: %v", err)
	}
	got, err = s.Invitation(ctx, "hs", "a")
	must(t, err)
	if got.Uses != 5 || !got.Expires.Equal(t0.Add(2*time.Hour)) || got.Note != "longer" || got.Localpart != "class-*" || changed.Uses != 5 {
		t.Errorf("changed to %+v", got)
	}
	if _, err := s.ChangeInvitation(ctx, "hs", "none", func(*Invitation) error { return nil }); !errors.Is(err, ErrNotFound) {
		t.Errorf("change none: %v", err)
	}

	must(t, s.RevokeInvitation(ctx, "hs", "a", "@ann:hs", t0.Add(time.Minute)))
	must(t, s.RevokeInvitation(ctx, "hs", "a", "@bob:hs", t0.Add(2*time.Minute))) // the first time counts
	got, err = s.Invitation(ctx, "hs", "a")
	must(t, err)
	if got.RevokedBy != "@ann:hs" || !got.Revoked.Equal(t0.Add(time.Minute)) {
		t.Errorf("revoked by %s at %s", got.RevokedBy, got.Revoked)
	}
}

// The state that the list filters by is the one that State tells.
func TestInvitationStates(t *testing.T) { storetest.Each(t, testInvitationStates) }

func testInvitationStates(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	for i, name := range []string{"open", "used", "expired", "revoked", "used-and-expired", "used-and-revoked"} {
		one := invitation(name, 1)
		one.Created = t0.Add(time.Duration(i) * time.Second)
		if name == "expired" || name == "used-and-expired" {
			one.Expires = t0.Add(10 * time.Minute)
		}
		must(t, s.AddInvitation(ctx, one))
		if name[0] == 'u' {
			_, _, err := s.ReserveInvitation(ctx, InvitationUse{Invitation: name, Request: "r", At: t0})
			must(t, err)
		}
	}
	must(t, s.RevokeInvitation(ctx, "hs", "revoked", "@a:hs", t0))
	must(t, s.RevokeInvitation(ctx, "hs", "used-and-revoked", "@a:hs", t0))
	now := t0.Add(30 * time.Minute)
	seen := 0
	for _, state := range []string{InvitationOpen, InvitationUsedUp, InvitationExpired, InvitationRevoked} {
		page, total, err := s.Invitations(ctx, InvitationQuery{Homeserver: "hs", State: state, Now: now, Limit: 10})
		must(t, err)
		if total != len(page) || total == 0 {
			t.Errorf("%s: %d of %d", state, len(page), total)
		}
		seen += total
		for _, i := range page {
			if i.State(now) != state {
				t.Errorf("%s is listed as %s and is %s", i.ID, state, i.State(now))
			}
		}
	}
	if seen != 6 {
		t.Errorf("%d are in one of the states", seen)
	}
}

func TestInvitationPages(t *testing.T) { storetest.Each(t, testInvitationPages) }

func testInvitationPages(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	for i := range 7 {
		one := invitation(fmt.Sprint("i", i), 1)
		one.Created = t0.Add(time.Duration(i/2) * time.Second) // two at a time
		must(t, s.AddInvitation(ctx, one))
	}
	elsewhere := invitation("elsewhere", 1)
	elsewhere.Homeserver = "other"
	must(t, s.AddInvitation(ctx, elsewhere))
	q := InvitationQuery{Homeserver: "hs", Now: t0, Limit: 3}
	var ids []string
	for {
		page, total, err := s.Invitations(ctx, q)
		must(t, err)
		if total != 7 {
			t.Fatalf("total %d", total)
		}
		for _, i := range page {
			ids = append(ids, i.ID)
		}
		if len(page) < q.Limit {
			break
		}
		q.AfterMS, q.AfterID = page[len(page)-1].Created.UnixMilli(), page[len(page)-1].ID
	}
	if diff := cmp.Diff([]string{"i6", "i5", "i4", "i3", "i2", "i1", "i0"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestInvitationUses(t *testing.T) { storetest.Each(t, testInvitationUses) }

func testInvitationUses(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	must(t, s.AddInvitation(ctx, invitation("a", 2)))
	use := InvitationUse{Invitation: "a", Request: "r1", UserID: "@ann:hs", Accepted: `["https://x"]`, At: t0}
	got, first, err := s.ReserveInvitation(ctx, use)
	must(t, err)
	if !first || got.State != UseReserved {
		t.Errorf("%+v, first %t", got, first)
	}
	if got, first, err = s.ReserveInvitation(ctx, use); err != nil || first || got.UserID != "@ann:hs" {
		t.Errorf("the same form again: %+v, first %t, %v", got, first, err)
	}
	// Not made: the use can be had again.
	must(t, s.ReturnInvitation(ctx, "a", "r1"))
	if _, first, err = s.ReserveInvitation(ctx, use); err != nil || !first {
		t.Errorf("after it was given back: first %t, %v", first, err)
	}
	// Begun: another name has to look for another use, the account itself goes on with this one, from any form.
	use.State = UseBegun
	must(t, s.SettleInvitation(ctx, use))
	use.Request = "r1b"
	got, first, err = s.ReserveInvitation(ctx, use)
	if err != nil || !first || !got.Continues || got.State != UseReserved || got.Request != "r1b" {
		t.Errorf("going on: %+v, first %t, %v", got, first, err)
	}
	use.State, use.Left = UseDone, `[]`
	must(t, s.SettleInvitation(ctx, use))
	must(t, s.ReturnInvitation(ctx, "a", "r1b")) // too late: what is done stays done
	if err := s.SettleInvitation(ctx, use); !errors.Is(err, ErrNotFound) {
		t.Errorf("settled twice: %v", err)
	}
	// The gate ends in the middle of the second.
	_, _, err = s.ReserveInvitation(ctx, InvitationUse{Invitation: "a", Request: "r2", UserID: "@bob:hs", At: t0.Add(time.Second)})
	must(t, err)
	if n, err := s.SettleInvitations(ctx); err != nil || n != 1 {
		t.Errorf("%d were settled, %v", n, err)
	}
	uses, err := s.InvitationUses(ctx, "a")
	must(t, err)
	want := []InvitationUse{
		{Invitation: "a", Request: "r2", UserID: "@bob:hs", State: UseUnknown, At: t0.Add(time.Second)},
		{Invitation: "a", Request: "r1b", UserID: "@ann:hs", State: UseDone, Left: `[]`, Accepted: `["https://x"]`, At: t0},
	}
	if diff := cmp.Diff(want, uses); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, i := range map[string]string{"used up": "a", "none": "x"} {
		if _, _, err := s.ReserveInvitation(ctx, InvitationUse{Invitation: i, Request: "r3", At: t0}); !errors.Is(err, ErrExpired) && !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A use that is begun counts. Its account goes on with it where all uses are taken, and not where the invitation has ended.
func TestBegunUses(t *testing.T) { storetest.Each(t, testBegunUses) }

func testBegunUses(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	for _, c := range []struct {
		name string
		end  func(id string) error
		at   time.Time
		user string
		want error
	}{
		{"the same account", nil, t0, "@ann:hs", nil},
		{"another account", nil, t0, "@bob:hs", ErrExpired},
		{"too late", nil, t0.Add(2 * time.Hour), "@ann:hs", ErrExpired},
		{"revoked", func(id string) error { return s.RevokeInvitation(ctx, "hs", id, "@a:hs", t0) }, t0, "@ann:hs", ErrExpired},
	} {
		must(t, s.AddInvitation(ctx, invitation(c.name, 1)))
		use, _, err := s.ReserveInvitation(ctx, InvitationUse{Invitation: c.name, Request: "first", UserID: "@ann:hs", At: t0})
		must(t, err)
		use.State = UseBegun
		must(t, s.SettleInvitation(ctx, use))
		if c.end != nil {
			must(t, c.end(c.name))
		}
		_, first, err := s.ReserveInvitation(ctx, InvitationUse{Invitation: c.name, Request: "second", UserID: c.user, At: c.at})
		if !errors.Is(err, c.want) || first != (c.want == nil) {
			t.Errorf("%s: first %t, %v", c.name, first, err)
		}
		if i, err := s.Invitation(ctx, "hs", c.name); err != nil || i.Taken != 1 {
			t.Errorf("%s: %d taken, %v", c.name, i.Taken, err)
		}
	}
}

// Whoever goes on with an account that was begun can do so again where the gate is killed meanwhile: it has no password yet. Where it was killed before
// anything was begun, nobody knows.
func TestKilledWhileGoingOn(t *testing.T) { storetest.Each(t, testKilledWhileGoingOn) }

func testKilledWhileGoingOn(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	for _, begun := range []bool{false, true} {
		id := fmt.Sprint("begun ", begun)
		must(t, s.AddInvitation(ctx, invitation(id, 1)))
		use := InvitationUse{Invitation: id, Request: "first", UserID: "@ann:hs", At: t0}
		_, _, err := s.ReserveInvitation(ctx, use)
		must(t, err)
		if begun {
			use.State, use.Left = UseBegun, `[{"field":"password","code":"password_too_short"}]`
			must(t, s.SettleInvitation(ctx, use))
			use.Request = "second"
			_, _, err = s.ReserveInvitation(ctx, use)
			must(t, err)
		}
		if n, err := s.SettleInvitations(ctx); n != 1 || err != nil {
			t.Errorf("%s: %d were settled, %v", id, n, err)
		}
		for user, may := range map[string]bool{"@bob:hs": false, "@ann:hs": begun} {
			got, first, err := s.ReserveInvitation(ctx, InvitationUse{Invitation: id, Request: "third of " + user, UserID: user, At: t0})
			if may && (err != nil || !first || !got.Continues) || !may && !errors.Is(err, ErrExpired) {
				t.Errorf("%s, %s: %+v, first %t, %v", id, user, got, first, err)
			}
		}
		if i, err := s.Invitation(ctx, "hs", id); err != nil || i.Taken != 1 {
			t.Errorf("%s: %d taken, %v", id, i.Taken, err)
		}
	}
}

// Of many who ask at once for what is left, as many get one as there are.
func TestTheLastUseOfAnInvitation(t *testing.T) { storetest.Each(t, testTheLastUseOfAnInvitation) }

func testTheLastUseOfAnInvitation(t *testing.T) {
	s := open(t)
	must(t, s.AddInvitation(t.Context(), invitation("a", 3)))
	var got, late atomic.Int32
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			_, first, err := s.ReserveInvitation(t.Context(), InvitationUse{Invitation: "a", Request: fmt.Sprint("r", i), At: t0})
			switch {
			case err == nil && first:
				got.Add(1)
			case errors.Is(err, ErrExpired):
				late.Add(1)
			default:
				t.Errorf("first %t, %v", first, err)
			}
		})
	}
	wg.Wait()
	if got.Load() != 3 || late.Load() != 37 {
		t.Errorf("%d got a use, %d came late", got.Load(), late.Load())
	}
}
