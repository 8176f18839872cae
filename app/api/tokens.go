// SPDX-License-Identifier: Apache-2.0

package api

import (
	"strconv"
	"strings"
	"time"
)

// The operations on registration tokens (specification, "Token-authenticated registration"): whoever knows one makes an account with it.
var (
	// ListTokens returns them, or one of them, without what they read.
	ListTokens = Read[TokenQuery, TokenList]("tokens.list", ReadTokens, Listing)
	// ShowToken returns one, and what it reads. It counts as a write, so that the audit log says who saw which.
	ShowToken = Write[TokenRef, TokenCard]("tokens.show", ReadTokens, Reveals)
	// CreateToken makes one, of a text of one's own or of random characters.
	CreateToken = Write[TokenCreate, TokenCard]("tokens.create", WriteTokens, Reveals)
	// UpdateToken changes how often and how long it can be used.
	UpdateToken = Write[TokenUpdate, Token]("tokens.update", WriteTokens)
	// DeleteToken ends it for good; accounts that were made with it stay.
	DeleteToken = Write[TokenRef, Token]("tokens.delete", WriteTokens, Destructive)
	// RevokeToken ends it until it is taken back.
	RevokeToken = Write[TokenRef, Token]("tokens.revoke", WriteTokens)
	// UnrevokeToken lets a revoked one be used again.
	UnrevokeToken = Write[TokenRef, Token]("tokens.unrevoke", WriteTokens)
)

// TokenID names a registration token in addresses and logs. It is not what the token reads, and nobody can find that out from it.
type TokenID string

// Validate checks the shape of all that adapters give out.
func (id TokenID) Validate() error {
	switch {
	case id == "":
		return NewProblem(StatusUnprocessable, "missing")
	case len(id) > 100 || strings.Trim(string(id), tokenLetters) != "":
		return NewProblem(StatusUnprocessable, "invalid_token_id")
	}
	return nil
}

// tokenLetters are what a registration token can be made of (specification, "Token-authenticated registration").
const tokenLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-"

// Token is a registration token without what it reads.
type Token struct {
	ID         TokenID    `json:"id"`
	Start      string     `json:"start,omitempty"` // its first characters, to be recognised by; "" of a short one
	State      TokenState `json:"state"`
	Uses       int64      `json:"uses,omitempty"`         // how many accounts can be made with it; 0: any number
	Completed  int64      `json:"completed"`              // how many were
	Pending    int64      `json:"pending"`                // how many have been begun
	ExpiresMS  int64      `json:"expires_ms,omitempty"`   // unix milliseconds; 0: never
	CreatedMS  int64      `json:"created_ms,omitempty"`   //
	LastUsedMS int64      `json:"last_used_ms,omitempty"` // 0: never
	// Unknown names the JSON fields that this server cannot tell.
	Unknown []string `json:"unknown,omitempty"`
}

// TokenState says whether a token can be used.
type TokenState string

// The states of a token.
const (
	TokenValid   TokenState = "valid"
	TokenUsedUp  TokenState = "used_up"
	TokenExpired TokenState = "expired"
	TokenRevoked TokenState = "revoked"
)

// TokenQuery asks for the registration tokens of the homeserver of the call.
type TokenQuery struct {
	ID TokenID `json:"id,omitempty"` // for this one alone
}

// Validate implements Request.
func (q TokenQuery) Validate() error {
	var v Invalid
	if q.ID != "" {
		v.Check("id", q.ID.Validate())
	}
	return v.Err()
}

// Targets implements Request.
func (TokenQuery) Targets() []UserID { return nil }

// TokenList is the registration tokens of a homeserver, those that can be used first.
type TokenList struct {
	Tokens []Token `json:"tokens"`
	// Total is how many there are, where that is more than are listed: then all that can be used are, as far as they can be held, and of the
	// others the newest.
	Total int64 `json:"total,omitempty"`
	// Demand says whether the homeserver asks for a token at registration; "" where that is not known.
	Demand TokenDemand `json:"demand,omitempty"`
}

// TokenDemand says what part tokens have in a homeserver's registration.
type TokenDemand string

