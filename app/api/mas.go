// SPDX-License-Identifier: Apache-2.0

package api

// The operations on what Matrix Authentication Service keeps for a whole homeserver. All of it is read: its configuration decides about it.
var (
	// ListProviders returns the services that people can sign in with instead of a password.
	ListProviders = Read[ServerQuery, ProviderList]("providers.list", ReadServers)
)

// OfMAS are the operations that only a homeserver with Matrix Authentication Service can have.
var OfMAS = []Op{RepairUser, ListProviders}

// Provider is an upstream OAuth provider of MAS's.
type Provider struct {
	ID string `json:"id"`
	// Name is what identities name it by (ExternalID.AuthProvider): its own name where no other has that, else its issuer, else its ID.
	Name      string `json:"name"`
	Issuer    string `json:"issuer,omitempty"`
	Brand     string `json:"brand,omitempty"`
	CreatedMS int64  `json:"created_ms,omitempty"` // unix milliseconds
	Disabled  bool   `json:"disabled,omitempty"`
}

// ProviderList is all of them.
type ProviderList struct {
	Providers []Provider `json:"providers"`
}
