// SPDX-License-Identifier: Apache-2.0

// Package fakeservers lends end-to-end tests the servers in memory that the adapters' unit tests have, where a real one cannot be
// installed by name.
package fakeservers

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"gatehouse/server/homeserver/fakemas"
	"gatehouse/tools/homeserver"
)

// MAS is a Matrix Authentication Service in memory, with a Synapse that leaves its accounts to it.
type MAS struct {
	URL, Synapse           string
	ClientID, ClientSecret string

	fake *fakemas.Server
}

// SignIn makes a session of an account, as a browser ("browser") or a client ("oauth2") does with pages that the fake has not got.
func (m MAS) SignIn(kind, username, scope, device string) {
	m.fake.AddSession(kind, username, scope, device)
}

// OnlyHere makes an account that Synapse has not got.
func (m MAS) OnlyHere(username string) { m.fake.AddHere(username) }

// OnlyAtSynapse makes an account that MAS has not got.
func (m MAS) OnlyAtSynapse(username string, locked bool, emails ...string) {
	m.fake.Synapse.Provision(username, locked, emails, username, "")
}

// check holds what Gatehouse sends, and what it is answered, against the shapes that the adapter's tests recorded, and MAS's own document, where
// MAS_OPENAPI names it. What tests send themselves is their own affair.
func check(t testing.TB) func(*http.Request, []byte, int, []byte) {
	t.Helper()
	root, err := homeserver.Root()
	if err != nil {
		t.Fatal(err)
	}
	contract, err := fakemas.OpenContract(filepath.Join(root, "server/homeserver/mas/testdata/shapes.json"), os.Getenv("MAS_OPENAPI"))
	if err != nil {
		t.Fatal(err)
	}
	holds := contract.Check(t)
	return func(r *http.Request, body []byte, status int, answer []byte) {
		if r.Header.Get("User-Agent") == "Gatehouse" {
			holds(r, body, status, answer)
		}
	}
}

// StartMAS starts one that ends with the test.
func StartMAS(t testing.TB) MAS {
	fake := fakemas.New(t, fakemas.Options{Check: check(t)})
	fake.AddProvider("School", "https://school.example.org")
	return MAS{fake.URL, fake.Synapse.URL, fakemas.ClientID, fakemas.ClientSecret, fake}
}
