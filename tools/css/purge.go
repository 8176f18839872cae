// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
)

// purge keeps what of a style sheet can apply to elements with the known classes. Selectors that name another class go, rules without a
// selector go, and so do fonts and animations that nothing names.
func purge(nodes []node, known func(class string) bool) []node {
	var kept []node
	for _, n := range nodes {
		switch {
		case strings.HasPrefix(n.prelude, "@media"), strings.HasPrefix(n.prelude, "@supports"):
			if n.body = purge(n.body, known); len(n.body) > 0 {
				kept = append(kept, n)
			}
		case strings.HasPrefix(n.prelude, "@font-face"):
		case strings.HasPrefix(n.prelude, "@"):
			kept = append(kept, n)
		default:
			var selectors []string
			for _, s := range splitList(n.prelude) {
				if applies(s, known) {
					selectors = append(selectors, s)
				}
			}
			if len(selectors) > 0 {
				n.prelude = strings.Join(selectors, ", ")
				kept = append(kept, n)
			}
		}
	}
	return kept
}

// applies reports whether a selector can match: it knows all its classes; of :is, :where and :has it knows one alternative. What :not
// excludes does not matter.
func applies(selector string, known func(string) bool) bool {
	for i := 0; i < len(selector); i++ {
		switch selector[i] {
		case '[':
			if end := strings.IndexByte(selector[i:], ']'); end >= 0 {
				i += end
			}
		case '.':
			class := ident(selector[i+1:])
			if class != "" && !known(class) {
				return false
			}
			i += len(class)
		case ':':
			name := ident(strings.TrimLeft(selector[i:], ":"))
			open := i + strings.Index(selector[i:], name) + len(name)
			if name == "" || open >= len(selector) || selector[open] != '(' {
				continue
			}
			end := closing(selector, open)
			if slices.Contains([]string{"is", "where", "has"}, name) &&
				!slices.ContainsFunc(splitList(selector[open+1:end]), func(s string) bool { return applies(s, known) }) {
				return false
			}
			i = end
		}
	}
	return true
}

// closing returns where the parenthesis that opens at i is closed.
func closing(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s) - 1
}

// ident returns the identifier that s begins with.
func ident(s string) string {
	i := 0
	for i < len(s) && (s[i] == '-' || s[i] == '_' || s[i] >= '0' && s[i] <= '9' || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' || s[i] >= 0x80) {
		i++
	}
	return s[:i]
}

// dropUnused removes custom properties that no declaration uses, also not by way of another custom property, then rules that
// are empty and animations that no declaration names. others are style sheets that use them too.
func dropUnused(nodes []node, others ...[]node) []node {
	used := map[string]bool{}
	defs := map[string][]string{}
	for _, sheet := range append(others, nodes) {
		declarations(sheet, func(d node) {
			if name := d.name(); strings.HasPrefix(name, "--") {
				defs[name] = append(defs[name], d.value())
				return
			}
			for _, name := range references(d.value()) {
				used[name] = true
			}
		})
	}
	queue := make([]string, 0, len(used))
	for name := range used {
		queue = append(queue, name)
	}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		for _, value := range defs[name] {
			for _, ref := range references(value) {
				if !used[ref] {
					used[ref] = true
					queue = append(queue, ref)
				}
			}
		}
	}
	nodes = filterDeclarations(nodes, func(d node) bool { return !strings.HasPrefix(d.name(), "--") || used[d.name()] })
	words := map[string]bool{}
	for _, sheet := range append(others, nodes) {
		declarations(sheet, func(d node) {
			for _, w := range strings.Fields(d.value()) {
				words[w] = true
			}
		})
	}
	return slices.DeleteFunc(nodes, func(n node) bool {
		name, animation := strings.CutPrefix(n.prelude, "@keyframes ")
		return animation && !words[name]
	})
}

func declarations(nodes []node, do func(node)) {
	for _, n := range nodes {
		if n.decl {
			do(n)
		}
		declarations(n.body, do)
	}
}

func filterDeclarations(nodes []node, keep func(node) bool) []node {
	var kept []node
	for _, n := range nodes {
		switch {
		case n.decl:
			if keep(n) {
				kept = append(kept, n)
			}
		case n.block:
			if n.body = filterDeclarations(n.body, keep); len(n.body) > 0 {
				kept = append(kept, n)
			}
		default:
			kept = append(kept, n)
		}
	}
	return kept
}

// references returns the custom properties that a value uses.
func references(value string) []string {
	var list []string
	for {
		i := strings.Index(value, "var(")
		if i < 0 {
			return list
		}
		value = strings.TrimLeft(value[i+len("var("):], " ")
		list = append(list, ident(value))
	}
}
