// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files again")

// good is a report in which every budget is just kept.
func good() *report {
	all := budgets()
	for i := range all {
		all[i].Raw, all[i].Brotli = 2*all[i].Budget+1500, all[i].Budget
	}
	cold := &journey{Line: loopback.name, CPU: 1, Form: ms(90), Rows: ms(100, 120, 110), Click: ms(130), Taken: ms(500)}
	warm := &journey{Line: loopback.name, CPU: 1, Warm: true, Form: ms(50), Rows: ms(60), Click: ms(70), Taken: ms(150), Program: 1}
	slow := &journey{Line: slowLine.name, CPU: 4, Form: ms(700), Rows: ms(1200), Click: ms(1300), Taken: ms(9000)}
	return &report{
		Date:    time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC),
		Machine: machine{CPU: "A processor", Cores: 2, Memory: "8 GiB", System: "linux/amd64", Go: "go1.26.0", Load: "0.10"},
		Version: "0.1.0", Synapse: "1.163.2", Browser: "Chromium 156", Runs: 3, Sizes: all, Journeys: []*journey{cold, warm, slow}, Redraw: ms(200), Replace: ms(100),
		Calls: []*call{
			{Name: "users.get", PerSec: 200, Gate: ms(1, 6), Direct: ms(0.5, 1)},
			{Name: "users.get", Gate: ms(2, 4, 3), Direct: ms(2, 2, 5)},
		},
		Throughputs: []*throughput{
			{Rounds: 4, Job: rates{95, 190}, Direct: rates{100, 200}, Alone: rates{50, 50}, Script: rates{1, 2}},
			{Rounds: 12, Job: rates{7.6}, Direct: rates{8}, Alone: rates{4}, Script: rates{0.9}},
		},
		Beside: 12345,
		Plans: []planning{
			{Rows: 200_000, Of: "rows with passwords", Took: 9 * time.Second, Peak: 90 << 20}, {Rows: 200_000, Of: "rows with addresses", Took: time.Minute, Peak: 200 << 20},
		},
		MemoryStart: 40 << 20, MemoryLoad: 64 << 20,
	}
}

func TestMarkdown(t *testing.T) {
	r := good()
	r.Redraw = ms(201)
	got := r.markdown()
	golden := filepath.Join("testdata", "report.golden.md")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBusy(t *testing.T) {
	for load, want := range map[string]bool{"": false, "0.99": false, "1.00": true, "15.32": true} {
		if got := (machine{Load: load}).busy(); got != want {
			t.Errorf("a load of %q: busy is %v", load, got)
		}
	}
}

func TestExceeded(t *testing.T) {
	if over := good().exceeded(); len(over) > 0 {
		t.Fatalf("nothing is exceeded, but: %v", over)
	}
	for name, test := range map[string]struct {
		spoil func(*report)
		says  string
	}{
		"program":   {func(r *report) { r.Sizes[0].Brotli++ }, "1800001 bytes"},
		"rows last": {func(r *report) { r.Journeys[2].Taken = ms(1200) }, "not before the program"},
		"click":     {func(r *report) { r.Journeys[2].Program = 1 }, "1 of 1 clicks had to wait"},
		"redraw":    {func(r *report) { r.Redraw = ms(201) }, "2.01 times as long"},
		"gate":      {func(r *report) { r.Calls[0].Gate = ms(1, 6.1) }, "The gate adds 5.1 ms"},
		"job":       {func(r *report) { r.Throughputs[1].Job[0] = 7.5 }, "a job makes 0.94 times"},
		"plan":      {func(r *report) { r.Plans[1].Took++ }, "takes 60.0 s"},
		"plan held": {func(r *report) { r.Plans[1].Peak = 201 << 20 }, "held 201 MiB"},
		"memory":    {func(r *report) { r.MemoryStart = 66 << 20 }, "holds 66 MiB"},
	} {
		r := good()
		test.spoil(r)
		over := r.exceeded()
		if len(over) != 1 || !strings.Contains(over[0].Error(), test.says) {
			t.Errorf("%s: %v, want one sentence with %q", name, over, test.says)
		}
	}
}
