// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/homeserver"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

func holder(token api.Secret, key string) gate.Holder {
	return gate.Holder{Token: token, Address: "198.51.100.7", RequestID: "request", Key: key}
}

// takeUp is what the page does with a holder's form.
func takeUp(ctx context.Context, g *gate.Gate, h gate.Holder, t api.TakeUp) (gate.Joining, error) {
	i, err := g.Invited(ctx, h)
	if err != nil {
		return gate.Joining{}, err
	}
	return g.TakeUp(ctx, i, t)
}

// called is what the page sends for a name, with a password that the gate makes.
func called(name api.Localpart) api.TakeUp {
	return api.TakeUp{Localpart: name, Password: api.PasswordChoice{Mode: api.PasswordPassphrase}}
}

// Somebody with an invitation makes one account with it, as the invitation, and it is recorded so; then the link is dead.
func TestTakeUp(t *testing.T) { storetest.Each(t, testTakeUp) }

func testTakeUp(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{Terms: []homeserver.Term{{Name: "Terms", URL: "https://example.org/terms"}}})
	token := w.Invite(store.Invitation{DisplayName: "Zoe", Email: "zoe@example.org", Rooms: []string{"#hall:example.org"}, Localpart: "class-*"})
	ctx := t.Context()
	if i, err := w.Gate.Invited(ctx, holder(token, "")); err != nil || i.Homeserver.Settings.Name != "hs" || i.Localpart != "class-*" {
		t.Fatalf("%+v, %v", i, err)
	}
	take := called("class-zoe")
	if _, err := takeUp(ctx, w.Gate, holder(token, gate.NewKey()), take); gatetest.Code(err) != "invalid_request" {
		t.Errorf("without the terms: %v", err)
	}
	take.Accepted = true
	if _, err := takeUp(ctx, w.Gate, holder(token, gate.NewKey()), api.TakeUp{Localpart: "zoe", Password: take.Password, Accepted: true}); gatetest.Code(err) != "invalid_request" {
		t.Errorf("with a name that the invitation does not let have: %v", err)
	}
	if len(w.Stub.Calls()) > 0 || len(w.Log()) > 0 {
		t.Errorf("what is refused reached the homeserver: %v, %v", w.Stub.Calls(), w.Phases())
	}
	joining, err := takeUp(ctx, w.Gate, holder(token, gate.NewKey()), take)
	if err != nil || joining.Card.User.ID != "@class-zoe:example.org" || joining.Card.Password.Reveal() != gatetest.Generated || joining.Chosen {
		t.Fatalf("%+v, %v", joining, err)
	}
	calls := w.Stub.Calls()
	if len(calls) != 2 {
		t.Fatalf("calls %v", calls)
	}
	want := api.UserCreate{
		Localpart: "class-zoe", DisplayName: "Zoe", Password: api.PasswordChoice{Mode: api.PasswordPassphrase},
		Threepids: []api.Threepid{{Medium: "email", Address: "zoe@example.org"}},
	}
	if diff := cmp.Diff(want, calls[0].Request, cmp.Comparer(func(a, b api.Secret) bool { return a == b })); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	if join, ok := calls[1].Request.(api.RoomsJoin); !ok || join.ID != "@class-zoe:example.org" || join.Rooms[0] != "#hall:example.org" {
		t.Errorf("rooms: %v", calls[1])
	}
	if diff := cmp.Diff([]string{
		"intent users.create", "outcome users.create done", "intent users.join_rooms", "outcome users.join_rooms done",
	}, w.Phases()); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	for _, row := range w.Log() {
		if row.Actor != "invitation:"+gatetest.Invitation || row.Role != "invitation" || row.Address != "198.51.100.7" || strings.Contains(row.Request+row.Targets, token.Reveal()) {
			t.Errorf("%+v", row)
		}
	}
	if _, err := w.Gate.Invited(ctx, holder(token, "")); gatetest.Code(err) != "no_such_invitation" {
		t.Errorf("the link after: %v", err)
	}
	uses, err := w.Store.InvitationUses(ctx, gatetest.Invitation)
	if err != nil || len(uses) != 1 || uses[0].State != store.UseDone || uses[0].UserID != "@class-zoe:example.org" || uses[0].Accepted != `["https://example.org/terms"]` {
		t.Errorf("%+v, %v", uses, err)
	}
}

