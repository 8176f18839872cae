// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"os"
	"os/exec"
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
		name:     "node",
		purpose:  "runs the unit tests of the browser program",
		packages: []string{"nodejs"},
		present:  func() bool { return hasProgram("node") },
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

// hasBrowser looks for the names under which chromedp looks, in its order.
func hasBrowser() bool {
	for _, name := range []string{
		"headless_shell", "headless-shell", "chromium", "chromium-browser",
		"google-chrome", "google-chrome-stable", "google-chrome-beta", "google-chrome-unstable",
	} {
		if hasProgram(name) {
			return true
		}
	}
	return false
}
