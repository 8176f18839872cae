// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"gatehouse/server/store/storetest"
)

func TestOperators(t *testing.T) { storetest.Each(t, testOperators) }

func testOperators(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	alice := Operator{Name: "alice", Password: "$argon2id$…", Role: "owner", Created: t0}
	must(t, s.AddOperator(ctx, alice))
	if err := s.AddOperator(ctx, Operator{Name: "alice", Password: "other", Role: "auditor", Created: t0}); !errors.Is(err, ErrExists) {
		t.Errorf("added twice: %v, want ErrExists", err)
	}
	must(t, s.AddOperator(ctx, Operator{Name: "adam", Password: "x", Role: "auditor", Created: t0}))

	got, err := s.Operator(ctx, "alice")
	must(t, err)
	if diff := cmp.Diff(alice, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	must(t, s.SetOperatorPassword(ctx, "alice", "new"))
	must(t, s.SetOperatorRole(ctx, "alice", "admin"))
	must(t, s.DisableOperator(ctx, "alice", t0.Add(time.Hour)))
	must(t, s.DisableOperator(ctx, "alice", t0.Add(2*time.Hour))) // the first time counts
	alice.Password, alice.Role, alice.Disabled = "new", "admin", t0.Add(time.Hour)
	all, err := s.Operators(ctx)
	must(t, err)
	if len(all) != 2 || all[0].Name != "adam" {
		t.Fatalf("operators: %+v", all)
	}
	if diff := cmp.Diff(alice, all[1]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	must(t, s.EnableOperator(ctx, "alice"))
	if got, err := s.Operator(ctx, "alice"); err != nil || !got.Disabled.IsZero() {
		t.Errorf("enabled again: %+v, %v", got, err)
	}

	for name, err := range map[string]error{
		"password": s.SetOperatorPassword(ctx, "bob", "x"),
		"role":     s.SetOperatorRole(ctx, "bob", "x"),
		"disable":  s.DisableOperator(ctx, "bob", t0),
		"enable":   s.EnableOperator(ctx, "bob"),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s of nobody: %v, want ErrNotFound", name, err)
		}
	}
	if _, err := s.Operator(ctx, "bob"); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody: %v, want ErrNotFound", err)
	}
}

func TestRequestKeys(t *testing.T) { storetest.Each(t, testRequestKeys) }

func testRequestKeys(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	r := Request{Session: "s1", Key: "k1", Operation: "users.create", Homeserver: "hs", BodyHash: "abc", At: t0}

	running := r
	running.State, running.Replica = RequestRunning, s.Replica()
	row, first, err := s.BeginRequest(ctx, r)
	must(t, err)
	if diff := cmp.Diff(running, row); diff != "" || !first {
		t.Errorf("first = %v (-want +got):\n%s", first, diff)
	}

	again := r
	again.At = t0.Add(time.Second)
	row, first, err = s.BeginRequest(ctx, again)
	must(t, err)
	if diff := cmp.Diff(running, row); diff != "" || first {
		t.Errorf("again: first = %v (-want +got):\n%s", first, diff)
	}

	must(t, s.FinishRequest(ctx, "s1", "k1", 200, "", "/hs/accounts"))
	if err := s.FinishRequest(ctx, "s1", "k1", 500, "x", ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("finished twice: %v, want ErrNotFound", err)
	}
	must(t, s.CancelRequest(ctx, "s1", "k1")) // too late: what is done stays done
	done := running
	done.State, done.Status, done.Location = RequestDone, 200, "/hs/accounts"
	row, first, err = s.BeginRequest(ctx, again)
	must(t, err)
	if diff := cmp.Diff(done, row); diff != "" || first {
		t.Errorf("after the end: first = %v (-want +got):\n%s", first, diff)
	}

	// The key belongs to its session.
	other := r
	other.Session = "s2"
	if _, first, err = s.BeginRequest(ctx, other); err != nil || !first {
		t.Errorf("another session: first = %v, %v", first, err)
	}
	must(t, s.CancelRequest(ctx, "s2", "k1"))
	if _, first, err = s.BeginRequest(ctx, other); err != nil || !first {
		t.Errorf("after cancelling: first = %v, %v", first, err)
	}

	if n, err := s.PurgeRequests(ctx, t0); err != nil || n != 0 {
		t.Errorf("purged %d, %v too early", n, err)
	}
	if n, err := s.PurgeRequests(ctx, t0.Add(time.Millisecond)); err != nil || n != 2 {
		t.Errorf("purged %d, %v, want 2", n, err)
	}
}

