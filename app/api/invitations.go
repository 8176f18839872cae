// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The operations on invitations: links with which people make accounts of their own. The gate keeps them and answers for them.
var (
	// ListInvitations returns one page of a homeserver's invitations, the newest first.
	ListInvitations = Read[InvitationQuery, InvitationPage]("invitations.list", ReadInvitations, AtGate, Listing)
	// GetInvitation returns one, with the accounts that were made with it. The link itself is not in it.
	GetInvitation = Read[InvitationRef, Invitation]("invitations.get", ReadInvitations, AtGate)
	// CreateInvitation makes one and shows its link.
	CreateInvitation = Write[InvitationCreate, InvitationCard]("invitations.create", WriteInvitations, Reveals, AtGate)
	// ShowInvitation shows the link again. Whoever has the link can make an account, so it is recorded who looked.
	ShowInvitation = Write[InvitationRef, InvitationCard]("invitations.show", WriteInvitations, Reveals, AtGate)
	// UpdateInvitation changes how long and how often an invitation can be used, and its note.
	UpdateInvitation = Write[InvitationUpdate, Invitation]("invitations.update", WriteInvitations, AtGate)
	// RevokeInvitation makes the link one that nobody can use any more. The accounts that were made with it stay.
	RevokeInvitation = Write[InvitationRef, Invitation]("invitations.revoke", WriteInvitations, AtGate)
	// JoinRooms lets an account into rooms: those of its invitation, or others.
	JoinRooms = Write[RoomsJoin, RoomsJoined]("users.join_rooms", CreateUsers, Many, Repeatable)
)

// The states of an invitation.
const (
	InvitationOpen    = "open"
	InvitationUsedUp  = "used_up"
	InvitationExpired = "expired"
	InvitationRevoked = "revoked"
)

var invitationStates = []string{InvitationOpen, InvitationUsedUp, InvitationExpired, InvitationRevoked}

// What an invitation can be at most.
const (
	MaxInvitationUses  = 1000
	MaxInvitationDays  = 366
	maxInvitationNote  = 500
	maxInvitationRooms = 20
)

// Invitation lets people make accounts of their own on a homeserver.
type Invitation struct {
	ID          string      `json:"id"`
	State       string      `json:"state"`               // open, used_up, expired or revoked
	Localpart   NamePattern `json:"localpart,omitempty"` // the name, or the pattern of names, that accounts get; "" leaves it to their people
	DisplayName string      `json:"display_name,omitempty"`
	Email       string      `json:"email,omitempty"`
	Rooms       []string    `json:"rooms,omitempty"`
	Note        string      `json:"note,omitempty"` // for administrators
	Uses        int         `json:"uses"`           // how many accounts can be made with it
	Taken       int         `json:"taken"`          // how many were
	ExpiresMS   int64       `json:"expires_ms"`     // unix milliseconds
	CreatedMS   int64       `json:"created_ms"`
	CreatedBy   string      `json:"created_by"`
	RevokedMS   int64       `json:"revoked_ms,omitempty"`
	RevokedBy   string      `json:"revoked_by,omitempty"`
	// Accounts are those that were made with it, the newest first; a list leaves them out.
	Accounts []InvitedAccount `json:"accounts,omitempty"`
}

// InvitedAccount is one that somebody made with an invitation.
type InvitedAccount struct {
	ID    UserID `json:"id"`
	AtMS  int64  `json:"at_ms"`
	State string `json:"state"` // done; reserved while it is made; begun where it lacks a password; unknown where nobody knows whether it was made
	// Accepted are the addresses of the terms that were accepted.
	Accepted []string `json:"accepted,omitempty"`
	// Left names what could not be done for the account.
	Left []FieldProblem `json:"left,omitempty"`
}

// InvitationCard is an invitation with its link.
type InvitationCard struct {
	Invitation Invitation `json:"invitation"`
	Link       Secret     `json:"link"`
}

// InvitationQuery asks for a page of invitations.
type InvitationQuery struct {
	State  string `json:"state,omitempty"` // default: all
	Limit  int    `json:"limit,omitempty"`
	Cursor string `json:"cursor,omitempty"` // from Next of a page asked with the same state
}

// Validate implements Request.
func (q InvitationQuery) Validate() error {
	return checkPage(q.State, invitationStates, q.Limit, q.Cursor).Err()
}

