// SPDX-License-Identifier: Apache-2.0

package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gatehouse/server/store/storetest"
)

func TestOpenMakesAPrivateFile(t *testing.T) {
	// Characters that mean something in a URI must reach the file's name unharmed.
	path := filepath.Join(t.TempDir(), "new folder?#%41", "gate&house.db")
	s := openAt(t, path)
	must(t, s.SetMeta(t.Context(), "a", "b")) // so that there is a -wal

	if s.Path() != path {
		t.Errorf("Path() = %q, want %q", s.Path(), path)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		must(t, err)
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has mode %o, want 600", name, got)
		}
	}
	dir, err := os.Stat(filepath.Dir(path))
	must(t, err)
	if got := dir.Mode().Perm(); got != 0o700 {
		t.Errorf("folder has mode %o, want 700", got)
	}
}

func TestOpenNarrowsAWideFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	must(t, os.WriteFile(path, nil, 0o600))
	must(t, os.Chmod(path, 0o644))
	openAt(t, path)
	info, err := os.Stat(path)
	must(t, err)
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode %o, want 600", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	must(t, os.WriteFile(garbage, []byte("this is not a database, however long it may be made to look"), 0o600))
	for name, path := range map[string]string{
		"no path":        "",
		"memory":         ":memory:",
		"a folder":       dir,
		"another kind":   "mysql://root@127.0.0.1/gatehouse",
		"not a database": garbage,
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), path)
			if err == nil {
				_ = s.Close()
				t.Fatal("opened")
			}
		})
	}
}

// Where a file cannot be used SQLite says a number alone. What is the matter with it and what to do is what people are told.
func TestOpenSaysWhatIsTheMatter(t *testing.T) {
	change := func(path string, how func(*os.File) error) error {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		return errors.Join(how(f), f.Close())
	}
	const damaged = " is damaged, or not a database: see whether the disk is sound"
	for name, c := range map[string]struct {
		with func(path string) error
		want string
	}{
		"something in the way": {func(path string) error { return os.Mkdir(path+"-wal", 0o700) }, " cannot be written, nor the files beside it: see whether the disk is full"},
		"cut off": {func(path string) error {
			return change(path, func(f *os.File) error { return f.Truncate(20_000) })
		}, damaged},
		"written over": {func(path string) error {
			return change(path, func(f *os.File) error {
				_, err := f.WriteAt(bytes.Repeat([]byte("not a page "), 10_000), 4096)
				return err
			})
		}, damaged},
		"of another kind": {func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("no database "), 1000), 0o600) }, damaged},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "gatehouse.db")
			s, err := Open(t.Context(), path)
			must(t, err)
			must(t, s.Close())
			must(t, c.with(path))
			if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), path+c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// Whoever runs the tests may be somebody whom nothing keeps from writing, so that these are the errors alone.
func TestReadOnly(t *testing.T) {
	for err, want := range map[error]bool{
		&fs.PathError{Op: "open", Path: "gatehouse.db", Err: syscall.EACCES}: true,
		&fs.PathError{Op: "open", Path: "gatehouse.db", Err: syscall.EROFS}:  true,
		&fs.PathError{Op: "chmod", Path: "gatehouse.db", Err: syscall.EPERM}: true,
		&fs.PathError{Op: "open", Path: "gatehouse.db", Err: syscall.ENOSPC}: false,
	} {
		if got := readOnly(fmt.Errorf("store: %w", err)); got != want {
			t.Errorf("%v: %t", err, got)
		}
	}
	s, err := openPool(openFile(t).Path(), 1, "_pragma=query_only(1)")
	must(t, err)
	defer s.Close()
	if _, err := s.Exec(`DELETE FROM meta`); !readOnly(err) || unwritable(err) || damaged(err) {
		t.Errorf("SQLite says %v", err)
	}
}

func TestOpenRefusesANewerDatabase(t *testing.T) {
	for name, source := range newDatabases(t) {
		t.Run(name, func(t *testing.T) { openRefusesANewerDatabase(t, source) })
	}
}

// A database of a homeserver, say, is left alone.
func TestOpenRefusesAnotherProgramsDatabase(t *testing.T) {
	for name, source := range newDatabases(t) {
		t.Run(name, func(t *testing.T) {
			other := storetest.Raw(t, source)
			_, err := other.Exec(`CREATE TABLE users (name TEXT)`)
			must(t, err)
			for range 2 {
				if _, err := Open(t.Context(), source); !errors.Is(err, ErrForeign) {
					t.Errorf("got %v, want ErrForeign", err)
				}
			}
			if _, err := other.Exec(`SELECT * FROM audit`); err == nil {
				t.Error("there are tables of ours in it")
			}
			_, err = other.Exec(`DROP TABLE users`)
			must(t, err)
			openAt(t, source)
		})
	}
}

// newDatabases are ones of each kind in which there never was a table.
func newDatabases(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"sqlite": filepath.Join(t.TempDir(), "gatehouse.db"), "postgres": storetest.Postgres(t)}
}

