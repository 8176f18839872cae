// SPDX-License-Identifier: Apache-2.0

// Package e2e drives the built program from outside, as people do: through a
// real Chromium, through its command line, and against a real Synapse and a real
// Dendrite. What a test did is checked at the homeserver.
//
// A first test may look like this:
//
//	func TestSignIn(t *testing.T) {
//		t.Parallel()
//		hs := synapse(t)
//		g := startGatehouse(t, config)
//		p := newPage(t, false)
//		p.open(g.URL)
//		p.fill("#name", "admin")
//		p.fill("#password", password)
//		p.clickAndLoad("button[type=submit]")
//		p.wait("main h1")
//		p.shot("overview")
//	}
//
// The servers and the browser are shared by all tests and start with the first
// that asks for them; so tests make accounts with names of their own (unique) and
// do not count what is on a shared server. GATEHOUSE_BIN names a built program to
// use instead of building one. GATEHOUSE_SHOTS is the folder for pictures.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// limit bounds one step that talks to a server or the browser. It is generous:
// what it catches is a step that never ends.
const limit = 60 * time.Second

func TestMain(m *testing.M) {
	// Every process that descends from this one carries the mark, whatever
	// becomes of its parents, and so can be found at the end.
	mark := fmt.Sprintf("E2E_RUN=%d-%d", os.Getpid(), time.Now().UnixNano())
	name, value, _ := strings.Cut(mark, "=")
	os.Setenv(name, value)

	code := m.Run()
	if err := atEnd.run(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	if left := marked(mark); len(left) > 0 {
		fmt.Fprintf(os.Stderr, "e2e: processes were left behind:\n%s\n", strings.Join(left, "\n"))
		code = 1
	}
	os.Exit(code)
}

// atEnd is what has to be stopped after the last test.
var atEnd cleanups

// cleanups are functions to be called in the reverse order of their arrival.
type cleanups struct {
	mu    sync.Mutex
	funcs []func() error
}

func (c *cleanups) add(f func() error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.funcs = append(c.funcs, f)
}

func (c *cleanups) run() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for i := len(c.funcs) - 1; i >= 0; i-- {
		errs = append(errs, c.funcs[i]())
	}
	c.funcs = nil
	return errors.Join(errs...)
}

// marked lists the processes, besides this one, whose environment holds the mark.
// It gives those that have just been told to end a moment to do so.
func marked(mark string) []string {
	deadline := time.Now().Add(5 * time.Second)
	for {
		var left []string
		environments, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, path := range environments {
			env, err := os.ReadFile(path)
			if err != nil || !strings.Contains("\x00"+string(env), "\x00"+mark+"\x00") {
				continue // gone by now, somebody else's, or not ours
			}
			dir := filepath.Dir(path)
			if filepath.Base(dir) == fmt.Sprint(os.Getpid()) {
				continue
			}
			command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
			left = append(left, filepath.Base(dir)+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// eventually waits until something is so, and fails with what there is instead.
func eventually(t *testing.T, within time.Duration, so func() bool, instead func() string) {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for end := time.After(within); !so(); {
		select {
		case <-again.C:
		case <-end:
			t.Fatalf("not within %s: %s", within, instead())
		}
	}
}

// timeout is a context for one step of a test.
func timeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}
