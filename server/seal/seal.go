// SPDX-License-Identifier: Apache-2.0

// Package seal encrypts the little that the gate must keep and nobody may read:
// its service tokens, and what a person had typed when their session ended. It
// also gives the key that signs session cookies.
//
// All keys come from one secret key, which is not in the store, by HKDF-SHA256
// (RFC 5869), each for one purpose. To change the secret key, give the new one
// as current and the old one as previous: what was sealed with the old one can
// still be opened, and everything new uses the new one.
package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// A Purpose is what a key is for. What was sealed for one purpose cannot be
// opened for another.
type Purpose string

// The purposes that can be sealed for.
const (
	PurposeSeal  Purpose = "seal"  // tokens in the store
	PurposeDraft Purpose = "draft" // what a person had typed
)

// purposeJWT signs; nothing is sealed with it.
const purposeJWT Purpose = "jwt"

// ErrOpen means that something was not sealed with a key that is known here,
// for this purpose and with this additional data, or was changed since.
var ErrOpen = errors.New("seal: cannot be opened: it was sealed with another key, or was changed")

// A sealed text is: version (1 byte), key id (8), nonce (24), ciphertext and
// tag (XChaCha20-Poly1305). The random nonce is long enough never to repeat.
// Version and key id are authenticated with the additional data.
const (
	version   = 1
	idSize    = 8
	headSize  = 1 + idSize
	nonceSize = chacha20poly1305.NonceSizeX
	minSize   = headSize + nonceSize + chacha20poly1305.Overhead
)

// keyset is what one secret key gives.
type keyset struct {
	id    [idSize]byte
	aeads map[Purpose]cipher.AEAD
	jwt   []byte
}

// Keys seals with the current key and opens with the current and the previous
// one. It may be used from many goroutines. However it is printed, it shows no
// key.
type Keys struct {
	sets []keyset // the current one first
}

// New derives the keys from the current secret key and from at most one
// previous one. Secret keys shorter than [KeySize] are refused.
func New(current []byte, previous ...[]byte) (*Keys, error) {
	if len(previous) > 1 {
		return nil, errors.New("seal: only one previous key can be kept")
	}
	k := &Keys{}
	for _, secret := range append([][]byte{current}, previous...) {
		set, err := derive(secret)
		if err != nil {
			return nil, err
		}
		if len(k.sets) > 0 && k.sets[0].id == set.id {
			return nil, errors.New("seal: the previous key is the current one")
		}
		k.sets = append(k.sets, set)
	}
	return k, nil
}

func derive(secret []byte) (keyset, error) {
	if len(secret) < KeySize {
		return keyset{}, fmt.Errorf("%w (this one has %d bytes)", ErrKey, len(secret))
	}
	expand := func(purpose Purpose, size int) ([]byte, error) {
		return hkdf.Key(sha256.New, secret, nil, "gatehouse/v1/"+string(purpose), size)
	}
	set := keyset{aeads: map[Purpose]cipher.AEAD{}}
	// The id is derived like a key: it tells nothing about the others.
	id, err := expand("key-id", idSize)
	if err != nil {
		return keyset{}, err
	}
	copy(set.id[:], id)
	for _, purpose := range []Purpose{PurposeSeal, PurposeDraft} {
		key, err := expand(purpose, chacha20poly1305.KeySize)
		if err != nil {
			return keyset{}, err
		}
		if set.aeads[purpose], err = chacha20poly1305.NewX(key); err != nil {
			return keyset{}, err
		}
	}
	set.jwt, err = expand(purposeJWT, sha256.Size)
	return set, err
}

// Seal encrypts plaintext with the current key. aad is not encrypted, but must
// be the same for [Keys.Open]: name there where the text belongs (homeserver
// and account), so that it cannot be moved elsewhere. It fails only for a
// purpose that is none.
func (k *Keys) Seal(purpose Purpose, plaintext, aad []byte) ([]byte, error) {
	set := k.sets[0]
	aead, ok := set.aeads[purpose]
	if !ok {
		return nil, fmt.Errorf("seal: no purpose %q", purpose)
	}
	out := make([]byte, headSize+nonceSize, minSize+len(plaintext))
	out[0] = version
	copy(out[1:], set.id[:])
	nonce := out[headSize:]
	_, _ = rand.Read(nonce) // never fails
	return aead.Seal(out, nonce, plaintext, authenticated(out[:headSize], aad)), nil
}

// Open decrypts what [Keys.Seal] made, with the current or the previous key. It
// fails with [ErrOpen].
func (k *Keys) Open(purpose Purpose, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < minSize || sealed[0] != version {
		return nil, ErrOpen
	}
	head, nonce, text := sealed[:headSize], sealed[headSize:headSize+nonceSize], sealed[headSize+nonceSize:]
	for _, set := range k.sets {
		aead, ok := set.aeads[purpose]
		if !ok || string(head[1:]) != string(set.id[:]) {
			continue
		}
		plaintext, err := aead.Open(nil, nonce, text, authenticated(head, aad))
		if err != nil {
			return nil, ErrOpen
		}
		return plaintext, nil
	}
	return nil, ErrOpen
}

// authenticated puts the header, whose length is fixed, before the caller's data.
func authenticated(head, aad []byte) []byte {
	return append(append(make([]byte, 0, len(head)+len(aad)), head...), aad...)
}

// Again seals with the current key what the previous one had sealed, before that
// is taken away. It returns nil where there is nothing to do: the current key
// sealed it, or neither opens it, and it stays as it is, in case its key is found.
func (k *Keys) Again(purpose Purpose, sealed, aad []byte) ([]byte, error) {
	if k.Current(sealed) {
		return nil, nil
	}
	plaintext, err := k.Open(purpose, sealed, aad)
	if err != nil {
		return nil, nil
	}
	return k.Seal(purpose, plaintext, aad)
}

// Two reports whether there is a previous key, of which something may be sealed again.
func (k *Keys) Two() bool { return len(k.sets) > 1 }

// Current reports whether something was sealed with the current key.
func (k *Keys) Current(sealed []byte) bool {
	return len(sealed) >= minSize && sealed[0] == version && string(sealed[1:headSize]) == string(k.sets[0].id[:])
}

// JWTKey returns the key that signs session cookies (HS256, 32 bytes) and its
// key id, for the header `kid`.
func (k *Keys) JWTKey() (kid string, key []byte) {
	set := k.sets[0]
	return hex.EncodeToString(set.id[:]), set.jwt
}

// JWTKeys returns the keys that a cookie may be signed with, by key id: the
// current one and the previous one.
func (k *Keys) JWTKeys() map[string][]byte {
	keys := make(map[string][]byte, len(k.sets))
	for _, set := range k.sets {
		keys[hex.EncodeToString(set.id[:])] = set.jwt
	}
	return keys
}

// Format implements fmt.Formatter, so that no verb prints a key.
func (*Keys) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[redacted]")) }

// MarshalText implements encoding.TextMarshaler, so that no encoder writes a key.
func (*Keys) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }
