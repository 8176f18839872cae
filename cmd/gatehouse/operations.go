// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
	"gatehouse/server/homeserver"
	"gatehouse/web/languages"
)

type operationsCommand struct {
	Name     string `arg:"" optional:"" help:"Only those whose name has this in it: users, lock, users.erase."`
	JSON     bool   `help:"As a JSON array." xor:"form"`
	Markdown bool   `help:"As the page of the documentation." xor:"form"`
}

// listed is one operation as `gatehouse operations --json` shows it. A kind of server maps to true, or to the reason why it cannot.
type listed struct {
	Name        string         `json:"name"`
	Kind        api.Kind       `json:"kind"`
	Permission  api.Permission `json:"permission"`
	Destructive bool           `json:"destructive"`
	Servers     map[string]any `json:"servers"`
}

// Run lists what the catalogue has and what each kind of homeserver can do of it.
func (c operationsCommand) Run() error {
	if c.Markdown {
		_, err := fmt.Print(operationsDocument())
		return err
	}
	list := slices.DeleteFunc(operations(), func(o listed) bool { return !strings.Contains(o.Name, c.Name) })
	if len(list) == 0 {
		return fmt.Errorf("no operation has %q in its name", c.Name)
	}
	if c.JSON {
		return printJSON(os.Stdout, list)
	}
	return listOperations(os.Stdout, list)
}

// listOperations writes operations one a line, and below them why some are not to be had: no line is wider than a terminal.
func listOperations(out io.Writer, list []listed) error {
	var reasons footnotes
	brief := func(v any) string {
		if why, ok := v.(string); ok {
			return fmt.Sprintf("no (%d)", reasons.number(why))
		}
		return "yes"
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OPERATION\tKIND\tPERMISSION\tSYNAPSE\tWITH MAS\tDENDRITE")
	destructive := false
	for _, o := range list {
		kind := string(o.Kind)
		if o.Destructive {
			kind, destructive = kind+"!", true
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", o.Name, kind, o.Permission, brief(o.Servers["synapse"]), brief(o.Servers[kindMAS]), brief(o.Servers["dendrite"]))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if destructive || len(reasons) > 0 {
		fmt.Fprintln(out)
	}
	if destructive {
		fmt.Fprintln(out, hanging("! ", "It ends something that cannot simply be made again."))
	}
	for i, why := range reasons {
		fmt.Fprintln(out, hanging(fmt.Sprintf("(%d) ", i+1), why))
	}
	return nil
}

// footnotes are texts that are named by their numbers, from 1, in the order in which they come up.
type footnotes []string

func (f *footnotes) number(text string) int {
	at := slices.Index(*f, text)
	if at < 0 {
		at = len(*f)
		*f = append(*f, text)
	}
	return at + 1
}

// hanging is a text behind a mark, in lines of at most 80 characters.
func hanging(mark, text string) string {
	indent := strings.Repeat(" ", len(mark))
	line, lines := mark, []string(nil)
	for i, word := range strings.Fields(text) {
		if i > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > 80 {
			lines, line = append(lines, line), indent+word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}

func operations() []listed {
	english := languages.Printer(languages.Default)
	var list []listed
	for _, op := range api.All() {
		info := op.Info()
		if info.Internal {
			continue
		}
		one := listed{Name: info.Name, Kind: info.Kind, Permission: info.Permission, Destructive: info.Destructive, Servers: map[string]any{}}
		for _, k := range kinds {
			adapter, _ := k.adapter(homeserver.Settings{URL: "http://localhost"}, nil)
			entry, _ := adapter.Find(info.Name)
			one.Servers[k.name] = true
			if why := cmp.Or(entry.Missing, entry.Mostly); why != "" {
				one.Servers[k.name] = i18n.Bare(english.T("missing." + why))
			}
		}
		list = append(list, one)
	}
	return list
}