// Targets implements Request.
func (InvitationQuery) Targets() []UserID { return nil }

// InvitationPage is a page of invitations.
type InvitationPage struct {
	Invitations []Invitation `json:"invitations"`
	Total       int          `json:"total"`
	Next        string       `json:"next,omitempty"` // cursor; "" on the last page
}

// InvitationRef names an invitation.
type InvitationRef struct {
	ID string `json:"id"`
}

// Validate implements Request.
func (r InvitationRef) Validate() error {
	var v Invalid
	checkOwnID(&v, r.ID, "invitation_not_found")
	return v.Err()
}

// Targets implements Request.
func (InvitationRef) Targets() []UserID { return nil }

// InvitationCreate asks for an invitation.
type InvitationCreate struct {
	Localpart   NamePattern `json:"localpart,omitempty"`
	DisplayName string      `json:"display_name,omitempty"`
	Email       string      `json:"email,omitempty"`
	Rooms       []string    `json:"rooms,omitempty"` // IDs or aliases
	Note        string      `json:"note,omitempty"`
	Uses        int         `json:"uses"`
	Days        int         `json:"days"` // how long it can be used, from now
}

// settle takes rooms apart, and writes the address as homeservers do.
func (c *InvitationCreate) settle() {
	c.Rooms = apart(c.Rooms)
	c.DisplayName, c.Note = strings.TrimSpace(c.DisplayName), strings.TrimSpace(c.Note)
	c.Email = strings.ToLower(strings.TrimSpace(c.Email))
}

// apart takes rooms apart that were written into one field.
func apart(texts []string) (rooms []string) {
	for _, text := range texts {
		rooms = append(rooms, strings.Fields(text)...)
	}
	return rooms
}

// Validate implements Request.
func (c InvitationCreate) Validate() error {
	var v Invalid
	if c.Localpart != "" {
		v.Check("localpart", c.Localpart.Validate())
	}
	checkText(&v, "display_name", c.DisplayName, maxDisplayName)
	checkText(&v, "note", c.Note, maxInvitationNote)
	if c.Email != "" {
		var mail Invalid
		checkThreepids(&mail, "", []Threepid{{Medium: "email", Address: c.Email}})
		for _, f := range mail.fields {
			v.fields = append(v.fields, FieldProblem{Field: "email", Code: f.Code, Params: f.Params})
		}
	}
	checkRooms(&v, c.Rooms)
	checkUpTo(&v, "uses", c.Uses, MaxInvitationUses)
	checkUpTo(&v, "days", c.Days, MaxInvitationDays)
	// A name or an address belongs to one account.
	if c.Uses > 1 && c.Localpart.Fixed() {
		v.Add("localpart", "invitation_one_name")
	}
	if c.Uses > 1 && c.Email != "" {
		v.Add("email", "invitation_one_email")
	}
	return v.Err()
}

// Targets implements Request.
func (c InvitationCreate) Targets() []UserID {
	if c.Localpart.Fixed() {
		return []UserID{UserID("@" + c.Localpart)}
	}
	return nil
}

// checkUpTo demands a number from 1 to max.
func checkUpTo(v *Invalid, field string, n, max int) {
	if n < 1 || n > max {
		v.Add(field, "out_of_range", "min", "1", "max", strconv.Itoa(max))
	}
}

// checkRooms accepts room IDs and aliases (specification, appendices, "Room IDs" and "Room Aliases"). An ID need not name a server.
func checkRooms(v *Invalid, rooms []string) {
	if len(rooms) > maxInvitationRooms {
		v.Add("rooms", "too_many", "max", strconv.Itoa(maxInvitationRooms))
	}
	for i, room := range rooms {
		_, server, named := strings.Cut(room, ":")
		switch {
		case len(room) > maxID || len(room) < 2 || !utf8.ValidString(room) || strings.ContainsFunc(room, func(r rune) bool { return r <= ' ' || r == 0x7f }),
			room[0] != '!' && room[0] != '#',
			room[0] == '#' && !named,
			named && !validServer(server):
			v.Add("rooms", "invalid_room", "room", room)
			return
		case slices.Contains(rooms[:i], room):
			v.Add("rooms", "twice")
			return
		}
	}
}

