// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"gatehouse/tools/homeserver/process"
)

// SynapseVersion is the release that tests and the demo run against.
const SynapseVersion = "1.163.2"

// ErrNotInstalled says that a server has to be installed before it can start.
var ErrNotInstalled = errors.New("not installed")

// SynapseInstalled tells whether this version of Synapse is ready to start.
func SynapseInstalled() bool {
	dir, err := CacheDir("synapse")
	return err == nil && stamped(dir, synapseStamp)
}

// DendriteInstalled tells whether Dendrite, as its go.mod names it, is ready to
// start.
func DendriteInstalled() bool {
	dir, err := CacheDir("dendrite")
	if err != nil {
		return false
	}
	_, want, err := dendriteModule()
	return err == nil && stamped(dir, want)
}

const synapseStamp = "matrix-synapse==" + SynapseVersion

// InstallSynapse puts Synapse into a private virtual environment under .cache.
// It does nothing where that has been done. What pip says goes to log. The error
// of a failed step is one line.
func InstallSynapse(ctx context.Context, log io.Writer) error {
	dir, err := CacheDir("synapse")
	if err != nil {
		return err
	}
	if stamped(dir, synapseStamp) {
		return nil
	}
	python, err := findPython(ctx)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := execute(ctx, log, "", python, "-m", "venv", dir); err != nil {
		return fmt.Errorf("make a Python virtual environment (on Debian: apt-get install python3-venv): %w", err)
	}
	pip := []string{"-m", "pip", "install", "--quiet", "--disable-pip-version-check", synapseStamp}
	if err := execute(ctx, log, "", filepath.Join(dir, "bin", "python"), pip...); err != nil {
		return fmt.Errorf("install %s from the Python package index: %w", synapseStamp, err)
	}
	return stamp(dir, synapseStamp)
}

// PythonInstalled tells whether there is a Python that Synapse can be put into.
func PythonInstalled(ctx context.Context) bool {
	_, err := findPython(ctx)
	return err == nil
}

// findPython returns a Python that has the modules a virtual environment takes.
func findPython(ctx context.Context) (string, error) {
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if exec.CommandContext(ctx, path, "-c", "import venv, ensurepip").Run() == nil {
			return path, nil
		}
	}
	return "", errors.New("no Python 3 with the venv module was found (on Debian: apt-get install python3-venv)")
}

// synapsePython is the interpreter of the virtual environment.
func synapsePython() (string, error) { return SynapseProgram("python") }

// SynapseProgram is the path of a program that comes with Synapse, such as
// register_new_matrix_user.
func SynapseProgram(name string) (string, error) {
	dir, err := CacheDir("synapse")
	if err != nil {
		return "", err
	}
	if !stamped(dir, synapseStamp) {
		return "", fmt.Errorf("Synapse %s: %w; run: go run ./tools/setup -only synapse", SynapseVersion, ErrNotInstalled)
	}
	return filepath.Join(dir, "bin", name), nil
}

// InstallDendrite builds Dendrite's programs from the small module beside this
// file into .cache. It does nothing where that has been done. The first build
// takes about 80 seconds on two cores.
func InstallDendrite(ctx context.Context, log io.Writer) error {
	dir, err := CacheDir("dendrite")
	if err != nil {
		return err
	}
	module, want, err := dendriteModule()
	if err != nil {
		return err
	}
	if stamped(dir, want) {
		return nil
	}
	err = execute(ctx, log, module, "go", "build", "-trimpath", "-o", dir+string(filepath.Separator), "tool")
	if err != nil {
		return fmt.Errorf("build Dendrite: %w", err)
	}
	return stamp(dir, want)
}

// dendriteModule returns the folder of Dendrite's own module, and what a
// complete build of it is stamped with.
func dendriteModule() (dir, want string, err error) {
	root, err := Root()
	if err != nil {
		return "", "", err
	}
	dir = filepath.Join(root, "tools", "homeserver", "dendrite")
	sum := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", "", err
		}
		sum.Write(data)
	}
	return dir, runtime.Version() + " " + hex.EncodeToString(sum.Sum(nil)), nil
}

// dendriteProgram is the path of one of Dendrite's programs.
func dendriteProgram(name string) (string, error) {
	if !DendriteInstalled() {
		return "", fmt.Errorf("Dendrite: %w; run: go run ./tools/setup -only dendrite", ErrNotInstalled)
	}
	dir, err := CacheDir("dendrite")
	return filepath.Join(dir, name), err
}

// execute runs a program to its end. Its output goes to log; the error carries
// the last line of it, which is where programs say what went wrong.
func execute(ctx context.Context, log io.Writer, dir, name string, args ...string) error {
	var tail bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Stdout = io.MultiWriter(log, &tail)
	cmd.Stderr = cmd.Stdout
	err := process.Run(ctx, cmd)
	if err == nil || ctx.Err() != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(tail.String()), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return fmt.Errorf("%w: %s", err, last)
	}
	return err
}
