// SPDX-License-Identifier: Apache-2.0

package table_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"gatehouse/server/table"
)

// seeds are beginnings that files of all kinds grow from.
var seeds = []string{
	"id,displayname,password,is_guest,admin,deactivated\n@ann:example.org,Ann,secret,false,true,false\n,John,,false,false,false\n",
	"\ufeffid;name\r\nann;\"a\r\nb\"\r\n", "sep=|\nid|name\nann|Ann\n", "{\"id\":\"ann\",\"emails\":[\"a@b.example\"]}\n{\"id\":null}\n", "id\tname\rann\tAnn\r",
	"\xff\xfei\x00d\x00\n\x00a\x00n\x00n\x00", "\xfe\xff\x00i\x00d", "id,name\nann,J\xfcrgen\n", "PK\x03\x04", "\"", "\"\"", "'=cmd|' /C calc'!A0,@SUM(1+1)\n",
	strings.Repeat("[", 20_000), `{"a":` + strings.Repeat("[", 20_000), strings.Repeat(",", 300), "ann:secret:word\nbob:x\n", "sep=:\nid:name\n", "{\"\\ud800\":\"\\udfff\"}\n", "id,name\nann,\"" + strings.Repeat("\"\"", 200),
}

// devour reads a file in every way that there is, and fails where a promise of the reader is broken.
func devour(t testing.TB, file []byte) {
	t.Helper()
	formats := []table.Format{}
	if f, err := sniff(file, 4096); err == nil {
		formats = append(formats, f)
	} else if code := coded(err); strings.HasPrefix(code, "no problem") {
		t.Fatalf("%q: %s", file, code)
	}
	for _, f := range []table.Format{
		{Kind: table.CSV, Encoding: table.UTF8}, {Kind: table.CSV, Encoding: table.Windows1252, Comma: ";", Headless: true},
		{Kind: table.CSV, Encoding: table.UTF16, Comma: "\t"}, {Kind: table.JSONLines, Encoding: table.UTF8},
	} {
		if table.Look(file, len(file)%2 == 0, &f) == nil {
			formats = append(formats, f)
		}
	}
	for _, f := range formats {
		r := table.NewReader(bytes.NewReader(file), f)
		before := 0
		for {
			row, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				if code := coded(err); strings.HasPrefix(code, "no problem") {
					t.Fatalf("%q as %+v: %s", file, f, code)
				}
				break
			}
			if row.Line <= before || len(row.Cells) != len(f.Columns) {
				t.Fatalf("%q as %+v: line %d after %d, %d cells in %d columns", file, f, row.Line, before, len(row.Cells), len(f.Columns))
			}
			before = row.Line
			for _, c := range row.Cells {
				_ = table.Split(table.Undo(c.Text))
			}
		}
	}
}

// Ten thousand files that nobody would write: cut, doubled, mixed, with bytes of any kind. None of them stops the reader otherwise than it says.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(26, 5))
	pieces := []string{"\"", "'", ",", ";", "\t", "|", "\r", "\n", "\r\n", "\x00", "\xff", "\xc3", "\ufeff", "{", "}", "[", "]", ":", "null", "=1", "@", "\\u", "\\"}
	for range 10_000 {
		file := []byte(seeds[random.IntN(len(seeds))])
		for range random.IntN(8) {
			at := 0
			if len(file) > 0 {
				at = random.IntN(len(file))
			}
			switch random.IntN(5) {
			case 0:
				file = file[:at]
			case 1:
				file = append(file, file[at:min(len(file), at+500)]...)
			case 2:
				file = append(append(append([]byte{}, file[:at]...), pieces[random.IntN(len(pieces))]...), file[at:]...)
			case 3:
				if len(file) > 0 {
					file[at] = byte(random.IntN(256))
				}
			case 4:
				file = append(file, seeds[random.IntN(len(seeds))]...)
			}
		}
		devour(t, file)
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) { devour(t, file) })
}
