// SPDX-License-Identifier: Apache-2.0

package api

import (
	"slices"
	"strconv"
	"strings"
)

// The operations on personal sessions of Matrix Authentication Service: tokens that are made for a program, and act as an account.
var (
	// ListPersonal returns a page of them, the newest first.
	ListPersonal = Read[PersonalQuery, PersonalPage]("personal.list", ReadPersonal, Listing)
	// GetPersonal returns one of them.
	GetPersonal = Read[PersonalRef, PersonalSession]("personal.get", ReadPersonal)
	// CreatePersonal makes one. Whoever holds its token acts as the account, within the scope.
	CreatePersonal = Write[PersonalCreate, PersonalCard]("personal.create", WritePersonal, Reveals, Loud)
	// RenewPersonal gives one a new token and another end; the token from before ends.
	RenewPersonal = Write[PersonalRenewal, PersonalCard]("personal.renew", WritePersonal, Reveals, Loud)
	// RevokePersonal ends one for ever.
	RevokePersonal = Write[PersonalRevocation, PersonalSession]("personal.revoke", WritePersonal, Destructive)
)

// The scopes that are of use; a token without the first cannot use the second.
const (
	ScopeMatrix  = "urn:matrix:client:api:*"
	ScopeSynapse = "urn:synapse:admin:*"
	ScopeMAS     = "urn:mas:admin"
)

// AdminScope reports whether a scope is an administrator's, of MAS's API or of Synapse's.
func AdminScope(scope string) bool {
	return slices.ContainsFunc(strings.Fields(scope), func(s string) bool { return s == ScopeMAS || strings.HasPrefix(s, "urn:synapse:admin:") })
}

// The lives of a personal session, in days: unless told, and at most. One that never ends is not made here.
const (
	PersonalDays    = 30
	MaxPersonalDays = 366
)

// The states of a personal session.
const (
	PersonalActive  = "active"
	PersonalExpired = "expired"
	PersonalRevoked = "revoked"
)

// PersonalQuery asks for a page of personal sessions.
type PersonalQuery struct {
	State  string `json:"state,omitempty"`  // active, which those that expired are among, or revoked; default: all
	Actor  UserID `json:"actor,omitempty"`  // the account that they act as
	Cursor string `json:"cursor,omitempty"` // from Next of a page asked with the same other fields
}

// Validate implements Request.
func (q PersonalQuery) Validate() error {
	var v Invalid
	if q.State != "" && q.State != PersonalActive && q.State != PersonalRevoked {
		v.Add("state", "invalid_choice", "choices", "active, revoked")
	}
	if q.Actor != "" {
		v.Check("actor", q.Actor.Validate())
	}
	checkULID(&v, "cursor", q.Cursor, true, "invalid_cursor")
	return v.Err()
}

// Targets implements Request.
func (q PersonalQuery) Targets() []UserID {
	if q.Actor == "" {
		return nil
	}
	return []UserID{q.Actor}
}

// PersonalSession is one of them.
type PersonalSession struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Actor      UserID `json:"actor"`            // the account that it acts as
	Owner      UserID `json:"owner,omitempty"`  // who made it, where that was a person
	Client     string `json:"client,omitempty"` // else the client that made it: its name, or its ID
	Scope      string `json:"scope"`
	Admin      bool   `json:"admin,omitempty"` // the scope is an administrator's
	State      string `json:"state"`           // active, expired or revoked
	CreatedMS  int64  `json:"created_ms"`      // unix milliseconds, as all times
	ExpiresMS  int64  `json:"expires_ms,omitempty"`
	LastSeenMS int64  `json:"last_seen_ms,omitempty"`
	LastSeenIP string `json:"last_seen_ip,omitempty"`
	Ours       bool   `json:"ours,omitempty"` // Gatehouse's client made it; only such can be renewed here
	Own        bool   `json:"own,omitempty"`  // Gatehouse itself works with it
}

// PersonalPage is a page of them.
type PersonalPage struct {
	Sessions []PersonalSession `json:"sessions"`
	Total    int64             `json:"total"` // how many match, over all pages
	Next     string            `json:"next,omitempty"`
}

// PersonalRef names a personal session.
type PersonalRef struct {
	ID string `json:"id"`
}

// Validate implements Request.
func (r PersonalRef) Validate() error {
	var v Invalid
	checkULID(&v, "id", r.ID, false, "invalid_id")
	return v.Err()
}

// Targets implements Request.
func (PersonalRef) Targets() []UserID { return nil }

