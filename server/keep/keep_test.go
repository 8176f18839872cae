// SPDX-License-Identifier: Apache-2.0

package keep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/homeserver"
	"gatehouse/server/seal"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

var t0 = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

func keys(t *testing.T, first byte, previous ...[]byte) *seal.Keys {
	t.Helper()
	k, err := seal.New(secret(first), previous...)
	must(t, err)
	return k
}

func secret(first byte) []byte {
	return append([]byte{first}, []byte("123456789abcdefghijklmnopqrstuv")...)
}

func newKeeper(t *testing.T) Keeper {
	t.Helper()
	return keeperAt(t, storetest.Source(t))
}

func keeperAt(t *testing.T, source string) Keeper {
	t.Helper()
	s, err := store.Open(t.Context(), source)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	now := func() time.Time { return t0 }
	return Keeper{Store: s, Seal: keys(t, 'a'), Audit: audit.New(s, now), Now: now}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, k Keeper, name string, old, id api.UserID, token string) bool {
	t.Helper()
	ok, err := k.ReplaceServiceAccount(t.Context(), name, old, homeserver.ServiceAccount{ID: id, Token: api.NewSecret(token)})
	must(t, err)
	return ok
}

func get(t *testing.T, k Keeper, name string) homeserver.ServiceAccount {
	t.Helper()
	a, err := k.ServiceAccount(t.Context(), name)
	must(t, err)
	return a
}

func TestServiceAccount(t *testing.T) { storetest.Each(t, testServiceAccount) }

func testServiceAccount(t *testing.T) {
	k := newKeeper(t)
	if _, err := k.ServiceAccount(t.Context(), "hs"); !errors.Is(err, homeserver.ErrNone) {
		t.Errorf("%v", err)
	}
	if !put(t, k, "hs", "", "@gate1:hs", "syt_first") || !put(t, k, "other", "", "@gate:other", "syt_other") {
		t.Fatal("not kept")
	}
	if a := get(t, k, "hs"); a.ID != "@gate1:hs" || a.Token.Reveal() != "syt_first" {
		t.Errorf("%s %s", a.ID, a.Token.Reveal())
	}
	// Of two that replace the same account one wins.
	if put(t, k, "hs", "", "@gate2:hs", "syt_second") {
		t.Error("an account was replaced by somebody who knew of none")
	}
	if !put(t, k, "hs", "@gate1:hs", "@gate2:hs", "syt_second") || put(t, k, "hs", "@gate1:hs", "@gate3:hs", "syt_third") {
		t.Error("the second of two replaced it, or the first did not")
	}
	if a := get(t, k, "hs"); a.ID != "@gate2:hs" || a.Token.Reveal() != "syt_second" {
		t.Errorf("%s %s", a.ID, a.Token.Reveal())
	}
	if a := get(t, k, "other"); a.Token.Reveal() != "syt_other" {
		t.Error("the other homeserver's was changed")
	}
}

// SETTLED 21: the token is sealed with a key that is not in the store; with another key it counts as lost, and which account it was is still known.
func TestTokensAreSealed(t *testing.T) { storetest.Each(t, testTokensAreSealed) }

func testTokensAreSealed(t *testing.T) {
	k := newKeeper(t)
	put(t, k, "hs", "", "@gate:hs", "syt_never_in_a_file")
	if stored := storetest.Stored(t, storetest.Given(t)); strings.Contains(stored, "never_in_a_file") || !strings.Contains(stored, "@gate:hs") {
		t.Error("the store holds the token, or nothing is found in it")
	}
	lost := Keeper{Store: k.Store, Seal: keys(t, 'b'), Now: k.Now}
	if a := get(t, lost, "hs"); a.ID != "@gate:hs" || !a.Token.IsZero() {
		t.Errorf("%s %s", a.ID, a.Token.Reveal())
	}
	rotated := Keeper{Store: k.Store, Seal: keys(t, 'b', secret('a')), Now: k.Now}
	if a := get(t, rotated, "hs"); a.Token.Reveal() != "syt_never_in_a_file" {
		t.Error("the previous key opens nothing")
	}
	// A sealed token that is moved to another account or homeserver opens nothing there.
	row, err := k.Store.ServiceAccount(t.Context(), "hs")
	must(t, err)
	for _, moved := range []store.ServiceAccount{{Homeserver: "other", UserID: "@gate:hs"}, {Homeserver: "third", UserID: "@gate:third"}} {
		moved.SealedToken, moved.Created = row.SealedToken, t0
		must(t, k.Store.ReplaceServiceAccount(t.Context(), "", moved))
		if a := get(t, k, moved.Homeserver); !a.Token.IsZero() {
			t.Errorf("moved to %s it opens", moved.Homeserver)
		}
	}
}

