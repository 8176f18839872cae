// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

// killEnv makes the test program write intents to the named database until it
// is killed.
const killEnv = "GATEHOUSE_TEST_AUDIT_UNTIL_KILLED"

func TestMain(m *testing.M) {
	if path := os.Getenv(killEnv); path != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(path))
		os.Exit(1)
	}
	storetest.Main(m, func() error { return goleak.Find() })
}

// killWriters write at once, so that they share transactions.
const killWriters = 8

// writeUntilKilled prints the number of each intent once it is recorded. Every
// third gets its outcome, and a second line says so.
func writeUntilKilled(path string) error {
	s, err := store.Open(context.Background(), path)
	if err != nil {
		return err
	}
	l := New(s, clock)
	failed := make(chan error)
	for w := range killWriters {
		go func() { failed <- writeEach(l, w) }()
	}
	return <-failed
}

func writeEach(l *Log, first int) error {
	ctx := context.Background()
	for i := first; ; i += killWriters {
		e := entry()
		e.Targets = []string{fmt.Sprintf("@u%d:hs", i)}
		id, err := l.Intent(ctx, e)
		if err != nil {
			return err
		}
		fmt.Printf("intent %d %d\n", i, id)
		if i%3 != 0 {
			continue
		}
		if err := l.Outcome(ctx, id, Result{Outcome: Done}); err != nil {
			return err
		}
		fmt.Printf("done %d %d\n", i, id)
	}
}

// A process that is killed in the middle of its work loses no record that it
// was told is kept, and what it left open is settled as unknown.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	self, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), killEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())

	kept, done := map[int]int64{}, map[int]bool{}
	killed := false
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var what string
		var i int
		var id int64
		_, err := fmt.Sscan(lines.Text(), &what, &i, &id)
		must(t, err)
		kept[i] = id
		if what == "done" {
			done[i] = true
		}
		if len(kept) >= 200 && !killed {
			killed = true
			must(t, cmd.Process.Kill()) // lines that are in the pipe already count, too
		}
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Success() {
		t.Fatalf("the process was not killed: %v", err)
	}
	if len(kept) < 200 {
		t.Fatalf("only %d intents", len(kept))
	}
	if _, err := os.Stat(path + "-wal"); err != nil {
		t.Fatalf("the database was closed in good order, so this proves nothing: %v", err)
	}

	l := New(openStore(t, path), clock)
	settled, err := l.Settle(t.Context())
	must(t, err)
	unknown := map[int64]bool{}
	for _, id := range settled {
		unknown[id] = true
	}
	for i, id := range kept {
		got := history(t, l, "@u"+strconv.Itoa(i)+":hs")
		if len(got) != 1 || got[0].ID != id {
			t.Errorf("intent %d (number %d): %+v", i, id, got)
			continue
		}
		switch {
		case done[i] && got[0].Outcome != Done:
			t.Errorf("intent %d was done, now %q", i, got[0].Outcome)
		case i%3 != 0 && (got[0].Outcome != Unknown || !unknown[id]):
			t.Errorf("intent %d was open, now %q", i, got[0].Outcome)
		}
	}
	if again, err := l.Settle(t.Context()); err != nil || len(again) != 0 {
		t.Errorf("settled again: %v, %v", again, err)
	}
}
