// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

// The class of the html element that chooses the dark theme, and what stands for it where the system is dark and the light theme
// was not chosen.
const (
	darkClass  = ".pf-v6-theme-dark"
	darkSystem = ":not(.gh-light)"
)

// darkCopies returns every rule of the dark theme once more, for people whose system is dark and who chose nothing.
func darkCopies(nodes []node) []node {
	var copies []node
	for _, n := range nodes {
		switch {
		case n.decl || !n.block:
		case strings.HasPrefix(n.prelude, "@media"), strings.HasPrefix(n.prelude, "@supports"), strings.HasPrefix(n.prelude, "@layer"):
			if inner := darkCopies(n.body); len(inner) > 0 {
				copies = append(copies, node{prelude: n.prelude, block: true, body: inner})
			}
		case strings.HasPrefix(n.prelude, "@"):
		default:
			var selectors []string
			for _, s := range splitList(n.prelude) {
				if strings.Contains(s, darkClass) {
					selectors = append(selectors, darkSelector(s))
				}
			}
			if len(selectors) > 0 {
				copies = append(copies, node{prelude: strings.Join(selectors, ", "), block: true, body: n.body})
			}
		}
	}
	return copies
}

// darkSelector puts the system's choice in the place of the class, which is only ever on the root.
func darkSelector(s string) string {
	if strings.HasPrefix(s, ":root") {
		return strings.ReplaceAll(s, darkClass, darkSystem)
	}
	return strings.ReplaceAll(s, darkClass, ":root"+darkSystem)
}
