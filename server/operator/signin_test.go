// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

// A front is a desk whose homeserver and waits are the test's.
type front struct {
	*Desk
	clock  *stopwatch
	asked  []api.Credentials
	waits  []time.Duration
	answer func(api.Credentials) (api.Identity, error)
}

const right = "the right password"

var rightHash = sync.OnceValue(func() string {
	phc, err := HashPassword(context.Background(), api.NewSecret(right))
	if err != nil {
		panic(err)
	}
	return phc
})

func newFront(t *testing.T) *front {
	t.Helper()
	s, w := newStore(t), &stopwatch{limitsStart.Add(37 * time.Millisecond)}
	now := func() time.Time { return w.now }
	f := &front{clock: w}
	f.answer = func(c api.Credentials) (api.Identity, error) {
		if c.Password.Reveal() != right || (c.Name != "ann" && c.Name != "bob") {
			return api.Identity{}, api.NewProblem(api.StatusUnauthorized, "sign_in_wrong")
		}
		return api.Identity{ID: api.UserID("@" + c.Name + ":example.org"), Admin: c.Name == "ann"}, nil
	}
	f.Desk = &Desk{
		Store: s, Audit: audit.New(s, now), Limits: NewLimits(s, limitsKey, now), Now: now,
		Verify: func(_ context.Context, _ string, c api.Credentials) (api.Identity, error) {
			f.asked = append(f.asked, c)
			w.now = w.now.Add(91 * time.Millisecond) // a homeserver takes its time
			return f.answer(c)
		},
		Wait: func(ctx context.Context, d time.Duration) error {
			f.waits = append(f.waits, d)
			w.now = w.now.Add(d)
			return ctx.Err()
		},
	}
	phc := rightHash()
	for _, o := range []store.Operator{{Name: "olga", Role: string(api.Auditor), Password: phc, Created: w.now}, {Name: "gone", Role: string(api.Owner), Password: phc, Created: w.now}} {
		if err := s.AddOperator(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DisableOperator(t.Context(), "gone", w.now); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *front) try(t *testing.T, homeserver, name, password string) (*Person, string) {
	t.Helper()
	p, err := f.SignIn(t.Context(), Attempt{Homeserver: homeserver, Name: name, Password: api.NewSecret(password), Address: "192.0.2.1", RequestID: "r"})
	if err == nil {
		return p, ""
	}
	problem, ok := errors.AsType[*api.Problem](err)
	if !ok || p != nil {
		t.Fatalf("%+v, %v", p, err)
	}
	return nil, problem.Code
}

// SETTLED 19: unknown, wrong, disabled: the same number of hashes and of calls, and all answers leave on a tick.
func TestSameSteps(t *testing.T) { storetest.Each(t, testSameSteps) }

func testSameSteps(t *testing.T) {
	for _, c := range []struct {
		homeserver, name, password, code string
		hashes, calls                    int
	}{
		{"", "olga", "wrong password", "sign_in_wrong", 1, 0},
		{"", "nobody", "wrong password", "sign_in_wrong", 1, 0},
		{"", "nobody", right, "sign_in_wrong", 1, 0},
		{"", "gone", "wrong password", "sign_in_wrong", 1, 0},
		{"", "gone", right, "sign_in_wrong", 1, 0},
		{"", "olga", right, "", 1, 0},
		{"hs", "ann", "wrong password", "sign_in_wrong", 0, 1},
		{"hs", "nobody", "wrong password", "sign_in_wrong", 0, 1},
		{"hs", "ann", right, "", 0, 1},
		{"hs", "bob", right, "sign_in_not_admin", 0, 1},
	} {
		f := newFront(t)
		before := hashes.Load()
		p, code := f.try(t, c.homeserver, c.name, c.password)
		if code != c.code || (p == nil) != (code != "") {
			t.Errorf("%+v: %q, %+v", c, code, p)
		}
		if n := int(hashes.Load() - before); n != c.hashes || len(f.asked) != c.calls {
			t.Errorf("%+v: %d hashes, %d calls", c, n, len(f.asked))
		}
		if f.clock.now.Sub(f.clock.now.Truncate(tick)) != 0 {
			t.Errorf("%+v: answered at %v, between two ticks", c, f.clock.now)
		}
	}
}

// Attempts that are limited, or none at all, hash nothing and ask nobody (docs/decisions/0014); they leave on a tick, too.
func TestLimitedTakesNoSteps(t *testing.T) { storetest.Each(t, testLimitedTakesNoSteps) }

func testLimitedTakesNoSteps(t *testing.T) {
	f := newFront(t)
	for range limitPair {
		if _, code := f.try(t, "", "olga", "wrong password"); code != "sign_in_wrong" {
			t.Fatal(code)
		}
	}
	before := hashes.Load()
	_, err := f.SignIn(t.Context(), Attempt{Name: "olga", Password: api.NewSecret(right), Address: "192.0.2.1"})
	p, ok := errors.AsType[*api.Problem](err)
	if !ok || p.Code != "sign_in_limited" || p.Status != 429 || p.RetryMS <= 0 || p.Params["wait"] == "" {
		t.Errorf("%+v", err)
	}
	if hashes.Load() != before || f.clock.now.Sub(f.clock.now.Truncate(tick)) != 0 {
		t.Errorf("%d hashes, answered at %v", hashes.Load()-before, f.clock.now)
	}
	for _, a := range []Attempt{{Name: "", Password: api.NewSecret(right)}, {Name: "olga"}, {Name: "  ", Password: api.NewSecret(right)}} {
		if _, err := f.SignIn(t.Context(), a); err == nil || f.clock.now.Sub(f.clock.now.Truncate(tick)) != 0 {
			t.Errorf("%+v: %v at %v", a, err, f.clock.now)
		}
	}
	if hashes.Load() != before {
		t.Error("an attempt without a name or a password was hashed")
	}
	for range limitPair {
		if _, code := f.try(t, "hs", "ann", "wrong password"); code != "sign_in_wrong" {
			t.Fatal(code)
		}
	}
	asked := len(f.asked)
	if _, code := f.try(t, "hs", "ann", right); code != "sign_in_limited" || len(f.asked) != asked {
		t.Errorf("%s, and the homeserver was asked %d times", code, len(f.asked)-asked)
	}
}

// A limit comes after the same number of tries and in the same words whether there is such a name or not.
func TestLimitedTellsNoNames(t *testing.T) { storetest.Each(t, testLimitedTellsNoNames) }

func testLimitedTellsNoNames(t *testing.T) {
	for _, c := range []struct{ homeserver, known, unknown string }{{"", "olga", "nobody"}, {"", "gone", "nobody"}, {"hs", "ann", "nobody"}, {"hs", "bob", "nobody"}} {
		var answers [2][]string
		for i, name := range []string{c.known, c.unknown} {
			f := newFront(t)
			for range limitPair + 2 {
				_, err := f.SignIn(t.Context(), Attempt{Homeserver: c.homeserver, Name: name, Password: api.NewSecret("wrong password"), Address: "192.0.2.1"})
				p, ok := errors.AsType[*api.Problem](err)
				if !ok {
					t.Fatal(err)
				}
				answers[i] = append(answers[i], p.Code)
			}
		}
		if !slices.Equal(answers[0], answers[1]) || answers[0][limitPair] != "sign_in_limited" {
			t.Errorf("%+v: %v and %v", c, answers[0], answers[1])
		}
	}
}

// One account is one name to the limits, however it is written; two accounts are two.
func TestOneNameForTheLimits(t *testing.T) { storetest.Each(t, testOneNameForTheLimits) }

func testOneNameForTheLimits(t *testing.T) {
	same := []string{"ann", " ann ", "Ann", "ANN", "@ann:example.org", "@Ann:example.org", " @ann:EXAMPLE.org\t", "@ann", "@ ann :example.org"}
	for _, first := range same {
		for _, second := range same {
			a := limitName(Attempt{Homeserver: "hs", Name: first})
			b := limitName(Attempt{Homeserver: "hs", Name: second})
			if !strings.EqualFold(a, b) && first[0] != ' ' && second[0] != ' ' {
				t.Errorf("%q and %q are two names", first, second)
			}
		}
	}
	f := newFront(t)
	for i := range limitPair {
		if _, code := f.try(t, "hs", same[i], "wrong password"); code != "sign_in_wrong" {
			t.Fatalf("%q: %s", same[i], code)
		}
	}
	for _, name := range same {
		if _, code := f.try(t, "hs", name, right); code != "sign_in_limited" {
			t.Errorf("%q: %q", name, code)
		}
	}
	asked := len(f.asked)
	for _, c := range []struct{ homeserver, name string }{{"hs", "anna"}, {"other", "ann"}, {"", "ann"}} {
		if _, code := f.try(t, c.homeserver, c.name, "wrong password"); code != "sign_in_wrong" {
			t.Errorf("%+v: %q", c, code)
		}
	}
	if len(f.asked) != asked+2 {
		t.Errorf("%d calls", len(f.asked)-asked)
	}
}

// What is no failure of the person's does not count against them: a homeserver that does not answer, a limit of its own.
func TestOtherFailuresDoNotCount(t *testing.T) { storetest.Each(t, testOtherFailuresDoNotCount) }

func testOtherFailuresDoNotCount(t *testing.T) {
	f := newFront(t)
	usual := f.answer
	f.answer = func(api.Credentials) (api.Identity, error) {
		return api.Identity{}, api.NewProblem(api.StatusUnavailable, "homeserver_down")
	}
	for range 3 * limitAddress {
		if _, code := f.try(t, "hs", "ann", right); code != "homeserver_down" {
			t.Fatal(code)
		}
	}
	f.answer = usual
	if p, code := f.try(t, "hs", "ann", right); p == nil {
		t.Error(code)
	}
}

// Being no administrator is a failure: it would tell that the password was right, as often as anybody asks.
func TestNotAdminCounts(t *testing.T) { storetest.Each(t, testNotAdminCounts) }

func testNotAdminCounts(t *testing.T) {
	f := newFront(t)
	for range limitPair {
		if _, code := f.try(t, "hs", "bob", right); code != "sign_in_not_admin" {
			t.Fatal(code)
		}
	}
	if _, code := f.try(t, "hs", "bob", right); code != "sign_in_limited" {
		t.Error(code)
	}
}

// A name that was often tried, from wherever, is slower, and never refused.
func TestSlowNames(t *testing.T) { storetest.Each(t, testSlowNames) }

func testSlowNames(t *testing.T) {
	f := newFront(t)
	try := func(address, password string) error {
		_, err := f.SignIn(t.Context(), Attempt{Homeserver: "hs", Name: "ann", Password: api.NewSecret(password), Address: address})
		return err
	}
	for _, address := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6"} {
		_ = try(address, "wrong password")
	}
	f.waits = nil
	if err := try("198.51.100.1", right); err != nil {
		t.Error(err)
	}
	if len(f.waits) != 2 || f.waits[0] != 2*slowStep {
		t.Errorf("waits %v", f.waits)
	}
}

// Who signed in, by role and homeserver; and each attempt in the log.
func TestWhoSignsIn(t *testing.T) { storetest.Each(t, testWhoSignsIn) }

func testWhoSignsIn(t *testing.T) {
	f := newFront(t)
	p, _ := f.try(t, "hs", "ann", right)
	if p == nil || p.ID != "@ann:example.org" || p.Name != "ann" || p.Role != api.Owner || p.Homeserver != "hs" || p.Address != "192.0.2.1" {
		t.Errorf("%+v", p)
	}
	p, _ = f.try(t, "", "olga", right)
	if p == nil || p.ID != "operator:olga" || p.Name != "olga" || p.Role != api.Auditor || p.Homeserver != "" {
		t.Errorf("%+v", p)
	}
	if len(f.asked) != 1 || f.asked[0].Address != "192.0.2.1" {
		t.Errorf("%+v", f.asked)
	}
	if !p.May("hs") || !p.May("other") || (Person{Homeserver: "hs"}).May("other") || !(Person{Homeserver: "hs"}).May("hs") {
		t.Error("May")
	}
	if l := Local("alice"); l.ID != "local:alice" || l.Session == "" || l.Role != api.Owner || !l.May("hs") {
		t.Errorf("%+v", l)
	}
}

// Somebody who goes away while they wait is let in nowhere.
func TestSignInCancelled(t *testing.T) { storetest.Each(t, testSignInCancelled) }

func testSignInCancelled(t *testing.T) {
	f := newFront(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := f.SignIn(ctx, Attempt{Homeserver: "hs", Name: "ann", Password: api.NewSecret(right), Address: "192.0.2.1"}); err == nil || p != nil {
		t.Errorf("%+v, %v", p, err)
	}
	if len(f.asked) > 0 {
		t.Error("the homeserver was asked for somebody who is gone")
	}
	if p, code := f.try(t, "hs", "ann", right); p == nil {
		t.Error(code)
	}
}

// Of the attempts that are turned away one is recorded, whatever names they have: the log grows for ever, and anybody can send them.
func TestRefusalsDoNotFillTheLog(t *testing.T) { storetest.Each(t, testRefusalsDoNotFillTheLog) }

func testRefusalsDoNotFillTheLog(t *testing.T) {
	f := newFront(t)
	recorded := func() int64 {
		t.Helper()
		id, err := f.Store.AppendAudit(t.Context(), store.AuditRow{At: f.clock.now, Phase: store.AuditEvent, Actor: "test", Operation: "test", Outcome: "done"})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	turnedAway := func(name string) {
		t.Helper()
		if _, code := f.try(t, "hs", name, right); code != "sign_in_limited" {
			t.Fatal(code)
		}
	}
	for range limitPair {
		f.try(t, "hs", "ann", "wrong password")
	}
	before := recorded()
	for range 10 {
		turnedAway("ann")
	}
	if n := recorded() - before - 1; n != 1 {
		t.Errorf("%d rows of ten attempts at one name", n)
	}
	for i := range limitAddress - limitPair {
		f.try(t, "hs", fmt.Sprint("nobody", i), "wrong password")
	}
	before = recorded()
	for i := range 10 {
		turnedAway(fmt.Sprint("somebody", i))
	}
	if n := recorded() - before - 1; n != 1 {
		t.Errorf("%d rows of ten attempts at ten names", n)
	}
	// The next window's are told again.
	f.clock.now = f.clock.now.Add(limitWindow)
	for range limitPair {
		f.try(t, "hs", "ann", "wrong password")
	}
	before = recorded()
	turnedAway("ann")
	if n := recorded() - before - 1; n != 1 {
		t.Errorf("%d rows in the next window", n)
	}
}

// A homeserver that answers with somebody who is not its own is not believed: the audit log would hold another's name.
func TestHomeserverVouchesForMatrixIDs(t *testing.T) {
	storetest.Each(t, testHomeserverVouchesForMatrixIDs)
}

func testHomeserverVouchesForMatrixIDs(t *testing.T) {
	for _, id := range []api.UserID{"", "operator:olga", "local:root", "ann", "@ann", "@ann:example.org\n"} {
		f := newFront(t)
		f.answer = func(api.Credentials) (api.Identity, error) { return api.Identity{ID: id, Admin: true}, nil }
		if p, code := f.try(t, "hs", "ann", right); p != nil || code != "homeserver_unknown_answer" {
			t.Errorf("%q: %+v, %q", id, p, code)
		}
	}
}
