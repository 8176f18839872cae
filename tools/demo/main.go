// SPDX-License-Identifier: Apache-2.0

// Command demo shows Gatehouse at work: it starts a real homeserver with 200
// accounts, builds the panel, starts it in front of the homeserver, and prints where
// to go and as whom to sign in. Everything it makes is under .cache/demo, and a
// second start finds it there.
//
//	go run ./tools/demo [-homeserver synapse|dendrite] [-listen 127.0.0.1:8765] [-data folder] [-panel program]
//
// Without -homeserver it is a Synapse, or a Dendrite where Synapse cannot be
// installed. An interrupt ends the demo and every process of it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"gatehouse/tools/demo/accounts"
	"gatehouse/tools/homeserver"
)

func main() {
	kind := flag.String("homeserver", "", "which `kind` of homeserver to start: synapse or dendrite (default: synapse, or else dendrite)")
	listen := flag.String("listen", "", "`address` and port of the panel (default: 127.0.0.1:8765, or another port where that is taken)")
	data := flag.String("data", "", "`folder` to keep the accounts in (default: .cache/demo)")
	program := flag.String("panel", "", "built `program` to start as the panel (default: build it)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	ctx, cancel := withParent(ctx)
	err := run(ctx, os.Stdout, options{*kind, *listen, *data, *program})
	cancel()
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// withParent ends a context when the program that started this one is gone: make
// does not always live to pass a signal on.
func withParent(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if os.Getppid() != parent {
					cancel()
					return
				}
			}
		}
	}()
	return ctx, cancel
}

// options are the command's.
type options struct{ kind, listen, data, panel string }

// run brings the demo up, prints how to get in, and returns when ctx or one of its
// servers ends.
func run(ctx context.Context, out io.Writer, o options) error {
	kind, err := install(ctx, out, o.kind)
	if err != nil {
		return err
	}
	dir := filepath.Join(o.data, kind)
	if o.data == "" {
		if dir, err = homeserver.CacheDir("demo", kind); err != nil {
			return err
		}
	}
	state, err := loadState(dir)
	if err != nil {
		return err
	}
	// An error ends the build too.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	built := make(chan error, 1)
	binary := o.panel
	if binary == "" {
		if binary, err = panelBinary(); err != nil {
			return err
		}
		go func() { built <- buildPanel(ctx, binary) }()
	} else {
		built <- nil
	}

	d := demo{kind: kind, dir: dir, state: state, out: out}
	hs, err := d.startHomeserver(ctx)
	if err != nil {
		cancel()
		<-built
		return err
	}
	defer hs.Stop()

	if o.panel == "" {
		d.say("Panel", "building; the first time takes a minute or two")
	}
	if err := <-built; err != nil {
		return err
	}
	panel, err := d.startPanel(ctx, binary, hs, o.listen)
	if err != nil {
		return err
	}
	defer panel.proc.Stop()

	fmt.Fprintf(out, "\nGatehouse is open.\n\n  Address   %s\n  Name      %s\n  Password  %s\n\nCtrl-C ends it. The accounts stay in %s.\n",
		panel.url, accounts.Admin, state.AdminPassword, dir)
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "\nClosing.")
		return nil
	case <-hs.Done():
		return fmt.Errorf("the homeserver ended by itself; its log is %s", hs.Log)
	case <-panel.proc.Done():
		return fmt.Errorf("the panel ended by itself; its log is %s", panel.log)
	}
}

// install makes sure that the homeserver can be started, and returns its kind.
func install(ctx context.Context, out io.Writer, kind string) (string, error) {
	switch kind {
	case homeserver.Dendrite:
		return kind, installDendrite(ctx, out)
	case homeserver.Synapse, "":
	default:
		return "", fmt.Errorf("there is no homeserver %q; choose synapse or dendrite", kind)
	}
	if !homeserver.SynapseInstalled() {
		line(out, "Synapse", "installing "+homeserver.SynapseVersion+" from the Python package index, about 250 MB")
	}
	err := homeserver.InstallSynapse(ctx, io.Discard)
	if err == nil || ctx.Err() != nil || kind == homeserver.Synapse {
		return homeserver.Synapse, err
	}
	line(out, "Synapse", fmt.Sprintf("cannot be had here, so this is Dendrite: %v", err))
	return homeserver.Dendrite, installDendrite(ctx, out)
}

func installDendrite(ctx context.Context, out io.Writer) error {
	if !homeserver.DendriteInstalled() {
		line(out, "Dendrite", "building, one to three minutes")
	}
	return homeserver.InstallDendrite(ctx, io.Discard)
}

// line prints one line of progress.
func line(out io.Writer, what, text string) { fmt.Fprintf(out, "%-10s  %s\n", what, text) }
