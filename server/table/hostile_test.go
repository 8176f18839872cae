// SPDX-License-Identifier: Apache-2.0

package table_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"gatehouse/server/table"
	"gatehouse/server/table/tabletest"
)

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

// Ten thousand files that nobody would write. None of them stops the reader otherwise than it says.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	for file := range tabletest.Hostile(10_000) {
		devour(t, file)
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range tabletest.Seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) { devour(t, file) })
}
