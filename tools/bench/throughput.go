// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/tools/homeserver"
	"gatehouse/tools/stage"
)

// A throughput is how many accounts a second are made at one homeserver, in turns: by a job of the gate, and by what there is besides it.
type throughput struct {
	Rounds int // bcrypt_rounds of the homeserver
	Turns  int
	Each   int // accounts of a job in a turn
	Job    rates
	Direct rates // atOnce registrations under way at any time, straight to the homeserver
	Alone  rates // one registration after the other, straight to the homeserver
	Script rates // register_new_matrix_user, once for each account
}

// atOnce is how many direct registrations are under way at any time: more than a homeserver needs to be busy all the time, and as many as
// a job may have.
const atOnce = 16

// scripted is how many accounts the script makes in a turn: it takes about a second for each, whatever the homeserver.
const scripted = 5

// scriptTurns is in how many turns the script is run: its pace hardly differs.
const scriptTurns = 6

// rates are accounts a second, one of each turn.
type rates []float64

func (r rates) median() float64 {
	if len(r) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(r))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// String is the median and what it lies between.
func (r rates) String() string {
	if len(r) == 0 {
		return "–"
	}
	return fmt.Sprintf("**%s** (%s–%s)", perSecond(r.median()), perSecond(slices.Min(r)), perSecond(slices.Max(r)))
}

func perSecond(rate float64) string {
	if rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

// over returns how many times as many accounts r makes as other does: the median over the turns.
func (r rates) over(other rates) float64 {
	var ratios rates
	for i := range min(len(r), len(other)) {
		ratios = append(ratios, r[i]/other[i])
	}
	return ratios.median()
}

// throughputs measures with a quick hash of passwords, where what the job itself costs shows, and with the one that Synapse has by default.
// A quick homeserver's pace differs by a tenth and more from second to second, and by as much over minutes: many short turns, of which both see the
// same, tell more than a few long ones. Each job begins and ends, which costs it some of its turn.
func (b *bench) throughputs(ctx context.Context) error {
	for _, t := range []*throughput{{Rounds: quickRounds, Turns: 10, Each: 1000}, {Rounds: 12, Turns: 6, Each: 48}} {
		if err := b.throughput(ctx, t); err != nil {
			return fmt.Errorf("accounts a second, bcrypt_rounds %d: %w", t.Rounds, err)
		}
		b.report.Throughputs = append(b.report.Throughputs, t)
	}
	return nil
}

func (b *bench) throughput(ctx context.Context, t *throughput) (err error) {
	hs, err := homeserver.StartSynapse(ctx, homeserver.SynapseOptions{
		SharedSecret: "bench-secret", ServerName: "bench.example", Persistent: true, ExtraYAML: fmt.Sprintf("bcrypt_rounds: %d\n", t.Rounds),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hs.Stop()) }()
	if _, err := hs.Register(ctx, adminName, adminPassword, true); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "gatehouse-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	listen, err := homeserver.FreeAddress()
	if err != nil {
		return err
	}
	panel, err := stage.StartPanel(ctx, stage.PanelOptions{Dir: dir, Listen: listen, Homeserver: hs})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, panel.Stop()) }()
	cookies, err := panel.SignIn(ctx, adminName, adminPassword)
	if err != nil {
		return err
	}
	m := &makers{hs: hs, api: apiClient{"http://" + panel.Listen, panel.URL, cookies}}
	if err := b.turns(ctx, t, m); err != nil || t.Rounds != quickRounds {
		return err
	}
	b.report.Beside = m.made
	for _, f := range largeFiles {
		fmt.Fprintln(b.log, "plan:", planRows, f.of)
		p := planning{Rows: planRows, Of: f.of}
		if p.Took, err = m.plan(ctx, f, planRows); err != nil {
			return err
		}
		p.Peak = peak(panel.Pid)
		b.report.Plans = append(b.report.Plans, p)
	}
	return nil
}