// A key is rotated without loss: with both keys the token opens and is sealed again, and then the new key alone opens it. What neither
// key opens stays as it is.
func TestReseal(t *testing.T) { storetest.Each(t, testReseal) }

func testReseal(t *testing.T) {
	k := newKeeper(t)
	put(t, k, "hs", "", "@gate:hs", "syt_kept")
	sealed := func() []byte {
		t.Helper()
		row, err := k.Store.ServiceAccount(t.Context(), "hs")
		must(t, err)
		return row.SealedToken
	}
	first := sealed()
	with := func(s *seal.Keys) Keeper { return Keeper{Store: k.Store, Seal: s, Audit: k.Audit, Now: k.Now} }
	unchanged := func(k Keeper) {
		t.Helper()
		must(t, k.Reseal(t.Context(), "hs"))
		if !bytes.Equal(sealed(), first) {
			t.Error("it was sealed again")
		}
	}
	unchanged(k)
	unchanged(with(keys(t, 'c', secret('d'))))
	rotating := with(keys(t, 'b', secret('a')))
	must(t, rotating.Reseal(t.Context(), "hs"))
	must(t, rotating.Reseal(t.Context(), "none"))
	if a := get(t, rotating, "hs"); a.Token.Reveal() != "syt_kept" {
		t.Error("the token is lost")
	}
	if a := get(t, with(keys(t, 'b')), "hs"); a.ID != "@gate:hs" || a.Token.Reveal() != "syt_kept" {
		t.Error("the new key alone does not open it")
	}
	if a := get(t, k, "hs"); !a.Token.IsZero() {
		t.Error("the old key opens it still")
	}
}

// What was registered and is not used is retired, and cannot be taken for the live one.
func TestRetireServiceAccount(t *testing.T) { storetest.Each(t, testRetireServiceAccount) }

func testRetireServiceAccount(t *testing.T) {
	k := newKeeper(t)
	put(t, k, "hs", "", "@gate1:hs", "syt_first")
	must(t, k.RetireServiceAccount(t.Context(), "hs", "@gate2:hs"))
	must(t, k.RetireServiceAccount(t.Context(), "hs", "@gate1:hs"))
	if a := get(t, k, "hs"); a.ID != "@gate1:hs" || a.Token.Reveal() != "syt_first" {
		t.Errorf("%s", a.ID)
	}
	rows, err := k.Store.ServiceAccounts(t.Context(), "hs")
	must(t, err)
	for _, r := range rows {
		if unused := r.UserID == "@gate2:hs"; r.Retired.IsZero() == unused || (r.Reason == string(homeserver.ReasonUnused)) != unused {
			t.Errorf("%+v", r)
		}
	}
	if len(rows) != 2 {
		t.Errorf("%d rows", len(rows))
	}
}

// What is about to be registered is known from the store alone. It becomes the live one, or one that is not used, or is forgotten.
func TestBeginServiceAccount(t *testing.T) { storetest.Each(t, testBeginServiceAccount) }

