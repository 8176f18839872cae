// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/server/store/storetest"
)

// queue has writes wait behind a held connection until all are in the queue, in
// order, and returns what each was answered.
func queue(ctx context.Context, t *testing.T, s *Store, writes ...func(context.Context, *sql.Tx) error) []error {
	t.Helper()
	held, err := s.write.Conn(t.Context())
	must(t, err)
	errs := make([]error, len(writes))
	var wg sync.WaitGroup
	for i, w := range writes {
		wg.Go(func() { errs[i] = s.InTx(ctx, "", w) })
		waitFor(t, s, i+1)
	}
	must(t, held.Close())
	wg.Wait()
	return errs
}

// waitFor returns when that many writes are in the queue.
func waitFor(t *testing.T, s *Store, n int) {
	t.Helper()
	for t.Context().Err() == nil {
		s.group.mu.Lock()
		have := len(s.group.waiting)
		s.group.mu.Unlock()
		if have == n {
			return
		}
	}
}

func put(name string) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error { return setMeta(ctx, tx, name, "x") }
}

// names returns what was put, as the others see it.
func names(t *testing.T, s *Store) string {
	t.Helper()
	rows, err := s.read.QueryContext(t.Context(), `SELECT name FROM meta WHERE name LIKE 'put %' ORDER BY rowid`)
	all, err := scanAll(rows, err, scanValue[string])
	must(t, err)
	return strings.ReplaceAll(strings.Join(all, " "), "put ", "")
}

