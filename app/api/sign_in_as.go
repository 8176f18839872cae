// SPDX-License-Identifier: Apache-2.0

package api

import (
	"strconv"
	"time"
)

// SignInAs makes a token with which somebody acts as the account: whoever holds it can read and send whatever the account can. It always
// expires.
var SignInAs = Write[SignInAsUser, Impersonation]("users.sign_in_as", SignInAsUsers, Reveals, Loud)

// How long a token of SignInAs lives, in minutes: unless told, and at most.
const (
	SignInAsMinutes    = 60
	MaxSignInAsMinutes = 24 * 60
)

// SignInAsUser asks for a token of an account.
type SignInAsUser struct {
	ID      UserID `json:"id"`
	Minutes int    `json:"minutes,omitempty"`
	Reason  string `json:"reason"` // for the audit log; there is no such token without one
	Confirm bool   `json:"confirm,omitempty"`
}

func (s *SignInAsUser) settle() {
	if s.Minutes == 0 {
		s.Minutes = SignInAsMinutes
	}
}

// Validate implements Request.
func (s SignInAsUser) Validate() error {
	var v Invalid
	v.Check("id", s.ID.Validate())
	if s.Minutes < 1 || s.Minutes > MaxSignInAsMinutes {
		v.Add("minutes", "out_of_range", "min", "1", "max", strconv.Itoa(MaxSignInAsMinutes))
	}
	if s.Reason == "" {
		v.Add("reason", "missing")
	}
	checkText(&v, "reason", s.Reason, maxReason)
	return v.Err()
}

// Targets implements Request.
func (s SignInAsUser) Targets() []UserID { return []UserID{s.ID} }

// Why implements Reasoned.
func (s SignInAsUser) Why() string { return s.Reason }

// Confirmed implements Confirmable.
func (s SignInAsUser) Confirmed() bool { return s.Confirm }

// Impersonation is the token, once.
type Impersonation struct {
	User       User   `json:"user"`
	Token      Secret `json:"token"`
	ExpiresMS  int64  `json:"expires_ms"`           // unix milliseconds
	Homeserver string `json:"homeserver,omitempty"` // the address that a client asks for
}

// Noted implements Noting.
func (i Impersonation) Noted() string {
	return "The token ends by itself at " + isoTime(i.ExpiresMS) + "."
}

// isoTime writes unix milliseconds for the log.
func isoTime(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
