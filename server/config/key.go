// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"

	"gatehouse/server/seal"
)

const (
	keySize        = 32
	defaultKeyFile = "gatehouse.key"
)

var errKey = errors.New("is not a key of 32 bytes. Make one with: openssl rand -base64 32")

// parseKey reads the key as seal.ParseKey does; what is wrong with one is not told.
func parseKey(data []byte) ([]byte, error) {
	raw, err := seal.ParseKey(data)
	if err != nil {
		return nil, errKey
	}
	return raw, nil
}

// newKey makes a key, as a line for a key file.
func newKey() []byte { return []byte(seal.NewKey() + "\n") }
