// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

var t0 = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

func clock() time.Time { return t0 }

func entry() Entry {
	return Entry{
		RequestID: "r1", Actor: "@admin:hs", Role: "owner", Address: "192.0.2.1", Homeserver: "hs",
		Operation: "users.deactivate", Targets: []string{"@a:hs"}, Request: json.RawMessage(`{"erase":false}`),
	}
}

func openStore(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newStore(t *testing.T) *store.Store {
	t.Helper()
	return openStore(t, storetest.Source(t))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A flaky store fails where it is told to and counts what reached it.
type flaky struct {
	*store.Store
	mu      sync.Mutex
	outcome error // what AppendOutcome returns instead of writing
	after   error // what AppendOutcome returns after it has written
	append  error
	probe   error
	probes  int
}

func (f *flaky) AppendAudit(ctx context.Context, row store.AuditRow) (int64, error) {
	f.mu.Lock()
	err := f.append
	f.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return f.Store.AppendAudit(ctx, row)
}

func (f *flaky) AppendOutcome(ctx context.Context, id int64, r store.AuditResult) error {
	f.mu.Lock()
	err, after := f.outcome, f.after
	f.mu.Unlock()
	if err != nil {
		return err
	}
	if err := f.Store.AppendOutcome(ctx, id, r); err != nil {
		return err
	}
	return after
}

func (f *flaky) Probe(ctx context.Context, now time.Time) error {
	f.mu.Lock()
	f.probes++
	err := f.probe
	f.mu.Unlock()
	if err != nil {
		return err
	}
	return f.Store.Probe(ctx, now)
}

func (f *flaky) set(change func(*flaky)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func history(t *testing.T, l *Log, target string) []Record {
	t.Helper()
	records, err := l.History(t.Context(), "hs", target, 0, 100)
	must(t, err)
	return records
}

func TestIntentOutcomeHistory(t *testing.T) { storetest.Each(t, testIntentOutcomeHistory) }

func testIntentOutcomeHistory(t *testing.T) {
	now := t0
	l := New(newStore(t), func() time.Time { return now })
	id, err := l.Intent(t.Context(), entry())
	must(t, err)

	want := Record{ID: id, Entry: entry(), At: t0}
	if diff := cmp.Diff([]Record{want}, history(t, l, "@a:hs")); diff != "" {
		t.Errorf("under way (-want +got):\n%s", diff)
	}
	now = t0.Add(time.Second)
	want.Result, want.EndedAt = Result{Outcome: Failed, Code: "limited", Detail: "Wait."}, now
	must(t, l.Outcome(t.Context(), id, want.Result))
	if diff := cmp.Diff([]Record{want}, history(t, l, "@a:hs")); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
	if !l.Healthy() {
		t.Error("not healthy")
	}
}

func TestEvent(t *testing.T) { storetest.Each(t, testEvent) }

func testEvent(t *testing.T) {
	l := New(newStore(t), clock)
	e := entry()
	e.Request = nil
	r := Result{Outcome: Refused, Code: "forbidden"}
	must(t, l.Event(t.Context(), e, r))
	e.Request = json.RawMessage("null")
	want := []Record{{ID: 1, Entry: e, At: t0, Result: r, EndedAt: t0}}
	if diff := cmp.Diff(want, history(t, l, "@a:hs")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMalformedIsRefused(t *testing.T) { storetest.Each(t, testMalformedIsRefused) }

func testMalformedIsRefused(t *testing.T) {
	l := New(newStore(t), clock)
	change := func(f func(*Entry)) Entry { e := entry(); f(&e); return e }
	for name, e := range map[string]Entry{
		"no actor":     change(func(e *Entry) { e.Actor = "" }),
		"no operation": change(func(e *Entry) { e.Operation = "" }),
		"no JSON":      change(func(e *Entry) { e.Request = json.RawMessage(`{"a":`) }),
		"no UTF-8":     change(func(e *Entry) { e.Request = json.RawMessage("\"\xff\"") }),
	} {
		if _, err := l.Intent(t.Context(), e); !errors.Is(err, ErrEntry) {
			t.Errorf("intent, %s: %v, want ErrEntry", name, err)
		}
		if err := l.Event(t.Context(), e, Result{Outcome: Done}); !errors.Is(err, ErrEntry) {
			t.Errorf("event, %s: %v, want ErrEntry", name, err)
		}
	}
	id, err := l.Intent(t.Context(), entry())
	must(t, err)
	for _, outcome := range []Outcome{"", "fine"} {
		if err := l.Outcome(t.Context(), id, Result{Outcome: outcome}); !errors.Is(err, ErrEntry) {
			t.Errorf("outcome %q: %v, want ErrEntry", outcome, err)
		}
		if err := l.Event(t.Context(), entry(), Result{Outcome: outcome}); !errors.Is(err, ErrEntry) {
			t.Errorf("event %q: %v, want ErrEntry", outcome, err)
		}
	}
	if !l.Healthy() {
		t.Error("a mistake of the caller broke the log")
	}
}

func TestHostileTextsAreRecorded(t *testing.T) { storetest.Each(t, testHostileTextsAreRecorded) }

func testHostileTextsAreRecorded(t *testing.T) {
	l := New(newStore(t), clock)
	e := entry()
	e.Actor = "a\x00b\xff" + strings.Repeat("ü", 10_000)
	e.Request = json.RawMessage(`"` + strings.Repeat("x", maxRequest) + `"`)
	e.Targets = []string{"@\u202e\"><b>:hs"}
	must(t, l.Event(t.Context(), e, Result{Outcome: Failed, Detail: strings.Repeat("é", maxDetail)}))

	got := history(t, l, "@\u202e\"><b>:hs")
	if len(got) != 1 {
		t.Fatalf("got %d records", len(got))
	}
	if want := "a\uFFFDb\uFFFD" + strings.Repeat("ü", 252); got[0].Actor != want {
		t.Errorf("actor %q", got[0].Actor)
	}
	if want := `{"omitted_bytes":65538}`; string(got[0].Request) != want {
		t.Errorf("request %s, want %s", got[0].Request, want)
	}
	if want := strings.Repeat("é", maxDetail/2); got[0].Detail != want {
		t.Errorf("detail of %d bytes, want %d", len(got[0].Detail), len(want))
	}
}

func TestIntentFailsClosed(t *testing.T) { storetest.Each(t, testIntentFailsClosed) }

func testIntentFailsClosed(t *testing.T) {
	full := errors.New("disk full")
	rows := &flaky{Store: newStore(t), append: full}
	l := New(rows, clock)
	if _, err := l.Intent(t.Context(), entry()); !errors.Is(err, full) {
		t.Errorf("intent: %v, want %v", err, full)
	}
	if err := l.Event(t.Context(), entry(), Result{Outcome: Done}); !errors.Is(err, full) {
		t.Errorf("event: %v, want %v", err, full)
	}

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	rows.set(func(f *flaky) { f.append = nil })
	if _, err := l.Intent(gone, entry()); !errors.Is(err, context.Canceled) {
		t.Errorf("intent of somebody who is gone: %v", err)
	}
	if got := history(t, l, "@a:hs"); len(got) != 0 {
		t.Errorf("recorded: %+v", got)
	}
}

// Hanging up must not keep what was done out of the log.
func TestOutcomeAndEventIgnoreCancelling(t *testing.T) {
	storetest.Each(t, testOutcomeAndEventIgnoreCancelling)
}

func testOutcomeAndEventIgnoreCancelling(t *testing.T) {
	l := New(newStore(t), clock)
	id, err := l.Intent(t.Context(), entry())
	must(t, err)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, l.Outcome(gone, id, Result{Outcome: Done}))
	must(t, l.Event(gone, entry(), Result{Outcome: Refused}))
	got := history(t, l, "@a:hs")
	if len(got) != 2 || got[0].Outcome != Refused || got[1].Outcome != Done {
		t.Errorf("%+v", got)
	}
}

func TestBrokenUntilTheOutcomeIsWritten(t *testing.T) {
	storetest.Each(t, testBrokenUntilTheOutcomeIsWritten)
}

func testBrokenUntilTheOutcomeIsWritten(t *testing.T) {
	full := errors.New("disk full")
	rows := &flaky{Store: newStore(t)}
	l := New(rows, clock)
	id, err := l.Intent(t.Context(), entry())
	must(t, err)

	rows.set(func(f *flaky) { f.outcome, f.probe = full, full })
	err = l.Outcome(t.Context(), id, Result{Outcome: Done, Detail: "what was not lost"})
	if !errors.Is(err, ErrBroken) || !errors.Is(err, full) {
		t.Errorf("outcome: %v, want ErrBroken and the cause", err)
	}
	refused := func(why string) {
		t.Helper()
		if _, err := l.Intent(t.Context(), entry()); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: intent %v, want ErrBroken", why, err)
		}
		if err := l.Recover(t.Context()); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: recover %v, want ErrBroken", why, err)
		}
		if l.Healthy() {
			t.Errorf("%s: healthy", why)
		}
	}
	refused("nothing can be written")
	rows.set(func(f *flaky) { f.probe = nil })
	refused("the probe can be written, the outcome cannot")

	rows.set(func(f *flaky) { f.outcome = nil })
	other := entry()
	other.Targets = []string{"@b:hs"}
	if _, err := l.Intent(t.Context(), other); err != nil {
		t.Errorf("intent after the store works again: %v", err)
	}
	if !l.Healthy() {
		t.Error("not healthy after the store works again")
	}
	got := history(t, l, "@a:hs")
	if len(got) != 1 || got[0].Outcome != Done || got[0].Detail != "what was not lost" {
		t.Errorf("history: %+v", got)
	}
	probes := rows.probes
	must(t, l.Recover(t.Context()))
	if rows.probes != probes {
		t.Error("a healthy log probes the store")
	}
}

// The answer to a commit can get lost after the commit.
func TestOutcomeWrittenButNotAnswered(t *testing.T) {
	storetest.Each(t, testOutcomeWrittenButNotAnswered)
}

func testOutcomeWrittenButNotAnswered(t *testing.T) {
	rows := &flaky{Store: newStore(t), after: errors.New("interrupted")}
	l := New(rows, clock)
	id, err := l.Intent(t.Context(), entry())
	must(t, err)
	if err := l.Outcome(t.Context(), id, Result{Outcome: Done}); !errors.Is(err, ErrBroken) {
		t.Errorf("%v, want ErrBroken", err)
	}
	// That it was written is no proof that the store takes writes now.
	rows.set(func(f *flaky) { f.probe = errors.New("disk full") })
	if err := l.Recover(t.Context()); !errors.Is(err, ErrBroken) {
		t.Errorf("mended without a write: %v", err)
	}
	rows.set(func(f *flaky) { f.probe = nil })
	must(t, l.Recover(t.Context()))
	if !l.Healthy() {
		t.Error("not healthy")
	}
}

func TestOutcomeTwiceDoesNotBreakTheLog(t *testing.T) {
	storetest.Each(t, testOutcomeTwiceDoesNotBreakTheLog)
}

func testOutcomeTwiceDoesNotBreakTheLog(t *testing.T) {
	l := New(newStore(t), clock)
	id, err := l.Intent(t.Context(), entry())
	must(t, err)
	must(t, l.Outcome(t.Context(), id, Result{Outcome: Unknown}))
	must(t, l.Outcome(t.Context(), id, Result{Outcome: Done})) // found out later
	if err := l.Outcome(t.Context(), id, Result{Outcome: Failed}); !errors.Is(err, store.ErrExists) {
		t.Errorf("twice: %v, want ErrExists", err)
	}
	if err := l.Outcome(t.Context(), 99, Result{Outcome: Done}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of nothing: %v, want ErrNotFound", err)
	}
	if !l.Healthy() {
		t.Error("not healthy")
	}
	if got := history(t, l, "@a:hs"); len(got) != 1 || got[0].Outcome != Done {
		t.Errorf("%+v", got)
	}
}

// Many calls break and mend the log at once: in the end each has its outcome.
func TestManyAtOnce(t *testing.T) { storetest.Each(t, testManyAtOnce) }

func testManyAtOnce(t *testing.T) {
	rows := &flaky{Store: newStore(t), outcome: errors.New("disk full")}
	l := New(rows, clock)
	const n = 12
	var ids []int64
	for range n {
		id, err := l.Intent(t.Context(), entry())
		must(t, err)
		ids = append(ids, id)
	}
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			if i == n/2 {
				rows.set(func(f *flaky) { f.outcome = nil })
			}
			_ = l.Outcome(t.Context(), id, Result{Outcome: Done})
			_ = l.Recover(t.Context())
		})
	}
	wg.Wait()
	must(t, l.Recover(t.Context()))
	for _, r := range history(t, l, "@a:hs") {
		if r.Outcome != Done {
			t.Errorf("intent %d: %q", r.ID, r.Outcome)
		}
	}
}

func TestSettle(t *testing.T) { storetest.Each(t, testSettle) }

func testSettle(t *testing.T) {
	l := New(newStore(t), clock)
	open, err := l.Intent(t.Context(), entry())
	must(t, err)
	ended, err := l.Intent(t.Context(), entry())
	must(t, err)
	must(t, l.Outcome(t.Context(), ended, Result{Outcome: Done}))

	settled, err := l.Settle(t.Context())
	must(t, err)
	if diff := cmp.Diff([]int64{open}, settled); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got := history(t, l, "@a:hs")
	if got[1].Outcome != Unknown || got[1].Code != CodeInterrupted || got[0].Outcome != Done {
		t.Errorf("%+v", got)
	}
}