// PersonalCreate asks for a personal session.
type PersonalCreate struct {
	Actor  UserID `json:"actor"`
	Name   string `json:"name"`
	Scope  string `json:"scope"`
	Days   int    `json:"days,omitempty"`
	Reason string `json:"reason"` // for the audit log; there is no such token without one
}

func (c *PersonalCreate) settle() {
	c.Name = strings.TrimSpace(c.Name)
	c.Scope = strings.Join(strings.Fields(c.Scope), " ")
	if c.Days == 0 {
		c.Days = PersonalDays
	}
}

// Validate implements Request.
func (c PersonalCreate) Validate() error {
	var v Invalid
	v.Check("actor", c.Actor.Validate())
	if c.Name == "" {
		v.Add("name", "missing")
	}
	checkText(&v, "name", c.Name, 255)
	checkScope(&v, c.Scope)
	checkPersonalDays(&v, c.Days)
	if c.Reason == "" {
		v.Add("reason", "missing")
	}
	checkText(&v, "reason", c.Reason, maxReason)
	return v.Err()
}

// checkScope checks the grammar (RFC 6749 section 3.3), which MAS does too, and what MAS lets through and Synapse then refuses.
func checkScope(v *Invalid, scope string) {
	devices, matrix, synapse := 0, false, false
	for s := range strings.FieldsSeq(scope) {
		if strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r > '~' || r == '"' || r == '\\' }) {
			v.Add("scope", "invalid_scope")
			return
		}
		if strings.Contains(s, "client:device:") {
			devices++
		}
		matrix = matrix || strings.HasSuffix(s, "client:api:*")
		synapse = synapse || strings.HasPrefix(s, "urn:synapse:")
	}
	switch {
	case scope == "":
		v.Add("scope", "missing")
	case devices > 1:
		v.Add("scope", "scope_devices")
	case synapse && !matrix:
		v.Add("scope", "scope_without_matrix", "scope", ScopeMatrix)
	}
	checkText(v, "scope", scope, 1000)
}

func checkPersonalDays(v *Invalid, days int) {
	if days < 1 || days > MaxPersonalDays {
		v.Add("days", "out_of_range", "min", "1", "max", strconv.Itoa(MaxPersonalDays))
	}
}

// Targets implements Request.
func (c PersonalCreate) Targets() []UserID { return []UserID{c.Actor} }

// Why implements Reasoned.
func (c PersonalCreate) Why() string { return c.Reason }

// PersonalRevocation ends a personal session. It names the account that the session acts as, which is what the log and the rights of people
// are about; one that acts as another account is refused (personal_actor).
type PersonalRevocation struct {
	ID    string `json:"id"`
	Actor UserID `json:"actor"`
}

// Validate implements Request.
func (r PersonalRevocation) Validate() error {
	var v Invalid
	checkULID(&v, "id", r.ID, false, "invalid_id")
	v.Check("actor", r.Actor.Validate())
	return v.Err()
}

// Targets implements Request.
func (r PersonalRevocation) Targets() []UserID { return []UserID{r.Actor} }

// PersonalRenewal asks for a new token of a personal session. It names the account as a revocation does.
type PersonalRenewal struct {
	ID     string `json:"id"`
	Actor  UserID `json:"actor"`
	Days   int    `json:"days,omitempty"` // from now
	Reason string `json:"reason"`
}

func (r *PersonalRenewal) settle() {
	if r.Days == 0 {
		r.Days = PersonalDays
	}
}

// Validate implements Request.
func (r PersonalRenewal) Validate() error {
	var v Invalid
	checkULID(&v, "id", r.ID, false, "invalid_id")
	v.Check("actor", r.Actor.Validate())
	checkPersonalDays(&v, r.Days)
	if r.Reason == "" {
		v.Add("reason", "missing")
	}
	checkText(&v, "reason", r.Reason, maxReason)
	return v.Err()
}

// Targets implements Request.
func (r PersonalRenewal) Targets() []UserID { return []UserID{r.Actor} }

// Why implements Reasoned.
func (r PersonalRenewal) Why() string { return r.Reason }

// PersonalCard is a personal session with its token, once.
type PersonalCard struct {
	Session    PersonalSession `json:"session"`
	Token      Secret          `json:"token"`
	Homeserver string          `json:"homeserver,omitempty"` // the address that a client asks for
}

// Noted implements Noting.
func (c PersonalCard) Noted() string {
	return "The token acts as " + string(c.Session.Actor) + " and ends by itself at " + isoTime(c.Session.ExpiresMS) + "."
}
