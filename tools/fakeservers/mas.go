// SPDX-License-Identifier: Apache-2.0

// Package fakeservers lends end-to-end tests the servers in memory that the adapters' unit tests have, where a real one cannot be
// installed by name.
package fakeservers

import (
	"testing"

	"gatehouse/server/homeserver/fakemas"
)

// MAS is a Matrix Authentication Service in memory, with a Synapse that leaves its accounts to it.
type MAS struct {
	URL, Synapse           string
	ClientID, ClientSecret string
}

// StartMAS starts one that ends with the test.
func StartMAS(t testing.TB) MAS {
	fake := fakemas.New(t, fakemas.Options{})
	fake.AddProvider("School", "https://school.example.org")
	return MAS{fake.URL, fake.Synapse.URL, fakemas.ClientID, fakemas.ClientSecret}
}