func testBeginServiceAccount(t *testing.T) {
	k := newKeeper(t)
	now := t0
	k.Now = func() time.Time { return now }
	for _, id := range []api.UserID{"@gate1:hs", "@gate2:hs", "@gate3:hs", "@gate4:hs"} {
		must(t, k.BeginServiceAccount(t.Context(), "hs", id))
		if err := k.BeginServiceAccount(t.Context(), "hs", "@another:hs"); !errors.Is(err, homeserver.ErrBegun) {
			t.Errorf("another gate begins beside it: %v", err)
		}
		now = now.Add(registerTime)
	}
	if a := put(t, k, "hs", "", "@gate1:hs", "syt_first"); !a {
		t.Fatal("not kept")
	}
	must(t, k.RetireServiceAccount(t.Context(), "hs", "@gate2:hs"))
	for _, id := range []api.UserID{"@gate1:hs", "@gate2:hs", "@gate3:hs"} {
		must(t, k.ForgetServiceAccount(t.Context(), "hs", id)) // only the last one is still at its beginning
	}
	rows, err := k.Store.ServiceAccounts(t.Context(), "hs")
	must(t, err)
	got := map[string]string{}
	for _, r := range rows {
		got[r.UserID] = fmt.Sprint(r.Retired.IsZero(), " ", r.Reason)
	}
	want := map[string]string{"@gate1:hs": "true ", "@gate2:hs": "false unused", "@gate4:hs": "false begun"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Who has ended registering an account, in whichever way, lets others.
func TestRegisteringEnds(t *testing.T) { storetest.Each(t, testRegisteringEnds) }

func testRegisteringEnds(t *testing.T) {
	k := newKeeper(t)
	ctx := t.Context()
	must(t, k.BeginServiceAccount(ctx, "hs", "@gate1:hs"))
	must(t, k.BeginServiceAccount(ctx, "other", "@gate1:other"))
	must(t, k.ForgetServiceAccount(ctx, "hs", "@gate1:hs"))
	must(t, k.BeginServiceAccount(ctx, "hs", "@gate2:hs"))
	must(t, k.RetireServiceAccount(ctx, "hs", "@gate2:hs"))
	must(t, k.BeginServiceAccount(ctx, "hs", "@gate3:hs"))
	if !put(t, k, "hs", "", "@gate3:hs", "syt") {
		t.Error("not kept")
	}
	must(t, k.BeginServiceAccount(ctx, "hs", "@gate4:hs"))
	if put(t, k, "hs", "", "@gate4:hs", "syt") {
		t.Error("kept, in place of another one")
	}
	must(t, k.BeginServiceAccount(ctx, "hs", "@gate5:hs"))
}

// That the gate made itself an administrator stands in the log, with the reason; one that cannot be recorded is not used.
func TestServiceAccountsAreRecorded(t *testing.T) { storetest.Each(t, testServiceAccountsAreRecorded) }

func testServiceAccountsAreRecorded(t *testing.T) {
	k := newKeeper(t)
	put(t, k, "hs", "", "@gate1:hs", "syt_first")
	for i, reason := range []homeserver.Reason{homeserver.ReasonSealed, homeserver.ReasonRefused} {
		old, next := []api.UserID{"@gate1:hs", "@gate2:hs"}[i], []api.UserID{"@gate2:hs", "@gate3:hs"}[i]
		if ok, err := k.ReplaceServiceAccount(t.Context(), "hs", old, homeserver.ServiceAccount{ID: next, Token: api.NewSecret("syt"), Reason: reason}); !ok || err != nil {
			t.Fatal(err)
		}
	}
	for id, part := range map[string]string{"@gate1:hs": "for itself.", "@gate2:hs": "@gate1:hs could not be opened", "@gate3:hs": "refused the token of @gate2:hs"} {
		rows, err := k.Store.AuditHistory(t.Context(), "hs", id, 0, 10)
		must(t, err)
		if len(rows) != 1 || rows[0].Actor != "gatehouse" || rows[0].Operation != "users.create" || rows[0].Outcome != "done" ||
			!strings.Contains(rows[0].Detail, part) || !strings.Contains(string(rows[0].Request), `"admin":true`) || strings.Contains(string(rows[0].Request), "syt") {
			t.Errorf("%s: %+v", id, rows)
		}
	}
	closed, err := store.Open(t.Context(), storetest.Source(t))
	must(t, err)
	must(t, closed.Close())
	k.Audit = audit.New(closed, k.Now)
	if ok, err := k.ReplaceServiceAccount(t.Context(), "hs", "@gate3:hs", homeserver.ServiceAccount{ID: "@gate4:hs", Token: api.NewSecret("syt")}); ok || err == nil {
		t.Error("it is used without a record")
	}
	if a := get(t, k, "hs"); a.ID != "@gate3:hs" {
		t.Errorf("the gate is %s", a.ID)
	}
}

func TestMadeAccounts(t *testing.T) { storetest.Each(t, testMadeAccounts) }

func testMadeAccounts(t *testing.T) {
	k := newKeeper(t)
	for _, id := range []api.UserID{"@b:hs", "@a:hs", "@b:hs", "@A/x:hs"} {
		must(t, k.NoteAccount(t.Context(), "hs", id))
	}
	must(t, k.NoteAccount(t.Context(), "other", "@c:other"))
	list, err := k.MadeAccounts(t.Context(), "hs")
	must(t, err)
	var ids []api.UserID
	for _, a := range list {
		if !a.Created.Equal(t0) {
			t.Errorf("%+v", a)
		}
		ids = append(ids, a.ID)
	}
	if len(ids) != 3 || ids[1] != "@a:hs" && ids[0] != "@a:hs" {
		t.Errorf("%v", ids)
	}
}

// SETTLED 24: how far a deed in several steps came is known after a crash.
func TestSteps(t *testing.T) { storetest.Each(t, testSteps) }

func testSteps(t *testing.T) {
	source := storetest.Source(t)
	k := keeperAt(t, source)
	want := func(k Keeper, step string) {
		t.Helper()
		if got, err := k.Step(t.Context(), "hs", "@a:hs"); err != nil || got != step {
			t.Errorf("%q, %v, want %q", got, err, step)
		}
	}
	want(k, "")
	must(t, k.SetStep(t.Context(), "hs", "@a:hs", "password_replaced"))
	want(k, "password_replaced")
	must(t, k.Store.Close())
	k = keeperAt(t, source)
	want(k, "password_replaced")
	must(t, k.SetStep(t.Context(), "hs", "@a:hs", ""))
	must(t, k.SetStep(t.Context(), "hs", "@a:hs", "")) // forgetting twice is no mistake
	want(k, "")
}

// An account whose making was begun is known after a crash, without its password, until nothing of it is left.
func TestBegun(t *testing.T) { storetest.Each(t, testBegun) }

func testBegun(t *testing.T) {
	k := newKeeper(t)
	if _, err := k.Begun(t.Context(), "hs", "@a:hs"); !errors.Is(err, homeserver.ErrNone) {
		t.Errorf("%v, want ErrNone", err)
	}
	b := homeserver.Begun{ID: "@a:hs", Account: "01A", Begun: api.Begun{
		By:    "operator:ann",
		Left:  []api.FieldProblem{{Field: "password", Code: "weak", Params: map[string]string{"min": "8"}}},
		Asked: api.UserCreate{Localpart: "a", Admin: true, Password: api.PasswordChoice{Mode: api.PasswordTyped, Password: api.NewSecret("battery staple")}}.Wanted(),
	}}
	must(t, k.NoteBegun(t.Context(), "hs", b))
	row, err := k.Store.UnfinishedAccount(t.Context(), "hs", "@a:hs")
	must(t, err)
	if row.Asked != `{"admin":true,"password_mode":"typed"}` {
		t.Errorf("kept: %s", row.Asked)
	}
	got, err := k.Begun(t.Context(), "hs", "@a:hs")
	must(t, err)
	if b.At = got.At; !reflect.DeepEqual(got, b) || !got.At.Equal(row.At) || got.At.IsZero() {
		t.Errorf("%+v, want %+v", got, b)
	}
	b.Left = nil
	must(t, k.NoteBegun(t.Context(), "hs", b))
	if _, err := k.Begun(t.Context(), "hs", "@a:hs"); !errors.Is(err, homeserver.ErrNone) {
		t.Errorf("%v, want ErrNone", err)
	}
}

// A store that does not answer is not one that has nothing.
func TestStoreFails(t *testing.T) { storetest.Each(t, testStoreFails) }

func testStoreFails(t *testing.T) {
	k := newKeeper(t)
	must(t, k.Store.Close())
	ctx := context.Background()
	if _, err := k.ServiceAccount(ctx, "hs"); err == nil || errors.Is(err, homeserver.ErrNone) {
		t.Errorf("%v", err)
	}
	if ok, err := k.ReplaceServiceAccount(ctx, "hs", "", homeserver.ServiceAccount{}); err == nil || ok {
		t.Errorf("%t, %v", ok, err)
	}
	if _, err := k.MadeAccounts(ctx, "hs"); err == nil {
		t.Error("no error")
	}
	if _, err := k.Step(ctx, "hs", "@a:hs"); err == nil {
		t.Error("no error")
	}
	if _, err := k.Begun(ctx, "hs", "@a:hs"); err == nil || errors.Is(err, homeserver.ErrNone) {
		t.Errorf("%v", err)
	}
	if k.NoteBegun(ctx, "hs", homeserver.Begun{}) == nil || k.SetStep(ctx, "hs", "@a:hs", "x") == nil || k.NoteAccount(ctx, "hs", "@a:hs") == nil || k.RetireServiceAccount(ctx, "hs", "@a:hs") == nil || k.Reseal(ctx, "hs") == nil {
		t.Error("no error")
	}
}
