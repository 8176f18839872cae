// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"gatehouse/tools/homeserver"
)

// A tool is something that tests or the demo call. It comes from Debian packages
// or from an install function.
type tool struct {
	name     string
	purpose  string
	packages []string // Debian's
	present  func() bool
	step     string // what install does, for people who wait
	install  func(ctx context.Context, log io.Writer) error
}

// tools is everything, in the order in which it builds on each other.
var tools = []tool{
	{
		name:     "compiler",
		purpose:  "a C compiler, for Go's race detector",
		packages: []string{"gcc", "libc6-dev"},
		present:  hasCompiler,
	},
	{
		name:     "chromium",
		purpose:  "the browser that the end-to-end tests drive",
		packages: []string{"chromium", "fonts-liberation"},
		present:  hasBrowser,
	},
	{
		name:     "npm",
		purpose:  "fetches what web/package.json names",
		packages: []string{"nodejs", "npm"},
		present:  func() bool { return hasProgram("node") && hasProgram("npm") || hasNodeModules() },
	},
	{
		name:    "axe",
		purpose: "the accessibility checks, and the sources of the style sheet and the icons",
		present: hasNodeModules,
		step:    "npm ci in web/",
		install: installNodeModules,
	},
	{
		name:     "postgres",
		purpose:  "a database for Dendrite",
		packages: []string{"postgresql", "postgresql-client"},
		present:  homeserver.PostgresInstalled,
	},
	{
		name:     "python",
		purpose:  "Synapse is written in it",
		packages: []string{"python3", "python3-venv"},
		present:  func() bool { return homeserver.SynapseInstalled() || homeserver.PythonInstalled(context.Background()) },
	},
	{
		name:    "synapse",
		purpose: "a homeserver for the tests and the demo",
		present: homeserver.SynapseInstalled,
		step:    "Synapse " + homeserver.SynapseVersion + " from the Python package index, about 250 MB",
		install: homeserver.InstallSynapse,
	},
	{
		name:    "dendrite",
		purpose: "a homeserver for the tests and the demo",
		present: homeserver.DendriteInstalled,
		step:    "building Dendrite, one to three minutes",
		install: homeserver.InstallDendrite,
	},
}

func hasProgram(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}

// hasCompiler tells whether Go's C compiler is there and finds the C library.
func hasCompiler() bool {
	cc, err := exec.Command("go", "env", "CC").Output()
	if err != nil {
		return false
	}
	return exec.Command(strings.TrimSpace(string(cc)), "-E", "-x", "c", "-include", "stdlib.h", os.DevNull).Run() == nil
}

func hasBrowser() bool { return slices.ContainsFunc(browsers(runtime.GOOS), hasProgram) }

// browsers are the names and paths under which chromedp looks for a browser on an operating system, in its order: what it does not find, the
// tests do not either.
func browsers(goos string) []string {
	if goos == "darwin" {
		return []string{"/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"}
	}
	return []string{
		"headless_shell", "headless-shell", "chromium", "chromium-browser",
		"google-chrome", "google-chrome-stable", "google-chrome-beta", "google-chrome-unstable",
		"/usr/bin/google-chrome", "/usr/local/bin/chrome", "/snap/bin/chromium", "chrome",
	}
}

// hasNodeModules tells whether web/node_modules is what web/package-lock.json says.
func hasNodeModules() bool {
	root, err := homeserver.Root()
	if err != nil {
		return false
	}
	want, err := lockedVersions(filepath.Join(root, "web", "package-lock.json"))
	if err != nil {
		return false
	}
	got, err := lockedVersions(filepath.Join(root, "web", "node_modules", ".package-lock.json"))
	return err == nil && maps.Equal(want, got)
}

// lockedVersions reads the versions of packages from a lock file of npm.
func lockedVersions(path string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lock struct {
		Packages map[string]struct {
			Version string `json:"version"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(data, &lock); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	versions := map[string]string{}
	for name, p := range lock.Packages {
		if name != "" { // the project itself
			versions[name] = p.Version
		}
	}
	return versions, nil
}

func installNodeModules(ctx context.Context, log io.Writer) error {
	root, err := homeserver.Root()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = filepath.Join(root, "web")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("npm ci in web/: %w (run it to see why)", err)
	}
	return nil
}
