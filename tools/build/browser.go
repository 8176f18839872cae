// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const goApp = "github.com/maxence-charriere/go-app/v10"

// serverHalf are the files of go-app that only serve pages, or that Gatehouse does without. They pull net/http and regexp into the program
// for browsers, a fifth of its download (docs/decisions/0001-go-app-without-its-server.md).
var serverHalf = []string{"http.go", "static.go", "resource.go", "crypto.go", "route.go"}

//go:embed browser/browser.go.txt
var standIn []byte

// browserModule writes a go.mod for the program for browsers, in which go-app is a copy without its server half, and returns its path.
func browserModule() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", goApp).Output()
	if err != nil {
		return "", fmt.Errorf("where is go-app: %w", err)
	}
	version, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if dir == "" { // it was never needed on this machine
		if err := run(nil, "go", "mod", "download", goApp); err != nil {
			return "", err
		}
		return browserModule()
	}
	copied, err := filepath.Abs(filepath.Join(".cache", "browser", "go-app-"+version))
	if err != nil {
		return "", err
	}
	if err := copyModule(dir, copied); err != nil {
		return "", err
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		return "", err
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		return "", err
	}
	path := filepath.Join(".cache", "browser", "go.mod")
	mod = append(mod, fmt.Sprintf("\nreplace %s => %s\n", goApp, copied)...)
	if err := writeWhole(path, mod); err != nil {
		return "", err
	}
	return path, writeWhole(filepath.Join(".cache", "browser", "go.sum"), sum)
}

// copyModule copies go-app's package without the server half, once.
func copyModule(from, to string) error {
	stamp := filepath.Join(to, "pkg", "app", "gatehouse.go")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == string(standIn) {
		return nil
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	skip := map[string]bool{}
	for _, name := range serverHalf {
		skip[filepath.Join("pkg", "app", name)] = true
	}
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		if skip[name] || strings.HasSuffix(name, "_test.go") || (filepath.Ext(name) != ".go" && name != "go.mod" && name != "LICENSE") {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), data, 0o644)
	})
	if err != nil {
		return err
	}
	return os.WriteFile(stamp, standIn, 0o644)
}
