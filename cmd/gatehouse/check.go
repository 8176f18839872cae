// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
	"gatehouse/server/gate"
	"gatehouse/web/languages"
)

type checkCommand struct {
	Homeserver string `arg:"" optional:"" help:"Name of one homeserver in the configuration; default: all."`
	JSON       bool   `help:"As a JSON array of reports."`
}

// Run prints the doctor's report of every homeserver. The status is 1 when something failed.
func (c checkCommand) Run(ctx context.Context, all *commands) error {
	h, err := openHouse(ctx, all.Config, os.Stderr)
	if err != nil {
		return err
	}
	defer h.close()
	names := h.config.Names()
	if c.Homeserver != "" {
		if !slices.Contains(names, c.Homeserver) {
			return fmt.Errorf("the configuration has no homeserver %s; it has %v", c.Homeserver, names)
		}
		names = []string{c.Homeserver}
	}
	healthy := true
	reports := make([]api.Report, 0, len(names))
	for _, name := range names {
		report, err := h.check(ctx, name)
		if err != nil {
			return err
		}
		healthy = healthy && report.OK()
		reports = append(reports, report)
	}
	if c.JSON {
		if err := printJSON(os.Stdout, reports); err != nil {
			return err
		}
	} else {
		fmt.Printf("Store: %s\n", h.store.Place())
		for _, report := range reports {
			fmt.Println()
			printReport(os.Stdout, report)
		}
		if !h.config.PreviousSecretKey.IsZero() {
			fmt.Println(previousKey)
		}
	}
	if !healthy {
		return errSilent
	}
	return nil
}

// previousKey is said as long as a key is being replaced. Opening the house has sealed everything again by then.
const previousKey = `
previous_secret_key is set. What it sealed is sealed with the new key now. Sessions that it signed need it until they have ended:
remove it once session.absolute has passed since Gatehouse was started with the new key.`

func (h *house) check(ctx context.Context, name string) (api.Report, error) {
	report, err := do[api.Report](ctx, h.corridor(name), api.CheckServer, api.ServerQuery{})
	if problem, ok := errors.AsType[*api.Problem](err); ok {
		gate.Describe(problem)
		return api.Report{}, fmt.Errorf("%s: %s", name, problem.Detail)
	}
	return report, err
}

func printReport(w io.Writer, r api.Report) {
	english := languages.Printer(languages.Default)
	fmt.Fprintf(w, "%s (%s, %s %s)\n", r.Server.Name, r.Server.ServerName, r.Server.Kind, r.Server.Version)
	for _, check := range r.Checks {
		fmt.Fprintf(w, "  %-7s %s\n", mark(check.State), i18n.Bare(english.T("check."+check.Code, params(check.Params)...)))
	}
	printMAS(w, r)
	var works []string
	for _, op := range api.All() {
		info := op.Info()
		if _, missing := r.Server.Unavailable[info.Name]; !missing && !info.Internal {
			works = append(works, info.Name)
		}
	}
	fmt.Fprintln(w, hanging("  Works: ", i18n.NewPrinter(languages.All()[languages.Default], nil).List(works...)))
	missing := maps.Clone(r.Server.Unavailable)
	maps.DeleteFunc(missing, func(_, reason string) bool { return reason == "no_mas" }) // nobody misses it elsewhere
	if len(missing) > 0 {
		fmt.Fprintln(w, "  Does not work here:")
		for _, name := range slices.Sorted(maps.Keys(missing)) {
			fmt.Fprintf(w, "    %-28s %s\n", name, i18n.Bare(english.T("missing."+missing[name])))
		}
	}
}

func mark(state string) string {
	switch state {
	case api.CheckPassed:
		return "ok"
	case api.CheckWarning:
		return "warning"
	}
	return "FAILED"
}

func params(m map[string]string) []any {
	list := make([]any, 0, 2*len(m))
	for name, value := range m {
		list = append(list, name, value)
	}
	return list
}
