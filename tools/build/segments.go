// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
)

// A WASM's data is a list of segments, bytes with the address at which they belong. Go's linker begins a new one at every eight zeroes, up to
// the 100,000 that browsers take: that is for programs that are sent as they are. Under brotli the zeroes cost nothing and the addresses
// do: they were a tenth of the download (docs/decisions/0009-a-smaller-program.md).

const (
	sectionData = 11
	opI32Const  = 0x41
	opEnd       = 0x0b
)

var errWASM = errors.New("the program is not the WASM that Go's linker writes")

// A segment is some of a WASM's data.
type segment struct {
	address int64
	data    []byte
}

// joinSegments returns a WASM that fills the memory with the same bytes from one segment.
func joinSegments(wasm []byte) ([]byte, error) {
	const head = 8 // magic number and version
	if len(wasm) < head {
		return nil, errWASM
	}
	out := bytes.NewBuffer(nil)
	out.Write(wasm[:head])
	for in := (reader{rest: wasm[head:]}); len(in.rest) > 0; {
		id, section := in.byte(), in.bytes()
		if in.failed {
			return nil, errWASM
		}
		if id == sectionData {
			var err error
			if section, err = joined(section); err != nil {
				return nil, err
			}
		}
		out.WriteByte(id)
		out.Write(binary.AppendUvarint(nil, uint64(len(section))))
		out.Write(section)
	}
	return out.Bytes(), nil
}

// joined is a data section with one segment in place of many.
func joined(section []byte) ([]byte, error) {
	segments, err := parseSegments(section)
	if err != nil || len(segments) == 0 {
		return section, err
	}
	slices.SortFunc(segments, func(a, b segment) int { return cmp.Compare(a.address, b.address) })
	first := segments[0].address
	var data []byte
	for _, s := range segments {
		gap := s.address - first - int64(len(data))
		if gap < 0 { // one overwrites another: their order counts
			return nil, errWASM
		}
		data = append(append(data, make([]byte, gap)...), s.data...)
	}
	out := []byte{1 /* segment */, 0 /* of the only memory */, opI32Const}
	out = append(appendSigned(out, first), opEnd)
	out = binary.AppendUvarint(out, uint64(len(data)))
	return append(out, data...), nil
}

func parseSegments(section []byte) ([]segment, error) {
	in := reader{rest: section}
	segments := make([]segment, 0, min(in.number(), int64(len(section))))
	for len(in.rest) > 0 {
		memory, op := in.byte(), in.byte()
		address := in.signed()
		end, data := in.byte(), in.bytes()
		if in.failed || memory != 0 || op != opI32Const || end != opEnd || address < 0 {
			return nil, errWASM
		}
		segments = append(segments, segment{address, data})
	}
	if in.failed || len(segments) != cap(segments) {
		return nil, errWASM
	}
	return segments, nil
}

// A reader reads WASM's binary format. Where there is not what is asked for, it has failed from there on.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) take(n int64) []byte {
	if n < 0 || n > int64(len(r.rest)) {
		r.failed, r.rest = true, nil
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) byte() byte {
	if b := r.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

// bytes reads a number and so many bytes.
func (r *reader) bytes() []byte { return r.take(r.number()) }

// number reads an unsigned LEB128, which is Go's varint.
func (r *reader) number() int64 {
	n, length := binary.Uvarint(r.rest)
	if length <= 0 {
		r.failed = true
		return 0
	}
	r.take(int64(length))
	return int64(n)
}

// signed reads a signed LEB128, whose last byte tells the sign.
func (r *reader) signed() int64 {
	var n int64
	for shift := 0; shift < 63; shift += 7 {
		b := r.byte()
		n |= int64(b&0x7f) << shift
		if b < 0x80 {
			if b&0x40 != 0 {
				n |= -1 << (shift + 7)
			}
			return n
		}
	}
	r.failed = true
	return 0
}

// appendSigned appends a number that is not negative as a signed LEB128.
func appendSigned(to []byte, n int64) []byte {
	for n > 0x3f {
		to = append(to, byte(n&0x7f)|0x80)
		n >>= 7
	}
	return append(to, byte(n))
}
