// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// The copy of go-app that is compiled for browsers is what go-app's module has, whatever lay there before.
func TestCopyIsNotTrusted(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	write := func(folder, name, text string) {
		t.Helper()
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "LICENSE", "README.md", "pkg/app/app.go", "pkg/app/app_test.go", "pkg/app/http.go", "pkg/app/deep/more.go"} {
		write(from, name, "of the module: "+name)
	}
	copied := func(why string) {
		t.Helper()
		if err := copyModule(from, to); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"go.mod": "of the module: go.mod", "LICENSE": "of the module: LICENSE", "pkg/app/app.go": "of the module: pkg/app/app.go",
			"pkg/app/deep/more.go": "of the module: pkg/app/deep/more.go", "pkg/app/gatehouse.go": string(standIn),
			"README.md": "", "pkg/app/app_test.go": "", "pkg/app/http.go": "", "pkg/app/planted.go": "",
		} {
			if have, _ := os.ReadFile(filepath.Join(to, filepath.FromSlash(name))); string(have) != want {
				t.Errorf("%s: %s is %.40q", why, name, have)
			}
		}
	}
	copied("new")
	write(to, "pkg/app/app.go", "changed")
	copied("changed")
	write(to, "pkg/app/planted.go", "package app")
	copied("planted")
	write(to, "pkg/app/http.go", "of the module: pkg/app/http.go")
	copied("a file of the server half")
	if err := os.Remove(filepath.Join(to, "pkg", "app", "deep", "more.go")); err != nil {
		t.Fatal(err)
	}
	copied("taken away")
	before, err := os.Stat(filepath.Join(to, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	copied("right")
	if after, err := os.Stat(filepath.Join(to, "go.mod")); err != nil || !os.SameFile(before, after) {
		t.Error("what was right was copied again")
	}
}
