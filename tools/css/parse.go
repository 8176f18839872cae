// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"
)

// node is a rule of a style sheet: a prelude (selectors, or an at-rule with its condition) and what is between its braces, in order. A
// statement without braces, such as @layer a, b, has only a prelude; so has a declaration, which decl marks.
type node struct {
	prelude string
	body    []node
	block   bool // has braces
	decl    bool // a declaration: prelude is "name: value"
}

// name and value take a declaration apart.
func (n node) name() string {
	name, _, _ := strings.Cut(n.prelude, ":")
	return strings.TrimSpace(name)
}
func (n node) value() string { _, v, _ := strings.Cut(n.prelude, ":"); return strings.TrimSpace(v) }

// parse reads a style sheet. It knows comments, strings, parentheses and nesting, which is all that its callers ask of it.
func parse(css string) ([]node, error) {
	p := reader{s: css}
	nodes := p.nodes()
	if p.err == nil && p.i < len(p.s) {
		p.err = errors.New("css: a brace too many")
	}
	return nodes, p.err
}

type reader struct {
	s   string
	i   int
	err error
}

// nodes reads up to the brace that closes the block, or to the end.
func (p *reader) nodes() []node {
	var list []node
	for p.err == nil {
		prelude, end := p.prelude()
		switch end {
		case '{':
			body := p.nodes()
			if p.i >= len(p.s) || p.s[p.i] != '}' {
				p.err = errors.New("css: a block has no end: " + prelude)
				return nil
			}
			p.i++
			list = append(list, node{prelude: prelude, body: body, block: true})
		case ';':
			if prelude != "" {
				list = append(list, node{prelude: prelude, decl: !strings.HasPrefix(prelude, "@")})
			}
		default: // the end of the block or of the file
			if prelude != "" {
				list = append(list, node{prelude: prelude, decl: !strings.HasPrefix(prelude, "@")})
			}
			return list
		}
	}
	return list
}

// prelude reads up to a brace or a semicolon, which it returns; of a closing brace, and of the end, it returns 0 and stays before it.
func (p *reader) prelude() (string, byte) {
	var b strings.Builder
	depth := 0
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case strings.HasPrefix(p.s[p.i:], "/*"):
			end := strings.Index(p.s[p.i+2:], "*/")
			if end < 0 {
				p.err = errors.New("css: a comment has no end")
				return "", 0
			}
			p.i += end + 4
			continue
		case c == '"' || c == '\'':
			end := p.i + 1
			for end < len(p.s) && p.s[end] != c {
				if p.s[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(p.s) {
				p.err = errors.New("css: a string has no end")
				return "", 0
			}
			b.WriteString(p.s[p.i : end+1])
			p.i = end + 1
			continue
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			depth--
		case depth < 0:
			p.err = errors.New("css: a parenthesis too many")
			return "", 0
		case depth == 0 && (c == '{' || c == ';'):
			p.i++
			return tidy(b.String()), c
		case depth == 0 && c == '}':
			return tidy(b.String()), 0
		}
		b.WriteByte(c)
		p.i++
	}
	if depth != 0 {
		p.err = errors.New("css: a parenthesis has no end")
	}
	return tidy(b.String()), 0
}

// tidy makes all white space one space.
func tidy(s string) string { return strings.Join(strings.Fields(s), " ") }

// write writes nodes back, one rule a line.
func write(b *strings.Builder, nodes []node, indent string) {
	for _, n := range nodes {
		b.WriteString(indent)
		b.WriteString(n.prelude)
		if !n.block {
			b.WriteString(";\n")
			continue
		}
		if len(n.body) == 0 {
			b.WriteString(" {}\n")
			continue
		}
		b.WriteString(" {\n")
		write(b, n.body, indent+"  ")
		b.WriteString(indent + "}\n")
	}
}

// splitList cuts at the commas that are in no parentheses.
func splitList(s string) []string {
	var list []string
	depth, start := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ',':
			if depth == 0 {
				list = append(list, strings.TrimSpace(s[start:i]))
				start = i + 1
			}
		}
	}
	return append(list, strings.TrimSpace(s[start:]))
}
