// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
	"rsc.io/qr"
)

// The code is the one that package qr makes.
func TestModules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := "https://x.example/" + rapid.StringMatching(`[a-z%#/?=]{0,600}`).Draw(t, "text")
		want, err := qr.Encode(text, qr.M)
		if err != nil {
			t.Fatal(err)
		}
		got := Modules(text)
		if len(got) != want.Size {
			t.Fatalf("size %d, want %d", len(got), want.Size)
		}
		for y := range got {
			for x := range got[y] {
				if got[y][x] != want.Black(x, y) {
					t.Fatalf("module %d,%d differs", x, y)
				}
			}
		}
	})
	if Modules(strings.Repeat("x", 3000)) != nil {
		t.Error("a text that is too long has a code")
	}
}
