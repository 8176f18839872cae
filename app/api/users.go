// SPDX-License-Identifier: Apache-2.0

package api

import (
	"slices"
	"strconv"
)

// The operations on accounts.
var (
	// ListUsers returns one page of the accounts.
	ListUsers = Read[UserQuery, UserPage]("users.list", ReadUsers, Listing)
	// GetUser returns one account with all that the server tells of it.
	GetUser = Read[UserRef, User]("users.get", ReadUsers)
	// CheckName tells whether a new account may have a name.
	CheckName = Read[NameQuery, Availability]("users.available", CreateUsers)
	// CreateUser makes an account; it never touches an existing one, but one that it began to make itself and is told to continue.
	CreateUser = Write[UserCreate, Handout]("users.create", CreateUsers, Reveals)
	// UpdateUser changes the fields that are given and no others.
	UpdateUser = Write[UserUpdate, User]("users.update", EditUsers, Many, Repeatable)
	// ResetPassword gives the account another password.
	ResetPassword = Write[PasswordReset, Handout]("users.reset_password", ResetPasswords, Reveals, Many, Repeatable)
	// LockUser keeps the account from being used until it is unlocked; nothing of it is lost.
	LockUser = Write[UserDeed, User]("users.lock", LockUsers, Many, Shows("locked", true))
	// UnlockUser ends a lock.
	UnlockUser = Write[UserRef, User]("users.unlock", LockUsers, Many, Shows("locked", false))
	// DeactivateUser ends an account: it leaves every room and can no longer sign in. It never erases.
	DeactivateUser = Write[UserDeed, User]("users.deactivate", DeactivateUsers, Destructive, Many, Shows("deactivated", true))
	// EraseUser deactivates and asks the server to hide what the account said and was called.
	EraseUser = Write[UserErasure, User]("users.erase", EraseUsers, Destructive, Many, Shows("erased", true))
	// ReactivateUser lets a deactivated account sign in again.
	ReactivateUser = Write[UserReactivation, Handout]("users.reactivate", DeactivateUsers, Reveals, Many, Shows("deactivated", false))
	// PreviewDeed says what a deed would do to an account on this server, before it is done.
	PreviewDeed = Read[DeedQuery, Effects]("users.preview", ReadUsers)
)

// User is an account. What a server cannot tell is named in Unknown and left at its zero value.
type User struct {
	ID           UserID       `json:"id"`
	DisplayName  string       `json:"display_name,omitempty"`
	AvatarURL    MXC          `json:"avatar_url,omitempty"`
	Admin        bool         `json:"admin"`
	UserType     string       `json:"user_type,omitempty"` // "" for ordinary accounts; support, bot and what the server's configuration adds
	Guest        bool         `json:"guest,omitempty"`
	Deactivated  bool         `json:"deactivated"`
	Erased       bool         `json:"erased,omitempty"`
	Locked       bool         `json:"locked"`
	Suspended    bool         `json:"suspended,omitempty"`
	ShadowBanned bool         `json:"shadow_banned,omitempty"`
	AppService   string       `json:"appservice_id,omitempty"` // the bridge or other application service it belongs to
	System       bool         `json:"system,omitempty"`        // its name matches a pattern of accounts to hide
	Own          bool         `json:"own,omitempty"`           // Gatehouse's own service account
	CreatedMS    int64        `json:"created_ms,omitempty"`    // unix milliseconds
	LastSeenMS   int64        `json:"last_seen_ms,omitempty"`  // unix milliseconds; 0: never
	Threepids    []Threepid   `json:"threepids,omitempty"`
	ExternalIDs  []ExternalID `json:"external_ids,omitempty"`
	// Drift names what differs between the homeserver and the service that its accounts are left to (only where there is one): the
	// constants Drift…
	Drift []string `json:"drift,omitempty"`
	// Begun is there where Gatehouse began to make the account and could not do all that was asked for.
	Begun *Begun `json:"begun,omitempty"`
	// Step is where a deactivation in several steps stopped, one of the constants Step… (only on servers without one call for it).
	Step string `json:"step,omitempty"`
	// Unknown names the JSON fields that this server cannot tell.
	Unknown []string `json:"unknown,omitempty"`
}

// Knows reports whether the server can tell the field of that JSON name.
func (u User) Knows(field string) bool { return !slices.Contains(u.Unknown, field) }

