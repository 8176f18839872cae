// SPDX-License-Identifier: Apache-2.0

package api

import "strings"

// FindUser tells which account has an e-mail address, a phone number or an identity at a sign-in service.
var FindUser = Read[UserFind, Found]("users.find", ReadUsers)

// What an account is found by.
const (
	ByEmail    = "email"
	ByPhone    = "phone"
	ByIdentity = "identity"
)

// UserFind asks who has an address or an identity.
type UserFind struct {
	By       string `json:"by"`
	Value    string `json:"value"`                   // the address, or the identity
	Provider string `json:"auth_provider,omitempty"` // of the identity
}

func (f *UserFind) settle() {
	f.Provider = strings.TrimSpace(f.Provider)
	f.Value = strings.TrimSpace(f.Value)
	if medium := f.Medium(); medium != "" {
		f.Provider = ""
		value := CanonicalAddress(medium, f.Value)
		if f.By == ByPhone && !isDigits(value) { // an account may have one that could not be added
			value = plainAddress(medium, f.Value)
		}
		if value != "" {
			f.Value = value
		}
	}
}

// Medium returns the medium of the address that is asked for, "" for an identity.
func (f UserFind) Medium() string {
	switch f.By {
	case ByEmail:
		return "email"
	case ByPhone:
		return "msisdn"
	}
	return ""
}

// Validate implements Request.
func (f UserFind) Validate() error {
	var v Invalid
	switch {
	case f.By == "":
		v.Add("by", "missing")
	case f.By != ByIdentity && f.Medium() == "":
		v.Add("by", "invalid_choice", "choices", "email, phone, identity")
	case f.Value == "":
		v.Add("value", "missing")
	case f.By == ByIdentity:
		checkText(&v, "value", f.Value, 255)
	case f.By == ByPhone:
		if !isDigits(f.Value) || len(f.Value) < 3 || len(f.Value) > maxPhone {
			v.Add("value", "invalid_phone")
		}
	default:
		checkAddress(&v, "value", Threepid{Medium: f.Medium(), Address: f.Value})
	}
	if f.By == ByIdentity {
		if f.Provider == "" {
			v.Add("auth_provider", "missing")
		}
		checkText(&v, "auth_provider", f.Provider, 255)
	}
	return v.Err()
}

// Targets implements Request.
func (UserFind) Targets() []UserID { return nil }

// Found is the account that was found; "" where nobody has what was asked for.
type Found struct {
	ID UserID `json:"id,omitempty"`
}
