// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

const (
	keySize        = 32
	defaultKeyFile = "gatehouse.key"
)

var errKey = errors.New("is not a key of 32 bytes. Make one with: openssl rand -base64 32")

// parseKey reads 32 bytes that are written as base64 (either alphabet, padded or not) or as hexadecimal digits, or
// that stand there raw. White space around the first two does not count. 32 hexadecimal digits are refused: they are a
// key of half the size, not 32 bytes. So are 32 printable characters: random bytes never are, a passphrase is.
func parseKey(data []byte) ([]byte, error) {
	trimmed := bytes.TrimSpace(data)
	if raw, err := hex.DecodeString(string(trimmed)); err == nil {
		if len(raw) == keySize {
			return raw, nil
		}
		return nil, errKey
	}
	if len(data) == keySize && strings.ContainsFunc(string(data), func(r rune) bool { return r < ' ' || r > '~' }) {
		return data, nil
	}
	bare := string(bytes.TrimRight(trimmed, "="))
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(bare); err == nil && len(raw) == keySize {
			return raw, nil
		}
	}
	return nil, errKey
}

// newKey makes a key, as a line for a key file.
func newKey() []byte {
	raw := make([]byte, keySize)
	rand.Read(raw) // never fails, see crypto/rand
	return append(base64.StdEncoding.AppendEncode(nil, raw), '\n')
}
