// SPDX-License-Identifier: Apache-2.0

package table

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"gatehouse/app/api"
)

// Reader reads a file row by row.
type Reader struct {
	format Format
	rows   int
	cells  []Cell
	budget *budget
	csv    *csv.Reader
	lines  *bufio.Reader
	named  bool // the names of the columns were read
	line   int  // of the last row that was read
	// What stands in the file of that row, of CSV and of JSON Lines; valid until the next one is read.
	texts []string
	raw   []byte
}

// NewReader returns a reader of a file that was looked at.
func NewReader(r io.Reader, f Format) *Reader {
	out := &Reader{format: f, cells: make([]Cell, len(f.Columns))}
	r = decoder(r, f.Encoding)
	if f.Returns {
		r = returns{r}
	}
	if f.Kind == JSONLines {
		out.lines = bufio.NewReaderSize(r, MaxRow)
		return out
	}
	out.budget = &budget{r: r}
	buffered := bufio.NewReader(out.budget)
	if f.Said {
		out.budget.left = MaxRow
		_, _ = buffered.ReadSlice('\n')
	}
	out.csv = newCSV(buffered, f.Comma)
	out.csv.ReuseRecord = true
	return out
}

// Next returns the next row, or io.EOF. Any other error is a *api.Problem that names the line; what comes after it cannot be read. Rows with
// nothing in them, as spreadsheets leave them behind, are passed over.
func (r *Reader) Next() (Row, error) {
	if r.csv != nil && !r.format.Headless && !r.named {
		if _, err := r.record(); err != nil {
			return Row{}, err
		}
		r.named, r.line = true, 1+r.format.lines()
	}
	for {
		row, empty, err := r.next()
		if err != nil {
			return Row{}, err
		}
		if empty {
			continue
		}
		if r.rows++; r.rows > MaxRows {
			return Row{}, api.NewProblem(api.StatusUnprocessable, "file_too_many_rows", "max", strconv.Itoa(MaxRows), "line", at(row.Line))
		}
		r.line = row.Line
		if row.Problem == nil {
			row.Problem = r.check(row.Line)
		}
		if row.Problem != nil || slices.ContainsFunc(row.Cells, func(c Cell) bool { return c.Nested }) {
			row.Text = r.text()
		}
		return row, nil
	}
}

func (r *Reader) next() (Row, bool, error) {
	clear(r.cells)
	if r.csv == nil {
		return r.object()
	}
	record, err := r.record()
	if err != nil {
		return Row{}, false, err
	}
	line, _ := r.csv.FieldPos(0)
	row := Row{Line: line + r.format.lines(), Cells: r.cells}
	empty := true
	for i, text := range record {
		empty = empty && text == ""
		switch {
		case i < len(r.cells):
			r.cells[i] = Cell{There: true, Text: text}
		case text != "" && row.Problem == nil:
			row.Problem = api.NewProblem(api.StatusUnprocessable, "row_too_many_cells", "line", at(row.Line), "max", strconv.Itoa(len(r.cells)))
		}
	}
	return row, empty, nil
}

// record reads a record of CSV.
func (r *Reader) record() ([]string, error) {
	r.budget.left = MaxRow
	record, err := r.csv.Read()
	r.texts = record
	switch {
	case err == io.EOF:
		return nil, io.EOF
	case errors.Is(err, errLong):
		return nil, api.NewProblem(api.StatusUnprocessable, "file_row_too_long", "line", at(r.line), "max", strconv.Itoa(MaxRow/1000))
	case err != nil:
		return nil, csvProblem(err, r.format.lines())
	}
	return record, nil
}

// object reads a line of JSON Lines.
func (r *Reader) object() (Row, bool, error) {
	line, err := r.lines.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return Row{}, false, api.NewProblem(api.StatusUnprocessable, "file_row_too_long", "line", at(r.line), "max", strconv.Itoa(MaxRow/1000))
	case err != nil && (err != io.EOF || len(line) == 0):
		return Row{}, false, readProblem(err)
	}
	r.line++
	row := Row{Line: r.line, Cells: r.cells}
	line = bytes.TrimSpace(line)
	if r.raw = line; len(line) == 0 {
		return row, true, nil
	}
	if !utf8.Valid(line) {
		row.Problem = api.NewProblem(api.StatusUnprocessable, "row_encoding", "line", at(r.line))
		return row, false, nil
	}
	err = eachKey(line, func(key string, value []byte) error {
		i := slices.Index(r.format.Columns, key)
		if i < 0 {
			return api.NewProblem(api.StatusUnprocessable, "row_unknown_key", "line", at(r.line), "key", shortened(key))
		}
		if r.cells[i].There {
			return api.NewProblem(api.StatusUnprocessable, "row_key_twice", "line", at(r.line), "key", shortened(key))
		}
		r.cells[i] = cellOf(value)
		return nil
	})
	if p, ok := errors.AsType[*api.Problem](err); ok {
		row.Problem = p
	} else if err != nil {
		row.Problem = api.NewProblem(api.StatusUnprocessable, "row_json", "line", at(r.line))
	}
	return row, false, nil
}

