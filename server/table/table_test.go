// SPDX-License-Identifier: Apache-2.0

package table_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gatehouse/app/api"
	"gatehouse/server/table"
)

// sniff looks at a file as it arrives, in pieces.
func sniff(file []byte, piece int) (table.Format, error) {
	var s table.Sniffer
	_, _ = io.CopyBuffer(struct{ io.Writer }{&s}, struct{ io.Reader }{bytes.NewReader(file)}, make([]byte, piece))
	return s.Format()
}

// lines reads a file and writes down what is in it: line|cell|cell; what is not there is ∅, what is wrong its code.
func lines(file []byte, f table.Format) []string {
	var out []string
	r := table.NewReader(iotest.HalfReader(bytes.NewReader(file)), f)
	for {
		row, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			return append(out, "stop: "+coded(err))
		}
		if row.Problem != nil {
			out = append(out, coded(row.Problem))
			continue
		}
		line := []string{strconv.Itoa(row.Line)}
		for _, c := range row.Cells {
			if !c.There {
				line = append(line, "∅")
				continue
			}
			line = append(line, c.Text)
		}
		out = append(out, strings.Join(line, "|"))
	}
}

// coded is the code of a problem with the line that it names.
func coded(err error) string {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return "no problem document: " + err.Error()
	}
	return p.Code + " " + p.Params["line"]
}