// Begun is an account whose making was begun and is not finished, on a server that takes several calls for it. CreateUser with Continue
// finishes it; so does setting what is left by hand.
type Begun struct {
	By    string         `json:"by,omitempty"` // who began it, as the audit log names them
	Left  []FieldProblem `json:"left"`         // the fields of UserCreate that the account has not got yet, and why
	Asked Wanted         `json:"asked"`
}

// LeftValue is the parameter of what is left that names which of a field's values it is: an address, or an identity.
const LeftValue = "value"

// values returns the values that are left of a field that can have several; none are named where all of them are.
func (b *Begun) values(field string) (list []string) {
	for _, p := range b.Left {
		if v := p.Params[LeftValue]; p.Of() == field && v != "" {
			list = append(list, v)
		}
	}
	return list
}

// LeftThreepids are the addresses that were asked for and that the account has not got.
func (b *Begun) LeftThreepids() []Threepid {
	left := b.values("threepids")
	return slices.DeleteFunc(slices.Clone(b.Asked.Threepids), func(t Threepid) bool { return len(left) > 0 && !slices.Contains(left, t.Address) })
}

// LeftExternalIDs are the identities that were asked for and that the account has not got.
func (b *Begun) LeftExternalIDs() []ExternalID {
	left := b.values("external_ids")
	return slices.DeleteFunc(slices.Clone(b.Asked.ExternalIDs), func(e ExternalID) bool { return len(left) > 0 && !slices.Contains(left, e.ExternalID) })
}

// Wanted is what an account shall be: what UserCreate asks for, without a password.
type Wanted struct {
	DisplayName  string       `json:"display_name,omitempty"`
	AvatarURL    MXC          `json:"avatar_url,omitempty"`
	UserType     string       `json:"user_type,omitempty"`
	Admin        bool         `json:"admin,omitempty"`
	Threepids    []Threepid   `json:"threepids,omitempty"`
	ExternalIDs  []ExternalID `json:"external_ids,omitempty"`
	PasswordMode string       `json:"password_mode,omitempty"` // of PasswordChoice
}

// Wanted returns what an account shall be.
func (c UserCreate) Wanted() Wanted {
	return Wanted{c.DisplayName, c.AvatarURL, c.UserType, c.Admin, c.Threepids, c.ExternalIDs, c.Password.Mode}
}

// Lacks reports whether a field of UserCreate is left.
func (b *Begun) Lacks(field string) bool {
	return b != nil && slices.ContainsFunc(b.Left, func(p FieldProblem) bool { return p.Of() == field })
}

// flag returns the yes-or-no of that JSON name.
func (u User) flag(field string) bool {
	switch field {
	case "locked":
		return u.Locked
	case "suspended":
		return u.Suspended
	case "shadow_banned":
		return u.ShadowBanned
	case "deactivated":
		return u.Deactivated
	case "erased":
		return u.Erased
	}
	return false
}

// Where a deactivation in several steps can stop.
const (
	StepReplacing = "password_replacing" // the password may be replaced, or not
	StepReplaced  = "password_replaced"  // it is, and the account is not deactivated
	StepEnding    = "ending"             // it is, and the account may be deactivated
)

// What can differ between a Synapse and its Matrix Authentication Service.
const (
	DriftMASOnly     = "mas_only"     // Synapse has no such account
	DriftSynapseOnly = "synapse_only" // MAS has no such account
	DriftLocked      = "locked"
	DriftDeactivated = "deactivated"
	DriftAdmin       = "admin"
)

// Threepid is an e-mail address or a phone number of an account (specification, "Third-party IDs").
type Threepid struct {
	Medium      string `json:"medium"` // email or msisdn
	Address     string `json:"address"`
	ValidatedMS int64  `json:"validated_ms,omitempty"`
}

// ExternalID is an identity at a single sign-on provider.
type ExternalID struct {
	AuthProvider string `json:"auth_provider"`
	ExternalID   string `json:"external_id"`
}

// Filter says whether accounts of a sort are in a list.
type Filter string

// The filters; an empty one is the default of its field.
const (
	With    Filter = "with"    // those and the others
	Only    Filter = "only"    // those alone
	Without Filter = "without" // the others alone
)

// Narrows reports whether a filter leaves something out.
func (f Filter) Narrows() bool { return f == Only || f == Without }

