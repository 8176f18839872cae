// SPDX-License-Identifier: Apache-2.0

package languages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gatehouse/app/i18n"
)

// use is a text that the source asks for.
type use struct {
	key    string
	plural bool // asked for with a number
	prefix bool // the key only begins so, the rest is known when the program runs
	// params are the names that it is filled with; nil where that is known only when the program runs
	params []string
	at     string
}

// collect finds the texts that a file asks for:
//
//	x.T("key", …), x.N("key", n, …), also "key."+rest     a key, or one that begins so
//	NewProblem(status, "code"), FieldProblem{Code: "code"}, v.Add(field, "code") in a package api    problem.code
//	Effect{Code: "code"}, with N in its plural forms; Check{Code: "code"}    effect.code, check.code
//	Missing(op, "reason")                           missing.reason
func collect(fset *token.FileSet, file *ast.File) []use {
	var uses []use
	add := func(e ast.Expr, before string, plural bool, params []string) {
		text, whole, ok := literal(e)
		if ok && (before == "" || word(text)) {
			uses = append(uses, use{before + text, plural, !whole, params, fset.Position(e.Pos()).String()})
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name, method := called(n)
			switch {
			case method && name == "T" && len(n.Args) > 0:
				add(n.Args[0], "", false, given(n, 1))
			case method && name == "N" && len(n.Args) > 1:
				add(n.Args[0], "", true, given(n, 2))
			case name == "NewProblem" && len(n.Args) > 1:
				add(n.Args[1], "problem.", false, given(n, 2))
			case name == "Add" && method && len(n.Args) > 1 && file.Name.Name == "api":
				add(n.Args[1], "problem.", false, given(n, 2))
			case name == "Missing" && len(n.Args) == 2:
				add(n.Args[1], "missing.", false, nil)
			}
		case *ast.CompositeLit:
			if list, ok := n.Type.(*ast.ArrayType); ok {
				for _, e := range n.Elts {
					if inner, ok := e.(*ast.CompositeLit); ok && inner.Type == nil {
						coded(typeName(list.Elt), inner, add)
					}
				}
			}
			coded(typeName(n.Type), n, add)
		}
		return true
	})
	return uses
}

// coded finds the text of a value that carries its code.
func coded(name string, lit *ast.CompositeLit, add func(e ast.Expr, before string, plural bool, params []string)) {
	before := map[string]string{"FieldProblem": "problem.", "Effect": "effect.", "Check": "check."}[name]
	if before == "" {
		return
	}
	fields := map[string]ast.Expr{}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok {
				fields[key.Name] = kv.Value
			}
		}
	}
	if code := fields["Code"]; code != nil {
		add(code, before, fields["N"] != nil, nil)
	}
}

// typeName names a type, without its package.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// given returns the names of a call's name, value pairs from an argument on; nil where one is not a literal.
func given(call *ast.CallExpr, from int) []string {
	params := []string{}
	if call.Ellipsis.IsValid() {
		return nil
	}
	for i := from; i < len(call.Args); i += 2 {
		name, whole, ok := literal(call.Args[i])
		if !ok || !whole {
			return nil
		}
		params = append(params, name)
	}
	return params
}

// called names the function or method of a call.
func called(call *ast.CallExpr) (name string, method bool) {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name, false
	case *ast.SelectorExpr:
		return f.Sel.Name, true
	}
	return "", false
}

// literal returns a string literal, or the one that a sum begins with; whole tells which.
func literal(e ast.Expr) (text string, whole, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false, false
		}
		text, err := strconv.Unquote(e.Value)
		return text, true, err == nil
	case *ast.BinaryExpr:
		text, _, ok = literal(e.X)
		return text, false, ok
	}
	return "", false, false
}