// A double click, a reload and Back make one account, and each sees the card, as long as the answer is there.
func TestTakeUpOnceForAForm(t *testing.T) { storetest.Each(t, testTakeUpOnceForAForm) }

func testTakeUpOnceForAForm(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	token, key := w.Invite(store.Invitation{}), gate.NewKey()
	var seen atomic.Int32
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			joining, err := takeUp(t.Context(), w.Gate, holder(token, key), called("zoe"))
			if err == nil && !joining.Card.Password.IsZero() {
				seen.Add(1)
			} else {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(w.Stub.Calls("users.create")); n != 1 || seen.Load() != 10 || w.Intents() != 1 {
		t.Errorf("%d accounts, %d cards, %d intents", n, seen.Load(), w.Intents())
	}
	// The same form with something else in it is refused, and another form comes too late.
	if _, err := takeUp(t.Context(), w.Gate, holder(token, key), called("other")); gatetest.Code(err) != "key_reused" {
		t.Errorf("another name: %v", err)
	}
	if _, err := takeUp(t.Context(), w.Gate, holder(token, gate.NewKey()), called("zoe2")); gatetest.Code(err) != "no_such_invitation" {
		t.Errorf("another form: %v", err)
	}
	// When the answer is forgotten, its own form still says what became of it.
	w.Restart()
	_, err := takeUp(t.Context(), w.Gate, holder(token, key), called("zoe"))
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != "invitation_account_made" || p.Params["id"] != "@zoe:example.org" {
		t.Errorf("later: %v", err)
	}
}

// A second click while MAS makes the account, and so tells of one that was begun, is the same form still.
func TestTakeUpTwiceWhileItIsBegun(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{MAS: homeserver.MAS{AdminURL: "https://mas.example.org"}})
	token, key := w.Invite(store.Invitation{}), gate.NewKey()
	begun, goOn := make(chan string, 1), make(chan struct{})
	gatetest.On(w.Stub, api.CreateUser, func(ctx context.Context, c api.UserCreate) (api.Handout, error) {
		u := api.User{ID: w.Stub.ID(string(c.Localpart)), Begun: &api.Begun{By: homeserver.Caller(ctx), Left: []api.FieldProblem{{Field: "password"}}}}
		w.Stub.Put(u)
		begun <- u.Begun.By
		<-goOn
		u.Begun = nil
		w.Stub.Put(u)
		return api.Handout{User: u, Password: c.Password.Password}, nil
	})
	answers := make(chan error, 2)
	take := func() {
		_, err := takeUp(t.Context(), w.Gate, holder(token, key), called("zoe"))
		answers <- err
	}
	go take()
	<-begun
	go take()
	select {
	case err := <-answers:
		t.Fatalf("one was answered before the account was made: %v", err)
	case <-time.After(50 * time.Millisecond): // the second one waits for the first one's answer
	}
	close(goOn)
	for range 2 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
}

// Of people who race for the last use one gets it, and no other account is asked for.
func TestTheLastUse(t *testing.T) { storetest.Each(t, testTheLastUse) }