// check looks at the cells of a row as texts.
func (r *Reader) check(line int) *api.Problem {
	for _, c := range r.cells {
		if !utf8.ValidString(c.Text) {
			return api.NewProblem(api.StatusUnprocessable, "row_encoding", "line", at(line))
		}
	}
	for i, c := range r.cells {
		if len(c.Text) > MaxCell {
			return api.NewProblem(api.StatusUnprocessable, CellTooLong, "line", at(line), "column", shortened(r.format.Columns[i]), "max", strconv.Itoa(MaxCell/1000))
		}
	}
	return nil
}

// text is the row that was read last as it stands in the file. Bytes that are no text are taken for Windows-1252, which is what they mostly are.
func (r *Reader) text() string {
	text := string(r.raw)
	if r.csv != nil {
		var b strings.Builder
		w := csv.NewWriter(&b)
		w.Comma = r.csv.Comma
		_ = w.Write(r.texts) // a Builder takes all
		w.Flush()
		text = strings.TrimSuffix(b.String(), "\n")
	}
	if utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		if c == utf8.RuneError && size == 1 {
			c = charmap.Windows1252.DecodeByte(text[i])
		}
		b.WriteRune(c)
		i += size
	}
	return b.String()
}

// eachKey calls f for every key of an object, with its value as JSON.
func eachKey(line []byte, f func(key string, value []byte) error) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return errors.New("no object")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		if err := f(key.(string), value); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than an object")
	}
	return nil
}

// cellOf makes a cell of a JSON value: texts are themselves, null is nothing at all, everything else stays as it is written. Numbers and true and false
// are as good as texts.
func cellOf(value []byte) Cell {
	if bytes.Equal(value, []byte("null")) {
		return Cell{}
	}
	var text string
	if json.Unmarshal(value, &text) == nil {
		return Cell{There: true, Text: text}
	}
	cell := Cell{There: true, Text: string(value), Nested: value[0] == '[' || value[0] == '{'}
	var compact bytes.Buffer
	if json.Compact(&compact, value) == nil {
		cell.Text = compact.String()
	}
	return cell
}

func newCSV(r io.Reader, comma string) *csv.Reader {
	out := csv.NewReader(r)
	out.Comma, _ = utf8.DecodeRuneInString(comma)
	out.FieldsPerRecord = -1
	return out
}

// csvProblem is what is wrong with a file at a place where the rest cannot be understood.
func csvProblem(err error, before int) *api.Problem {
	wrong, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return readProblem(err).(*api.Problem)
	}
	code := "file_quotes"
	if errors.Is(err, csv.ErrBareQuote) {
		code = "file_bare_quote"
	}
	return api.NewProblem(api.StatusUnprocessable, code, "line", at(wrong.StartLine+before), "at", at(wrong.Line+before))
}

// readProblem is that a file cannot be read at all. The end of it is none.
func readProblem(err error) error {
	if err == io.EOF {
		return err
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	return api.NewProblem(api.StatusInternal, "file_unreadable")
}

// at names a line in a problem.
func at(line int) string { return strconv.Itoa(line) }

// shortened keeps a name of a file's own from filling a page.
func shortened(name string) string {
	if utf8.RuneCountInString(name) > 40 {
		return string([]rune(name)[:40]) + "…"
	}
	return name
}

// decoder turns what a file holds into UTF-8, without a byte order mark.
func decoder(r io.Reader, e Encoding) io.Reader {
	switch e {
	case Windows1252:
		return transform.NewReader(r, charmap.Windows1252.NewDecoder())
	case UTF16:
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder())
	}
	return transform.NewReader(r, unicode.BOMOverride(transform.Nop))
}

// returns reads lines that end with CR as such that end with LF.
type returns struct{ r io.Reader }

func (r returns) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// budget bounds how much is read for one row, so that a quote without its end does not read the whole file into memory.
type budget struct {
	r    io.Reader
	left int
}

var errLong = errors.New("the row is too long")

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
