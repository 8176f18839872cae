// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"gatehouse/app/api"
)

type importCommand struct {
	fileFlags
	Look      bool              `help:"Only say what the file is: its columns and what they seem to mean. It is kept for a day, to be planned by its ID." xor:"do"`
	Mode      string            `help:"What to do with accounts: create (only new ones), update (only those that are there) or both." enum:"create,update,both" default:"create"`
	Passwords string            `help:"What a new account gets whose row has no password: random, passphrase, or refuse the row." enum:"random,passphrase,refuse" default:"random"`
	Length    int               `help:"Of generated passwords: characters or words."`
	Reset     bool              `help:"Give existing accounts the passwords of the file, too."`
	Clear     bool              `help:"An empty cell empties the field."`
	Stop      bool              `help:"Do nothing at all if a single row is refused."`
	Column    map[string]string `help:"What a column is, where its name does not say: --column='E-Mail privat=emails'. Nothing after = leaves it out." mapsep:"none"`
}

// Run imports accounts from a file.
func (c importCommand) Run(ctx context.Context, all *commands) error {
	return c.with(ctx, all, func(f filing) error { return importing{c, f}.run(ctx) })
}

// importing is an import under way.
type importing struct {
	importCommand
	filing
}

func (i importing) run(ctx context.Context) error {
	if i.Look {
		seen, err := i.send(ctx)
		if err != nil {
			return err
		}
		return printJSON(os.Stdout, seen)
	}
	job, err := i.planned(ctx, func(seen api.Import) (api.Job, error) {
		plan, err := i.plan(seen)
		if err != nil {
			return api.Job{}, err
		}
		return do[api.Job](ctx, i.way, api.PlanImport, plan)
	})
	if err != nil {
		return err
	}
	return i.carryOut(ctx, job)
}

// plan is what was asked for, with the columns as they were guessed and told.
func (i importing) plan(seen api.Import) (api.ImportPlan, error) {
	p := api.ImportPlan{
		ID: seen.ID, Format: i.flags.format(), Mode: i.Mode, Passwords: i.Passwords, Length: i.Length, Reset: i.Reset, Clear: i.Clear, Stop: i.Stop, Note: i.Note,
	}
	named := map[string]bool{}
	var left []string
	for n, column := range seen.Columns {
		field, told := i.Column[column.Name]
		if !told && !taken(i.Column, column.Field) {
			field = column.Field
		}
		if named[column.Name] = true; field == "" && !told {
			left = append(left, column.Name)
		}
		p.Columns = append(p.Columns, api.ColumnChoice{Column: n + 1, Field: field})
	}
	for name := range i.Column {
		if !named[name] {
			return p, fmt.Errorf("the file has no column %q", name)
		}
	}
	if len(left) > 0 {
		fmt.Fprintf(os.Stderr, "These columns are not imported: %s. Say what they are with --column.\n", printable(strings.Join(left, ", ")))
	}
	p.Columns = slices.DeleteFunc(p.Columns, func(c api.ColumnChoice) bool { return c.Field == "" })
	return p, nil
}

// taken reports whether another column was told to be a field.
func taken(told map[string]string, field string) bool {
	for _, f := range told {
		if f == field {
			return true
		}
	}
	return false
}