func openRefusesANewerDatabase(t *testing.T, path string) {
	s, err := Open(t.Context(), path)
	must(t, err)
	_, err = s.exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, '1')`)
	must(t, err)
	must(t, s.Close())

	if _, err := Open(t.Context(), path); !errors.Is(err, ErrTooNew) {
		t.Errorf("got %v, want ErrTooNew", err)
	}
}

func TestPragmasHoldOnEveryConnection(t *testing.T) {
	s := openFile(t)
	check := func(t *testing.T, c *sql.Conn, pragma, want string) {
		t.Helper()
		var got string
		must(t, c.QueryRowContext(t.Context(), `PRAGMA `+pragma).Scan(&got))
		if got != want {
			t.Errorf("%s = %s, want %s", pragma, got, want)
		}
	}
	pools := map[string]struct {
		db        *sql.DB
		n         int
		queryOnly string
	}{
		"write": {s.write, 1, "0"},
		"read":  {s.read, readers, "1"},
	}
	for name, pool := range pools {
		t.Run(name, func(t *testing.T) {
			if got := pool.db.Stats().MaxOpenConnections; got != pool.n {
				t.Errorf("pool of %d connections, want %d", got, pool.n)
			}
			for range pool.n { // all of them at once, so that none is asked twice
				c, err := pool.db.Conn(t.Context())
				must(t, err)
				defer c.Close()
				check(t, c, "journal_mode", "wal")
				check(t, c, "synchronous", "2") // FULL
				check(t, c, "busy_timeout", "5000")
				check(t, c, "foreign_keys", "1")
				check(t, c, "query_only", pool.queryOnly)
			}
		})
	}
}

func TestTheReadPoolCannotWrite(t *testing.T) { storetest.Each(t, testTheReadPoolCannotWrite) }

func testTheReadPoolCannotWrite(t *testing.T) {
	s := open(t)
	if _, err := s.read.ExecContext(t.Context(), `INSERT INTO meta (name, value) VALUES ('a', 'b')`); err == nil {
		t.Error("the read pool wrote")
	}
}

// A write transaction has the lock from its beginning: one that reads first
// and writes then never finds that another process was faster.
func TestTransactionsBeginWithTheLock(t *testing.T) {
	s := openFile(t)
	other := openAt(t, s.Path())
	_, err := other.exec(t.Context(), `PRAGMA busy_timeout = 0`)
	must(t, err)
	tx, err := s.write.BeginTx(t.Context(), nil)
	must(t, err)
	if err := other.Healthy(t.Context()); err == nil {
		t.Error("two have the write lock")
	}
	must(t, tx.Rollback())
	must(t, other.Healthy(t.Context()))
}

func TestHealthy(t *testing.T) { storetest.Each(t, testHealthy) }

func testHealthy(t *testing.T) {
	s := open(t)
	must(t, s.Healthy(t.Context()))
	must(t, s.Probe(t.Context(), t0))
	if got, err := s.Meta(t.Context(), "probe"); err != nil || got != fmt.Sprint(t0.UnixMilli()) {
		t.Errorf("probe left %q, %v", got, err)
	}

}

// Somebody holds the one write handle: not healthy, and told so in time.
func TestHealthyWaitsNoLongerThanItMay(t *testing.T) {
	s := openFile(t)
	tx, err := s.write.BeginTx(t.Context(), nil)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Healthy(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with the write handle taken: %v, want a deadline", err)
	}
	must(t, tx.Rollback())
	must(t, s.Healthy(t.Context()))
}

func TestHealthyAfterClose(t *testing.T) { storetest.Each(t, testHealthyAfterClose) }

func testHealthyAfterClose(t *testing.T) {
	s, err := Open(t.Context(), storetest.Source(t))
	must(t, err)
	must(t, s.Close())
	if err := s.Healthy(t.Context()); err == nil {
		t.Error("a closed store is healthy")
	}
}

// Processes that open a new database at once all get a whole one.
func TestOpenAtOnce(t *testing.T) {
	for name, source := range newDatabases(t) {
		t.Run(name, func(t *testing.T) { openAtOnce(t, source) })
	}
}

func openAtOnce(t *testing.T, path string) {
	const n = 6
	stores := make([]*Store, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { stores[i], errs[i] = Open(t.Context(), path) })
	}
	wg.Wait()
	for i, s := range stores {
		if errs[i] != nil {
			t.Errorf("open %d: %v", i, errs[i])
			continue
		}
		must(t, s.SetMeta(t.Context(), fmt.Sprint("from ", i), "x"))
		must(t, s.Close())
	}
}

// Many writers, in two processes: all succeed, none sees "database is locked",
// and the rows are numbered without gaps.
func TestManyWriters(t *testing.T) { storetest.Each(t, testManyWriters) }

func testManyWriters(t *testing.T) {
	source := storetest.Source(t)
	stores := []*Store{openAt(t, source), openAt(t, source)}
	const writers, each = 16, 12
	ids := make(chan int64, writers*each)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			s := stores[w%len(stores)]
			for i := range each {
				target := fmt.Sprintf("@user%d.%d:hs", w, i)
				id, err := s.AppendAudit(t.Context(), intent(target))
				if err != nil {
					t.Errorf("append: %v", err)
					return
				}
				ids <- id
				if got, err := s.AuditHistory(t.Context(), "hs", target, 0, 10); err != nil || len(got) != 1 {
					t.Errorf("a row just written is not read: %v, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
	close(ids)
	seen := map[int64]bool{}
	for id := range ids {
		seen[id] = true
	}
	for id := int64(1); id <= writers*each; id++ {
		if !seen[id] {
			t.Errorf("number %d is missing", id)
		}
	}
}

// TestHealthyWhereNothingFits: the lock of a full database can be had, so what counts is whether a write has failed.
func TestHealthyWhereNothingFits(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "gatehouse.db"))
	grows := func(pages int) {
		t.Helper()
		_, err := s.write.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		must(t, err)
	}
	grows(1) // no more than there are
	must(t, s.Healthy(t.Context()))
	for _, size := range []int{2000, 200, 1} {
		for n := 0; s.SetMeta(t.Context(), fmt.Sprint(size, " ", n), strings.Repeat("x", size)) == nil; n++ {
		}
	}
	if s.Healthy(t.Context()) == nil {
		t.Error("nothing fits into the database any more, and it says that it is healthy")
	}
	grows(1 << 20)
	must(t, s.Healthy(t.Context()))
}
