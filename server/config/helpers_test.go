// SPDX-License-Identifier: Apache-2.0

package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
)

var update = flag.Bool("update", false, "write the golden files anew")

// testKey is 32 bytes in hexadecimal digits.
const testKey = "d4d3f5fba071e9e4f06a5c4cf3c4eb339567057a68025fca4531f2afcd01e2a3"

const minimal = `homeservers:
  main:
    url: http://127.0.0.1:8008
    admin_token: token-of-main
`

// folder makes a folder with a secret key, a folder for the store and the given files, all private, and moves there.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Mkdir("data", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, defaultKeyFile, testKey+"\n", 0o600)
	for name, text := range files {
		write(t, name, text, 0o600)
	}
	return dir
}

func write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
}

// golden compares with a file of testdata, or writes it with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is different (-want +got); -update writes it anew:\n%s", path, diff)
	}
}

// testdata returns the absolute path of a file in testdata, for tests that leave the package's folder.
func testdata(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// compareSecrets lets cmp look into secrets.
var compareSecrets = cmp.Comparer(func(a, b api.Secret) bool { return a.Reveal() == b.Reveal() })

// lines makes a text of lines.
func lines(l ...string) string { return strings.Join(l, "\n") + "\n" }
