// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

// KeySize is the length of the secret key in bytes.
const KeySize = 32

// ErrKey means that a text is no secret key. It never says what the text was.
var ErrKey = errors.New("the secret key must be 32 random bytes, written in base64 or hex or as they are; `gatehouse init` makes one")

// NewKey makes a secret key and writes it as [ParseKey] reads it: base64, on
// one line.
func NewKey() string {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// ParseKey reads a secret key from the text of a file or of an environment
// variable: base64 (standard or URL alphabet, padded or not), hex, or the 32
// bytes themselves. White space around a text does not count.
func ParseKey(text []byte) ([]byte, error) {
	trimmed := bytes.TrimSpace(text)
	// Hex first: 64 hexadecimal digits are base64, too, but of 48 bytes.
	if key, err := hex.DecodeString(string(trimmed)); err == nil && len(key) == KeySize {
		return random(key)
	}
	unpadded := string(bytes.TrimRight(trimmed, "="))
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if key, err := encoding.Strict().DecodeString(unpadded); err == nil && len(key) == KeySize {
			return random(key)
		}
	}
	if len(text) == KeySize && !printable(text) {
		return random(bytes.Clone(text))
	}
	return nil, fmt.Errorf("%w (this is %d bytes of something else)", ErrKey, len(text))
}

// printable reports whether all bytes are printable ASCII. Of 32 random bytes
// they never are (1 in 10^13); a passphrase or a key cut short is.
func printable(text []byte) bool {
	for _, b := range text {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return true
}

// random refuses keys that nobody drew at random: all zero, one byte repeated,
// a counter's first steps. 32 random bytes have 30 different ones, give or take.
func random(key []byte) ([]byte, error) {
	var seen [256]bool
	different, steps := 0, 0
	for i, b := range key {
		if !seen[b] {
			seen[b] = true
			different++
		}
		if i > 0 && b == key[i-1]+1 {
			steps++
		}
	}
	if different < 16 || steps > 16 {
		return nil, fmt.Errorf("%w (this one is not random)", ErrKey)
	}
	return key, nil
}