func TestRequestSameWrite(t *testing.T) {
	r := Request{Session: "s", Key: "k", Operation: "o", Homeserver: "h", BodyHash: "b", State: RequestDone, Status: 200}
	if !r.SameWrite(Request{Operation: "o", Homeserver: "h", BodyHash: "b"}) {
		t.Error("the same write is another")
	}
	for _, other := range []Request{
		{Operation: "x", Homeserver: "h", BodyHash: "b"},
		{Operation: "o", Homeserver: "x", BodyHash: "b"},
		{Operation: "o", Homeserver: "h", BodyHash: "x"},
	} {
		if r.SameWrite(other) {
			t.Errorf("%+v is the same write", other)
		}
	}
}

func TestOneRequestOfManyIsTheFirst(t *testing.T) { storetest.Each(t, testOneRequestOfManyIsTheFirst) }

func testOneRequestOfManyIsTheFirst(t *testing.T) {
	s := open(t)
	var firsts atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, first, err := s.BeginRequest(t.Context(), Request{Session: "s", Key: "k", At: t0})
			if err != nil {
				t.Error(err)
			}
			if first {
				firsts.Add(1)
			}
		})
	}
	wg.Wait()
	if got := firsts.Load(); got != 1 {
		t.Errorf("%d were the first", got)
	}
}

func TestLeases(t *testing.T) { storetest.Each(t, testLeases) }

func testLeases(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	const name, ttl = "service:hs", time.Minute
	steps := []struct {
		holder string
		at     time.Duration
		want   error
	}{
		{"a", 0, nil},
		{"b", ttl - time.Millisecond, ErrConflict},
		{"a", ttl - time.Millisecond, nil}, // prolonged
		{"b", ttl, ErrConflict},
		{"b", 2*ttl - 2*time.Millisecond, ErrConflict},
		{"b", 2*ttl - time.Millisecond, nil}, // a's time is over
		{"a", 2 * ttl, ErrConflict},
	}
	for i, step := range steps {
		if err := s.TakeLease(ctx, name, step.holder, t0.Add(step.at), ttl); !errors.Is(err, step.want) {
			t.Errorf("step %d: %v, want %v", i, err, step.want)
		}
	}
	must(t, s.ReleaseLease(ctx, name, "a")) // not a's any more
	if err := s.TakeLease(ctx, name, "a", t0.Add(2*ttl), ttl); !errors.Is(err, ErrConflict) {
		t.Errorf("a gave back what is b's: %v", err)
	}
	must(t, s.ReleaseLease(ctx, name, "b"))
	must(t, s.TakeLease(ctx, name, "a", t0.Add(2*ttl), ttl))
}

func TestMadeAccounts(t *testing.T) { storetest.Each(t, testMadeAccounts) }

