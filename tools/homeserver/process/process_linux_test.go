// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// start runs a shell script and returns once it has printed its first line.
func start(t *testing.T, script string, opts Options) (*Process, string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("sh", "-c", script)
	cmd.Stdout = w
	p, err := Start(cmd, opts)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() })
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("the script printed nothing: %v", err)
	}
	return p, strings.TrimSpace(line)
}

// alive tells whether a process exists and is not a zombie.
func alive(t *testing.T, pid string) bool {
	t.Helper()
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func TestStopAsksFirst(t *testing.T) {
	p, _ := start(t, `trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done`, Options{})
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if p.Err() != nil {
		t.Errorf("ended with %v, want exit status 0", p.Err())
	}
	if err := p.Stop(); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

func TestStopKillsWhatDoesNotListen(t *testing.T) {
	p, _ := start(t, `trap '' TERM; echo ready; while :; do sleep 0.05; done`, Options{Grace: 100 * time.Millisecond})
	if err := p.Stop(); err == nil {
		t.Error("Stop said nothing about the kill")
	}
	var exit *exec.ExitError
	if !errors.As(p.Err(), &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("ended with %v, want SIGKILL", p.Err())
	}
}

func TestStopEndsGrandchildren(t *testing.T) {
	p, pid := start(t, `sleep 600 & echo $!; trap 'exit 0' TERM; while :; do sleep 0.05; done`, Options{})
	if _, err := strconv.Atoi(pid); err != nil {
		t.Fatal(err)
	}
	if !alive(t, pid) {
		t.Fatal("the grandchild never ran")
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); alive(t, pid); {
		if time.Now().After(deadline) {
			t.Fatalf("grandchild %s is still there", pid)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestRun(t *testing.T) {
	if err := Run(t.Context(), exec.Command("true")); err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	if err := Run(t.Context(), exec.Command("false")); !errors.As(err, &exit) {
		t.Errorf("a program that fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := exec.Command("sh", "-c", "echo ready; sleep 600")
	cmd.Stdout = w
	ended := make(chan error)
	go func() { ended <- Run(ctx, cmd) }()
	if _, err := r.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("a program that was stopped: %v", err)
	}
	w.Close()
	// The pipe ends when nobody holds its other side: sleep is gone as well.
	if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

func TestStartReportsAMissingProgram(t *testing.T) {
	if _, err := Start(exec.Command("/no/such/program"), Options{}); err == nil {
		t.Error("no error")
	}
}
