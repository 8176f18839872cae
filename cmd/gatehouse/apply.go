// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"gatehouse/app/api"
)

type applyCommand struct {
	Operation string `arg:"" help:"What shall be done to each account: users.lock, devices.sign_out, users.erase… (gatehouse operations)."`
	fileFlags
	With   map[string]string `help:"A field of the operation's request, the same for all: --with='reason=spam'." mapsep:"none"`
	Column string            `help:"Name or number of the column with the accounts: Matrix IDs, or names without the server. The others do not count. Guessed unless told."`
}

// Run does an operation to all accounts of a file.
func (c applyCommand) Run(ctx context.Context, all *commands) error {
	return c.with(ctx, all, func(f filing) error { return c.run(ctx, f) })
}

func (c applyCommand) run(ctx context.Context, f filing) error {
	job, err := f.planned(ctx, func(seen api.Import) (_ api.Job, err error) {
		plan := api.JobPlan{Operation: c.Operation, Note: c.Note, File: api.JobFile{ID: seen.ID, Format: c.format()}}
		if plan.File.Column, err = c.column(seen); err != nil {
			return api.Job{}, err
		}
		for _, name := range slices.Sorted(maps.Keys(c.With)) {
			plan.With = append(plan.With, api.JobField{Name: name, Value: c.With[name]})
		}
		return do[api.Job](ctx, f.way, api.PlanJob, plan)
	})
	if err != nil {
		return err
	}
	return f.carryOut(ctx, job)
}

// column is the one with the accounts, from 1, and says which do not count.
func (c applyCommand) column(seen api.Import) (int, error) {
	chosen := 0
	if c.Column == "" {
		chosen = api.AccountColumn(seen.Columns)
	}
	var others []string
	for i, column := range seen.Columns {
		if chosen == 0 && (c.Column == column.Name || c.Column == fmt.Sprint(i+1)) {
			chosen = i + 1
		}
		if chosen != i+1 {
			others = append(others, column.Name)
		}
	}
	if chosen == 0 && c.Column != "" {
		return 0, fmt.Errorf("the file has no column %q", c.Column)
	}
	if chosen > 0 && len(others) > 0 {
		fmt.Fprintf(os.Stderr, "The accounts are in the column %q. The others do not count: %s.\n", seen.Columns[chosen-1].Name, printable(strings.Join(others, ", ")))
	}
	return chosen, nil
}