func testMadeAccounts(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	// In the order of user IDs `-` comes before `:`; in that of localparts ann is first.
	for _, name := range []string{"zoe", "ann-marie", "ann", "100%", "Under_score", "underXscore"} {
		must(t, s.PutMadeAccount(ctx, MadeAccount{Homeserver: "hs", UserID: "@" + name + ":hs", Localpart: name, Created: t0, By: "@admin:hs"}))
	}
	must(t, s.PutMadeAccount(ctx, MadeAccount{Homeserver: "other", UserID: "@ann:other", Localpart: "ann", Created: t0, By: "x"}))
	must(t, s.PutMadeAccount(ctx, MadeAccount{Homeserver: "hs", UserID: "@ann:hs", Localpart: "ann", Created: t0.Add(time.Hour), By: "second"}))

	got, err := s.MadeAccount(ctx, "hs", "@ann:hs")
	must(t, err)
	if diff := cmp.Diff(MadeAccount{"hs", "@ann:hs", "ann", t0, "@admin:hs"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := s.MadeAccount(ctx, "hs", "@nobody:hs"); !errors.Is(err, ErrNotFound) {
		t.Errorf("nobody: %v, want ErrNotFound", err)
	}

	tests := []struct {
		name  string
		query MadeQuery
		want  []string
		total int
	}{
		{"first page", MadeQuery{Limit: 3}, []string{"100%", "Under_score", "ann"}, 6},
		{"second page", MadeQuery{After: "@ann:hs", Limit: 3}, []string{"ann-marie", "underXscore", "zoe"}, 6},
		{"after the last", MadeQuery{After: "@zoe:hs", Limit: 3}, nil, 6},
		{"descending", MadeQuery{Descending: true, Limit: 2}, []string{"zoe", "underXscore"}, 6},
		{"descending, second", MadeQuery{Descending: true, After: "@underXscore:hs", Limit: 2}, []string{"ann-marie", "ann"}, 6},
		{"search", MadeQuery{Search: "ANN", Limit: 10}, []string{"ann", "ann-marie"}, 2},
		{"percent is a character", MadeQuery{Search: "%", Limit: 10}, []string{"100%"}, 1},
		{"underscore too", MadeQuery{Search: "r_s", Limit: 10}, []string{"Under_score"}, 1},
		{"backslash too", MadeQuery{Search: `\`, Limit: 10}, nil, 0},
		{"quote", MadeQuery{Search: `' OR '1'='1`, Limit: 10}, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.query.Homeserver = "hs"
			page, total, err := s.MadeAccounts(ctx, tt.query)
			must(t, err)
			var names []string
			for _, a := range page {
				names = append(names, a.Localpart)
			}
			if diff := cmp.Diff(tt.want, names); diff != "" || total != tt.total {
				t.Errorf("total %d, want %d (-want +got):\n%s", total, tt.total, diff)
			}
		})
	}
}

func TestDeactivations(t *testing.T) { storetest.Each(t, testDeactivations) }

func testDeactivations(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	d := Deactivation{Homeserver: "hs", UserID: "@a:hs", Step: "password", At: t0}
	must(t, s.PutDeactivation(ctx, d))
	d.Step, d.At = "signed-in", t0.Add(time.Second)
	must(t, s.PutDeactivation(ctx, d))
	older := Deactivation{Homeserver: "hs", UserID: "@b:hs", Step: "password", At: t0}
	must(t, s.PutDeactivation(ctx, older))

	got, err := s.Deactivation(ctx, "hs", "@a:hs")
	must(t, err)
	if diff := cmp.Diff(d, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	all, err := s.Deactivations(ctx, "hs")
	must(t, err)
	if diff := cmp.Diff([]Deactivation{older, d}, all); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	must(t, s.DeleteDeactivation(ctx, "hs", "@a:hs"))
	must(t, s.DeleteDeactivation(ctx, "hs", "@a:hs"))
	if _, err := s.Deactivation(ctx, "hs", "@a:hs"); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted: %v, want ErrNotFound", err)
	}
}

func TestUnfinishedAccounts(t *testing.T) { storetest.Each(t, testUnfinishedAccounts) }

func testUnfinishedAccounts(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	a := UnfinishedAccount{Homeserver: "hs", UserID: "@a:hs", Account: "01A", By: "operator:ann", Asked: "{}", Left: "[1]", At: t0}
	must(t, s.PutUnfinishedAccount(ctx, a))
	a.Left, a.At = "[2]", t0.Add(time.Second)
	must(t, s.PutUnfinishedAccount(ctx, a))
	got, err := s.UnfinishedAccount(ctx, "hs", "@a:hs")
	must(t, err)
	if diff := cmp.Diff(a, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := s.UnfinishedAccount(ctx, "other", "@a:hs"); !errors.Is(err, ErrNotFound) {
		t.Errorf("of another homeserver: %v, want ErrNotFound", err)
	}
	must(t, s.DeleteUnfinishedAccount(ctx, "hs", "@a:hs"))
	must(t, s.DeleteUnfinishedAccount(ctx, "hs", "@a:hs"))
	if _, err := s.UnfinishedAccount(ctx, "hs", "@a:hs"); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted: %v, want ErrNotFound", err)
	}
}

func TestMeta(t *testing.T) { storetest.Each(t, testMeta) }

func testMeta(t *testing.T) {
	s := open(t)
	if _, err := s.Meta(t.Context(), "a"); !errors.Is(err, ErrNotFound) {
		t.Errorf("none: %v, want ErrNotFound", err)
	}
	must(t, s.SetMeta(t.Context(), "a", "1"))
	must(t, s.SetMeta(t.Context(), "a", "2"))
	if got, err := s.Meta(t.Context(), "a"); err != nil || got != "2" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCut(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"short", "short"},
		{strings.Repeat("é", 6), strings.Repeat("é", 5)},
		{"a\xffb", "a\uFFFDb"},
		{"a\x00b", "a\uFFFDb"},
	}
	for _, tt := range tests {
		got := cut(tt.in, 5)
		if got != tt.want || !utf8.ValidString(got) {
			t.Errorf("cut(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