func utf16LE(text string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 40<<10)
	tests := []struct {
		name, file string
		format     string // kind, encoding, separator, columns
		rows       []string
	}{
		{"plain", "id,name\nann,Ann\n", "csv utf-8 , id+name", []string{"2|ann|Ann"}},
		{"no end of the last line", "id,name\nann,Ann", "csv utf-8 , id+name", []string{"2|ann|Ann"}},
		{"CR LF", "id,name\r\nann,Ann\r\n", "csv utf-8 , id+name", []string{"2|ann|Ann"}},
		{"CR alone", "id;name\rann;Ann\rbob;Bob\r", "csv utf-8 ; id+name", []string{"2|ann|Ann", "3|bob|Bob"}},
		{"byte order mark", "\ufeffid,name\nann,Ann\n", "csv utf-8 , id+name", []string{"2|ann|Ann"}},
		{"semicolons", "id;name\nann;\"A, B\"\n", "csv utf-8 ; id+name", []string{"2|ann|A, B"}},
		{"tabs", "id\tname\nann\tA, B; C\n", "csv utf-8 \t id+name", []string{"2|ann|A, B; C"}},
		{"bars", "id|name|x\nann|Ann|1\n", "csv utf-8 | id+name+x", []string{"2|ann|Ann|1"}},
		{"one column", "id\nann\nbob\n", "csv utf-8 , id", []string{"2|ann", "3|bob"}},
		{"commas in one column's texts", "name;id\nA, B, C;ann\nD;bob\n", "csv utf-8 ; name+id", []string{"2|A, B, C|ann", "3|D|bob"}},
		{"said", "sep=;\nid;name\nann;Ann\n", "csv utf-8 ; id+name", []string{"3|ann|Ann"}},
		{"quoted line ends", "id,notice,x\nann,\"one\ntwo\n\",1\nbob,three,2\n", "csv utf-8 , id+notice+x", []string{"2|ann|one\ntwo\n|1", "5|bob|three|2"}},
		{"quotes", "id,name\nann,\"The \"\"Ann\"\"\"\n", "csv utf-8 , id+name", []string{`2|ann|The "Ann"`}},
		{"empty lines and rows", "id,name\n\n,\nann,Ann\n\n,,\n", "csv utf-8 , id+name", []string{"4|ann|Ann"}},
		{"short row", "id,name,admin\nann\n", "csv utf-8 , id+name+admin", []string{"2|ann|∅|∅"}},
		{"long row", "id,name\nann,Ann,\nbob,Bob,x\ncat,Cat\n", "csv utf-8 , id+name", []string{"2|ann|Ann", "row_too_many_cells 3", "4|cat|Cat"}},
		{"long cell", "id,name\nann," + long + "\nbob,Bob\n", "csv utf-8 , id+name", []string{"row_cell_too_long 2", "3|bob|Bob"}},
		{"Windows-1252", "id;name\nann;J\xfcrgen \x80\n", "csv windows-1252 ; id+name", []string{"2|ann|Jürgen €"}},
		{"one row is too long", "id;name;x\nann;A, B;1;2\nbob;C, D;2\n", "csv utf-8 ; id+name+x", []string{"row_too_many_cells 2", "3|bob|C, D|2"}},
		{"a quote in the middle, and semicolons", "id;name\nann;A\"nn\"\n", "csv utf-8 ; id+name", []string{"stop: file_bare_quote 2"}},
		{"UTF-8", "id;name\nann;Jürgen\n", "csv utf-8 ; id+name", []string{"2|ann|Jürgen"}},
		{"UTF-16", utf16LE("id\tname\r\nann\tJürgen 😀\r\n"), "csv utf-16 \t id+name", []string{"2|ann|Jürgen 😀"}},
		{"both encodings", "id;name\nann;Jürgen Öl Ähre\nbob;J\xfcrgen\n", "file_encoding ", nil},
		{"workbook", "PK\x03\x04\x14\x00", "file_workbook ", nil},
		{"binary", "id\x00\x01", "file_binary ", nil},
		{"nothing", "", "file_empty ", nil},
		{"space", " \r\n\t\n", "file_empty ", nil},
		{"only names", "id,name\n", "csv utf-8 , id+name", nil},
		{"open quote", "id,name\nann,Ann\nbob,\"Bob\ncat,Cat\n", "csv utf-8 , id+name", []string{"2|ann|Ann", "stop: file_quotes 3"}},
		{"quote in the middle", "id,name\nann,A\"nn\n", "csv utf-8 , id+name", []string{"stop: file_bare_quote 2"}},
		{"JSON Lines", `{"id":"ann","name":"Ann","admin":true,"n":12,"emails":["a@b.example", "c@d.example"]}` + "\n" + `{"name":null,"id":"bob"}`, "jsonl utf-8  id+name+admin+n+emails",
			[]string{`1|ann|Ann|true|12|["a@b.example","c@d.example"]`, "2|bob|∅|∅|∅|∅"}},
		{"JSON: empty is not absent", `{"id":"ann","name":""}`, "jsonl utf-8  id+name", []string{"1|ann|"}},
		{"JSON: broken line", "{\"id\":\"ann\"}\n{\"id\":\n\n{\"id\":\"bob\"}\n", "jsonl utf-8  id", []string{"1|ann", "row_json 2", "4|bob"}},
		{"JSON: key twice", `{"id":"ann","id":"bob"}`, "jsonl utf-8  id", []string{"row_key_twice 1"}},
		{"JSON: two objects", `{"id":"ann"}{"id":"bob"}`, "jsonl utf-8  id", []string{"row_json 1"}},
		{"JSON: one array", "[\n  {\n    \"id\": \"ann\"\n  }\n]\n", "file_json ", nil},
		{"JSON: no object", "{\"id\":\"ann\"}\n[1]\n", "jsonl utf-8  id", []string{"1|ann", "row_json 2"}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, piece := range []int{1, 3, 1 << 16} {
				f, err := sniff([]byte(c.file), piece)
				got := strings.Join([]string{string(f.Kind), string(f.Encoding), f.Comma, strings.Join(f.Columns, "+")}, " ")
				if err != nil {
					got = coded(err)
				}
				if got != c.format {
					t.Fatalf("in pieces of %d: %q, want %q", piece, got, c.format)
				}
				if err != nil {
					continue
				}
				if diff := cmp.Diff(c.rows, lines([]byte(c.file), f)); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// What a person says of a file counts more than what is guessed.
func TestToldFormat(t *testing.T) {
	t.Parallel()
	file := []byte("ann;A,B\nbob;C,D\n")
	f := table.Format{Kind: table.CSV, Encoding: table.UTF8, Comma: ",", Headless: true}
	if err := table.Look(file, false, &f); err != nil {
		t.Fatal(err)
	}
	want := []string{"1|ann;A|B", "2|bob;C|D"}
	if got := lines(file, f); !slices.Equal(got, want) || !slices.Equal(f.Columns, []string{"1", "2"}) {
		t.Errorf("%q %q", got, f.Columns)
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	many := "id\n" + strings.Repeat("a\n", table.MaxRows+1)
	f, err := sniff([]byte(many), 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	got := lines([]byte(many), f)
	if len(got) != table.MaxRows+1 || got[table.MaxRows] != "stop: file_too_many_rows 200002" {
		t.Errorf("%d rows, the last is %q", len(got), got[len(got)-1])
	}
	wide := strings.Repeat("a,", table.MaxColumns) + "a\n"
	if _, err := sniff([]byte(wide), 1<<16); err == nil || coded(err) != "file_too_many_columns " {
		t.Errorf("%v", err)
	}
	for _, c := range []struct {
		f    table.Format
		head string
		want string
	}{
		{table.Format{Kind: table.CSV, Encoding: table.UTF8, Comma: ",", Columns: []string{"id"}}, "id\nann\n\"", "stop: file_row_too_long 2"},
		{table.Format{Kind: table.JSONLines, Encoding: table.UTF8, Columns: []string{"id"}}, `{"id":"ann"}` + "\n{\"id\":\"", "stop: file_row_too_long 1"},
	} {
		endless := &counted{r: io.MultiReader(strings.NewReader(c.head), zeros{})}
		r := table.NewReader(endless, c.f)
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err == nil || "stop: "+coded(err) != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
		if endless.n > table.MaxRow+(64<<10) {
			t.Errorf("%d bytes were read for one row", endless.n)
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestHarmless(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "Ann": "Ann", "=1+1": "'=1+1", "+49": "'+49", "-1": "'-1", "@ann:example.org": "'@ann:example.org", "\tx": "'\tx", "\rx": "'\rx",
		"'=1": "''=1", "'": "'", "'quoted'": "'quoted'", "''@x": "'''@x", "a=b": "a=b", "–x": "–x",
	} {
		if got := table.Harmless(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
		if back := table.Undo(want); back != text {
			t.Errorf("%q came back as %q", text, back)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("'=+-@\t\r\nab ,;\""))).Draw(t, "text")
		safe := table.Harmless(text)
		if safe != "" && strings.ContainsRune("=+-@\t\r\n", rune(safe[0])) {
			t.Fatalf("%q is written as %q", text, safe)
		}
		if table.Undo(safe) != text {
			t.Fatalf("%q came back as %q", text, table.Undo(safe))
		}
	})
}

// What is written is read back, in both kinds: texts, lists, yes and no, and what is not there. CSV has no line end of its own: CR LF in a
// cell comes back as LF, as it does from a spreadsheet.
func TestWrittenIsRead(t *testing.T) {
	t.Parallel()
	text := rapid.Custom(func(t *rapid.T) string {
		s := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("'=+-@\t\n\"[]{},;| aé😀")))).Draw(t, "text")
		s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "") // no homeserver takes NUL
		for strings.Contains(s, "\r\n") {
			s = strings.ReplaceAll(s, "\r\n", "\n")
		}
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]table.Kind{table.CSV, table.JSONLines}).Draw(t, "kind")
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []table.Value {
			return []table.Value{table.Text("x"), table.Text(text.Draw(t, "a")), table.List(rapid.SliceOf(text).Draw(t, "b")), table.Bool(rapid.Bool().Draw(t, "c"))}
		}), 1, 5).Draw(t, "rows")
		var file bytes.Buffer
		w, err := table.NewWriter(&file, kind, []string{"id", "a", "b", "c"})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		f, err := sniff(file.Bytes(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		r := table.NewReader(&file, f)
		for _, want := range rows {
			row, err := r.Next()
			if err != nil || row.Problem != nil {
				t.Fatal(err, row.Problem)
			}
			for i, v := range want {
				got := row.Cells[i].Text
				if kind == table.CSV {
					got = table.Undo(got)
				}
				if v.List != nil {
					if list := table.Split(got); !slices.Equal(list, v.List) && len(list)+len(v.List) > 0 {
						t.Fatalf("%q came back as %q", v.List, list)
					}
				} else if got != v.Text {
					t.Fatalf("%q came back as %q", v.Text, got)
				}
			}
		}
		if _, err := r.Next(); err != io.EOF {
			t.Fatal(err)
		}
	})
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string][]string{
		"": nil, "a": {"a"}, " a , b;c\nd ": {"a", "b", "c", "d"}, ",,": nil, `["a,b","c"]`: {"a,b", "c"}, `[{"medium":"email"}]`: {`{"medium":"email"}`}, "[a": {"[a"}, "[]": {},
	} {
		if got := table.Split(cell); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", cell, got, want)
		}
	}
}