func testTheLastUse(t *testing.T) {
	t.Parallel()
	w, other := pair(t)
	token := w.Invite(store.Invitation{Uses: 2})
	var made, late atomic.Int32
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			at := []*gatetest.World{w, other}[i%2]
			_, err := takeUp(t.Context(), at.Gate, gate.Holder{Token: token, Address: "198.51.100." + string(rune('0'+i%10)), Key: gate.NewKey()}, called(api.Localpart("racer-"+string(rune('a'+i)))))
			switch gatetest.Code(err) {
			case "":
				made.Add(1)
			case "no_such_invitation":
				late.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if made.Load() != 2 || late.Load() != 22 || len(w.Stub.Calls("users.create")) != 2 {
		t.Errorf("%d made, %d late, %d asked for", made.Load(), late.Load(), len(w.Stub.Calls("users.create")))
	}
}

// What fails gives the use back; what nobody knows the end of keeps it; what the account lacks after is noted.
func TestHowUsesEnd(t *testing.T) { storetest.Each(t, testHowUsesEnd) }

func testHowUsesEnd(t *testing.T) {
	t.Parallel()
	taken := api.NewProblem(api.StatusConflict, "name_in_use").At("localpart")
	for _, c := range []struct {
		name        string
		create      error
		rooms       error
		left        []api.FieldProblem
		want, state string
	}{
		{"the name is taken", taken, nil, nil, "name_in_use", ""},
		{"the homeserver is down", api.NewProblem(api.StatusBadGateway, "homeserver_down"), nil, nil, "homeserver_down", ""},
		{"nobody answers", api.NewProblem(api.StatusTimeout, "outcome_unknown"), nil, nil, "outcome_unknown", store.UseUnknown},
		{"an adapter fails", errors.New("oh"), nil, nil, "internal", store.UseUnknown},
		{"a room is closed", nil, nil, []api.FieldProblem{{Field: "rooms", Code: "room_closed", Params: map[string]string{"room": "#hall:example.org"}}}, "", store.UseDone},
		{"rooms cannot be had", nil, api.NewProblem(api.StatusBadGateway, "homeserver_down"), nil, "", store.UseDone},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			token := w.Invite(store.Invitation{Rooms: []string{"#hall:example.org"}})
			if c.create != nil {
				gatetest.On(w.Stub, api.CreateUser, func(context.Context, api.UserCreate) (api.Handout, error) { return api.Handout{}, c.create })
			}
			gatetest.On(w.Stub, api.JoinRooms, func(context.Context, api.RoomsJoin) (api.RoomsJoined, error) {
				return api.RoomsJoined{Left: c.left}, c.rooms
			})
			_, err := takeUp(t.Context(), w.Gate, holder(token, gate.NewKey()), called("zoe"))
			if gatetest.Code(err) != c.want {
				t.Errorf("answered %v", err)
			}
			uses, err := w.Store.InvitationUses(t.Context(), gatetest.Invitation)
			must(t, err)
			state, left := "", ""
			if len(uses) > 0 {
				state, left = uses[0].State, uses[0].Left
			}
			if state != c.state {
				t.Errorf("the use is %q, want %q", state, c.state)
			}
			if (c.left != nil || c.rooms != nil) && !strings.Contains(left, "room") {
				t.Errorf("left is %q", left)
			}
			if _, err := w.Gate.Invited(t.Context(), holder(token, "")); (gatetest.Code(err) == "") != (c.state == "") {
				t.Errorf("the link after: %v", err)
			}
		})
	}
}

// Without a record of the intent nothing is done, and the use can be had again.
func TestTakeUpWithoutARecord(t *testing.T) { storetest.Each(t, testTakeUpWithoutARecord) }

func testTakeUpWithoutARecord(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	token, key := w.Invite(store.Invitation{}), gate.NewKey()
	mend := w.Break("audit", "INSERT", "true")
	if _, err := takeUp(t.Context(), w.Gate, holder(token, key), called("zoe")); gatetest.Code(err) != "store_unavailable" || len(w.Stub.Calls()) > 0 {
		t.Errorf("%v, calls %v", err, w.Stub.Calls())
	}
	mend()
	if _, err := takeUp(t.Context(), w.Gate, holder(token, key), called("zoe")); err != nil {
		t.Errorf("the same form, when the store works: %v", err)
	}
}

// Links that do not work are all alike, and an address can try them only so often. One that works is no guess.
func TestDeadLinks(t *testing.T) { storetest.Each(t, testDeadLinks) }

