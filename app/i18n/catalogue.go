// SPDX-License-Identifier: Apache-2.0

// Package i18n turns keys into sentences of a language, and times and numbers into its forms. The server and the browser
// run the same code, so that a page written by one is word for word what the other draws. Nothing in it changes after it
// was made, and all of it may be used by several goroutines at once.
package i18n

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
)

// Catalogue holds the texts of one language by key. A text that depends on a number has one key for each plural form:
// `key.one`, `key.other`.
type Catalogue struct {
	lang  string
	rules rules
	texts map[string]entry
}

// entry is a text as it stands in the file, cut at its placeholders; without any, parts is nil.
type entry struct {
	text  string
	parts []part
}

// Parse reads the texts of a language, one flat JSON object of key and text. It refuses a language that it has no rules
// for, a key that is there twice, a value that is no text and a placeholder that is not well formed.
func Parse(lang string, data []byte) (*Catalogue, error) {
	r, ok := known[lang]
	if !ok {
		return nil, fmt.Errorf("language %q: no plural rule and number separators are known for it", lang)
	}
	c := &Catalogue{lang: lang, rules: r, texts: map[string]entry{}}
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("language %q: the file is not a JSON object", lang)
	}
	for dec.More() {
		// The decoder itself demands that a key is a string.
		t, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("language %q: %w", lang, err)
		}
		key := t.(string)
		if t, err = dec.Token(); err != nil {
			return nil, fmt.Errorf("language %q, %s: %w", lang, key, err)
		}
		text, ok := t.(string)
		if !ok {
			return nil, fmt.Errorf("language %q, %s: the value is not a text", lang, key)
		}
		if _, twice := c.texts[key]; twice {
			return nil, fmt.Errorf("language %q, %s: the key is there twice", lang, key)
		}
		e := entry{text: text}
		if strings.ContainsAny(text, "{}") {
			if e.parts, err = split(text); err != nil {
				return nil, fmt.Errorf("language %q, %s: %w", lang, key, err)
			}
		}
		c.texts[key] = e
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("language %q: %w", lang, err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("language %q: there is something after the object", lang)
	}
	return c, nil
}

// Lang returns the language's tag (BCP 47), as a page says it in its lang attribute.
func (c *Catalogue) Lang() string { return c.lang }

// Forms returns the plural forms that the language has, the one for everything else last.
func (c *Catalogue) Forms() []string { return c.rules.forms }

// Texts walks over keys and texts, in no order.
func (c *Catalogue) Texts() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for key, e := range c.texts {
			if !yield(key, e.text) {
				return
			}
		}
	}
}

// Text returns a text as it stands in the file.
func (c *Catalogue) Text(key string) (string, bool) {
	e, ok := c.texts[key]
	return e.text, ok
}

// Placeholders returns what a text leaves open, each with its form, in the order of the text: `name`, `wait:duration`.
func Placeholders(text string) ([]string, error) {
	parts, err := split(text)
	var list []string
	for _, p := range parts {
		if p.name == "" {
			continue
		}
		if p.form == "" {
			list = append(list, p.name)
		} else {
			list = append(list, p.name+":"+p.form)
		}
	}
	return list, err
}

// part is a piece of a text: either plain, or a placeholder with its form.
type part struct{ plain, name, form string }

var errPlaceholder = errors.New("a placeholder is {name} or {name:form}, where the form is iso, number, bytes, duration or @prefix")

// split cuts a text at its placeholders. It returns the parts before the first mistake.
func split(text string) ([]part, error) {
	var parts []part
	for text != "" {
		at := strings.IndexAny(text, "{}")
		if at < 0 {
			return append(parts, part{plain: text}), nil
		}
		if at > 0 {
			parts = append(parts, part{plain: text[:at]})
		}
		end := strings.IndexByte(text, '}')
		if text[at] == '}' || end < 0 {
			return parts, errPlaceholder
		}
		name, form, has := strings.Cut(text[at+1:end], ":")
		if !word(name, "_") || has && !knownForm(form) {
			return parts, errPlaceholder
		}
		parts = append(parts, part{name: name, form: form})
		text = text[end+1:]
	}
	return parts, nil
}

func knownForm(form string) bool {
	switch form {
	case "iso", "number", "bytes", "duration":
		return true
	}
	prefix, ok := strings.CutPrefix(form, "@")
	return ok && word(prefix, "_.")
}

// word reports whether s is made of lower-case ASCII letters, digits and the extra bytes, and is not empty.
func word(s, extra string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte(extra, c) < 0 {
			return false
		}
	}
	return s != ""
}