// What a homeserver asks for at registration.
const (
	TokenRequired TokenDemand = "required" // nobody registers without one
	TokenOptional TokenDemand = "optional" // one way of several asks for one
	TokenNotAsked TokenDemand = "not_asked"
	TokenClosed   TokenDemand = "closed" // nobody registers at all
)

// TokenRef names a registration token.
type TokenRef struct {
	ID TokenID `json:"id"`
}

// Validate implements Request.
func (r TokenRef) Validate() error {
	var v Invalid
	v.Check("id", r.ID.Validate())
	return v.Err()
}

// Targets implements Request.
func (TokenRef) Targets() []UserID { return nil }

// MaxUses is the largest number of uses that every server takes.
const MaxUses = 1_000_000_000

// TokenCreate asks for a registration token.
type TokenCreate struct {
	Token   Secret `json:"token,omitzero"`    // what it reads; "": random characters
	Uses    int64  `json:"uses,omitempty"`    // 0: any number
	Expires string `json:"expires,omitempty"` // 2026-12-31 (to the end of that day, UTC) or a time (RFC 3339); "": never
}

func (c *TokenCreate) settle() { c.Expires = strings.TrimSpace(c.Expires) }

// Validate implements Request.
func (c TokenCreate) Validate() error {
	var v Invalid
	checkToken(&v, "token", c.Token)
	checkUses(&v, "uses", c.Uses)
	checkDay(&v, "expires", c.Expires)
	return v.Err()
}

// Targets implements Request.
func (TokenCreate) Targets() []UserID { return nil }

// TokenUpdate changes a registration token. A field that is absent, or whose From and To are the same, stays as it is.
type TokenUpdate struct {
	ID      TokenID         `json:"id"`
	Uses    *Change[int64]  `json:"uses,omitempty"`    // as in TokenCreate
	Expires *Change[string] `json:"expires,omitempty"` // as in TokenCreate
}

// settle drops the changes that change nothing. A day that an expiry was on already is no change of it.
func (u *TokenUpdate) settle() {
	if u.Uses.idle() {
		u.Uses = nil
	}
	if u.Expires != nil {
		u.Expires.To = strings.TrimSpace(u.Expires.To)
		if from := u.Expires.From; u.Expires.idle() || (from != nil && u.Expires.To != "" && strings.HasPrefix(*from, u.Expires.To+"T")) {
			u.Expires = nil
		}
	}
}

// Validate implements Request.
func (u TokenUpdate) Validate() error {
	var v Invalid
	v.Check("id", u.ID.Validate())
	if u.Uses != nil {
		checkUses(&v, "uses.to", u.Uses.To)
	}
	if u.Expires != nil {
		checkDay(&v, "expires.to", u.Expires.To)
	}
	return v.Err()
}

// Targets implements Request.
func (TokenUpdate) Targets() []UserID { return nil }

// TokenCard is a registration token as it is handed out.
type TokenCard struct {
	Token Token  `json:"token"`
	Text  Secret `json:"text"` // what it reads
	// Homeserver is the address that a client asks for, ClientURL the web client's, if one is configured.
	Homeserver string `json:"homeserver,omitempty"`
	ClientURL  string `json:"client_url,omitempty"`
}

// Expiry is the end of a day, or the time, that a text names. Zero is never.
func Expiry(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Add(24*time.Hour - time.Millisecond), nil
	}
	return time.Parse(time.RFC3339, text)
}

// ExpiryText writes an expiry so that Expiry reads it, "" for never.
func ExpiryText(ms int64) string {
	if ms <= 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// maxToken is the longest registration token (specification, "Token-authenticated registration").
const maxToken = 64

func checkToken(v *Invalid, field string, s Secret) {
	switch text := s.Reveal(); {
	case len(text) > maxToken:
		v.Add(field, "too_long", "max", strconv.Itoa(maxToken))
	case strings.Trim(text, tokenLetters) != "", text == ".", text == "..": // those two no address can carry
		v.Add(field, "invalid_token")
	}
}

func checkUses(v *Invalid, field string, n int64) {
	if n < 0 || n > MaxUses {
		v.Add(field, "out_of_range", "min", "1", "max", strconv.Itoa(MaxUses))
	}
}

func checkDay(v *Invalid, field, text string) {
	if _, err := Expiry(text); err != nil {
		v.Add(field, "invalid_day")
	}
}
