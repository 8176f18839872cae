// SPDX-License-Identifier: Apache-2.0

// Package sharedsecret speaks the registration shared secret of Synapse and Dendrite: it makes accounts, proves the secret
// without making one, and keeps the gate's own service account alive.
package sharedsecret

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"strings"
	"unicode/utf8"

	"gatehouse/app/api"
)

// ErrField is returned for what cannot be part of a MAC.
var ErrField = errors.New("a field holds a NUL character or is no UTF-8")

// message joins the fields that the MAC covers. A NUL inside one would let another set of fields give the same message.
func message(nonce, username, password string, admin bool, userType string) (string, error) {
	for _, field := range []string{nonce, username, password, userType} {
		if strings.ContainsRune(field, 0) || !utf8.ValidString(field) {
			return "", ErrField
		}
	}
	role := "notadmin"
	if admin {
		role = "admin"
	}
	fields := []string{nonce, username, password, role}
	if userType != "" {
		fields = append(fields, userType)
	}
	return strings.Join(fields, "\x00"), nil
}

// MAC is what proves the shared secret: HMAC-SHA1 over nonce, username, password, role and, where there is one, the user
// type, joined by NUL; in lower-case hexadecimal, which Synapse compares as text. The username goes in as it is sent.
// Source: Synapse, "Shared-Secret Registration"; Dendrite, clientapi/routing/register_secret.go, which knows no user type.
func MAC(secret api.Secret, nonce, username string, password api.Secret, admin bool, userType string) (string, error) {
	text, err := message(nonce, username, password.Reveal(), admin, userType)
	if err != nil {
		return "", err
	}
	h := hmac.New(sha1.New, []byte(secret.Reveal()))
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil)), nil
}
