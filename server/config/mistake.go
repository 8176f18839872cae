// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing that is wrong with a configuration.
type Mistake struct {
	// File, Line and Column say where it is, both counted from 1; Line is 0 where it is the file as a whole.
	File         string
	Line, Column int
	// Env is the environment variable at fault, in place of a position in the file.
	Env string
	// Field is the path of the field at fault, empty where there is none.
	Field string
	// Text is one or more sentences: what is wrong and what to do. It never has the value of a secret field in it.
	Text string
}

// String writes the mistake as "place: field: text".
func (m Mistake) String() string {
	var parts []string
	switch {
	case m.Env != "":
		parts = append(parts, m.Env)
	case m.Line > 0:
		parts = append(parts, fmt.Sprintf("%s:%d:%d", m.File, m.Line, m.Column))
	case m.File != "":
		parts = append(parts, m.File)
	}
	if m.Field != "" {
		parts = append(parts, m.Field)
	}
	return strings.Join(append(parts, m.Text), ": ")
}

// Error is every mistake of one configuration: those in the file first, from top to bottom.
type Error struct {
	Mistakes []Mistake
}

// Error implements error: a numbered list, one line a mistake.
func (e *Error) Error() string {
	var b strings.Builder
	if len(e.Mistakes) == 1 {
		b.WriteString("the configuration has a mistake:")
	} else {
		fmt.Fprintf(&b, "the configuration has %d mistakes:", len(e.Mistakes))
	}
	for i, m := range e.Mistakes {
		fmt.Fprintf(&b, "\n%3d. %s", i+1, m)
	}
	return b.String()
}

// origin is where a value stands: in the file, in the environment, or, as the zero value, nowhere.
type origin struct {
	line, column int
	env          string
}

// add notes a mistake at a place of the file, at an environment variable, or at the configuration as a whole.
func (l *loader) add(at origin, field, format string, args ...any) {
	m := Mistake{Field: field, Text: fmt.Sprintf(format, args...)}
	switch {
	case at.env != "":
		m.Env = at.env
	default:
		m.File, m.Line, m.Column = l.file, at.line, at.column
	}
	l.mistakes = append(l.mistakes, m)
}

// ended puts a full stop after a text that has no end yet.
func ended(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}

// failure returns what add has collected, in a stable order, or nil.
func (l *loader) failure() error {
	if len(l.mistakes) == 0 {
		return nil
	}
	slices.SortStableFunc(l.mistakes, func(a, b Mistake) int {
		return cmp.Or(
			cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Env, b.Env), cmp.Compare(a.Field, b.Field),
		)
	})
	return &Error{Mistakes: l.mistakes}
}

// rank puts positions in the file first, then variables, then what has no place.
func rank(m Mistake) int {
	switch {
	case m.Line > 0:
		return 0
	case m.Env != "":
		return 1
	}
	return 2
}
