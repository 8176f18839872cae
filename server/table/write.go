// SPDX-License-Identifier: Apache-2.0

package table

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// Value is what is written in a cell. One that is not there leaves the cell of CSV empty, and its key out of an object.
type Value struct {
	Text string
	// List is what a cell of several values has; a list without any is [] and an empty cell.
	List []string
	// Bare says that JSON has the text as it is, not as a string: numbers, true and false.
	Bare  bool
	There bool
	// Exact says that CSV has the text as it is, also where it begins like a formula: a password that was changed is none.
	Exact bool
}

// Text is a value of a text.
func Text(text string) Value { return Value{Text: text, There: true} }

// Bool is a yes or no.
func Bool(yes bool) Value {
	if yes {
		return Value{Text: "true", Bare: true, There: true}
	}
	return Value{Text: "false", Bare: true, There: true}
}

// List is a value of several texts.
func List(list []string) Value {
	if list == nil {
		list = []string{}
	}
	return Value{List: list, There: true}
}

// Writer writes a file row by row.
type Writer struct {
	kind    Kind
	columns []string
	out     *bufio.Writer
}

// NewWriter returns a writer of CSV (UTF-8 with a byte order mark, without which Excel takes it for something else) or of JSON Lines. The
// columns' names are the first row, or the keys.
func NewWriter(w io.Writer, kind Kind, columns []string) (*Writer, error) {
	out := &Writer{kind: kind, columns: columns, out: bufio.NewWriterSize(w, 32<<10)}
	if kind == JSONLines {
		return out, nil
	}
	if _, err := out.out.WriteString("\ufeff"); err != nil {
		return nil, err
	}
	names := make([]Value, 0, len(columns))
	for _, name := range columns {
		names = append(names, Text(name))
	}
	return out, out.record(names)
}

// Write writes a row: one value for each column.
func (w *Writer) Write(values []Value) error {
	if w.kind == JSONLines {
		return w.object(values)
	}
	return w.record(values)
}

// Flush writes what is waiting. The file is whole after it.
func (w *Writer) Flush() error { return w.out.Flush() }

// record writes a record of RFC 4180. The standard library's writer, told to end lines with CR LF, drops CR from texts.
func (w *Writer) record(values []Value) error {
	for i, v := range values {
		if i > 0 {
			_ = w.out.WriteByte(',') // a bufio.Writer keeps its error
		}
		cell := strings.ReplaceAll(v.Cell(), "\x00", "") // with which no program takes it for a text
		if !v.Exact {
			cell = Harmless(cell)
		}
		if strings.ContainsAny(cell, "\",;\t|\r\n") || strings.TrimSpace(cell) != cell {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		_, _ = w.out.WriteString(cell)
	}
	_, err := w.out.WriteString("\r\n")
	return err
}

// Cell is the value as text: a list with commas, or as JSON where one of its texts has what lists are separated by.
func (v Value) Cell() string {
	if v.List == nil {
		return v.Text
	}
	for _, one := range v.List {
		if one == "" || strings.ContainsAny(one, Separators) || strings.HasPrefix(one, "[") || strings.TrimSpace(one) != one {
			return string(encode(v.List))
		}
	}
	return strings.Join(v.List, ", ")
}

// Separators are the characters between the texts of a list in one cell.
const Separators = ",;\n"

// Split returns the texts of a list in one cell, as Cell writes it: with separators between them, or as a JSON array of texts or of objects,
// which come back as JSON.
func Split(cell string) []string {
	trimmed := strings.TrimSpace(cell)
	if strings.HasPrefix(trimmed, "[") {
		var list []json.RawMessage
		if json.Unmarshal([]byte(trimmed), &list) == nil {
			out := make([]string, 0, len(list))
			for _, one := range list {
				out = append(out, cellOf(one).Text)
			}
			return out
		}
	}
	var out []string
	for one := range strings.FieldsFuncSeq(cell, func(r rune) bool { return strings.ContainsRune(Separators, r) }) {
		if one = strings.TrimSpace(one); one != "" {
			out = append(out, one)
		}
	}
	return out
}

func (w *Writer) object(values []Value) error {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, v := range values {
		if !v.There {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(encode(w.columns[i]))
		b.WriteByte(':')
		switch {
		case v.List != nil:
			b.Write(encode(v.List))
		case v.Bare:
			b.WriteString(v.Text)
		default:
			b.Write(encode(v.Text))
		}
	}
	b.WriteString("}\n")
	_, err := w.out.Write(b.Bytes())
	return err
}

// encode writes JSON for files: < and & stay as they are.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // texts and lists of texts never fail
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
