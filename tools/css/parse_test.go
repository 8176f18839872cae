// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"
)

func TestPurge(t *testing.T) {
	known := map[string]bool{"a": true, "b": true, "dark": true}
	tests := []struct{ name, in, want string }{
		{"a known class stays", ".a { color: red }", ".a {\n  color: red;\n}\n"},
		{"an unknown one goes", ".a .x { color: red }", ""},
		{"of a list the known stay", ".a, .x, .b:hover { color: red }", ".a, .b:hover {\n  color: red;\n}\n"},
		{"what :not excludes does not matter", ".a:not(.x) { color: red }", ".a:not(.x) {\n  color: red;\n}\n"},
		{"one alternative of :is is enough", ".a:is(.x, [dir=rtl]) { color: red }", ".a:is(.x, [dir=rtl]) {\n  color: red;\n}\n"},
		{"none is not", ":root:where(.x.dark) { --c: red }", ""},
		{"a dot in an attribute is no class", `.a[href="x.y"] { color: red }`, ".a[href=\"x.y\"] {\n  color: red;\n}\n"},
		{"an empty condition goes", "@media print { .x { color: red } }", ""},
		{"a full one stays", "@media print { .a { color: red } .x { color: red } }", "@media print {\n  .a {\n    color: red;\n  }\n}\n"},
		{"fonts go", `@font-face { src: url(x) } .b { color: red }`, ".b {\n  color: red;\n}\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodes, err := parse(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			write(&b, purge(nodes, func(c string) bool { return known[c] }), "")
			if b.String() != tt.want {
				t.Errorf("got\n%s\nwant\n%s", b.String(), tt.want)
			}
		})
	}
}

func TestDropUnused(t *testing.T) {
	const in = `:root { --a: 1; --b: var(--a); --c: 2; --d: var(--c, 3) } .x { width: var(--b); animation: spin 1s } @keyframes spin { to { rotate: 1turn } } @keyframes gone { to { rotate: 1turn } }`
	nodes, err := parse(in)
	if err != nil {
		t.Fatal(err)
	}
	other, err := parse(".y { color: var( --e ) }")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	write(&b, dropUnused(nodes, other), "")
	for _, want := range []string{"--a: 1", "--b: var(--a)", "@keyframes spin"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is gone from\n%s", want, b.String())
		}
	}
	for _, not := range []string{"--c", "--d", "gone"} {
		if strings.Contains(b.String(), not) {
			t.Errorf("%q is still in\n%s", not, b.String())
		}
	}
}

func TestDarkCopies(t *testing.T) {
	tests := []struct{ in, want string }{
		{":root:where(.pf-v6-theme-dark) { --x: 1 }", ":root:where(:not(.gh-light))"},
		{".pf-v6-theme-dark .a { --x: 1 }", ":root:not(.gh-light) .a"},
		{".b, .pf-v6-theme-dark .a { --x: 1 }", ":root:not(.gh-light) .a"},
		{".b { --x: 1 }", ""},
	}
	for _, tt := range tests {
		nodes, err := parse(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if copies := darkCopies(nodes); len(copies) > 0 {
			got = copies[0].prelude
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, in := range []string{".a {", ".a { color: red } }", "/* x", `.a { content: "x }`, ".a { .b { } "} {
		if _, err := parse(in); err == nil {
			t.Errorf("%q: no error", in)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`@media (width <= 1px) { .a[x="}"] > b::before { content: ";"; --x: { } } }`)
	f.Fuzz(func(t *testing.T, css string) {
		nodes, err := parse(css)
		if err != nil {
			return
		}
		var b strings.Builder
		write(&b, nodes, "")
		again, err := parse(b.String())
		if err != nil {
			t.Fatalf("%q was written as %q, which cannot be read: %v", css, b.String(), err)
		}
		var c strings.Builder
		write(&c, again, "")
		if !slices.Equal(strings.Fields(b.String()), strings.Fields(c.String())) {
			t.Fatalf("%q becomes %q, then %q", css, b.String(), c.String())
		}
	})
}