func TestGroup(t *testing.T) {
	s := openFile(t)
	wrong := errors.New("wrong")
	errs := queue(t.Context(), t, s,
		put("put a"),
		func(ctx context.Context, tx *sql.Tx) error { // undone, and only this
			return errors.Join(put("put b")(ctx, tx), wrong)
		},
		func(ctx context.Context, tx *sql.Tx) error { // by the database's own word
			_, err := tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('put a', 'again')`)
			return err
		},
		func(context.Context, *sql.Tx) error { panic("no memory") },
		func(ctx context.Context, tx *sql.Tx) error {
			if _, err := getMeta(ctx, tx, "put a"); err != nil {
				t.Errorf("it does not see what came before it in the transaction: %v", err)
			}
			if seen := names(t, s); seen != "" {
				t.Errorf("others see %q before the commit", seen)
			}
			return put("put c")(ctx, tx)
		},
		put("put d"),
	)
	if diff := cmp.Diff("a c d", names(t, s)); diff != "" {
		t.Errorf("what was written (-want +got):\n%s", diff)
	}
	for i, want := range []string{"", "wrong", "UNIQUE constraint failed", "no memory", "", ""} {
		got := fmt.Sprint(errs[i])
		if want == "" && errs[i] != nil || !strings.Contains(got, want) {
			t.Errorf("write %d: %s, want %q", i, got, want)
		}
	}
	if !errors.Is(errs[1], wrong) {
		t.Error("an error is not what was returned")
	}
}

// A plain write has no savepoint: what it says of its own accord is its own, and an error of the database is everybody's.
func TestGroupOfPlainWrites(t *testing.T) {
	for _, c := range []struct {
		name  string
		says  error
		wrote string
	}{
		{"it is not there", ErrNotFound, "a c"},
		{"it is there already", ErrExists, "a c"},
		{"the database fails", errors.New("disk I/O error"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openFile(t)
			errs := queue(plainly(t.Context()), t, s, put("put a"), func(context.Context, *sql.Tx) error { return c.says }, put("put c"))
			if seen := names(t, s); seen != c.wrote {
				t.Errorf("%q was written, want %q", seen, c.wrote)
			}
			for i, err := range errs {
				if want := i == 1 || c.wrote == ""; (err != nil) != want {
					t.Errorf("write %d: %v", i, err)
				}
			}
		})
	}
}

// A commit that fails is everybody's failure.
func TestGroupThatCannotCommit(t *testing.T) {
	s := openFile(t)
	errs := queue(t.Context(), t, s,
		put("put a"),
		func(ctx context.Context, tx *sql.Tx) error { // the savepoint is gone, as after "disk full"
			_, err := tx.ExecContext(ctx, `ROLLBACK`)
			return errors.Join(err, errors.New("full"))
		},
		put("put b"),
	)
	for i, err := range errs {
		if err == nil {
			t.Errorf("write %d was acknowledged", i)
		}
	}
	if seen := names(t, s); seen != "" {
		t.Errorf("%q was written", seen)
	}
	must(t, s.InTx(t.Context(), "", put("put c"))) // and it goes on
	if seen := names(t, s); seen != "c" {
		t.Errorf("afterwards %q was written", seen)
	}
}

func TestGroupIsLeftInTime(t *testing.T) {
	s := openFile(t)
	held, err := s.write.Conn(t.Context())
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var left, stayed, begun error
	wg.Go(func() { left = s.InTx(ctx, "", put("put left")) })
	waitFor(t, s, 1)
	// Cancelled when it has begun: it is brought to its end.
	other, stop := context.WithCancel(t.Context())
	wg.Go(func() {
		begun = s.InTx(other, "", func(ctx context.Context, tx *sql.Tx) error {
			stop()
			return put("put begun")(ctx, tx)
		})
	})
	waitFor(t, s, 2)
	wg.Go(func() { stayed = s.InTx(t.Context(), "", put("put stayed")) })
	waitFor(t, s, 3)
	cancel()
	waitFor(t, s, 2)
	must(t, held.Close())
	wg.Wait()
	if !errors.Is(left, context.Canceled) || begun != nil || stayed != nil {
		t.Errorf("got %v, %v, %v", left, begun, stayed)
	}
	if seen := names(t, s); seen != "begun stayed" {
		t.Errorf("%q was written", seen)
	}
	if err := s.InTx(ctx, "", put("put late")); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is over: %v", err)
	}
}

// More than one transaction's worth, with somebody else on the connection as
// River is: all are done.
func TestGroupSharesTheConnection(t *testing.T) {
	s := openFile(t)
	var wg sync.WaitGroup
	for i := range 3 * groupMost {
		wg.Go(func() {
			if err := s.InTx(t.Context(), "", put(fmt.Sprint("put ", i))); err != nil {
				t.Error(err)
			}
		})
	}
	for range 20 {
		tx, err := s.Writer().BeginTx(t.Context(), nil)
		must(t, err)
		must(t, setMeta(t.Context(), tx, "river", "x"))
		must(t, tx.Commit())
	}
	wg.Wait()
	if got := len(strings.Fields(names(t, s))); got != 3*groupMost {
		t.Errorf("%d were written", got)
	}
}

// Patient writes wait for others, unless they are enough, or somebody is in a hurry.
func TestPatient(t *testing.T) {
	storetest.OnSQLite(t)
	for name, c := range map[string]struct {
		patient int
		every   time.Duration   // so much later than the one before they come
		after   []time.Duration // others that come later, in a hurry
		over    bool            // those have no reason to be patient any more; else nobody said that they were
		takes   time.Duration   // until all are written
	}{
		"one":                {1, 0, nil, false, patientGap},
		"some":               {patientMost - 1, 0, nil, false, patientGap},
		"enough":             {patientMost, 0, nil, false, 0},
		"they keep coming":   {4, patientGap - time.Millisecond, nil, false, patience},
		"nobody but hurried": {0, 0, []time.Duration{0}, false, 0},
		"one comes later":    {3, 0, []time.Duration{patientGap / 2}, false, patientGap / 2},
		"the last ones":      {3, 0, []time.Duration{patientGap / 2}, true, patientGap / 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := openFile(t)
				begin := time.Now()
				var wg sync.WaitGroup
				write := func(ctx context.Context, name string) {
					if err := s.InTx(ctx, "", put(name)); err != nil {
						t.Error(err)
					}
				}
				for i := range c.patient {
					wg.Go(func() {
						time.Sleep(time.Duration(i) * c.every)
						write(Patient(t.Context(), func() bool { return true }), fmt.Sprint("put ", i))
					})
				}
				for i, after := range c.after {
					wg.Go(func() {
						time.Sleep(after)
						ctx := t.Context()
						if c.over {
							ctx = Patient(ctx, func() bool { return false })
						}
						write(ctx, fmt.Sprint("put later ", i))
					})
				}
				wg.Wait()
				if took := time.Since(begin); took != c.takes {
					t.Errorf("it took %s, want %s", took, c.takes)
				}
			})
		})
	}
}

// BenchmarkWrites compares writes that share their transactions with as many
// that have one each.
func BenchmarkWrites(b *testing.B) {
	for _, writers := range []int{1, 32} {
		for _, how := range []string{"each", "group"} {
			b.Run(fmt.Sprintf("%s-%d", how, writers), func(b *testing.B) {
				s, err := Open(b.Context(), b.TempDir()+"/gatehouse.db")
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				write := func(ctx context.Context, w func(context.Context, *sql.Tx) error) error {
					tx, err := s.write.BeginTx(ctx, nil)
					if err != nil {
						return err
					}
					return errors.Join(w(ctx, tx), tx.Commit())
				}
				if how == "group" {
					write = s.group.do
				}
				b.SetParallelism(1)
				b.ResetTimer()
				var wg sync.WaitGroup
				for w := range writers {
					wg.Go(func() {
						for i := w; i < b.N; i += writers {
							if err := write(b.Context(), put(fmt.Sprint("put ", i))); err != nil {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
			})
		}
	}
}
