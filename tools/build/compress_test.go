// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What lies in the cache is taken only where it opens to what is compressed: whoever can write there puts nothing into the program.
func TestCacheIsNotTrusted(t *testing.T) {
	data := []byte(strings.Repeat("what is compressed ", 1000))
	for _, f := range formats {
		folder := filepath.Join(t.TempDir(), "cache")
		right, err := f.cached(folder, data)
		if err != nil || len(right) >= len(data) || !f.opensTo(right, data) {
			t.Fatalf("%s: %d bytes, %v", f.ext, len(right), err)
		}
		files, err := filepath.Glob(filepath.Join(folder, "*"+f.ext))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: %v, %v", f.ext, files, err)
		}
		other, err := f.compress([]byte(strings.Repeat("something else ", 1200)))
		if err != nil {
			t.Fatal(err)
		}
		longer, err := f.compress(append(bytes.Clone(data), "and more"...))
		if err != nil {
			t.Fatal(err)
		}
		for name, planted := range map[string][]byte{
			"nothing": {}, "no compression": data, "another file": other, "a longer file": longer,
			"half of it": right[:len(right)/2], "something after it": append(bytes.Clone(right), "tail"...), "another one after it": append(bytes.Clone(right), other...),
		} {
			if err := os.WriteFile(files[0], planted, 0o644); err != nil {
				t.Fatal(err)
			}
			got, err := f.cached(folder, data)
			if err != nil || !bytes.Equal(got, right) {
				t.Errorf("%s, %s: %d bytes, %v", f.ext, name, len(got), err)
			}
			if kept, _ := os.ReadFile(files[0]); !bytes.Equal(kept, right) {
				t.Errorf("%s, %s: it stays in the cache", f.ext, name)
			}
		}
		// And what is right is taken, not made again.
		before, err := os.Stat(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.cached(folder, data); err != nil {
			t.Fatal(err)
		}
		if after, err := os.Stat(files[0]); err != nil || !os.SameFile(before, after) {
			t.Errorf("%s: it was compressed again, %v", f.ext, err)
		}
	}
}
