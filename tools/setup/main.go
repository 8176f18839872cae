// SPDX-License-Identifier: Apache-2.0

// Command setup installs what tests and the demo need: a C compiler for the race
// detector, a browser, PostgreSQL, and real homeservers under .cache. What is
// there is left alone, so a second run takes a moment.
//
//	go run ./tools/setup [-only synapse,dendrite,chromium,postgres,…] [-v]
//
// As root on Debian it calls apt-get. Anybody else gets told, for each missing
// tool, the command that installs it.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	only := flag.String("only", "", "comma-separated `names` of the tools to set up (default: all of "+strings.Join(names(tools), ", ")+")")
	verbose := flag.Bool("v", false, "show what the installers print")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	wanted, err := choose(tools, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		os.Exit(2)
	}
	s := setup{out: os.Stdout, log: io.Discard, apt: canUseApt()}
	if *verbose {
		s.log = os.Stdout
	}
	if missing := s.run(ctx, wanted); len(missing) > 0 {
		fmt.Fprintln(os.Stderr, "setup: missing:", strings.Join(missing, ", "))
		os.Exit(1)
	}
}

// choose returns the tools that a comma-separated list names, in the order in
// which they build on each other. An empty list means all of them.
func choose(all []tool, list string) ([]tool, error) {
	if list == "" {
		return all, nil
	}
	want := map[string]bool{}
	for name := range strings.SplitSeq(list, ",") {
		want[strings.TrimSpace(name)] = true
	}
	var chosen []tool
	for _, t := range all {
		if want[t.name] {
			chosen = append(chosen, t)
			delete(want, t.name)
		}
	}
	for name := range want {
		return nil, fmt.Errorf("there is no tool %q; the tools are %s", name, strings.Join(names(all), ", "))
	}
	return chosen, nil
}

func names(all []tool) []string {
	var list []string
	for _, t := range all {
		list = append(list, t.name)
	}
	return list
}

// canUseApt tells whether packages can be installed without asking anybody.
func canUseApt() bool {
	_, err := exec.LookPath("apt-get")
	return err == nil && os.Geteuid() == 0
}

// A setup brings tools to the machine.
type setup struct {
	out io.Writer // what people read
	log io.Writer // what installers print
	apt bool      // apt-get may be called
}

// run sets the tools up and returns the names of those that are still missing.
func (s setup) run(ctx context.Context, wanted []tool) (missing []string) {
	s.installPackages(ctx, wanted)
	for _, t := range wanted {
		if t.present() {
			fmt.Fprintf(s.out, "%-9s ready\n", t.name)
			continue
		}
		if err := s.install(ctx, t); err != nil {
			fmt.Fprintf(s.out, "%-9s MISSING (%s): %v\n", t.name, t.purpose, err)
			missing = append(missing, t.name)
			continue
		}
		fmt.Fprintf(s.out, "%-9s installed\n", t.name)
	}
	return missing
}

// install brings one tool that is no Debian package, or says how to get it.
func (s setup) install(ctx context.Context, t tool) error {
	if t.install == nil {
		return fmt.Errorf("install it with: sudo apt-get install %s", strings.Join(t.packages, " "))
	}
	fmt.Fprintf(s.out, "%-9s installing: %s\n", t.name, t.step)
	return t.install(ctx, s.log)
}

// installPackages installs the Debian packages of all missing tools at once. A
// failure is told here and shows again in the tools that are still missing.
func (s setup) installPackages(ctx context.Context, wanted []tool) {
	var packages []string
	for _, t := range wanted {
		if len(t.packages) > 0 && !t.present() {
			packages = append(packages, t.packages...)
		}
	}
	if len(packages) == 0 || !s.apt {
		return
	}
	fmt.Fprintln(s.out, "apt-get   installing:", strings.Join(packages, " "))
	for _, args := range [][]string{
		{"update"},
		append([]string{"install", "--yes", "--no-install-recommends"}, packages...),
	} {
		var output bytes.Buffer
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout = io.MultiWriter(s.log, &output)
		cmd.Stderr = cmd.Stdout
		if err := cmd.Run(); err != nil {
			fmt.Fprintf(s.out, "apt-get %s failed: %v\n%s", args[0], err, output.Bytes())
			return
		}
	}
}
