// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	_ "embed"
	"errors"
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

// copyModule makes a copy of go-app's package without the server half. What is there already is kept only if it is that, file by file: it
// becomes a part of the program.
func copyModule(from, to string) error {
	files, err := browserFiles(from)
	if err != nil || holds(to, files) {
		return err
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	for name, data := range files {
		path := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// browserFiles reads what the program for browsers needs of go-app, and adds what stands in for the rest.
func browserFiles(from string) (map[string][]byte, error) {
	skip := map[string]bool{}
	for _, name := range serverHalf {
		skip[filepath.Join("pkg", "app", name)] = true
	}
	files := map[string][]byte{}
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if skip[name] || strings.HasSuffix(name, "_test.go") || (filepath.Ext(name) != ".go" && name != "go.mod" && name != "LICENSE") {
			return nil
		}
		files[name], err = os.ReadFile(path)
		return err
	})
	files[filepath.Join("pkg", "app", "gatehouse.go")] = standIn
	return files, err
}

// holds reports whether a folder has these files and no others.
func holds(folder string, files map[string][]byte) bool {
	found := 0
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		want, ok := files[name]
		have, err := os.ReadFile(path)
		if err != nil || !ok || !entry.Type().IsRegular() || !bytes.Equal(want, have) {
			return errOther
		}
		found++
		return nil
	})
	return err == nil && found == len(files)
}

var errOther = errors.New("it is another file")