// A largeFile is what is planned of a file.
type largeFile struct {
	of      string
	columns []string
	// operation is done to each account; "": the rows are imported.
	operation string
	planned   string // the state of each item then
}

// largeFiles are planned one after the other. The accounts that an operation is to be done to are not there, which is looked for all the same.
var largeFiles = []largeFile{
	{"new accounts, each with name and password", []string{"id", "display_name", "password"}, "", "waiting"},
	{"new accounts, each with name, password and e-mail address", []string{"id", "display_name", "password", "emails"}, "", "waiting"},
	{"accounts of a file, to be locked", []string{"id"}, "users.lock", "failed"},
}

// quickRounds is the bcrypt_rounds of a homeserver that is quick.
const quickRounds = 4

// planRows is how many rows a file has that is planned.
const planRows = 200_000

// A planning is what the plan of a large file takes.
type planning struct {
	Rows int
	Of   string        // what stands in them
	Took time.Duration // from the end of the upload until each row's line of the plan stands
	Peak int64         // bytes that the gate held at most, since its start
}

// turns makes accounts in each way, turn by turn. A homeserver gets slower as it fills: what a job is compared with is measured before it and after it.
func (b *bench) turns(ctx context.Context, t *throughput, m *makers) error {
	for turn := range t.Turns + 1 {
		n := t.Each
		if turn == 0 { // does not count
			n = max(20, n/10)
		}
		ways := []struct {
			name string
			into *rates
			n    int
			make func(ctx context.Context, n int) (time.Duration, error)
		}{
			{"saturated", &t.Direct, n, m.direct(atOnce)}, {"a job", &t.Job, n, m.job}, {"saturated", &t.Direct, n, m.direct(atOnce)},
			{"one after another", &t.Alone, n / 4, m.direct(1)}, {"register_new_matrix_user", &t.Script, scripted, m.script},
		}
		if turn > scriptTurns {
			ways = ways[:len(ways)-1]
		}
		made, took := map[*rates]int{}, map[*rates]time.Duration{}
		for _, way := range ways {
			d, err := way.make(ctx, way.n)
			if err != nil {
				return err
			}
			made[way.into] += way.n
			took[way.into] += d
			fmt.Fprintf(b.log, "accounts: bcrypt_rounds %d, turn %d of %d: %s, %s a second\n", t.Rounds, turn, t.Turns, way.name, perSecond(float64(way.n)/d.Seconds()))
		}
		for into, n := range made {
			if turn > 0 {
				*into = append(*into, float64(n)/took[into].Seconds())
			}
		}
	}
	return nil
}

const adminName = "admin"

// makers make accounts, each in its way, all with names that are new.
type makers struct {
	hs   *homeserver.Server
	api  apiClient
	made int
}

// names returns the next names.
func (m *makers) names(n int) []string {
	list := make([]string, n)
	for i := range list {
		m.made++
		list[i] = fmt.Sprintf("person%06d", m.made)
	}
	return list
}

// direct registers accounts with the shared secret, so many at once.
func (m *makers) direct(atOnce int) func(ctx context.Context, n int) (time.Duration, error) {
	return func(ctx context.Context, n int) (time.Duration, error) {
		names := m.names(n)
		var next atomic.Int64
		failed := make([]error, atOnce)
		var all sync.WaitGroup
		began := time.Now()
		for w := range atOnce {
			all.Go(func() {
				for failed[w] == nil {
					i := int(next.Add(1)) - 1
					if i >= n {
						return
					}
					_, failed[w] = m.hs.RegisterAccount(ctx, homeserver.Registration{Username: names[i], Password: passwordOf(names[i]), NoLogin: true})
				}
			})
		}
		all.Wait()
		return time.Since(began), errors.Join(failed...)
	}
}

func passwordOf(name string) string { return "the password of " + name }

