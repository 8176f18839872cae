// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A size is how many bytes some files of the panel have.
type size struct {
	What   string
	Files  []string // in web/dist
	Raw    int64
	Brotli int64 // as they are sent; raw where compressing made nothing smaller
	Budget int64 // of Brotli; zero: none
}

// budgets are the parts of the panel that a browser downloads, and the most that they may have.
func budgets() []size {
	return []size{
		{What: "The program (WASM)", Files: []string{"gatehouse.wasm"}, Budget: 1_800_000},
		{What: "What starts it (JavaScript)", Files: []string{"wasm_exec.js", "boot.js"}, Budget: 20_000},
		{What: "Service worker (JavaScript)", Files: []string{"sw.js"}},
		{What: "Style sheet", Files: []string{"gatehouse.css"}, Budget: 30_000},
		{What: "Texts, English", Files: []string{"language-en.json"}},
		{What: "Texts, German", Files: []string{"language-de.json"}},
	}
}

// errNotBuilt says that there is nothing to measure.
var errNotBuilt = errors.New("the panel has not been built; `make build` does it (or `go run ./tools/build -assets`)")

// sizes measures the files in a folder.
func sizes(dir string) ([]size, error) {
	all := budgets()
	for i := range all {
		for _, name := range all[i].Files {
			raw, err := length(filepath.Join(dir, name))
			if errors.Is(err, fs.ErrNotExist) {
				return nil, fmt.Errorf("%s is not in %s: %w", name, dir, errNotBuilt)
			} else if err != nil {
				return nil, err
			}
			small, err := length(filepath.Join(dir, name+".br"))
			if errors.Is(err, fs.ErrNotExist) {
				small = raw
			} else if err != nil {
				return nil, err
			}
			all[i].Raw += raw
			all[i].Brotli += small
		}
	}
	return all, nil
}

func length(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// over says what has more bytes than it may, "" if nothing has.
func (s size) over() string {
	if s.Budget == 0 || s.Brotli <= s.Budget {
		return ""
	}
	return fmt.Sprintf("%s is %d bytes with brotli; its budget is %d.", s.What, s.Brotli, s.Budget)
}
