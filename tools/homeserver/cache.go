// SPDX-License-Identifier: Apache-2.0

// Package homeserver installs and starts real homeservers, a Synapse and a
// Dendrite, for the end-to-end tests and the demo, and talks to them directly.
//
// It is test code and knows nothing of the product on purpose: what a test
// checks at the homeserver is checked by other code than the code under test.
package homeserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Root is the folder of the repository: the nearest one at or above the working
// directory whose go.mod declares the module gatehouse.
func Root() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		switch {
		case err == nil && strings.HasPrefix(string(mod), "module gatehouse\n"):
			return dir, nil
		case err != nil && !errors.Is(err, os.ErrNotExist):
			return "", err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("%s is not inside the Gatehouse repository", start)
		}
		dir = parent
	}
}

// CacheDir is a folder under the repository's .cache, which git ignores. It is
// made if it is missing.
func CacheDir(elem ...string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(append([]string{root, ".cache"}, elem...)...)
	return dir, os.MkdirAll(dir, 0o755)
}

// stamped tells whether dir was installed completely and as want describes it.
func stamped(dir, want string) bool {
	got, err := os.ReadFile(filepath.Join(dir, "installed"))
	return err == nil && string(got) == want
}

// stamp records that dir is installed completely.
func stamp(dir, what string) error {
	return os.WriteFile(filepath.Join(dir, "installed"), []byte(what), 0o644)
}
