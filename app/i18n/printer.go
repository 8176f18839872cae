// SPDX-License-Identifier: Apache-2.0

package i18n

import (
	"fmt"
	"strconv"
	"strings"
)

// Printer writes the texts of one language, and where that has none the English ones.
type Printer struct{ own, english *Catalogue }

// NewPrinter returns a printer of c. English is what it falls back to and may be nil.
func NewPrinter(c, english *Catalogue) *Printer { return &Printer{c, english} }

// Lang returns the tag of the printer's language.
func (p *Printer) Lang() string { return p.own.lang }

// Has reports whether there is a text for the key.
func (p *Printer) Has(key string) bool {
	_, ok := p.find(key)
	return ok
}

// T returns the text of the key. Args are name, value pairs that fill its placeholders; whole numbers are grouped as the
// language does it, anything else is inserted as plain text:
//
//	{name}           the value
//	{name:iso}       the value, isolated (see Isolate): for names and IDs within a sentence
//	{name:number}    a number that came as digits, grouped
//	{name:bytes}     a number of bytes, as Bytes writes it
//	{name:duration}  a number of seconds, as Duration writes it
//	{name:@prefix}   the text of `prefix.value`, filled with the same args; without such a text the value, isolated
//
// A key without a text returns itself and a placeholder without a value stays, so that both are seen.
func (p *Printer) T(key string, args ...any) string { return p.text(key, list(args), 0) }

// N returns the text for n things, `key.<plural form of n>`. The placeholder {n} is the number, grouped; args are as in T.
func (p *Printer) N(key string, n int, args ...any) string {
	open := list(append([]any{"n", n}, args...))
	for _, c := range []*Catalogue{p.own, p.english} {
		if c == nil {
			continue
		}
		for _, form := range []string{c.rules.plural(abs(int64(n))), "other"} {
			if e, ok := c.texts[key+"."+form]; ok {
				return p.fill(e, open, 0)
			}
		}
	}
	return key
}

// Problem returns the sentence of a problem's code, the text `problem.<code>`.
func (p *Printer) Problem(code string, params map[string]string) string {
	return p.text("problem."+code, func(name string) (any, bool) {
		v, ok := params[name]
		return v, ok
	}, 0)
}

// find returns a key's text.
func (p *Printer) find(key string) (entry, bool) {
	for _, c := range []*Catalogue{p.own, p.english} {
		if c == nil {
			continue
		}
		if e, ok := c.texts[key]; ok {
			return e, true
		}
	}
	return entry{}, false
}

// values finds what fills a placeholder.
type values func(name string) (any, bool)

func list(args []any) values {
	return func(name string) (any, bool) {
		for i := 0; i+1 < len(args); i += 2 {
			if args[i] == name {
				return args[i+1], true
			}
		}
		return nil, false
	}
}

func (p *Printer) text(key string, open values, depth int) string {
	e, ok := p.find(key)
	if !ok {
		return key
	}
	return p.fill(e, open, depth)
}

// maxDepth bounds texts within texts, which could otherwise name each other for ever.
const maxDepth = 3

func (p *Printer) fill(e entry, open values, depth int) string {
	if e.parts == nil {
		return e.text
	}
	var b strings.Builder
	for _, part := range e.parts {
		if part.name == "" {
			b.WriteString(part.plain)
			continue
		}
		v, ok := open(part.name)
		if !ok {
			b.WriteString("{" + part.name + "}")
			continue
		}
		b.WriteString(p.value(v, part.form, open, depth))
	}
	return b.String()
}

// value writes v in one of the forms that T lists.
func (p *Printer) value(v any, form string, open values, depth int) string {
	if prefix, ok := strings.CutPrefix(form, "@"); ok {
		word := p.plain(v)
		if key := prefix + "." + word; depth < maxDepth && p.Has(key) {
			return p.text(key, open, depth+1)
		}
		return Isolate(word)
	}
	switch form {
	case "iso":
		return Isolate(p.plain(v))
	case "number", "bytes", "duration":
		n, ok := whole(v)
		if !ok {
			break
		}
		switch form {
		case "number":
			return p.Number(n)
		case "bytes":
			return p.Bytes(n)
		default:
			return p.seconds(n)
		}
	}
	return p.plain(v)
}

// plain writes v without a form.
func (p *Printer) plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return p.Number(int64(v))
	case int64:
		return p.Number(v)
	}
	return fmt.Sprint(v)
}

// whole returns the whole number that v is, also where it is written in digits.
func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	return 0, false
}

// abs returns the absolute value, also of the smallest number.
func abs(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
