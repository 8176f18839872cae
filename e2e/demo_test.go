// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gatehouse/tools/homeserver"
)

// TestDemo does what make demo does: a homeserver with 200 accounts, the panel, and the way in. An interrupt leaves no process; a second start
// finds the accounts.
func TestDemo(t *testing.T) {
	t.Parallel()
	demo := filepath.Join(t.TempDir(), "demo")
	root, err := homeserver.Root()
	if err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", demo, "./tools/demo")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, kind := range []string{homeserver.Synapse, homeserver.Dendrite} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			first, said := demonstrated(t, demo, kind, data)
			if !strings.Contains(said, "creating 200") {
				t.Errorf("the first start says\n%s", said)
			}
			again, said := demonstrated(t, demo, kind, data)
			if strings.Contains(said, "creating") || again != first {
				t.Errorf("the second start has %q, the first had %q, and says\n%s", again, first, said)
			}
		})
	}
}

// wayIn is what the demo prints at the end.
var wayIn = regexp.MustCompile(`Address   (\S+)\n  Name      (\S+)\n  Password  (\S+)`)

// demonstrated starts a demo, goes in as it says, and interrupts it. It returns the password with how many accounts there are, and what was said.
func demonstrated(t *testing.T, demo, kind, data string) (found, said string) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	listen, err := homeserver.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	mark := "E2E_DEMO=" + unique(kind)
	var out locked
	cmd := exec.Command(demo, "-homeserver", kind, "-data", data, "-panel", path, "-listen", listen)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(environment(), mark), &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM) }) // where the test stops before its end
	var way []string
	eventually(t, 3*time.Minute, func() bool {
		way = wayIn.FindStringSubmatch(out.String())
		return way != nil || len(ended) > 0
	}, out.String)
	if way == nil {
		t.Fatalf("it ended: %v\n%s", <-ended, &out)
	}
	p := newPage(t, false)
	p.open(way[1])
	p.fill("#f-name", way[2])
	p.fill("#f-password", way[3])
	if status := p.clickAndLoad("#sign-in button[type=submit]"); status != http.StatusOK {
		t.Fatalf("signing in: status %d\n%s", status, p.whereabouts())
	}
	p.open(way[1] + "/demo/accounts")
	found = fmt.Sprint(way[3], " ", p.text(".gh-pager"))
	if !strings.Contains(found, "1–100") {
		t.Errorf("the list says %q", found)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("interrupted, it ends with %v\n%s", err, &out)
		}
	case <-time.After(limit):
		t.Fatalf("it does not end\n%s", &out)
	}
	if left := marked(mark); len(left) > 0 {
		t.Errorf("processes were left behind:\n%s", strings.Join(left, "\n"))
	}
	return found, out.String()
}

// locked is a buffer that is read while it is written.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
