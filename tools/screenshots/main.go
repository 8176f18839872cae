// SPDX-License-Identifier: Apache-2.0

// Command screenshots takes the pictures of the README: it starts a real Synapse with the demo's accounts and the built program in front
// of it, signs in through a browser, and writes what it sees, light and dark.
//
//	go run ./tools/screenshots [-out docs/screenshots]
//
// It needs `make build`, a Chromium and an installed Synapse (`make setup`), and takes about a minute.
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
	"gatehouse/tools/stage"
)

func main() {
	out := flag.String("out", "docs/screenshots", "the `folder` that is written to")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, *out)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, log io.Writer, out string) (err error) {
	root, err := homeserver.Root()
	if err != nil {
		return err
	}
	if !filepath.IsAbs(out) {
		out = filepath.Join(root, out)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := homeserver.InstallSynapse(ctx, log); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "gatehouse-screenshots-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	fmt.Fprintln(log, "starting Synapse and making", accounts.Count, "accounts")
	hs, err := populated(ctx, filepath.Join(dir, "synapse"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hs.Stop()) }()
	listen, err := homeserver.FreeAddress()
	if err != nil {
		return err
	}
	panel, err := stage.StartPanel(ctx, stage.PanelOptions{
		Dir: filepath.Join(dir, "gatehouse"), Listen: listen, Homeserver: hs, Extra: "hide_accounts: [whatsapp_*, telegram_*]\n",
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, panel.Stop()) }()
	browser, err := stage.StartBrowser(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, browser.Close()) }()
	tab, err := browser.NewTab(nil)
	if err != nil {
		return err
	}
	p := &photographer{tab: tab, url: panel.URL, out: out, log: log}
	if err := p.tour(hs); err != nil {
		return fmt.Errorf("%w\nthe end of the panel's log:\n%s", err, panel.Said())
	}
	return nil
}

const adminPassword = "screenshots-password"

// populated is a Synapse whose accounts were made and seen over the last years.
func populated(ctx context.Context, dir string) (*homeserver.Server, error) {
	start := func() (*homeserver.Server, error) {
		return homeserver.StartSynapse(ctx, homeserver.SynapseOptions{
			Dir: dir, ServerName: "demo.example", SharedSecret: "screenshots-secret", Persistent: true, XForwarded: true,
			// Without the first, Synapse forgets after 28 days that somebody was there. The second is what it says its address is.
			ExtraYAML: "user_ips_max_age: null\npublic_baseurl: https://matrix.demo.example/\n",
		})
	}
	hs, err := start()
	if err != nil {
		return nil, err
	}
	if err := accounts.Populate(ctx, hs, adminPassword, func(int) {}); err != nil {
		return nil, errors.Join(err, hs.Stop())
	}
	if err := hs.Stop(); err != nil {
		return nil, err
	}
	if err := accounts.Age(ctx, hs, time.Now()); err != nil {
		return nil, err
	}
	return start()
}