// script runs Synapse's own program for each account, one after the other.
func (m *makers) script(ctx context.Context, n int) (time.Duration, error) {
	program, err := homeserver.SynapseProgram("register_new_matrix_user")
	if err != nil {
		return 0, err
	}
	names := m.names(n)
	began := time.Now()
	for _, name := range names {
		cmd := exec.CommandContext(ctx, program, "--user", name, "--password", passwordOf(name), "--no-admin", "--shared-secret", m.hs.SharedSecret, m.hs.URL)
		if said, err := cmd.CombinedOutput(); err != nil {
			return 0, fmt.Errorf("%s: %w\n%s", filepath.Base(program), err, said)
		}
	}
	return time.Since(began), nil
}

// job has the gate make accounts from a file, passwords and all. What counts is from the start of the planned job until it is done.
func (m *makers) job(ctx context.Context, n int) (time.Duration, error) {
	job, _, err := m.planned(ctx, largeFiles[0], n)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := m.api.write(ctx, "jobs.start", map[string]any{"id": job.ID}, nil); err != nil {
		return 0, err
	}
	if job, err = m.until(ctx, job.ID, "done"); err != nil {
		return 0, err
	}
	took := time.UnixMilli(job.EndedMS).Sub(began)
	if job.Count["done"] != n {
		return 0, fmt.Errorf("of %d accounts the job made %v", n, job.Count)
	}
	return took, nil
}

// plan has the gate plan a file, and throws the plan away.
func (m *makers) plan(ctx context.Context, f largeFile, n int) (time.Duration, error) {
	job, took, err := m.planned(ctx, f, n)
	if err != nil {
		return 0, err
	}
	if job.Count[f.planned] != n {
		return 0, fmt.Errorf("of %d rows the plan has %v", n, job.Count)
	}
	return took, m.api.write(ctx, "jobs.cancel", map[string]any{"id": job.ID}, nil)
}

// planned sends a file of accounts that are not there and has it planned. The time is that of the plan alone.
func (m *makers) planned(ctx context.Context, f largeFile, n int) (importJob, time.Duration, error) {
	var file strings.Builder
	fmt.Fprintln(&file, strings.Join(f.columns, ","))
	for _, name := range m.names(n) {
		cells := []string{name, name, passwordOf(name), name + "@mail.example"}
		fmt.Fprintln(&file, strings.Join(cells[:len(f.columns)], ","))
	}
	var job importJob
	id, err := m.api.upload(ctx, "people.csv", file.String())
	if err != nil {
		return job, 0, err
	}
	operation, request := "imports.plan", map[string]any{"id": id, "mode": "create"}
	var columns []map[string]any
	for i, field := range f.columns {
		columns = append(columns, map[string]any{"column": i + 1, "field": field})
	}
	if request["columns"] = columns; f.operation != "" {
		operation, request = "jobs.plan", map[string]any{"operation": f.operation, "file": map[string]any{"id": id, "column": 1}}
	}
	began := time.Now()
	if err := m.api.write(ctx, operation, request, &job); err != nil {
		return job, 0, err
	}
	job, err = m.until(ctx, job.ID, "planned")
	return job, time.Since(began), err
}

type importJob struct {
	ID      string         `json:"id"`
	State   string         `json:"state"`
	Code    string         `json:"code"`
	EndedMS int64          `json:"ended_ms"`
	Count   map[string]int `json:"count"`
}

// lookEvery is how often a job is looked at. Each look costs the gate as much as an account or two.
const lookEvery = 250 * time.Millisecond

// until waits until a job is in a state.
func (m *makers) until(ctx context.Context, id, state string) (importJob, error) {
	for {
		var job importJob
		if err := m.api.read(ctx, "jobs.get?id="+id, &job); err != nil || job.State == state {
			return job, err
		}
		if job.State == "failed" {
			return job, fmt.Errorf("the job has failed: %s", job.Code)
		}
		if err := pause(ctx, lookEvery); err != nil {
			return job, err
		}
	}
}
