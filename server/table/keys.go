// SPDX-License-Identifier: Apache-2.0

package table

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"gatehouse/app/api"
)

// key adds the keys of an object.
func (f *Format) key(line []byte) error {
	return eachKey(line, func(key string, _ []byte) error {
		if len(f.Columns) <= MaxColumns && !slices.Contains(f.Columns, key) {
			f.Columns = append(f.Columns, key)
		}
		return nil
	})
}

// ReadKeys reads JSON Lines to their end, for the keys that none of the first objects has. Lines that are no objects are passed over here; so is
// what comes behind a line that is too long.
func (f *Format) ReadKeys(r io.Reader) error {
	r = decoder(r, f.Encoding)
	if f.Returns {
		r = returns{r}
	}
	lines := bufio.NewReaderSize(r, MaxRow)
	for {
		line, err := lines.ReadSlice('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 && utf8.Valid(line) {
			_ = f.key(line) // the row is refused for it, later
		}
		if len(f.Columns) > MaxColumns {
			return tooManyColumns()
		}
		if errors.Is(err, bufio.ErrBufferFull) || err == io.EOF {
			return nil
		}
		if err != nil {
			return readProblem(err)
		}
	}
}

func tooManyColumns() error {
	return api.NewProblem(api.StatusUnprocessable, "file_too_many_columns", "max", strconv.Itoa(MaxColumns))
}
