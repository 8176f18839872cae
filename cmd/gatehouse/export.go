// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/gate"
)

type exportCommand struct {
	List       string   `arg:"" help:"The list: users, tokens, invitations, or the whole name of an operation such as devices.list."`
	Query      []string `arg:"" optional:"" help:"What it is asked with, as in its address: search=ann deactivated=only."`
	Homeserver string   `help:"Name of the homeserver in the configuration; not needed where there is only one." short:"s"`
	Format     string   `help:"csv or jsonl (JSON Lines)." enum:"csv,jsonl" default:"csv"`
	Output     string   `help:"File to write, which must not be there yet; standard output without it." short:"o" type:"path"`
}

// Run writes a whole list, all its pages, as a file.
func (c exportCommand) Run(ctx context.Context, all *commands) (err error) {
	request, err := c.request()
	if err != nil {
		return err
	}
	way, err := openCorridor(ctx, all, c.Homeserver)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, way.close()) }()
	visit := way.visit(api.ExportList.Info().Name, "", func(api.Op) (api.Request, error) { return request, nil })
	if _, err := way.gate.Do(ctx, visit); err != nil {
		return plain(err)
	}
	file, err := way.gate.OpenExport(ctx, visit, request)
	if err != nil {
		return plain(err)
	}
	out, done, err := output(c.Output)
	if err != nil {
		return err
	}
	rows, err := file.Write(ctx, out, func() {})
	if err = errors.Join(err, done(err)); err != nil {
		fmt.Fprintf(os.Stderr, "broke off after %d rows\n", rows)
		return plain(err)
	}
	if c.Output != "" {
		fmt.Fprintf(os.Stderr, "%d rows written to %s\n", rows, c.Output)
	}
	return nil
}

func (c exportCommand) request() (api.ListExport, error) {
	query := url.Values{}
	for _, pair := range c.Query {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return api.ListExport{}, fmt.Errorf("%q is not of the form name=value", pair)
		}
		query.Add(name, value)
	}
	operation := c.List
	if !strings.Contains(operation, ".") {
		operation += ".list"
	}
	return api.ListExport{Operation: operation, Query: query.Encode(), Format: c.Format}, nil
}

// output opens what is written to; done closes it when it is on the disk, and takes away what was not written whole.
func output(path string) (out io.Writer, done func(error) error, err error) {
	if path == "" {
		return os.Stdout, func(error) error { return nil }, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, nil, err
	}
	return f, func(failed error) error {
		err := errors.Join(f.Sync(), f.Close())
		if failed != nil || err != nil {
			return errors.Join(err, os.Remove(path))
		}
		return nil
	}, nil
}

// plain is a problem in sentences, for commands that people type. Its code and its request, which the log and the audit have, stand behind them.
func plain(err error) error {
	problem, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return err
	}
	gate.Describe(problem)
	var text strings.Builder
	if len(problem.Fields) == 0 {
		text.WriteString(problem.Detail)
	}
	for i, f := range problem.Fields {
		if i > 0 {
			text.WriteByte(' ')
		}
		fmt.Fprintf(&text, "%s: %s", flagOf(f.Field), f.Detail)
		if choices := f.Params["choices"]; choices != "" {
			fmt.Fprintf(&text, " It has: %s.", choices)
		}
	}
	fmt.Fprintf(&text, " (%s", problem.Code)
	if problem.RequestID != "" {
		fmt.Fprintf(&text, ", request %s", problem.RequestID)
	}
	return errors.New(printable(text.String() + ")"))
}

// flagOf is the flag that a field of a request was given with, where it has one.
func flagOf(field string) string {
	switch name := strings.TrimPrefix(field, "format."); name {
	case "confirm", "length", "mode", "passwords", "comma", "encoding":
		return "--" + name
	}
	return field
}

// told writes a problem as a program reads it, and leaves nothing more to say. Other errors stay what they are.
func told(err error) error {
	problem, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return err
	}
	gate.Describe(problem)
	if err := printJSON(os.Stderr, problem); err != nil {
		return err
	}
	return errSilent
}
