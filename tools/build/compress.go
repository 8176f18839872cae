// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"
)

// cache keeps what earlier builds compressed: the best brotli takes seconds for a WASM.
const cache = ".cache/compressed"

// A format compresses, and opens what it compressed.
type format struct {
	ext    string
	writer func(io.Writer) (io.WriteCloser, error)
	reader func(io.Reader) (io.Reader, error)
}

var formats = []format{
	{
		".br",
		func(w io.Writer) (io.WriteCloser, error) {
			return brotli.NewWriterLevel(w, brotli.BestCompression), nil
		},
		func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
	},
	{
		".gz",
		func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestCompression) },
		func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
	},
}

// put writes a file and, where that makes it smaller, its compressed twins.
func put(name string, data []byte) error {
	if err := os.WriteFile(filepath.Join(dist, name), data, 0o644); err != nil {
		return err
	}
	if strings.HasSuffix(name, ".png") {
		return nil
	}
	for _, f := range formats {
		small, err := f.cached(cache, data)
		if err != nil {
			return err
		}
		if len(small) < len(data) {
			if err := os.WriteFile(filepath.Join(dist, name+f.ext), small, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// cached compresses, or takes what an earlier build compressed. A file's name in the cache proves nothing: what it holds goes
// into the program only if it opens to the very data.
func (f format) cached(folder string, data []byte) ([]byte, error) {
	sum := sha256.Sum256(data)
	path := filepath.Join(folder, hex.EncodeToString(sum[:])+f.ext)
	if small, err := os.ReadFile(path); err == nil && f.opensTo(small, data) {
		return small, nil
	}
	small, err := f.compress(data)
	if err != nil {
		return nil, err
	}
	if !f.opensTo(small, data) {
		return nil, fmt.Errorf("what was compressed as %s does not open to what it was", f.ext)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	return small, writeWhole(path, small)
}

func (f format) compress(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := f.writer(&b)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// opensTo reports whether small is data, compressed, and nothing but that.
func (f format) opensTo(small, data []byte) bool {
	in := bytes.NewReader(small)
	r, err := f.reader(in)
	if err != nil {
		return false
	}
	opened, err := io.ReadAll(io.LimitReader(r, int64(len(data))+1))
	return err == nil && bytes.Equal(opened, data) && in.Len() == 0
}

// writeWhole writes a file that others may be reading at the same time.
func writeWhole(path string, data []byte) error {
	temp := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.WriteFile(temp, data, 0o644); err != nil {
		return err
	}
	return os.Rename(temp, path)
}
