// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
	"gatehouse/server/homeserver"
	"gatehouse/web/languages"
)

type operationsCommand struct {
	JSON     bool `help:"As a JSON array." xor:"form"`
	Markdown bool `help:"As the page of the documentation." xor:"form"`
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
	list := operations()
	if c.JSON {
		return printJSON(os.Stdout, list)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "OPERATION\tKIND\tPERMISSION\tSYNAPSE\tSYNAPSE WITH MAS\tDENDRITE")
	for _, o := range list {
		kind := string(o.Kind)
		if o.Destructive {
			kind += ", destructive"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", o.Name, kind, o.Permission, brief(o.Servers["synapse"]), brief(o.Servers[kindMAS]), brief(o.Servers["dendrite"]))
	}
	return w.Flush()
}

func brief(v any) string {
	if why, ok := v.(string); ok {
		return "no: " + strings.TrimSuffix(why, ".")
	}
	return "yes"
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
