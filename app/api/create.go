// SPDX-License-Identifier: Apache-2.0

package api

import (
	"strconv"
	"strings"
)

// PasswordChoice says where a new password comes from.
type PasswordChoice struct {
	Mode     string `json:"mode"`              // passphrase, random, typed or none
	Password Secret `json:"password,omitzero"` // with mode typed
}

// The modes of a PasswordChoice.
const (
	PasswordPassphrase = "passphrase"
	PasswordRandom     = "random"
	PasswordTyped      = "typed"
	PasswordNone       = "none"
)

// settle makes a typed password the choice where only the password was given, so that JSON need not say it twice.
func (p *PasswordChoice) settle() {
	if p.Mode == "" && !p.Password.IsZero() {
		p.Mode = PasswordTyped
	}
	if p.Mode != PasswordTyped {
		p.Password = Secret{}
	}
}

func (p PasswordChoice) check(v *Invalid, none bool) {
	switch p.Mode {
	case PasswordPassphrase, PasswordRandom:
	case PasswordTyped:
		checkPassword(v, "password.password", p.Password)
	case PasswordNone:
		if !none {
			v.Add("password.mode", "invalid_choice", "choices", "passphrase, random, typed")
		}
	case "":
		v.Add("password.mode", "missing")
	default:
		v.Add("password.mode", "invalid_choice", "choices", "passphrase, random, typed, none")
	}
}

// MaxPassword is the longest password that every server takes, in bytes; Synapse's bcrypt looks at the first 72.
const MaxPassword = 512

func checkPassword(v *Invalid, field string, s Secret) {
	switch text := s.Reveal(); {
	case text == "":
		v.Add(field, "missing")
	case strings.ContainsRune(text, 0):
		v.Add(field, "password_nul")
	case len(text) > MaxPassword:
		v.Add(field, "password_too_long", "max", strconv.Itoa(MaxPassword))
	case len(text) < 8:
		v.Add(field, "weak_password", "min", "8")
	}
}

// UserCreate asks for a new account.
type UserCreate struct {
	Localpart   Localpart      `json:"localpart"`
	DisplayName string         `json:"display_name,omitempty"`
	Password    PasswordChoice `json:"password"`
	Admin       bool           `json:"admin,omitempty"`
	UserType    string         `json:"user_type,omitempty"`
	Threepids   []Threepid     `json:"threepids,omitempty"`
	ExternalIDs []ExternalID   `json:"external_ids,omitempty"`
	AvatarURL   MXC            `json:"avatar_url,omitempty"`
	// Continue finishes an account whose making was begun here (User.Begun): it is made what this asks for. What it has already, stays.
	Continue bool `json:"continue,omitempty"`
}

func (c *UserCreate) settle() {
	c.DisplayName = strings.TrimSpace(c.DisplayName)
	c.Password.settle()
	c.Threepids = canonical(c.Threepids)
}

// Validate implements Request.
func (c UserCreate) Validate() error {
	var v Invalid
	v.Check("localpart", c.Localpart.Validate())
	checkText(&v, "display_name", c.DisplayName, maxDisplayName)
	c.Password.check(&v, true)
	checkText(&v, "user_type", c.UserType, 64)
	checkThreepids(&v, "threepids", c.Threepids)
	checkExternalIDs(&v, "external_ids", c.ExternalIDs)
	v.Check("avatar_url", c.AvatarURL.Validate())
	return v.Err()
}

// Targets implements Request. The server's name is the adapter's to know, so the target is named by its localpart alone.
func (c UserCreate) Targets() []UserID { return []UserID{UserID("@" + c.Localpart)} }

// Demands implements Demanding: only who may set administrators may make one.
func (c UserCreate) Demands() []Permission {
	if c.Admin {
		return []Permission{SetAdmins}
	}
	return nil
}

// Handout is what is handed to the account's person: it holds the password, once.
type Handout struct {
	User     User   `json:"user"`
	Password Secret `json:"password,omitzero"` // none where the account got none
	// Homeserver is the address that a client asks for, ClientURL the web client's sign-in link, if one is configured.
	Homeserver string `json:"homeserver,omitempty"`
	ClientURL  string `json:"client_url,omitempty"`
	// SignedOut says whether the account's devices were signed out.
	SignedOut bool `json:"signed_out,omitempty"`
	// Continued says that the account's making had been begun before: a password that it got then is not in Password.
	Continued bool `json:"continued,omitempty"`
	// Left names what was asked for and could not be done, though the account exists.
	Left []FieldProblem `json:"left,omitempty"`
}
