// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/store/storetest"
)

// A secret of a request, however deep, is in no file of the database.
func TestNoSecretIsStored(t *testing.T) { storetest.Each(t, testNoSecretIsStored) }

func testNoSecretIsStored(t *testing.T) {
	const canary = "canary/secret+0123=ö\"<"
	type account struct {
		Localpart string            `json:"localpart"`
		Password  api.Secret        `json:"password"`
		Pointer   *api.Secret       `json:"pointer"`
		More      map[string]any    `json:"more"`
		List      []api.Secret      `json:"list"`
		Plain     map[string]string `json:"plain"`
	}
	secret := api.NewSecret(canary)
	request, err := Redact(account{
		Localpart: "marker-of-this-test", Password: secret, Pointer: &secret,
		More: map[string]any{"deep": []any{secret, &secret}}, List: []api.Secret{secret},
	})
	must(t, err)

	rows := newStore(t)
	l := New(rows, clock)
	e := entry()
	e.Request = request
	id, err := l.Intent(t.Context(), e)
	must(t, err)
	must(t, l.Outcome(t.Context(), id, Result{Outcome: Done, Detail: "password " + secret.String()}))

	spellings := map[string]string{
		"plain":      canary,
		"base64":     base64.StdEncoding.EncodeToString([]byte(canary)),
		"base64url":  base64.RawURLEncoding.EncodeToString([]byte(canary)),
		"hex":        hex.EncodeToString([]byte(canary)),
		"URL":        url.QueryEscape(canary),
		"JSON":       `canary/secret+0123=ö\"`,
		"a piece":    "secret+0123",
		"URL, piece": "secret%2B0123",
	}
	stored := storetest.Stored(t, storetest.Given(t))
	for spelling, text := range spellings {
		if strings.Contains(stored, text) {
			t.Errorf("the store holds the secret (%s)", spelling)
		}
	}
	if !strings.Contains(stored, "marker-of-this-test") {
		t.Error("the request is in no file: this test looks in the wrong place")
	}
}
