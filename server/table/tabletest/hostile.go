// SPDX-License-Identifier: Apache-2.0

// Package tabletest has the files that nobody would write, for tests of whatever reads files.
package tabletest

import (
	"iter"
	"math/rand/v2"
	"strings"
)

// Seeds are beginnings that files of all kinds grow from.
var Seeds = []string{
	"id,displayname,password,is_guest,admin,deactivated\n@ann:example.org,Ann,secret,false,true,false\n,John,,false,false,false\n",
	"\ufeffid;name\r\nann;\"a\r\nb\"\r\n", "sep=|\nid|name\nann|Ann\n", "{\"id\":\"ann\",\"emails\":[\"a@b.example\"]}\n{\"id\":null}\n", "id\tname\rann\tAnn\r",
	"\xff\xfei\x00d\x00\n\x00a\x00n\x00n\x00", "\xfe\xff\x00i\x00d", "id,name\nann,J\xfcrgen\n", "PK\x03\x04", "\"", "\"\"", "'=cmd|' /C calc'!A0,@SUM(1+1)\n",
	strings.Repeat("[", 20_000), `{"a":` + strings.Repeat("[", 20_000), strings.Repeat(",", 300), "ann:secret:word\nbob:x\n", "sep=:\nid:name\n", "{\"\\ud800\":\"\\udfff\"}\n", "id,name\nann,\"" + strings.Repeat("\"\"", 200),
}

var pieces = []string{"\"", "'", ",", ";", "\t", "|", "\r", "\n", "\r\n", "\x00", "\xff", "\xc3", "\ufeff", "{", "}", "[", "]", ":", "null", "=1", "@", "\\u", "\\"}

// Hostile yields n files, the same every time: seeds that are cut, doubled, mixed, with bytes of any kind.
func Hostile(n int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		random := rand.New(rand.NewPCG(26, 5))
		for range n {
			if !yield(hostile(random)) {
				return
			}
		}
	}
}

func hostile(random *rand.Rand) []byte {
	file := []byte(Seeds[random.IntN(len(Seeds))])
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
			file = append(file, Seeds[random.IntN(len(Seeds))]...)
		}
	}
	return file
}