// InvitationUpdate changes an invitation. What is absent stays as it is.
type InvitationUpdate struct {
	ID   string  `json:"id"`
	Uses *int    `json:"uses,omitempty"` // how many accounts in all
	Days *int    `json:"days,omitempty"` // from now
	Note *string `json:"note,omitempty"`
}

// Validate implements Request.
func (u InvitationUpdate) Validate() error {
	var v Invalid
	checkOwnID(&v, u.ID, "invitation_not_found")
	if u.Uses != nil {
		checkUpTo(&v, "uses", *u.Uses, MaxInvitationUses)
	}
	if u.Days != nil {
		checkUpTo(&v, "days", *u.Days, MaxInvitationDays)
	}
	if u.Note != nil {
		checkText(&v, "note", *u.Note, maxInvitationNote)
	}
	return v.Err()
}

// Targets implements Request.
func (InvitationUpdate) Targets() []UserID { return nil }

// NamePattern is the name that an account gets, or what names have to look like: one `*` stands for one or more characters, everything else
// for itself.
type NamePattern string

// Fixed reports whether it is one name.
func (p NamePattern) Fixed() bool { return p != "" && !strings.Contains(string(p), "*") }

// Validate accepts what a name can be, with at most one star in it.
func (p NamePattern) Validate() error {
	if p.Fixed() {
		return Localpart(p).Validate()
	}
	before, after, _ := strings.Cut(string(p), "*")
	if strings.Contains(after, "*") {
		return NewProblem(StatusUnprocessable, "pattern_stars")
	}
	if before == "" && after == "" {
		return NewProblem(StatusUnprocessable, "pattern_anything")
	}
	return Localpart(before + "a" + after).Validate()
}

// Matches reports whether a name looks as the pattern says. Every name matches the empty one.
func (p NamePattern) Matches(name Localpart) bool {
	before, after, star := strings.Cut(string(p), "*")
	switch {
	case p == "":
		return true
	case !star:
		return string(name) == before
	}
	return len(name) > len(before)+len(after) && strings.HasPrefix(string(name), before) && strings.HasSuffix(string(name), after)
}

// TakeUp is what somebody with an invitation fills in to make their account. It is no operation: the gate makes users.create of it,
// with what the invitation says.
type TakeUp struct {
	Localpart Localpart      `json:"localpart"`
	Password  PasswordChoice `json:"password"`
	Again     Secret         `json:"again,omitzero"` // the password that they chose, a second time
	Accepted  bool           `json:"accepted,omitempty"`
}

// DecodeTakeUp reads the form. The error is a *Problem.
func DecodeTakeUp(values url.Values) (TakeUp, error) {
	var t TakeUp
	if err := decodeForm(values, &t); err != nil {
		return t, err
	}
	t.Localpart = Localpart(strings.TrimSpace(string(t.Localpart)))
	t.Password.settle()
	return t, nil
}

// Check says what is wrong with it for an invitation; terms says that there are some to accept.
func (t TakeUp) Check(p NamePattern, terms bool) error {
	var v Invalid
	if err := t.Localpart.Validate(); err != nil {
		v.Check("localpart", err)
	} else if !p.Matches(t.Localpart) {
		v.Add("localpart", "pattern_differs", "pattern", string(p))
	}
	t.Password.check(&v, false)
	if t.Password.Mode == PasswordTyped && t.Again.Reveal() != t.Password.Password.Reveal() {
		v.Add("again", "passwords_differ")
	}
	if terms && !t.Accepted {
		v.Add("accepted", "terms_not_accepted")
	}
	return v.Err()
}

// RoomsJoin names an account, and rooms for it to be in.
type RoomsJoin struct {
	ID    UserID   `json:"id"`
	Rooms []string `json:"rooms"`
}

// settle takes rooms apart.
func (j *RoomsJoin) settle() { j.Rooms = apart(j.Rooms) }

// Validate implements Request.
func (j RoomsJoin) Validate() error {
	var v Invalid
	v.Check("id", j.ID.Validate())
	if len(j.Rooms) == 0 {
		v.Add("rooms", "missing")
	}
	checkRooms(&v, j.Rooms)
	return v.Err()
}

// Targets implements Request.
func (j RoomsJoin) Targets() []UserID { return []UserID{j.ID} }

// RoomsJoined says which of the rooms the account is in now, and which not.
type RoomsJoined struct {
	Joined []string       `json:"joined,omitempty"`
	Left   []FieldProblem `json:"left,omitempty"`
}
