// SPDX-License-Identifier: Apache-2.0

package languages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatehouse/app/i18n"
)

// A text is used where the source asks for it (collect), or where its whole key is a string of the source: tables hold keys. Sums of strings
// make keys, too: "state." + name is any key that begins so and whose rest is made of words of the source: of strings, or, for the
// fields of requests, of their names in JSON. Codes of problems, reasons, effects and checks are made like keys, without their area.
// And a used text can name others: {reason:@missing}.

// words are what keys are made of when the program runs.
type words struct {
	whole  map[string]bool // strings as they are
	pieces map[string]bool // what stands between dots in them
	tags   map[string]bool // the names that fields have in JSON
	sums   [][]string      // strings that are put together; "" stands for what only a running program knows
}

func newWords() *words {
	return &words{whole: map[string]bool{}, pieces: map[string]bool{}, tags: map[string]bool{}}
}

// add notes the strings and sums of a file, and the names of its fields in JSON.
func (w *words) add(file *ast.File) {
	skip := map[ast.Node]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			if n.Tag != nil {
				skip[n.Tag] = true
				text, _ := strconv.Unquote(n.Tag.Value)
				name, _, _ := strings.Cut(reflect.StructTag(text).Get("json"), ",")
				w.tags[name] = true
			}
		case *ast.BinaryExpr:
			if sum := terms(n, skip); n.Op == token.ADD && !skip[n] && strings.Join(sum, "") != "" {
				w.sums = append(w.sums, sum)
			}
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && !skip[n] {
				w.whole[text] = true
				for piece := range strings.SplitSeq(text, ".") {
					w.pieces[piece], w.pieces[strings.ToLower(piece)] = true, true
				}
			}
		}
		return true
	})
}

// terms are the terms of a sum. Those within it are none of their own.
func terms(e ast.Expr, inner map[ast.Node]bool) []string {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			for _, x := range []ast.Expr{e.X, e.Y} {
				if b, ok := x.(*ast.BinaryExpr); ok {
					inner[b] = true
				}
			}
			return append(terms(e.X, inner), terms(e.Y, inner)...)
		}
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			return []string{text}
		}
	}
	return []string{""}
}

// made reports whether a piece of a key is made of words.
func (w *words) made(rest string, tagged bool) bool {
	for piece := range strings.SplitSeq(rest, ".") {
		_, err := strconv.Atoi(piece)
		if err != nil && !w.pieces[piece] && !(tagged && w.tags[piece]) {
			return false
		}
	}
	return true
}

// summed reports whether a text is a sum.
func (w *words) summed(text string, sum []string, tagged bool) bool {
	switch {
	case len(sum) == 0:
		return text == ""
	case sum[0] != "":
		rest, ok := strings.CutPrefix(text, sum[0])
		return ok && w.summed(rest, sum[1:], tagged)
	}
	for i := 1; i <= len(text); i++ {
		if w.made(text[:i], tagged) && w.summed(text[i:], sum[1:], tagged) {
			return true
		}
	}
	return false
}

// codes are the areas whose keys end in a code.
var codes = []string{"problem.", "missing.", "effect.", "check."}

// asked reports whether the source makes a key: as it is, or as a sum that begins with its area, or, of a code, without it.
func (w *words) asked(stem string, used map[string]bool) bool {
	if used[stem] || w.whole[stem] {
		return true
	}
	code := ""
	for _, area := range codes {
		if rest, ok := strings.CutPrefix(stem, area); ok {
			code = rest
		}
	}
	if w.whole[code] && code != "" {
		return true
	}
	for _, sum := range w.sums {
		if strings.Contains(sum[0], ".") && w.summed(stem, sum, sum[0] == "field.") || code != "" && w.summed(code, sum, false) {
			return true
		}
	}
	return false
}

// unused returns the keys of a language that nothing asks for.
func unused(texts map[string]string, uses []use, w *words) []string {
	used := map[string]bool{}
	for _, u := range uses {
		used[u.key] = used[u.key] || !u.prefix
	}
	areas := map[string]bool{} // that a used text leads into
	is := func(key string) bool {
		stem, _ := plural(key)
		if w.asked(stem, used) {
			return true
		}
		for i := range stem {
			if stem[i] == '.' && areas[stem[:i+1]] && w.made(stem[i+1:], false) {
				return true
			}
		}
		return false
	}
	for found := true; found; {
		found = false
		for key, text := range texts {
			open, _ := i18n.Placeholders(text)
			for _, p := range open {
				if _, prefix, ok := strings.Cut(p, ":@"); ok && !areas[prefix+"."] && is(key) {
					areas[prefix+"."], found = true, true
				}
			}
		}
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(texts)), is)
}

// No text is kept that nobody can ever read.
func TestEveryTextIsUsed(t *testing.T) {
	files, fset := source(t)
	w := newWords()
	var uses []use
	for _, file := range files {
		w.add(file)
		uses = append(uses, collect(fset, file)...)
	}
	for _, key := range unused(maps.Collect(All()[Default].Texts()), uses, w) {
		t.Errorf("nothing asks for %s", key)
	}
}

func TestUnused(t *testing.T) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "x.go", `package x
import "a.imported"
type request struct {
	Name string `+"`json:\"display_name,omitempty\"`"+`
}
func f() {
	p.T("asked.for")
	p.N("asked.often", 2)
	p.T("state." + s)
	p.T("field." + path)
	p.T("inner.way")
	_ = action{text: "table.key"}
	_ = "locked"
	_ = "users.list"
	_ = "a_code"
}`, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	w := newWords()
	w.add(file)
	got := unused(map[string]string{
		"asked.for": "", "asked.often.one": "", "asked.often.other": "", "asked.never": "", "state.locked": "", "state.lost": "", "state.users.list.1": "",
		"field.display_name": "", "field.other": "", "state.display_name": "", "table.key": "", "table.other": "", "problem.a_code": "", "problem.b_code": "",
		"inner.way": "{x:@deeper}", "deeper.locked": "{y:@deepest}", "deeper.lost": "", "deepest.a_code": "", "a.imported": "", "shallow.locked": "",
	}, collect(fset, file), w)
	want := []string{"a.imported", "asked.never", "deeper.lost", "field.other", "problem.b_code", "shallow.locked", "state.display_name", "state.lost", "table.other"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
