// SPDX-License-Identifier: Apache-2.0

// Package table reads and writes files of rows: CSV (RFC 4180) as spreadsheets of all countries write it, and JSON Lines. It streams: however
// long a file is, one row of it is in memory. What is wrong is a *api.Problem that names the line in the file.
//
// A file is looked at once as it arrives (Sniffer): its encoding is known for certain only at its end. What separates its cells and which
// columns it has is guessed from its beginning. Then it is read as often as needed (Reader).
package table

import "gatehouse/app/api"

// What a file may have. MaxBytes bounds the whole of it as it arrives.
const (
	MaxBytes   = 128 << 20
	MaxRows    = 200_000
	MaxColumns = 100
	MaxCell    = 32 << 10  // bytes
	MaxRow     = 256 << 10 // bytes, as it stands in the file
)

// Kind is how rows are written in a file.
type Kind string

// The kinds.
const (
	CSV       Kind = "csv"
	JSONLines Kind = "jsonl"
)

// Encoding is how characters are written in a file.
type Encoding string

// The encodings. UTF8 is with or without byte order mark, UTF16 has one that says which it is.
const (
	UTF8        Encoding = "utf-8"
	Windows1252 Encoding = "windows-1252"
	UTF16       Encoding = "utf-16"
)

// Format is what has to be known of a file to read it.
type Format struct {
	Kind     Kind     `json:"kind"`
	Encoding Encoding `json:"encoding"`
	// Comma separates cells of CSV: any one character but quotation marks and ends of lines.
	Comma string `json:"comma,omitempty"`
	// Headless says that the first row is data already; the columns have numbers for names then.
	Headless bool `json:"headless,omitempty"`
	// Columns are the names of the columns as they stand in the file, in order.
	Columns []string `json:"columns"`

	// Said is that the first line is no row: it says what separates cells, sep=; as Excel writes it.
	Said bool `json:"said,omitempty"`
	// Returns says that lines end with CR alone, as old spreadsheets for the Macintosh write them.
	Returns bool `json:"returns,omitempty"`
}

// Commas are the separators that are guessed, in the order in which they are preferred. A colon comes last (Colon).
func Commas() []string { return []string{",", ";", "\t", "|"} }

// Colon separates the names and the passwords of lists that people keep. It is in Matrix IDs, too, so it is only guessed where nothing else
// separates cells and no row begins with such an ID.
const Colon = ":"

// Row is one row of a file.
type Row struct {
	Line  int    // where it begins, counted from 1 as editors do
	Cells []Cell // one for each column; valid until the next row is read
	// Problem is what is wrong with this row alone, nil mostly. The rows after it can be read.
	Problem *api.Problem
	// Text is the row as it stands in the file, where it has a Problem or a cell that is Nested.
	Text string
}

// CellTooLong is the code of a row whose cells can all be read, and one of which is longer than MaxCell.
const CellTooLong = "row_cell_too_long"

// Cell is one value. One that is not there is neither empty nor anything else: its row is short, or its JSON has null or no such key.
type Cell struct {
	There  bool
	Text   string
	Nested bool // it is a list or an object of JSON Lines, and Text is its JSON
}
