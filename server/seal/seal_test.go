// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/crypto/chacha20poly1305"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// secret returns a fixed key that passes for random.
func secret(seed string) []byte {
	sum := sha256.Sum256([]byte(seed))
	return sum[:]
}

// kept is a box of version 1 with the text "kept" and the data "aad", sealed
// with secret("one") on the day that version was made.
const kept = "Aa2b5uKCctoe+wudzg6cFpDLzgcK1sMSs5kTLlYV/xEKzxqYWr4UPkwyhu+I0DhEe4XSDxo="

func keys(t *testing.T, current []byte, previous ...[]byte) *Keys {
	t.Helper()
	k, err := New(current, previous...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealed(t *testing.T, k *Keys, p Purpose, text, aad string) []byte {
	t.Helper()
	out, err := k.Seal(p, []byte(text), []byte(aad))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSealAndOpen(t *testing.T) {
	k := keys(t, secret("one"))
	for _, text := range []string{"", "a", "syt_token", strings.Repeat("long ", 10_000), "\x00\xff"} {
		for _, purpose := range []Purpose{PurposeSeal, PurposeDraft} {
			box := sealed(t, k, purpose, text, "hs\x00@gate:hs")
			if len(text) > 3 && bytes.Contains(box, []byte(text)) {
				t.Errorf("%.10q is in clear", text)
			}
			got, err := k.Open(purpose, box, []byte("hs\x00@gate:hs"))
			if err != nil || string(got) != text {
				t.Errorf("%.10q came back as %.10q, %v", text, got, err)
			}
		}
	}
	if a, b := sealed(t, k, PurposeSeal, "same", ""), sealed(t, k, PurposeSeal, "same", ""); bytes.Equal(a, b) {
		t.Error("the same text was sealed twice alike: the nonce is not random")
	}
}

func TestOpenRefuses(t *testing.T) {
	k := keys(t, secret("one"))
	box := sealed(t, k, PurposeSeal, "text", "aad")
	tests := []struct {
		name    string
		keys    *Keys
		purpose Purpose
		box     []byte
		aad     string
	}{
		{"another key", keys(t, secret("two")), PurposeSeal, box, "aad"},
		{"another purpose", k, PurposeDraft, box, "aad"},
		{"the signing purpose", k, purposeJWT, box, "aad"},
		{"no purpose", k, "", box, "aad"},
		{"other data", k, PurposeSeal, box, "aae"},
		{"no data", k, PurposeSeal, box, ""},
		{"nothing", k, PurposeSeal, nil, "aad"},
		{"something appended", k, PurposeSeal, append(bytes.Clone(box), 0), "aad"},
		{"two in one", k, PurposeSeal, append(bytes.Clone(box), box...), "aad"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := tt.keys.Open(tt.purpose, tt.box, []byte(tt.aad)); !errors.Is(err, ErrOpen) || got != nil {
				t.Errorf("got %q, %v, want ErrOpen", got, err)
			}
		})
	}
	t.Run("any bit flipped", func(t *testing.T) {
		for i := range box {
			for bit := range 8 {
				broken := bytes.Clone(box)
				broken[i] ^= 1 << bit
				if _, err := k.Open(PurposeSeal, broken, []byte("aad")); !errors.Is(err, ErrOpen) {
					t.Errorf("bit %d of byte %d: %v, want ErrOpen", bit, i, err)
				}
			}
		}
	})
	t.Run("any end cut off", func(t *testing.T) {
		for n := range box {
			if _, err := k.Open(PurposeSeal, box[:n], []byte("aad")); !errors.Is(err, ErrOpen) {
				t.Errorf("the first %d bytes: %v, want ErrOpen", n, err)
			}
		}
	})
}

func TestSealRefusesUnknownPurposes(t *testing.T) {
	k := keys(t, secret("one"))
	for _, purpose := range []Purpose{"", "jwt", "key-id", "other"} {
		if _, err := k.Seal(purpose, []byte("x"), nil); err == nil {
			t.Errorf("sealed for %q", purpose)
		}
	}
}

func TestRotation(t *testing.T) {
	before := keys(t, secret("old"))
	box := sealed(t, before, PurposeSeal, "token", "")
	after := keys(t, secret("new"), secret("old"))

	got, err := after.Open(PurposeSeal, box, nil)
	if err != nil || string(got) != "token" {
		t.Errorf("sealed before the change: %q, %v", got, err)
	}
	again := sealed(t, after, PurposeSeal, "token", "")
	if after.Current(box) || !after.Current(again) || after.Current(nil) {
		t.Error("Current does not tell the keys apart")
	}
	if _, err := before.Open(PurposeSeal, again, nil); !errors.Is(err, ErrOpen) {
		t.Errorf("the new key sealed with the old one: %v", err)
	}
	done := keys(t, secret("new"))
	if _, err := done.Open(PurposeSeal, box, nil); !errors.Is(err, ErrOpen) {
		t.Errorf("after the previous key is gone: %v", err)
	}
	if got, err := done.Open(PurposeSeal, again, nil); err != nil || string(got) != "token" {
		t.Errorf("sealed again: %q, %v", got, err)
	}

	oldID, oldKey := before.JWTKey()
	newID, newKey := after.JWTKey()
	all := after.JWTKeys()
	if oldID == newID || len(all) != 2 || !bytes.Equal(all[oldID], oldKey) || !bytes.Equal(all[newID], newKey) {
		t.Errorf("signing keys: old %s, new %s, all %d", oldID, newID, len(all))
	}
}

// The format and the derivation are written to disk, so they may not change by
// accident. Checked against the standard library's HKDF, step by step.
func TestDerivationIsAsDocumented(t *testing.T) {
	key := secret("one")
	k := keys(t, key)
	expand := func(purpose string, n int) []byte {
		out, err := hkdf.Key(sha256.New, key, nil, "gatehouse/v1/"+purpose, n)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	kid, jwt := k.JWTKey()
	if want := hex.EncodeToString(expand("key-id", 8)); kid != want {
		t.Errorf("kid %s, want %s", kid, want)
	}
	if !bytes.Equal(jwt, expand("jwt", 32)) {
		t.Error("the signing key is another")
	}
	box := sealed(t, k, PurposeSeal, "text", "aad")
	aead, err := chacha20poly1305.NewX(expand("seal", 32))
	if err != nil {
		t.Fatal(err)
	}
	got, err := aead.Open(nil, box[9:33], box[33:], append(bytes.Clone(box[:9]), "aad"...))
	if err != nil || string(got) != "text" {
		t.Errorf("opened by hand: %q, %v", got, err)
	}
	old, err := base64.StdEncoding.DecodeString(kept)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Open(PurposeSeal, old, []byte("aad")); err != nil || string(got) != "kept" {
		t.Errorf("the kept box: %q, %v", got, err)
	}
}

func TestNewRefuses(t *testing.T) {
	good := secret("one")
	tests := []struct {
		name     string
		current  []byte
		previous [][]byte
	}{
		{"nothing", nil, nil},
		{"empty", []byte{}, nil},
		{"31 bytes", good[:31], nil},
		{"a short previous key", good, [][]byte{good[:31]}},
		{"an empty previous key", good, [][]byte{nil}},
		{"two previous keys", good, [][]byte{secret("a"), secret("b")}},
		{"the same key twice", good, [][]byte{good}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if k, err := New(tt.current, tt.previous...); err == nil || k != nil {
				t.Errorf("got %v, %v", k, err)
			}
		})
	}
}

func TestParseKey(t *testing.T) {
	key := secret("any3") // its base64 has characters that the two alphabets write differently
	std := base64.StdEncoding.EncodeToString(key)
	short := hex.EncodeToString(key[:16])
	tests := []struct {
		name string
		text string
		ok   bool
	}{
		{"base64", std, true},
		{"base64 with a line end", std + "\n", true},
		{"base64 with a Windows line end", " " + std + "\r\n", true},
		{"base64 without padding", strings.TrimRight(std, "="), true},
		{"base64url", base64.URLEncoding.EncodeToString(key), true},
		{"base64url without padding", base64.RawURLEncoding.EncodeToString(key), true},
		{"hex", hex.EncodeToString(key), true},
		{"HEX with a line end", strings.ToUpper(hex.EncodeToString(key)) + "\n", true},
		{"raw", string(key), true},
		{"nothing", "", false},
		{"a line end", "\n", false},
		{"hex of 16 bytes, which has 32 characters", short, false},
		{"a passphrase of 32 characters", "The quick brown fox jumps over 1", false},
		{"base64 that is not canonical", strings.TrimRight(std, "=")[:42] + "J", false},
		{"base64 cut short", std[:40], false},
		{"base64 of 33 bytes", base64.StdEncoding.EncodeToString(append(key, 1)), false},
		{"raw of 31 bytes", string(key[:31]), false},
		{"raw of 33 bytes", string(append(bytes.Clone(key), 7)), false},
		{"zeros", strings.Repeat("00", 32), false},
		{"zeros, raw", string(make([]byte, 32)), false},
		{"counting", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", false},
		{"two keys", std + "\n" + std, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseKey([]byte(tt.text))
			switch {
			case tt.ok && (err != nil || !bytes.Equal(got, key)):
				t.Errorf("got %v", err)
			case !tt.ok && !errors.Is(err, ErrKey):
				t.Errorf("accepted, or %v", err)
			case err != nil && len(tt.text) > 8 && strings.Contains(err.Error(), tt.text[:8]):
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}

func TestParseKeyTakesAnyRandomKey(t *testing.T) {
	for range 2000 {
		key := make([]byte, KeySize)
		_, _ = rand.Read(key)
		if got, err := ParseKey(key); err != nil || !bytes.Equal(got, key) {
			t.Fatalf("%x: %v", key, err)
		}
	}
}

func TestNewKey(t *testing.T) {
	a, b := NewKey(), NewKey()
	if a == b {
		t.Error("the same key twice")
	}
	key, err := ParseKey([]byte(a))
	if err != nil || len(key) != KeySize {
		t.Errorf("%d bytes, %v", len(key), err)
	}
}

func TestKeysPrintNothing(t *testing.T) {
	k := keys(t, secret("one"))
	_, jwt := k.JWTKey()
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		fmt.Fprintf(&out, verb+" ", k)
		fmt.Fprintf(&out, verb+" ", struct{ K *Keys }{k})
	}
	text, err := json.Marshal(map[string]any{"keys": k, "in": struct{ K *Keys }{k}})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "keys", k, "in", struct{ K *Keys }{k})
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "keys", k, "in", struct{ K *Keys }{k})
	for _, shown := range []string{hex.EncodeToString(jwt), string(jwt), fmt.Sprint(jwt), base64.StdEncoding.EncodeToString(jwt)} {
		if strings.Contains(out.String(), shown) {
			t.Errorf("printed: %s", out.String())
		}
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add([]byte(NewKey()))
	f.Add(secret("one"))
	f.Add([]byte(hex.EncodeToString(secret("one"))))
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := ParseKey(text)
		if (err == nil) != (len(key) == KeySize) {
			t.Errorf("%d bytes, %v", len(key), err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	k, err := New(secret("one"))
	if err != nil {
		f.Fatal(err)
	}
	box, err := base64.StdEncoding.DecodeString(kept)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(box)
	f.Add(box[:10])
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := k.Open(PurposeSeal, data, []byte("aad")); err == nil && !bytes.Equal(data, box) {
			t.Errorf("opened %x as %q", data, got)
		}
	})
}
