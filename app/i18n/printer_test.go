// SPDX-License-Identifier: Apache-2.0

package i18n

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

func catalogue(t testing.TB, lang, data string) *Catalogue {
	t.Helper()
	c, err := Parse(lang, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type word2 string

func TestT(t *testing.T) {
	english := catalogue(t, "en", `{
		"hello": "Hello {name}",
		"only_english": "Only here, {n}",
		"twice": "{a}{a}",
		"loop.x": "loop {v:@loop}"
	}`)
	german := catalogue(t, "de", `{
		"hello": "Hallo {name}",
		"isolated": "Von {name:iso}.",
		"forms": "{n:number} | {b:bytes} | {d:duration}",
		"why": "Nein: {reason:@missing}",
		"missing.version": "braucht {min}",
		"missing.plain": "geht nicht"
	}`)
	p := NewPrinter(german, english)
	tests := []struct {
		name, key string
		args      []any
		want      string
	}{
		{"filled", "hello", []any{"name", "Ada"}, "Hallo Ada"},
		{"a value is not a text", "hello", []any{"name", "{name} {x}"}, "Hallo {name} {x}"},
		{"a number is grouped", "hello", []any{"name", 12481}, "Hallo 12.481"},
		{"a long number is grouped", "hello", []any{"name", int64(-1234567)}, "Hallo -1.234.567"},
		{"digits in a string are not", "hello", []any{"name", "12481"}, "Hallo 12481"},
		{"a named string", "hello", []any{"name", word2("@a:b")}, "Hallo @a:b"},
		{"an error", "hello", []any{"name", errors.New("no")}, "Hallo no"},
		{"no value", "hello", nil, "Hallo {name}"},
		{"a name without a value", "hello", []any{"name"}, "Hallo {name}"},
		{"English", "only_english", []any{"n", 1000}, "Only here, 1.000"},
		{"nowhere", "no.such_key", []any{"n", 1}, "no.such_key"},
		{"twice", "twice", []any{"a", "x"}, "xx"},
		{"isolated", "isolated", []any{"name", "\u05d0"}, "Von \u2068\u05d0\u2069."},
		{"forms of numbers", "forms", []any{"n", "12481", "b", 1400000, "d", int64(332)}, "12.481 | 1,4\u00a0MB | unit.min unit.s"},
		{"forms of words", "forms", []any{"n", "many", "b", "", "d", "5 min"}, "many |  | 5 min"},
		{"a text within", "why", []any{"reason", "plain"}, "Nein: geht nicht"},
		{"a text within, filled", "why", []any{"reason", "version", "min", "1.150"}, "Nein: braucht 1.150"},
		{"no text within", "why", []any{"reason", "x y"}, "Nein: \u2068x y\u2069"},
		{"within itself", "loop.x", []any{"v", "x"}, "loop loop loop loop \u2068x\u2069"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := p.T(tt.key, tt.args...); got != tt.want {
				t.Errorf("T(%q, %q) = %q, want %q", tt.key, tt.args, got, tt.want)
			}
		})
	}
}

func TestN(t *testing.T) {
	english := catalogue(t, "en", `{"day.one": "{n} day", "day.other": "{n} days", "en.one": "one", "en.other": "{n} of {all}"}`)
	german := catalogue(t, "de", `{"day.one": "{n} Tag", "day.other": "{n} Tage", "half.other": "{n} halb"}`)
	p := NewPrinter(german, english)
	for _, tt := range []struct {
		key  string
		n    int
		want string
	}{
		{"day", 0, "0 Tage"},
		{"day", 1, "1 Tag"},
		{"day", -1, "-1 Tag"},
		{"day", 2, "2 Tage"},
		{"day", 1001, "1.001 Tage"},
		{"half", 1, "1 halb"},
		{"en", 1, "one"},
		{"en", 5, "5 of 9"},
		{"none", 5, "none"},
	} {
		if got := p.N(tt.key, tt.n, "all", 9); got != tt.want {
			t.Errorf("N(%q, %d) = %q, want %q", tt.key, tt.n, got, tt.want)
		}
	}
	if got := NewPrinter(english, nil).N("none", 1); got != "none" {
		t.Errorf("without English: %q", got)
	}
}

func TestProblem(t *testing.T) {
	p := NewPrinter(catalogue(t, "en", `{"problem.too_long": "At most {max:number}."}`), nil)
	if got := p.Problem("too_long", map[string]string{"max": "1000"}); got != "At most 1,000." {
		t.Errorf("got %q", got)
	}
	if got := p.Problem("too_long", nil); got != "At most {max}." {
		t.Errorf("without params: %q", got)
	}
	if got := p.Problem("new", nil); got != "problem.new" || p.Has("problem.new") || !p.Has("problem.too_long") {
		t.Errorf("unknown code: %q", got)
	}
}

func TestIsolate(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"Ada", "\u2068Ada\u2069"},
		{"\u05d0 b", "\u2068\u05d0 b\u2069"},
		{"a\u2069b\u2066c\u2067d\u2068e", "\u2068abcde\u2069"},
		{"\u202eabc", "\u2068\u202eabc\u2069"}, // an override ends with the isolate
		{"a\nb\r\vc\u2028d\u2029e\u0085f\x1cg", "\u2068a b  c d e f g\u2069"},
	} {
		if got := Isolate(tt.in); got != tt.want {
			t.Errorf("Isolate(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzIsolate(f *testing.F) {
	f.Add("a\u2069b")
	f.Add("\u2067\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := Isolate(s)
		if s == "" {
			return
		}
		inner, ok := strings.CutPrefix(got, "\u2068")
		inner, ok2 := strings.CutSuffix(inner, "\u2069")
		if !ok || !ok2 || strings.ContainsAny(inner, "\u2066\u2067\u2068\u2069\n\r\u2028\u2029\u0085\x1c\x1d\x1e") {
			t.Errorf("Isolate(%q) = %q", s, got)
		}
	})
}

// Printers are shared by all requests of the server; the race detector watches this.
func TestPrinterIsConcurrent(t *testing.T) {
	p := NewPrinter(catalogue(t, "en", `{"a.one": "{n}", "a.other": "{n} {x:iso}"}`), nil)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 100 {
				if got := p.N("a", 1000+i, "x", "y"); !strings.HasPrefix(got, "1,00") {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	wg.Wait()
}
