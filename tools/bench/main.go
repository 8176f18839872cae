// SPDX-License-Identifier: Apache-2.0

// Command bench measures the built program and writes docs/BENCHMARKS.md: what a browser downloads, how long people wait for pages on a
// fast and on a slow line, what the gate adds to a call, how many accounts a second it makes, and how much memory it holds. It fails where
// a budget is exceeded.
//
//	go run ./tools/bench [-runs 5] [-out docs/BENCHMARKS.md]
//	go run ./tools/bench -quick     only how fast the program is on loopback, printed
//	go run ./tools/bench -bulk      only how many accounts a second are made, printed
//
// It needs `make build`, a Chromium and an installed Synapse (`make setup`), and takes about ten minutes. Nothing else should be busy
// on the machine meanwhile.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
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
	runs := flag.Int("runs", 5, "how often each page is measured")
	out := flag.String("out", "docs/BENCHMARKS.md", "the `file` that is written")
	quick := flag.Bool("quick", false, "measure only how long the program takes to take a page over and to draw another, and write nothing")
	bulk := flag.Bool("bulk", false, "measure only how many accounts a second are made, and write nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var err error
	switch {
	case *bulk:
		r := &report{}
		if err = (&bench{log: os.Stdout, report: r}).throughputs(ctx); err == nil {
			r.bulk(func(format string, args ...any) { fmt.Printf(format+"\n", args...) })
		}
	case *quick:
		err = measure(ctx, os.Stdout, &report{Runs: *runs, Quick: true})
	default:
		err = run(ctx, os.Stdout, *runs, *out)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, log io.Writer, runs int, path string) error {
	root, err := homeserver.Root()
	if err != nil {
		return err
	}
	r := &report{Machine: thisMachine(), Runs: runs, Date: time.Now()}
	if r.Sizes, err = sizes(filepath.Join(root, "web", "dist")); err != nil {
		return err
	}
	if err := measure(ctx, log, r); err != nil {
		return err
	}
	text := r.markdown()
	if !filepath.IsAbs(path) {
		path = filepath.Join(root, path)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(log, "\n%s\nwritten to %s\n", text, path)
	if over := r.exceeded(); len(over) > 0 {
		return errors.Join(over...)
	}
	return nil
}

const adminPassword = "bench-password"

// measure starts everything and fills in the report.
func measure(ctx context.Context, log io.Writer, r *report) (err error) {
	binary, err := stage.Binary()
	if err != nil {
		return err
	}
	r.Version = programVersion(binary)
	if err := homeserver.InstallSynapse(ctx, log); err != nil {
		return err
	}
	fmt.Fprintln(log, "starting Synapse and making", accounts.Count, "accounts")
	hs, err := homeserver.StartSynapse(ctx, homeserver.SynapseOptions{SharedSecret: "bench-secret", ServerName: "bench.example", Persistent: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hs.Stop()) }()
	r.Synapse = homeserver.SynapseVersion
	if err := accounts.Populate(ctx, hs, adminPassword, func(int) {}); err != nil {
		return err
	}
	listen, err := homeserver.FreeAddress()
	if err != nil {
		return err
	}
	line, err := newLine(listen)
	if err != nil {
		return err
	}
	defer line.close()
	dir, err := os.MkdirTemp("", "gatehouse-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{log: log, report: r, hs: hs, line: line, options: stage.PanelOptions{
		Dir: dir, Listen: listen, URL: "http://" + line.addr(), Homeserver: hs,
	}}
	if r.Quick {
		return b.quick(ctx)
	}
	if err := b.withUpstream(ctx); err != nil {
		return err
	}
	if err := b.withHomeserver(ctx); err != nil {
		return err
	}
	return b.throughputs(ctx)
}

// A bench is what is measured, and what with.
type bench struct {
	log     io.Writer
	report  *report
	hs      *homeserver.Server
	line    *line
	options stage.PanelOptions
	calls   []*call
}

// withUpstream runs the gate in front of an upstream that learns what the gate asks for, and then answers in the homeserver's place.
func (b *bench) withUpstream(ctx context.Context) (err error) {
	up, err := newUpstream(b.hs.URL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, up.close()) }()
	options := b.options
	options.Upstream = up.URL
	panel, err := stage.StartPanel(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, panel.Stop()) }()
	if b.calls, err = b.learn(ctx, panel, up); err != nil {
		return err
	}
	missed := up.fromMemory()
	c := newCaller()
	defer c.close()
	for _, one := range b.calls {
		const rate, seconds = 200, 10
		fmt.Fprintf(b.log, "calls: %s, %d a second for %d s, answered from memory\n", one.Name, rate, seconds)
		m := &call{Name: one.Name, gate: one.gate, direct: at(up.URL, one.direct), PerSec: rate, Replays: true}
		if err := c.inTurn(ctx, &call{gate: m.gate, direct: m.direct}, 50); err != nil { // opens connections
			return err
		}
		if err := c.atRate(ctx, m, seconds); err != nil {
			return err
		}
		b.report.Calls = append(b.report.Calls, m)
	}
	if said := missed(); len(said) > 0 {
		return fmt.Errorf("the gate asked for what it had not asked for before: %q", said)
	}
	return nil
}

// learn calls each operation twice and notes what the second call asked the homeserver for.
func (b *bench) learn(ctx context.Context, panel *stage.Panel, up *upstream) ([]*call, error) {
	cookies, err := panel.SignIn(ctx, accounts.Admin, adminPassword)
	if err != nil {
		return nil, err
	}
	header := map[string][]string{"Accept": {"application/json"}}
	for _, c := range cookies {
		header["Cookie"] = append(header["Cookie"], c.Name+"="+c.Value)
	}
	somebody := b.hs.UserID(accounts.All()[0].Localpart)
	c := newCaller()
	defer c.close()
	var all []*call
	for _, one := range []struct{ name, path string }{
		{"users.list, 100 accounts", "users.list?limit=100"},
		{"users.get", "users.get?" + url.Values{"id": {somebody}}.Encode()},
	} {
		through := request{"http://" + panel.Listen + "/api/" + stage.Name + "/" + one.path, header}
		if err := c.send(ctx, through); err != nil {
			return nil, err
		}
		heard := up.listen()
		if err := c.send(ctx, through); err != nil {
			return nil, err
		}
		paths, token := heard()
		if len(paths) == 0 {
			return nil, fmt.Errorf("%s asked the homeserver for nothing", one.name)
		}
		learnt := &call{Name: one.name, gate: through}
		for _, path := range paths {
			learnt.direct = append(learnt.direct, request{b.hs.URL + path, map[string][]string{"Authorization": {token}}})
		}
		all = append(all, learnt)
	}
	return all, nil
}

// at is the same requests to another server.
func at(server string, requests []request) []request {
	var moved []request
	for _, r := range requests {
		u, err := url.Parse(r.url)
		if err != nil {
			panic(err) // it has been sent before
		}
		moved = append(moved, request{server + u.RequestURI(), r.header})
	}
	return moved
}

// withHomeserver runs the gate in front of the real homeserver.
func (b *bench) withHomeserver(ctx context.Context) (err error) {
	panel, err := stage.StartPanel(ctx, b.options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, panel.Stop()) }()
	const rest = 5 * time.Second
	if err := pause(ctx, rest); err != nil {
		return err
	}
	b.report.MemoryStart = resident(panel.Pid)
	if err := b.inTurn(ctx); err != nil {
		return err
	}
	if err := b.pages(ctx, panel); err != nil {
		return err
	}
	if err := pause(ctx, rest); err != nil {
		return err
	}
	b.report.MemoryLoad = resident(panel.Pid)
	return nil
}

// quick prints how fast the program is, for who works on that.
func (b *bench) quick(ctx context.Context) (err error) {
	panel, err := stage.StartPanel(ctx, b.options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, panel.Stop()) }()
	t, done, err := b.traveller(ctx, panel)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	for _, cpu := range []float64{1, 4} {
		cold, warm := &journey{Line: loopback.name, CPU: cpu}, &journey{Line: loopback.name, CPU: cpu, Warm: true}
		for range b.report.Runs {
			if err := t.arrive(loopback, cold, warm); err != nil {
				return err
			}
		}
		for _, j := range []*journey{cold, warm} {
			fmt.Fprintf(b.log, "%s: rows %s, taken over %s\n", j.name(), j.Rows, j.Taken)
		}
	}
	program, browser, err := t.redraws(4 * b.report.Runs)
	fmt.Fprintf(b.log, "100 other rows at 4× CPU: %s; by the browser alone: %s\n", program, browser)
	return err
}

func (b *bench) inTurn(ctx context.Context) error {
	c := newCaller()
	defer c.close()
	for _, one := range b.calls {
		const n = 500
		fmt.Fprintf(b.log, "calls: %s, one at a time, %d each way\n", one.Name, n)
		m := &call{Name: one.Name, gate: one.gate, direct: one.direct}
		if err := c.inTurn(ctx, m, n); err != nil {
			return err
		}
		b.report.Calls = append(b.report.Calls, m)
	}
	return nil
}

func (b *bench) pages(ctx context.Context, panel *stage.Panel) (err error) {
	t, done, err := b.traveller(ctx, panel)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	if b.report.Journeys, err = t.journeys(ctx); err != nil {
		return err
	}
	b.report.Redraw, b.report.Replace, err = t.redraws(4 * b.report.Runs)
	return err
}

// traveller signs in and opens a browser; done closes it.
func (b *bench) traveller(ctx context.Context, panel *stage.Panel) (t *traveller, done func() error, err error) {
	cookies, err := panel.SignIn(ctx, accounts.Admin, adminPassword)
	if err != nil {
		return nil, nil, err
	}
	browser, err := stage.StartBrowser(ctx)
	if err != nil {
		return nil, nil, err
	}
	if b.report.Browser, err = browser.Version(); err != nil {
		return nil, nil, errors.Join(err, browser.Close())
	}
	return &traveller{browser: browser, line: b.line, url: panel.URL, cookies: cookies, runs: b.report.Runs, log: b.log}, browser.Close, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