func (f Filter) check(v *Invalid, field string) {
	if f != "" && f != With && f != Only && f != Without {
		v.Add(field, "invalid_choice", "choices", "with, only, without")
	}
}

// UserSort is what a list of accounts is sorted by.
type UserSort string

// The sort orders.
const (
	SortName     UserSort = "name"
	SortDisplay  UserSort = "display_name"
	SortCreated  UserSort = "created"
	SortLastSeen UserSort = "last_seen"
	SortAdmin    UserSort = "admin"
)

// MaxPage is the largest number of accounts in a page, DefaultPage what it is unless told.
const (
	MaxPage     = 500
	DefaultPage = 100
)

// UserQuery asks for a page of accounts.
type UserQuery struct {
	Search      string   `json:"search,omitempty"` // part of a Matrix ID or display name
	Admins      Filter   `json:"admins,omitempty"` // default: with
	Deactivated Filter   `json:"deactivated,omitempty"`
	Locked      Filter   `json:"locked,omitempty"`
	Guests      Filter   `json:"guests,omitempty"`
	Drift       Filter   `json:"drift,omitempty"`  // those that differ between Synapse and MAS
	System      Filter   `json:"system,omitempty"` // default: without; those whose names match a pattern of accounts to hide
	Sort        UserSort `json:"sort,omitempty"`
	Descending  bool     `json:"descending,omitempty"`
	Limit       int      `json:"limit,omitempty"`
	Cursor      string   `json:"cursor,omitempty"` // from Next or Previous of a page asked with the same other fields
}

// Validate implements Request.
func (q UserQuery) Validate() error {
	var v Invalid
	checkText(&v, "search", q.Search, 255)
	q.Admins.check(&v, "admins")
	q.Deactivated.check(&v, "deactivated")
	q.Locked.check(&v, "locked")
	q.Guests.check(&v, "guests")
	q.Drift.check(&v, "drift")
	q.System.check(&v, "system")
	if q.Sort != "" && !slices.Contains([]UserSort{SortName, SortDisplay, SortCreated, SortLastSeen, SortAdmin}, q.Sort) {
		v.Add("sort", "invalid_choice", "choices", "name, display_name, created, last_seen, admin")
	}
	if q.Limit < 0 || q.Limit > MaxPage {
		v.Add("limit", "out_of_range", "min", "1", "max", strconv.Itoa(MaxPage))
	}
	if len(q.Cursor) > 4096 {
		v.Add("cursor", "invalid_cursor")
	}
	return v.Err()
}

// Targets implements Request.
func (UserQuery) Targets() []UserID { return nil }

// UserPage is a page of accounts.
type UserPage struct {
	Users    []User `json:"users"`
	Total    *int64 `json:"total,omitempty"` // how many match, where the server can tell
	Offset   int64  `json:"offset"`          // how many come before the first of this page, where Total is known
	Next     string `json:"next,omitempty"`  // cursor; "" on the last page
	Previous string `json:"previous,omitempty"`
	// Scanned and Of say how far the search got, where the gate filters what the server cannot: "scanned 5,000 of 12,481".
	Scanned int64 `json:"scanned,omitempty"`
	Of      int64 `json:"of,omitempty"`
	// Unknown names the JSON fields of User that this list cannot tell, Limits the reasons why the list is not whole (`missing.<reason>`).
	Unknown []string `json:"unknown,omitempty"`
	Limits  []string `json:"limits,omitempty"`
}

// UserRef names an account.
type UserRef struct {
	ID UserID `json:"id"`
}

// Validate implements Request.
func (r UserRef) Validate() error {
	var v Invalid
	v.Check("id", r.ID.Validate())
	return v.Err()
}

// Targets implements Request.
func (r UserRef) Targets() []UserID { return []UserID{r.ID} }

// NameQuery asks whether a name is free.
type NameQuery struct {
	Localpart Localpart `json:"localpart"`
}

// Validate implements Request.
func (q NameQuery) Validate() error {
	var v Invalid
	v.Check("localpart", q.Localpart.Validate())
	return v.Err()
}

// Targets implements Request.
func (NameQuery) Targets() []UserID { return nil }

// Availability tells whether a name is free, and if not, why (`problem.<code>`).
type Availability struct {
	ID   UserID `json:"id"`
	Free bool   `json:"free"`
	Code string `json:"code,omitempty"`
}
