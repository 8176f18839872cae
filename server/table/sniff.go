// SPDX-License-Identifier: Apache-2.0

package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gatehouse/app/api"
)

// SampleSize is how much of a file's beginning is kept to guess by, in bytes.
const SampleSize = 64 << 10

// Sniffer finds out what a file is while it passes by. The whole file is written to it, then asked for its Format.
type Sniffer struct {
	sample []byte
	seen   int64
	cut    []byte // the beginning of a character, whose end comes with the next write
	wide   int64  // characters of several bytes that are UTF-8
	broken int64  // bytes that are none
}

// Write implements io.Writer; it never fails.
func (s *Sniffer) Write(p []byte) (int, error) {
	if room := SampleSize - len(s.sample); room > 0 {
		s.sample = append(s.sample, p[:min(room, len(p))]...)
	}
	s.seen += int64(len(p))
	s.count(p)
	return len(p), nil
}

// count tells UTF-8 from what is not.
func (s *Sniffer) count(p []byte) {
	if len(s.cut) > 0 {
		taken := min(len(p), utf8.UTFMax)
		head := append(slices.Clone(s.cut), p[:taken]...)
		if !utf8.FullRune(head) {
			s.cut = head
			return
		}
		_, size := utf8.DecodeRune(head)
		if size > len(s.cut) {
			s.wide++
			p = p[size-len(s.cut):]
		} else {
			s.broken += int64(len(s.cut))
		}
		s.cut = nil
	}
	for len(p) > 0 {
		if p[0] < utf8.RuneSelf {
			p = p[1:]
			continue
		}
		if !utf8.FullRune(p) {
			s.cut = slices.Clone(p)
			return
		}
		r, size := utf8.DecodeRune(p)
		if r == utf8.RuneError && size == 1 {
			s.broken++
		} else {
			s.wide++
		}
		p = p[size:]
	}
}

// Format says what the file is, once all of it was written. The error is a *api.Problem: it is no file of rows.
func (s *Sniffer) Format() (Format, error) {
	f := Format{Kind: CSV}
	switch {
	case len(bytes.TrimSpace(s.sample)) == 0:
		return f, api.NewProblem(api.StatusUnprocessable, "file_empty")
	case bytes.HasPrefix(s.sample, []byte("PK\x03\x04")) || bytes.HasPrefix(s.sample, []byte("\xd0\xcf\x11\xe0")):
		return f, api.NewProblem(api.StatusUnprocessable, "file_workbook")
	case bytes.HasPrefix(s.sample, []byte("\xff\xfe")) || bytes.HasPrefix(s.sample, []byte("\xfe\xff")):
		f.Encoding = UTF16
	case bytes.IndexByte(s.sample, 0) >= 0:
		return f, api.NewProblem(api.StatusUnprocessable, "file_binary")
	case s.broken+int64(len(s.cut)) == 0:
		f.Encoding = UTF8
	case s.wide > s.broken:
		return f, api.NewProblem(api.StatusUnprocessable, "file_encoding")
	default:
		f.Encoding = Windows1252
	}
	return f, s.Read(&f)
}

// Read finds out the rest, where kind and encoding are as f says, and its separator, too, unless that is "".
func (s *Sniffer) Read(f *Format) error { return Look(s.sample, s.seen > int64(len(s.sample)), f) }

