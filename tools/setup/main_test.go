// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChoose(t *testing.T) {
	all := []tool{{name: "a"}, {name: "b"}, {name: "c"}}
	tests := []struct {
		list string
		want []string
		err  string
	}{
		{list: "", want: []string{"a", "b", "c"}},
		{list: "b", want: []string{"b"}},
		{list: "c, a", want: []string{"a", "c"}},
		{list: "a,x", err: `there is no tool "x"; the tools are a, b, c`},
		{list: ",", err: `there is no tool ""; the tools are a, b, c`},
	}
	for _, tt := range tests {
		chosen, err := choose(all, tt.list)
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("choose(%q): error %v, want %q", tt.list, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("choose(%q): %v", tt.list, err)
		}
		if diff := cmp.Diff(tt.want, names(chosen)); diff != "" {
			t.Errorf("choose(%q) (-want +got):\n%s", tt.list, diff)
		}
	}
}

// TestRunNamesTheCommand is the machine of somebody who is not root: nothing is
// installed behind their back, and each missing tool comes with its command.
func TestRunNamesTheCommand(t *testing.T) {
	installed := false
	wanted := []tool{
		{name: "here", present: func() bool { return true }},
		{name: "browser", purpose: "to look", packages: []string{"chromium", "fonts"}, present: func() bool { return false }},
		{name: "own", step: "making it", present: func() bool { return installed }, install: func(context.Context, io.Writer) error {
			installed = true
			return nil
		}},
		{name: "broken", step: "trying", purpose: "to fail", present: func() bool { return false }, install: func(context.Context, io.Writer) error {
			return errors.New("no index")
		}},
	}
	var out bytes.Buffer
	missing := setup{out: &out, log: io.Discard, apt: false}.run(t.Context(), wanted)
	if diff := cmp.Diff([]string{"browser", "broken"}, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	want := strings.Join([]string{
		"here      ready",
		"browser   MISSING (to look): install it with: sudo apt-get install chromium fonts",
		"own       installing: making it",
		"own       installed",
		"broken    installing: trying",
		"broken    MISSING (to fail): no index",
		"",
	}, "\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if !installed {
		t.Error("the tool with an install function was not installed")
	}
}

func TestLockedVersions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock.json")
	lock := `{"packages": {"": {"name": "project"}, "node_modules/axe-core": {"version": "4.14.1", "dev": true}}}`
	if err := os.WriteFile(path, []byte(lock), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := lockedVersions(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"node_modules/axe-core": "4.14.1"}, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if _, err := lockedVersions(path + ".none"); err == nil {
		t.Error("no error for a file that is not there")
	}
}

// TestBrowsers: a browser counts as there where chromedp starts it.
func TestBrowsers(t *testing.T) {
	chrome := "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
	for _, tt := range []struct {
		goos, at string
		want     bool
	}{
		{"darwin", chrome, true},
		{"darwin", "/Applications/Chromium.app/Contents/MacOS/Chromium", true},
		{"darwin", "chromium", false},
		{"linux", "chromium", true},
		{"linux", "/snap/bin/chromium", true},
		{"linux", chrome, false},
	} {
		if got := slices.Contains(browsers(tt.goos), tt.at); got != tt.want {
			t.Errorf("on %s a browser at %s is found: %t, want %t", tt.goos, tt.at, got, tt.want)
		}
	}
}
