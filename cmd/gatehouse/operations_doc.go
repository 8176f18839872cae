// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

//go:generate sh -c "go run . operations --markdown > ../../docs/operations.md"

// kindTitles are what the kinds of homeserver are called in documents.
var kindTitles = map[string]string{"synapse": "Synapse", "mas": "Synapse with MAS", "dendrite": "Dendrite"}

// operationsDocument is docs/operations.md: what each kind of homeserver can do, and why not.
func operationsDocument() string {
	var b strings.Builder
	b.WriteString("<!-- Written by gatehouse operations --markdown (make generate). Do not change it by hand. -->\n# Operations\n\n" +
		"Everything that the panel, the API and `gatehouse call` can do. A number names the reason why a kind of homeserver has not got an operation; " +
		"`gatehouse check` says what yours can do, which also depends on its version and on the configuration. **!** marks what ends something that cannot simply be made again.\n\n" +
		"| operation | | permission |")
	for _, k := range kinds {
		b.WriteString(" " + kindTitles[k.name] + " |")
	}
	b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(kinds)) + "\n")
	var reasons footnotes
	for _, o := range operations() {
		mark := string(o.Kind)
		if o.Destructive {
			mark += " **!**"
		}
		fmt.Fprintf(&b, "| `%s` | %s | `%s` |", o.Name, mark, o.Permission)
		for _, k := range kinds {
			why, missing := o.Servers[k.name].(string)
			if !missing {
				b.WriteString(" yes |")
				continue
			}
			fmt.Fprintf(&b, " – %d |", reasons.number(why))
		}
		b.WriteByte('\n')
	}
	if len(reasons) > 0 {
		b.WriteString("\n## Why not\n\n")
	}
	for i, why := range reasons {
		fmt.Fprintf(&b, "%d. %s\n", i+1, why)
	}
	return b.String()
}
