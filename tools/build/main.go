// SPDX-License-Identifier: Apache-2.0

// Build makes bin/gatehouse, one program with everything in it: it compiles the panel to WASM, puts the files that pages are made of
// into web/dist, compressed, and compiles the server around them.
//
//	go run ./tools/build [-o bin/gatehouse] [-race] [-assets]
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const dist = "web/dist"

func main() {
	output := flag.String("o", "bin/gatehouse", "where the program goes")
	race := flag.Bool("race", false, "compile it with the race detector")
	assets := flag.Bool("assets", false, "make web/dist only")
	flag.Parse()
	if err := build(*output, *race, *assets); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func build(output string, race, assetsOnly bool) error {
	if err := makeAssets(); err != nil {
		return err
	}
	if assetsOnly {
		return nil
	}
	args := []string{"build", "-trimpath", "-ldflags", "-s -w -X gatehouse/server/version.Commit=" + commit(), "-o", output}
	env := []string{"CGO_ENABLED=0"}
	if race {
		// SQLite is C in the form of Go, which the checks of pointers that come with the race detector cost a third of its time.
		args, env = append(args, "-race", "-gcflags=modernc.org/sqlite/lib=-d=checkptr=0"), []string{"CGO_ENABLED=1"}
	}
	return run(env, "go", append(args, "./cmd/gatehouse")...)
}

// commit names what is built; "" outside of a checkout.
func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

func makeAssets() error {
	if err := clean(); err != nil {
		return err
	}
	files := map[string]string{"gatehouse.css": "web/styles/dist/gatehouse.css", "boot.js": "web/boot/boot.js", "join.js": "web/boot/join.js", "sw.js": "web/boot/sw.js", "offline.html": "web/boot/offline.html"}
	for _, pattern := range []string{"web/icons/*.svg", "web/icons/*.png", "web/languages/*.json"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, f := range found {
			name := filepath.Base(f)
			if strings.HasSuffix(name, ".json") {
				name = "language-" + name
			}
			files[name] = f
		}
	}
	for name, from := range files {
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := put(name, data); err != nil {
			return err
		}
	}
	return program()
}

// clean empties the folder but for the file that keeps it in the repository.
func clean() error {
	entries, err := os.ReadDir(dist)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == ".keep" {
			continue
		}
		if err := os.Remove(filepath.Join(dist, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// program compiles the WASM and takes Go's own loader from the same toolchain: the two must match.
func program() error {
	wasm := filepath.Join(os.TempDir(), fmt.Sprintf("gatehouse-%d.wasm", os.Getpid()))
	defer os.Remove(wasm)
	module, err := browserModule()
	if err != nil {
		return err
	}
	// What draws is not inlined: that makes nothing faster, and the download 117 kB larger (docs/decisions/0009-a-smaller-program.md).
	err = run([]string{"GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=-mod=mod"}, "go", "build", "-modfile", module, "-trimpath", "-ldflags", "-s -w",
		"-gcflags=gatehouse/...=-l", "-gcflags="+goApp+"/...=-l", "-o", wasm, "./wasm")
	if err != nil {
		return err
	}
	data, err := os.ReadFile(wasm)
	if err != nil {
		return err
	}
	if data, err = joinSegments(data); err != nil {
		return err
	}
	if err := put("gatehouse.wasm", data); err != nil {
		return err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	loader, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return err
	}
	return put("wasm_exec.js", loader)
}

func run(env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}
