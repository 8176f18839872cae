// SPDX-License-Identifier: Apache-2.0

package password

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/sethvargo/go-diceware/diceware"

	"gatehouse/app/api"
)

func TestMake(t *testing.T) {
	typed := api.NewSecret("correct horse")
	for _, tt := range []struct {
		choice api.PasswordChoice
		ok     func(string) bool
	}{
		{api.PasswordChoice{Mode: api.PasswordRandom}, func(s string) bool { return len(s) == length && strings.Trim(s, alphabet) == "" }},
		{api.PasswordChoice{Mode: api.PasswordPassphrase}, func(s string) bool {
			return strings.Count(s, "-") >= words-1 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-") == ""
		}},
		{api.PasswordChoice{Mode: api.PasswordTyped, Password: typed}, func(s string) bool { return s == "correct horse" }},
		{api.PasswordChoice{Mode: api.PasswordNone}, func(s string) bool { return s == "" }},
	} {
		got, err := Make(tt.choice)
		if err != nil || !tt.ok(got.Reveal()) {
			t.Errorf("%s: %q, %v", tt.choice.Mode, got.Reveal(), err)
		}
	}
	if _, err := Make(api.PasswordChoice{Mode: "pin"}); err == nil {
		t.Error("an unknown mode made a password")
	}
}

func TestEntropyByConstruction(t *testing.T) {
	for i, r := range alphabet {
		if strings.IndexRune(alphabet, r) != i || strings.ContainsRune("0Oo1lIi", r) {
			t.Errorf("%q is in the alphabet twice or looks like another sign", r)
		}
	}
	if bits := length * math.Log2(float64(len(alphabet))); bits < 110 {
		t.Errorf("a random password has %.1f bits", bits)
	}
	list := diceware.WordListEffLarge()
	seen := map[string]bool{}
	for _, a := range "123456" {
		for _, b := range "123456" {
			for _, c := range "123456" {
				for _, d := range "123456" {
					for _, e := range "123456" {
						n := int(a-'0')*10000 + int(b-'0')*1000 + int(c-'0')*100 + int(d-'0')*10 + int(e-'0')
						if w := list.WordAt(n); w != "" {
							seen[w] = true
						}
					}
				}
			}
		}
	}
	if bits := words * math.Log2(float64(len(seen))); bits < 77 {
		t.Errorf("a passphrase has %.1f bits, of %d words", bits, len(seen))
	}
}

func TestUnique(t *testing.T) {
	for _, mode := range []string{api.PasswordRandom, api.PasswordPassphrase} {
		seen := map[string]bool{}
		for range 1000 {
			s, err := Make(api.PasswordChoice{Mode: mode})
			if err != nil || seen[s.Reveal()] {
				t.Fatalf("%s: %q came twice, or %v", mode, s.Reveal(), err)
			}
			seen[s.Reveal()] = true
		}
	}
}

// Fed with every byte once, a fair draw takes every character of the set equally often.
func TestNoModuloBias(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	const n = 220 // 4 × 55: what is left of 256 bytes when the last 36 are thrown away
	got, err := draw(bytes.NewReader(append(all, all...)), alphabet, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range alphabet {
		if strings.Count(got, string(r)) != n/len(alphabet) {
			t.Errorf("%q came %d times", r, strings.Count(got, string(r)))
		}
	}
	if _, err := draw(bytes.NewReader(nil), alphabet, 1); err == nil {
		t.Error("a source that ends gave a password")
	}
}
