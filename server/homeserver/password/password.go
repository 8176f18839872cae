// SPDX-License-Identifier: Apache-2.0

// Package password makes the passwords that accounts are given.
package password

import (
	"crypto/rand"
	"fmt"
	"io"
	"strings"

	"github.com/sethvargo/go-diceware/diceware"

	"gatehouse/app/api"
)

const (
	// words of the EFF's long list of 7,776: 6 × log2(7776) ≈ 77.5 bits.
	words = 6
	// alphabet has no signs that are taken for each other when read from paper: no 0 O o, 1 l I i.
	alphabet = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	// length × log2(len(alphabet)) ≈ 115 bits.
	length = 20
)

// Make returns the password that was chosen: made here, typed by a person, or none (a Secret without text). The choice must
// be a validated one.
func Make(choice api.PasswordChoice) (api.Secret, error) {
	switch choice.Mode {
	case api.PasswordPassphrase:
		return Passphrase(words)
	case api.PasswordRandom:
		return Random(length)
	case api.PasswordTyped:
		return choice.Password, nil
	case api.PasswordNone:
		return api.Secret{}, nil
	}
	return api.Secret{}, fmt.Errorf("there is no password mode %q", choice.Mode)
}

// Passphrase returns n words that nobody can guess.
func Passphrase(n int) (api.Secret, error) {
	list, err := diceware.GenerateWithWordList(n, diceware.WordListEffLarge())
	if err != nil {
		return api.Secret{}, fmt.Errorf("make a passphrase: %w", err)
	}
	return api.NewSecret(strings.Join(list, "-")), nil
}

// Random returns n characters that nobody can guess, each as likely as any other.
func Random(n int) (api.Secret, error) {
	text, err := draw(rand.Reader, alphabet, n)
	return api.NewSecret(text), err
}

// draw takes n characters of a set of at most 256 from a source of random bytes. Bytes from the incomplete last round of the
// set are thrown away: taking them modulo its size would make its first characters likelier.
func draw(source io.Reader, set string, n int) (string, error) {
	whole := 256 - 256%len(set)
	out := make([]byte, 0, n)
	buf := make([]byte, 2*n)
	for len(out) < n {
		if _, err := io.ReadFull(source, buf); err != nil {
			return "", fmt.Errorf("read random bytes: %w", err)
		}
		for _, b := range buf {
			if int(b) < whole && len(out) < n {
				out = append(out, set[int(b)%len(set)])
			}
		}
	}
	return string(out), nil
}
