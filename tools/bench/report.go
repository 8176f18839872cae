// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"gatehouse/tools/demo/accounts"
)

// The budgets of times and memory. Those of sizes are beside the sizes.
const (
	redrawTimes = 2.0                  // as long as the browser alone takes to put 100 rows in place, at 4× slower CPU
	gateAdds    = 5 * time.Millisecond // p99, at 200 calls a second
	memoryAtAll = 64 << 20
	jobKeepsUp  = 0.95        // of what the homeserver makes when it is saturated directly
	planTime    = time.Minute // 200,000 rows
	planMemory  = 200 << 20
)

// A report is everything that was measured.
type report struct {
	Date     time.Time
	Machine  machine
	Version  string
	Synapse  string
	Browser  string
	Runs     int
	Quick    bool
	Sizes    []size
	Journeys []*journey
	Redraw   times // by the program
	Replace  times // by the browser alone
	Calls    []*call

	Throughputs []*throughput
	Plans       []planning
	Beside      int // accounts that the homeserver of the plans has

	MemoryStart, MemoryLoad int64
}

// exceeded says, in a sentence each, which budgets are.
func (r *report) exceeded() []error {
	var all []error
	say := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	for _, s := range r.Sizes {
		if said := s.over(); said != "" {
			all = append(all, errors.New(said))
		}
	}
	for _, j := range r.Journeys {
		if j.Rows.median() >= j.Taken.median() {
			say("With %s the rows are on screen after %s, not before the program (%s).", j.name(), shown(j.Rows.median()), shown(j.Taken.median()))
		}
		if j.Line == slowLine.name && !j.Warm && j.Program > 0 {
			say("With %s %d of %d clicks had to wait for the program.", j.name(), j.Program, len(j.Click))
		}
	}
	if got := r.redrawn(); got > redrawTimes {
		say("Drawing 100 rows at 4× slower CPU takes the program %.2f times as long as the browser alone; the budget is %.1f.", got, redrawTimes)
	}
	for _, c := range r.Calls {
		if c.PerSec > 0 && c.added() > gateAdds {
			say("The gate adds %s to the 99th percentile of %s at %d a second; the budget is %s.", shown(c.added()), c.Name, c.PerSec, shown(gateAdds))
		}
	}
	if most := max(r.MemoryStart, r.MemoryLoad); most > memoryAtAll {
		say("The gate at rest holds %s; the budget is %s.", mebibytes(most), mebibytes(memoryAtAll))
	}
	for _, t := range r.Throughputs {
		if got := t.Job.over(t.Direct); got < jobKeepsUp {
			say("With bcrypt_rounds %d a job makes %.2f times as many accounts a second as the homeserver can; the budget is %.2f.", t.Rounds, got, jobKeepsUp)
		}
	}
	for _, p := range r.Plans {
		if p.Took > planTime {
			say("The plan of %d %s takes %s; the budget is %s.", p.Rows, p.Of, shown(p.Took), shown(planTime))
		}
		if p.Peak > planMemory {
			say("With the plan of %d %s the gate has held %s; the budget is %s.", p.Rows, p.Of, mebibytes(p.Peak), mebibytes(planMemory))
		}
	}
	return all
}

// redrawn is how many times longer the program takes to draw other rows than the browser alone.
func (r *report) redrawn() float64 {
	if r.Replace.median() == 0 {
		return 0
	}
	return float64(r.Redraw.median()) / float64(r.Replace.median())
}

// markdown is docs/BENCHMARKS.md.
func (r *report) markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("<!-- Written by make bench. Do not change it by hand. -->")
	line("# Benchmarks\n")
	line("Measured on %s: %s, %d cores, %s memory, %s, %s. Gatehouse %s in front of Synapse %s (SQLite, %d accounts), %s without a window. "+
		"Gate, homeserver and browser share the machine; its load was %s before.",
		r.Date.UTC().Format("2 January 2006"), orUnknown(r.Machine.CPU), r.Machine.Cores, orUnknown(r.Machine.Memory), r.Machine.System, r.Machine.Go,
		r.Version, r.Synapse, accounts.Count+1, r.Browser, orUnknown(r.Machine.Load))
	if r.Machine.busy() {
		line("\n**The machine was busy with other work, so times are longer than on a quiet one, and budgets of times say little.**")
	}
	line("\n`make bench` writes this page and fails where a budget is exceeded.")
	if over := r.exceeded(); len(over) > 0 {
		line("**In this run budgets were exceeded:**\n")
		for _, err := range over {
			line("- %s", err)
		}
	} else {
		line("In this run none was.")
	}
	r.sizes(line)
	r.pages(line)
	r.calls(line)
	r.bulk(line)
	r.memory(line)
	return b.String()
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

type printer = func(format string, args ...any)

func (r *report) sizes(line printer) {
	line("\n## What a browser downloads\n")
	line("| | raw | brotli | budget |")
	line("|---|---:|---:|---:|")
	for _, s := range r.Sizes {
		budget := "–"
		if s.Budget > 0 {
			budget = kilobytes(s.Budget)
		}
		line("| %s | %s | %s | %s |", s.What, kilobytes(s.Raw), kilobytes(s.Brotli), budget)
	}
	line("\nA kB is 1,000 bytes. All of it is cached for good under an address that names its content, so it is downloaded once a version.")
}

