// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// aSection is a section of a WASM; aData is one of data.
func aSection(id byte, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{id}, uint64(len(body))), body...)
}

func aData(segments ...segment) []byte {
	body := binary.AppendUvarint(nil, uint64(len(segments)))
	for _, s := range segments {
		body = append(appendSigned(append(body, 0, opI32Const), s.address), opEnd)
		body = append(binary.AppendUvarint(body, uint64(len(s.data))), s.data...)
	}
	return aSection(sectionData, body)
}

// laidOut is the memory that a WASM's segments make.
func laidOut(t *testing.T, wasm []byte) (memory []byte, segments int) {
	t.Helper()
	for in := (reader{rest: wasm[8:]}); len(in.rest) > 0; {
		id, section := in.byte(), in.bytes()
		if id != sectionData {
			continue
		}
		list, err := parseSegments(section)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			if end := int(s.address) + len(s.data); end > len(memory) {
				memory = append(memory, make([]byte, end-len(memory))...)
			}
			copy(memory[s.address:], s.data)
		}
		segments += len(list)
	}
	return memory, segments
}

func TestSegmentsAreJoined(t *testing.T) {
	head := []byte("\x00asm\x01\x00\x00\x00")
	code, names := aSection(10, []byte("code")), aSection(0, []byte("\x04name"))
	for name, segments := range map[string][]segment{
		"one":          {{64, []byte("here")}},
		"with gaps":    {{0, []byte("a")}, {63, []byte("b")}, {300, []byte("c")}, {100_000, []byte("d")}},
		"out of order": {{200, []byte("later")}, {100, []byte("before")}},
		"side by side": {{70, []byte("ab")}, {72, []byte("cd")}},
	} {
		wasm := bytes.Join([][]byte{head, code, aData(segments...), names}, nil)
		got, err := joinSegments(wasm)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, _ := laidOut(t, wasm)
		have, n := laidOut(t, got)
		if !bytes.Equal(have, want) || n != 1 {
			t.Errorf("%s: %d segments, and the memory is %q, not %q", name, n, have, want)
		}
		if !bytes.HasPrefix(got, append(bytes.Clone(head), code...)) || !bytes.HasSuffix(got, names) {
			t.Errorf("%s: other sections have changed: %q", name, got)
		}
	}
}

func TestSegmentsOfSomethingElse(t *testing.T) {
	head := []byte("\x00asm\x01\x00\x00\x00")
	overlap := aData(segment{10, []byte("over")}, segment{12, []byte("lap")})
	passive := aSection(sectionData, []byte{1, 1, 2, 'a', 'b'})
	right := aData(segment{10, []byte("data")})
	tooMany := bytes.Clone(right)
	tooMany[2] = 2
	for name, wasm := range map[string][]byte{
		"nothing": nil, "half a head": head[:4], "overlapping": append(bytes.Clone(head), overlap...), "passive": append(bytes.Clone(head), passive...),
		"cut off": append(bytes.Clone(head), right[:len(right)-1]...), "more than there are": append(bytes.Clone(head), tooMany...),
	} {
		if got, err := joinSegments(wasm); err == nil {
			t.Errorf("%s: taken as %q", name, got)
		}
	}
}