// word reports whether s is a code: lower-case letters, digits and underscores.
func word(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// wrong says what a language lacks for a use, or what its text leaves open, or "".
func (u use) wrong(texts map[string]string, forms []string) string {
	keys := []string{u.key}
	switch {
	case u.prefix:
		for key := range texts {
			if strings.HasPrefix(key, u.key) {
				return ""
			}
		}
		return "lacks any key that begins with " + u.key
	case u.plural:
		keys = nil
		for _, form := range forms {
			keys = append(keys, u.key+"."+form)
		}
	}
	for _, key := range keys {
		text, ok := texts[key]
		if !ok {
			return "lacks " + key
		}
		open, _ := i18n.Placeholders(text)
		for _, p := range open {
			name, _, _ := strings.Cut(p, ":")
			if u.params != nil && !slices.Contains(u.params, name) && !(u.plural && name == "n") {
				return "says {" + name + "} in " + key + ", which is not given here"
			}
		}
	}
	return ""
}

// source parses what can ask for a text: all but tests.
func source(t *testing.T) ([]*ast.File, *token.FileSet) {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, root := range []string{"../../app", "../../server", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			files = append(files, file)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files, fset
}

func TestSourceHasTexts(t *testing.T) {
	files, fset := source(t)
	var uses []use
	for _, file := range files {
		uses = append(uses, collect(fset, file)...)
	}
	if len(uses) < 20 {
		t.Fatalf("only %d texts are used: the search is broken", len(uses))
	}
	for lang, c := range All() {
		texts := maps.Collect(c.Texts())
		for _, u := range uses {
			if what := u.wrong(texts, c.Forms()); what != "" {
				t.Errorf("%s: %s.json %s", u.at, lang, what)
			}
		}
	}
}

// The search itself: it finds what it should and nothing else.
func TestCollect(t *testing.T) {
	source := `package api
func f() {
	p.T("a.b", "name", 1)
	p.T("state." + s)
	e.N("a.days", 3)
	p.T("a.c", args...)
	T("not a method")
	p.T(variable)
	NewProblem(400, "one")
	api.NewProblem(400, "two", "max", "3")
	v.Add(field, "three")
	form.Add("key", "A value")
	_ = FieldProblem{Field: "x", Code: "four"}
	_ = []api.Effect{{Code: "e_one"}, {Code: "e_two", N: &n}}
	_ = api.Check{Code: "six"}
	_ = ui.Check{Name: "seven"}
	homeserver.Missing(op, "five")
	homeserver.Missing(op, "a sentence")
}`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "x.go", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range collect(fset, file) {
		s := u.key
		if u.plural {
			s += " n"
		}
		if u.prefix {
			s += " +"
		}
		if u.params != nil {
			s += " " + strings.Join(u.params, ",")
		}
		got = append(got, s)
	}
	want := []string{"a.b name", "state. + ", "a.days n ", "a.c", "problem.one ", "problem.two max", "problem.three ", "problem.four", "effect.e_one", "effect.e_two n", "check.six", "missing.five"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWrong(t *testing.T) {
	texts := map[string]string{"a.b": "{x:iso}", "c.one": "", "d.one": "{n}", "d.other": "{n} {y}"}
	for _, tt := range []struct {
		u    use
		want string
	}{
		{use{key: "a.b"}, ""},
		{use{key: "a.b", params: []string{"y", "x"}}, ""},
		{use{key: "a.b", params: []string{"y"}}, "says {x} in a.b, which is not given here"},
		{use{key: "a.c"}, "lacks a.c"},
		{use{key: "a.", prefix: true}, ""},
		{use{key: "b.", prefix: true}, "lacks any key that begins with b."},
		{use{key: "c", plural: true}, "lacks c.other"},
		{use{key: "d", plural: true, params: []string{"y"}}, ""},
		{use{key: "d", plural: true, params: []string{}}, "says {y} in d.other, which is not given here"},
		{use{key: "a.b", plural: true}, "lacks a.b.one"},
	} {
		if got := tt.u.wrong(texts, []string{"one", "other"}); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.u, got, tt.want)
		}
	}
}