func testDeadLinks(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	good := w.Invite(store.Invitation{ID: "good", Uses: 5})
	revoked, used, expired := w.Invite(store.Invitation{ID: "revoked"}), w.Invite(store.Invitation{ID: "used"}), w.Invite(store.Invitation{ID: "expired", Expires: w.Clock.Now().Add(-time.Second)})
	must(t, w.Store.RevokeInvitation(t.Context(), "hs", "revoked", "@admin:example.org", w.Clock.Now()))
	_, err := takeUp(t.Context(), w.Gate, holder(used, gate.NewKey()), called("zoe"))
	must(t, err)
	elsewhere := w.Invite(store.Invitation{ID: "elsewhere", Homeserver: "not-in-the-configuration"})
	dead := []api.Secret{revoked, used, expired, elsewhere, api.NewSecret(gate.NewKey()), api.NewSecret("short"), api.NewSecret(good.Reveal() + "A"), {}}
	var first string
	for _, token := range dead {
		_, err := w.Gate.Invited(t.Context(), gate.Holder{Token: token, Address: "203.0.113.9"})
		p, ok := errors.AsType[*api.Problem](err)
		if !ok || p.Status != 404 || p.Code != "no_such_invitation" || len(p.Params) > 0 || len(p.Fields) > 0 {
			t.Errorf("%v", err)
		}
		if first == "" {
			first = p.Error()
		} else if p.Error() != first {
			t.Errorf("%s is not %s", p, first)
		}
	}
	for range 100 {
		if _, err := w.Gate.Invited(t.Context(), gate.Holder{Token: good, Address: "203.0.113.9"}); err != nil {
			t.Fatal(err)
		}
	}
	limited := false
	for range 40 {
		_, err := w.Gate.Invited(t.Context(), gate.Holder{Token: api.NewSecret(gate.NewKey()), Address: "203.0.113.9"})
		if p, ok := errors.AsType[*api.Problem](err); ok && p.Status == 429 && p.RetryMS > 0 {
			limited = true
		}
	}
	if !limited {
		t.Error("an address can guess without end")
	}
	if _, err := w.Gate.Invited(t.Context(), gate.Holder{Token: good, Address: "203.0.113.9"}); gatetest.Code(err) != "invitation_limited" {
		t.Errorf("a right guess after too many: %v", err)
	}
	if _, err := w.Gate.Invited(t.Context(), gate.Holder{Token: good, Address: "203.0.113.10"}); err != nil {
		t.Errorf("from another address: %v", err)
	}
	w.Clock.Advance(16 * time.Minute)
	if _, err := w.Gate.Invited(t.Context(), gate.Holder{Token: good, Address: "203.0.113.9"}); err != nil {
		t.Errorf("later: %v", err)
	}
}

// Whoever holds a link can look names up, and cannot list the homeserver's accounts with it.
func TestNamesAreLookedUpOnlySoOften(t *testing.T) {
	storetest.Each(t, testNamesAreLookedUpOnlySoOften)
}

func testNamesAreLookedUpOnlySoOften(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	h := holder(w.Invite(store.Invitation{}), "")
	i, err := w.Gate.Invited(t.Context(), h)
	must(t, err)
	if a, err := w.Gate.NameFree(t.Context(), i, "ann"); err != nil || a.Free {
		t.Errorf("@ann is there: %+v, %v", a, err)
	}
	if a, err := w.Gate.NameFree(t.Context(), i, "zoe"); err != nil || !a.Free {
		t.Errorf("@zoe is not there: %+v, %v", a, err)
	}
	if _, err := w.Gate.NameFree(t.Context(), i, "Ann"); gatetest.Code(err) != "localpart_upper" {
		t.Errorf("no name: %v", err)
	}
	patterned, err := w.Gate.Invited(t.Context(), holder(w.Invite(store.Invitation{ID: "class", Localpart: "class-*"}), ""))
	must(t, err)
	if _, err := w.Gate.NameFree(t.Context(), patterned, "zoe"); gatetest.Code(err) != "pattern_differs" {
		t.Errorf("no name of this invitation's: %v", err)
	}
	for range 700 {
		_, err = w.Gate.NameFree(t.Context(), i, "ann")
	}
	if gatetest.Code(err) != "invitation_limited" {
		t.Errorf("after 700: %v", err)
	}
}
