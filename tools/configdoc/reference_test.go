// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/server/config"
	"gatehouse/server/seal"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

func TestDocumentIsCurrent(t *testing.T) {
	path := filepath.Join("..", "..", filepath.FromSlash(document))
	if *update {
		if err := os.WriteFile(path, reference(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(reference()), string(have)); diff != "" {
		t.Errorf("%s is stale; go run ./tools/configdoc writes it anew (-want +have):\n%s", document, diff)
	}
}

func TestEveryFieldIsDescribed(t *testing.T) {
	text := string(reference())
	for _, f := range config.Fields() {
		for _, part := range []string{"\n#### `" + f.Path + "`\n", "`" + f.Env + "`"} {
			if n := strings.Count(text, part); n != 1 {
				t.Errorf("%q stands there %d times, want once", part, n)
			}
		}
	}
	if strings.Contains(text, "{{") {
		t.Error("an example is missing")
	}
}

// TestExamplesLoad loads the examples as they are printed.
func TestExamplesLoad(t *testing.T) {
	for _, name := range []string{"small.yaml", "proxy.yaml", "mas.yaml", "dendrite.yaml"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{
				"gatehouse.yaml": part(name), "gatehouse.key": seal.NewKey(), "shared-secret.txt": "secret\n", "school-token.txt": "token\n", "client-secret.txt": "secret\n",
			} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
				t.Fatal(err)
			}
			if _, err := config.Load(filepath.Join(dir, "gatehouse.yaml"), nil); err != nil {
				t.Error(err)
			}
		})
	}
}