func (r *report) pages(line printer) {
	line("\n## What people wait for\n")
	line("Medians of %d runs, with the shortest and the longest, counted from the start of the navigation.\n", r.Runs)
	line("| | sign-in form | 100 rows on screen | first click taken | program has taken over |")
	line("|---|---|---|---|---|")
	for _, j := range r.Journeys {
		line("| %s | %s | %s | %s | %s |", j.name(), j.Form, j.Rows, j.Click, j.Taken)
	}
	line(`
- The list of accounts is asked for with `+"`limit=100`"+`. *On screen* is the first frame in which the form or the hundredth row is drawn.
- *First click taken*: a click on the first account's link, made as soon as the rows are on screen; the time is when the browser begins to
  fetch the account's page. %s
- *Program has taken over*: the first frame drawn by the WASM program. Nothing has to wait for it, so it has no budget.
- *Cold*: nothing is cached, and no connection is open. *Warm*: files, compiled program and service worker are there from earlier visits;
  the page itself is never cached.
- *1.6 Mbit/s, 150 ms*: a relay in front of the gate sends 200 kB a second each way and takes 150 ms there and back, for all connections together;
  connecting takes another 150 ms. There is no TLS and no packet loss, and TCP's slow start is that of loopback. *4× CPU*: the browser slows the
  page's main thread down four times.

The program draws 100 other rows (another order of the list), from the answer's last byte to the frame, at 4× CPU: %s. The browser alone,
that fetches the same page and puts its rows in place of those that are there, takes %s: the program × **%.2f**; budget × %.1f.`,
		r.clickers(), r.Redraw, r.Replace, r.redrawn(), redrawTimes)
}

// clickers says who took the clicks.
func (r *report) clickers() string {
	program, all := 0, 0
	for _, j := range r.Journeys {
		program += j.Program
		all += len(j.Click)
	}
	if program == 0 {
		return fmt.Sprintf("All %d clicks were taken by the page, before the program.", all)
	}
	return fmt.Sprintf("Of %d clicks %d were taken by the page, before the program, and %d by the program.", all, all-program, program)
}

func (r *report) calls(line printer) {
	line("\n## What the gate adds\n")
	line("The same reads through the gate's API, with a session, and directly: what the gate sends to the homeserver for the call is sent to it without\nthe gate, in one run, in turn.\n")
	line("| call | | through the gate | directly | the gate's part |")
	line("|---|---|---|---|---|")
	for _, c := range r.Calls {
		how := fmt.Sprintf("Synapse, one at a time, %d each way", len(c.Gate))
		if c.PerSec > 0 {
			how = fmt.Sprintf("%d a second each way, %d in all; answers from memory", c.PerSec, len(c.Gate)+len(c.Direct))
		}
		line("| `%s` | %s | median %s, p99 %s | median %s, p99 %s | median × %.2f, p99 %s |", c.Name, how,
			shown(c.Gate.median()), shown(c.Gate.quantile(0.99)), shown(c.Direct.median()), shown(c.Direct.quantile(0.99)), c.ratio(), signed(c.added()))
	}
	line("\nAt 200 calls a second each way a Synapse on the same cores would only measure its own queue, so there a small server gives the answers that\nSynapse gave before, at once; the factor of the medians means little then, and the difference is what counts. A call's time begins when it was\ndue. Budget: p99 + %s at 200 a second.", shown(gateAdds))
}

func signed(d time.Duration) string {
	if d < 0 {
		return "− " + shown(-d)
	}
	return "+ " + shown(d)
}

func (r *report) bulk(line printer) {
	line("\n## Work in bulk\n")
	line("Accounts a second, made from a CSV file with their passwords. Medians of some turns, in one run, in turn, with the least and the most.\n")
	line("| | through a job | the homeserver, saturated | one call after another | `register_new_matrix_user` |")
	line("|---|---|---|---|---|")
	for _, t := range r.Throughputs {
		line("| `bcrypt_rounds: %d` | %s | %s; the job × **%.2f** | %s; the job × %.2f | %s; the job × %.1f |",
			t.Rounds, t.Job, t.Direct, t.Job.over(t.Direct), t.Alone, t.Job.over(t.Alone), t.Script, t.Job.over(t.Script))
	}
	line(`
- *Through a job*: from the start of a planned job until it is done, each account an intent and an outcome in the audit log.
- *Saturated*: %d registrations with the shared secret under way at any time, straight to the homeserver. Budget: the job makes %.2f times as many.
- *One call after another*: the same registrations, each when the one before is answered. The script is Synapse's own, started for each account.
- A low `+"`bcrypt_rounds`"+` makes the homeserver quick, so that what the job itself costs shows; 12 is Synapse's default.

Plans of large files, one after the other, for a homeserver of %d accounts. To know whether an e-mail address is taken it is asked for each of them.
The gate's memory is the most that it has held until then. Budgets: %s, %s.

| plan of | takes | the gate has held |
|---|---:|---:|`, atOnce, jobKeepsUp, r.Beside, shown(planTime), mebibytes(planMemory))
	for _, p := range r.Plans {
		line("| %d %s | %s | %s |", p.Rows, p.Of, shown(p.Took), mebibytes(p.Peak))
	}
}

func (r *report) memory(line printer) {
	line("\n## Memory\n")
	line("Resident memory of the gate (VmRSS): %s five seconds after its start, %s five seconds after all of the above. Budget: %s.",
		mebibytes(r.MemoryStart), mebibytes(r.MemoryLoad), mebibytes(memoryAtAll))
}