// Look reads the beginning of a file and fills in what f does not say: separator and columns. partly says that there is more of the file.
func Look(sample []byte, partly bool, f *Format) error {
	text, err := io.ReadAll(decoder(bytes.NewReader(sample), f.Encoding))
	if err != nil {
		return api.NewProblem(api.StatusUnprocessable, "file_encoding")
	}
	if start := bytes.TrimSpace(text); f.Kind == CSV && f.Comma == "" {
		list, isList := bytes.CutPrefix(start, []byte("["))
		switch {
		case bytes.HasPrefix(start, []byte("{")):
			f.Kind = JSONLines
		case isList && bytes.HasPrefix(bytes.TrimSpace(list), []byte("{")):
			return api.NewProblem(api.StatusUnprocessable, "file_json", "example", jsonExample)
		}
	}
	f.Returns = bytes.IndexByte(text, '\r') >= 0 && bytes.IndexByte(text, '\n') < 0
	if f.Returns {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	}
	if partly { // the last line may be cut
		if end := bytes.LastIndexByte(text, '\n'); end >= 0 {
			text = text[:end+1]
		}
	}
	if f.Kind == JSONLines {
		f.Comma, f.Headless = "", false
		return f.keys(text)
	}
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	if said, ok := strings.CutPrefix(strings.ToLower(strings.Trim(string(line), "\r\"")), "sep="); ok && separates(said) {
		f.Said, text = true, rest
		if f.Comma == "" {
			f.Comma = said
		}
	}
	if f.Comma == "" {
		f.Comma = guess(text)
	}
	return f.header(text)
}

// header reads the first row of CSV.
func (f *Format) header(text []byte) error {
	record, err := newCSV(bytes.NewReader(text), f.Comma).Read()
	switch {
	case err == io.EOF:
		return api.NewProblem(api.StatusUnprocessable, "file_empty")
	case err != nil:
		return csvProblem(err, f.lines())
	case len(record) > MaxColumns:
		return tooManyColumns()
	}
	f.Columns = make([]string, 0, len(record))
	for i, name := range record {
		if f.Headless {
			name = strconv.Itoa(i + 1)
		}
		f.Columns = append(f.Columns, strings.TrimSpace(Undo(name)))
	}
	return nil
}

// lines is how many lines come before what the CSV reader is given.
func (f *Format) lines() int {
	if f.Said {
		return 1
	}
	return 0
}

// guess finds the separator with which the first rows have the most columns, all of them as many; where none does, with which most of them do.
func guess(text []byte) string {
	best, most := Commas()[0], 1
	for _, strict := range []bool{true, false} {
		for _, comma := range Commas() {
			if n := columns(text, comma, strict); n > most {
				best, most = comma, n
			}
		}
		if most > 1 {
			return best
		}
	}
	if !bytes.HasPrefix(text, []byte("@")) && !bytes.Contains(text, []byte("\n@")) && columns(text, Colon, true) > 1 {
		return Colon
	}
	return best
}

// separates reports whether a text is one character that the CSV reader takes for a separator.
func separates(said string) bool {
	r, size := utf8.DecodeRuneInString(said)
	return size == len(said) && r != utf8.RuneError && !strings.ContainsRune("\"\r\n\x00\ufeff", r)
}

// columns counts the columns of the first rows, read with a separator; 0 where they differ by more than short rows do, or cannot be read. Unless it is
// strict, at most half of them may be longer than the first, and one may be unreadable.
func columns(text []byte, comma string, strict bool) int {
	r := newCSV(bytes.NewReader(text), comma)
	n, rows, longer := 0, 0, 0
	for ; rows < 20; rows++ {
		record, err := r.Read()
		if err != nil {
			cut := n > 0 && errors.Is(err, csv.ErrQuote) // a cell that the sample does not hold whole
			if err != io.EOF && !cut && strict {
				return 0
			}
			break
		}
		if n == 0 {
			n = len(record)
		}
		if len(record) > n {
			longer++
		}
	}
	if strict && longer > 0 || 2*longer > rows {
		return 0
	}
	return n
}

// jsonExample is a row of JSON Lines.
const jsonExample = `{"id":"ann","display_name":"Ann"}`

// keys collects the keys of the first objects of JSON Lines. Those of all of them are known when all were read (ReadKeys).
func (f *Format) keys(text []byte) error {
	f.Columns = nil
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		err := f.key(line)
		if err != nil && f.Columns == nil {
			return api.NewProblem(api.StatusUnprocessable, "file_json", "example", jsonExample)
		}
		if len(f.Columns) > MaxColumns {
			return tooManyColumns()
		}
	}
	if f.Columns == nil {
		return api.NewProblem(api.StatusUnprocessable, "file_json", "example", jsonExample)
	}
	return nil
}
