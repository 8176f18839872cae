// SPDX-License-Identifier: Apache-2.0

package api

// The operations on what Matrix Authentication Service (MAS) keeps for a whole homeserver. Its configuration decides about it, so all of it is
// only read.
var (
	// ListProviders returns the services that people can sign in with instead of a password.
	ListProviders = Read[ServerQuery, ProviderList]("providers.list", ReadServers, Listing)
	// ListClients returns a page of the clients that people sign in with, the newest first.
	ListClients = Read[ClientQuery, ClientPage]("clients.list", ReadService, Listing)
	// GetClient returns one of them.
	GetClient = Read[ClientRef, Client]("clients.get", ReadService)
	// GetSite returns what people may do by themselves.
	GetSite = Read[ServerQuery, Site]("site.get", ReadService)
	// GetPolicy returns the data that was given to MAS's policy at run time, in addition to its configuration.
	GetPolicy = Read[ServerQuery, Policy]("policy.get", ReadService)
)

// OfMAS are the operations that only a homeserver with Matrix Authentication Service can have.
var OfMAS = []Op{
	RepairUser, ListProviders, ListClients, GetClient, GetSite, GetPolicy, ListPersonal, GetPersonal, CreatePersonal, RenewPersonal, RevokePersonal,
}

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

// ServicePage is how many clients or personal sessions are in a page at most.
const ServicePage = 50

// ClientQuery asks for a page of clients.
type ClientQuery struct {
	Search string `json:"search,omitempty"` // part of the name
	Cursor string `json:"cursor,omitempty"` // from Next of a page asked with the same other fields
}

// Validate implements Request.
func (q ClientQuery) Validate() error {
	var v Invalid
	checkText(&v, "search", q.Search, 255)
	checkULID(&v, "cursor", q.Cursor, true, "invalid_cursor")
	return v.Err()
}

// Targets implements Request.
func (ClientQuery) Targets() []UserID { return nil }

// ClientRef names a client.
type ClientRef struct {
	ID string `json:"id"`
}

// Validate implements Request.
func (r ClientRef) Validate() error {
	var v Invalid
	checkULID(&v, "id", r.ID, false, "invalid_id")
	return v.Err()
}

// Targets implements Request.
func (ClientRef) Targets() []UserID { return nil }

// Client is an OAuth 2.0 client. One that is static is in MAS's configuration; the others registered themselves.
type Client struct {
	ID           string   `json:"id"`
	Name         string   `json:"name,omitempty"`
	URL          string   `json:"url,omitempty"`
	Static       bool     `json:"static,omitempty"`
	GrantTypes   []string `json:"grant_types,omitempty"`
	RedirectURLs []string `json:"redirect_urls,omitempty"`
}

// ClientPage is a page of clients.
type ClientPage struct {
	Clients []Client `json:"clients"`
	Total   int64    `json:"total"` // how many match, over all pages
	Next    string   `json:"next,omitempty"`
}

// Site is MAS's configuration as far as it tells it.
type Site struct {
	ServerName                string `json:"server_name"`
	Passwords                 bool   `json:"passwords"` // people sign in with passwords
	MinimumPasswordQuality    int    `json:"minimum_password_quality"`
	Registration              bool   `json:"registration"`                // people may register with a password
	RegistrationEmailRequired bool   `json:"registration_email_required"` // and need an e-mail address
	RegistrationTokenRequired bool   `json:"registration_token_required"` // and a token
	EmailChange               bool   `json:"email_change"`                // people may change theirs
	DisplayNameChange         bool   `json:"display_name_change"`
	PasswordChange            bool   `json:"password_change"`
	Recovery                  bool   `json:"recovery"` // by e-mail, where a password was forgotten
	Deactivation              bool   `json:"deactivation"`
	Captcha                   bool   `json:"captcha"`
}

// Policy is the data of MAS's policy that was set last. There is none where CreatedMS is 0.
type Policy struct {
	CreatedMS int64  `json:"created_ms,omitempty"` // unix milliseconds
	Data      string `json:"data,omitempty"`       // JSON, indented
}

// checkULID checks an identifier of MAS's: 26 characters of Crockford's base 32.
func checkULID(v *Invalid, field, text string, optional bool, code string) {
	if text == "" && optional {
		return
	}
	ok := len(text) == 26
	for _, c := range []byte(text) {
		ok = ok && (c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')
	}
	if !ok {
		v.Add(field, code)
	}
}
