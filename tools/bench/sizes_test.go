// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestBudgets holds what the last build put into web/dist against the budgets.
func TestBudgets(t *testing.T) {
	all, err := sizes("../../web/dist")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		t.Logf("%-28s %9d bytes, %8d with brotli", s.What, s.Raw, s.Brotli)
		if said := s.over(); said != "" {
			t.Error(said)
		}
	}
}

func TestSizes(t *testing.T) {
	dir := t.TempDir()
	if _, err := sizes(dir); !errors.Is(err, errNotBuilt) {
		t.Fatalf("an empty folder: %v", err)
	}
	put := func(name string, n int) {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range budgets() {
		for _, name := range s.Files {
			put(name, 100)
		}
	}
	put("gatehouse.css.br", 30_001)
	put("wasm_exec.js.br", 7)
	all, err := sizes(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		wantBrotli, tooBig := int64(100*len(s.Files)), false
		switch s.What {
		case "Style sheet":
			wantBrotli, tooBig = 30_001, true
		case "What starts it (JavaScript)":
			wantBrotli = 107
		}
		if s.Brotli != wantBrotli || s.Raw != int64(100*len(s.Files)) || (s.over() != "") != tooBig {
			t.Errorf("%+v: %q", s, s.over())
		}
	}
}
