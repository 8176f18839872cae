// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Change is an edit of one field: what it was when the form was opened, and what it shall be. Where From is given and the
// field is neither From nor To any more, the edit is refused and both versions are shown.
type Change[T any] struct {
	From *T `json:"from,omitempty"`
	To   T  `json:"to"`
}

// UnmarshalJSON demands To: a change that does not say to what would clear the field.
func (c *Change[T]) UnmarshalJSON(data []byte) error {
	var read struct {
		From *T `json:"from"`
		To   *T `json:"to"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&read); err != nil {
		return err
	}
	if read.To == nil {
		return &json.UnmarshalTypeError{Value: "nothing", Type: reflect.TypeFor[T](), Field: toField}
	}
	c.From, c.To = read.From, *read.To
	return nil
}

// toField is the name of To. Forms demand it, too (decodeForm).
const toField = "to"

func (*Change[T]) demands() string { return toField }

func (c *Change[T]) idle() bool {
	return c == nil || (c.From != nil && reflect.DeepEqual(*c.From, c.To))
}

// UserUpdate changes an account. A field that is absent, or whose From and To are the same, stays as it is; one of them has to change.
type UserUpdate struct {
	ID          UserID                `json:"id"`
	DisplayName *Change[string]       `json:"display_name,omitempty"`
	AvatarURL   *Change[MXC]          `json:"avatar_url,omitempty"`
	Admin       *Change[bool]         `json:"admin,omitempty"`
	UserType    *Change[string]       `json:"user_type,omitempty"`
	Threepids   *Change[[]Threepid]   `json:"threepids,omitempty"`
	ExternalIDs *Change[[]ExternalID] `json:"external_ids,omitempty"`
	// MoveFrom names the accounts that addresses and identities may be taken from. What belongs to any other account is refused.
	MoveFrom []UserID `json:"move_from,omitempty"`
	// Confirm says that the person was asked again, where a rule asks for it: the last administrator, oneself.
	Confirm bool `json:"confirm,omitempty"`
}

// settle drops the changes that change nothing, so that only what changed is ever sent.
func (u *UserUpdate) settle() {
	u.DisplayName = settleName(u.DisplayName)
	settleContacts(u.Threepids)
	if u.DisplayName.idle() {
		u.DisplayName = nil
	}
	if u.AvatarURL.idle() {
		u.AvatarURL = nil
	}
	if u.Admin.idle() {
		u.Admin = nil
	}
	if u.UserType.idle() {
		u.UserType = nil
	}
	if u.Threepids.idle() {
		u.Threepids = nil
	}
	if u.ExternalIDs.idle() {
		u.ExternalIDs = nil
	}
	if u.Threepids == nil && u.ExternalIDs == nil {
		u.MoveFrom = nil
	}
}

// settleContacts writes addresses as homeservers store them. One that the account has stays as it is, even if it could not be added.
func settleContacts(c *Change[[]Threepid]) {
	if c == nil {
		return
	}
	var has []Threepid
	if c.From != nil {
		has = written(*c.From, plainAddress)
		c.From = &has
	}
	c.To = written(c.To, func(medium, address string) string {
		if plain := plainAddress(medium, address); slices.Contains(has, Threepid{Medium: medium, Address: plain}) {
			return plain
		}
		return CanonicalAddress(medium, address)
	})
}

// settleName undoes what a form does to a name: a line of text cannot hold line ends, and a hidden field sends them as CR LF. A name that
// differs by that and by space around it alone was not changed.
func settleName(c *Change[string]) *Change[string] {
	if c == nil {
		return nil
	}
	if c.From != nil {
		from := strings.ReplaceAll(*c.From, "\r\n", "\n")
		if oneLine(from) == oneLine(c.To) {
			return nil
		}
		return &Change[string]{From: &from, To: strings.TrimSpace(c.To)}
	}
	return &Change[string]{To: strings.TrimSpace(c.To)}
}

func oneLine(s string) string {
	return strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "").Replace(s))
}

// Empty reports whether nothing is to be changed.
func (u UserUpdate) Empty() bool {
	return u.DisplayName == nil && u.AvatarURL == nil && u.Admin == nil && u.UserType == nil && u.Threepids == nil && u.ExternalIDs == nil
}

// Validate implements Request.
func (u UserUpdate) Validate() error {
	var v Invalid
	v.Check("id", u.ID.Validate())
	if u.Empty() && v.Err() == nil {
		return NewProblem(StatusUnprocessable, "nothing_changed")
	}
	if u.DisplayName != nil {
		checkText(&v, "display_name.to", u.DisplayName.To, maxDisplayName)
	}
	if u.AvatarURL != nil {
		v.Check("avatar_url.to", u.AvatarURL.To.Validate())
	}
	if u.UserType != nil {
		checkText(&v, "user_type.to", u.UserType.To, 64)
	}
	if u.Threepids != nil {
		var has []Threepid
		if u.Threepids.From != nil {
			has = *u.Threepids.From
		}
		checkThreepids(&v, "threepids.to", u.Threepids.To, has...)
	}
	if u.ExternalIDs != nil {
		checkExternalIDs(&v, "external_ids.to", u.ExternalIDs.To)
	}
	if len(u.MoveFrom) > 2*maxThreepids {
		v.Add("move_from", "too_many", "max", strconv.Itoa(2*maxThreepids))
	}
	for i, id := range u.MoveFrom {
		v.Check("move_from."+strconv.Itoa(i), id.Validate())
	}
	return v.Err()
}

// Targets implements Request. The accounts that something is taken from are changed as well.
func (u UserUpdate) Targets() []UserID {
	list := []UserID{u.ID}
	for _, id := range u.MoveFrom {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}

// Demands implements Demanding. Whoever has an account's e-mail or identity gets in as it, so changing them takes what a new
// password takes.
func (u UserUpdate) Demands() []Permission {
	var list []Permission
	if u.Admin != nil {
		list = append(list, SetAdmins)
	}
	if u.Threepids != nil || u.ExternalIDs != nil {
		list = append(list, ResetPasswords)
	}
	return list
}

// PasswordReset asks for another password.
type PasswordReset struct {
	ID       UserID         `json:"id"`
	Password PasswordChoice `json:"password"`
	// SignOut says whether the account's devices are signed out; absent: they are. It is always sent, because servers differ in
	// what they do otherwise.
	SignOut *bool `json:"sign_out,omitempty"`
	Confirm bool  `json:"confirm,omitempty"`
}

func (r *PasswordReset) settle() {
	r.Password.settle()
	if r.SignOut == nil {
		yes := true
		r.SignOut = &yes
	}
}

// Validate implements Request.
func (r PasswordReset) Validate() error {
	var v Invalid
	v.Check("id", r.ID.Validate())
	r.Password.check(&v, false)
	return v.Err()
}

// Targets implements Request.
func (r PasswordReset) Targets() []UserID { return []UserID{r.ID} }

// UserDeed names an account to do something to, with a reason for the audit log.
type UserDeed struct {
	ID      UserID `json:"id"`
	Reason  string `json:"reason,omitempty"`
	Confirm bool   `json:"confirm,omitempty"`
}

// Validate implements Request.
func (d UserDeed) Validate() error {
	var v Invalid
	v.Check("id", d.ID.Validate())
	checkText(&v, "reason", d.Reason, maxReason)
	return v.Err()
}

// Targets implements Request.
func (d UserDeed) Targets() []UserID { return []UserID{d.ID} }

// UserErasure is a UserDeed that nobody can undo: the account's whole ID is asked for a second time.
type UserErasure struct {
	ID        UserID `json:"id"`
	ConfirmID string `json:"confirm_id"`
	Reason    string `json:"reason,omitempty"`
	Confirm   bool   `json:"confirm,omitempty"`
}

// Validate implements Request.
func (e UserErasure) Validate() error {
	var v Invalid
	v.Check("id", e.ID.Validate())
	if e.ConfirmID != string(e.ID) {
		v.Add("confirm_id", "confirm_id", "id", string(e.ID))
	}
	checkText(&v, "reason", e.Reason, maxReason)
	return v.Err()
}

// Targets implements Request.
func (e UserErasure) Targets() []UserID { return []UserID{e.ID} }

// UserReactivation asks for a deactivated account back. A lock, if there is one, ends too.
type UserReactivation struct {
	ID       UserID         `json:"id"`
	Password PasswordChoice `json:"password"`
}

func (r *UserReactivation) settle() { r.Password.settle() }

// Validate implements Request.
func (r UserReactivation) Validate() error {
	var v Invalid
	v.Check("id", r.ID.Validate())
	r.Password.check(&v, true)
	return v.Err()
}

// Demands implements Demanding: with a password, a reactivation is a reset too.
func (r UserReactivation) Demands() []Permission {
	if r.Password.Mode != PasswordNone {
		return []Permission{ResetPasswords}
	}
	return nil
}

// Targets implements Request.
func (r UserReactivation) Targets() []UserID { return []UserID{r.ID} }

// DeedQuery asks what an operation would do to an account, to a file of it, or to some of its files.
type DeedQuery struct {
	ID        UserID  `json:"id"`
	Operation string  `json:"operation"`
	Media     MediaID `json:"media,omitempty"`
	Before    string  `json:"before,omitempty"` // as in MediaDeletion
	Larger    int64   `json:"larger,omitempty"`
}

// Validate implements Request.
func (q DeedQuery) Validate() error {
	var v Invalid
	v.Check("id", q.ID.Validate())
	if _, ok := Find(q.Operation); !ok {
		v.Add("operation", "invalid_choice")
	}
	if q.Media != "" {
		v.Check("media", q.Media.Validate())
	}
	checkFiles(&v, q.Before, q.Larger)
	return v.Err()
}

// Demands implements Demanding: what is said of files is for those who may see them.
func (q DeedQuery) Demands() []Permission {
	if q.Media != "" || strings.HasPrefix(q.Operation, "media.") {
		return []Permission{ReadMedia}
	}
	return nil
}

// Targets implements Request.
func (q DeedQuery) Targets() []UserID { return []UserID{q.ID} }

// Effects is what a deed does on this server. Each is a text `effect.<code>`.
type Effects struct {
	User    User     `json:"user"`
	Media   *Media   `json:"media,omitempty"` // the file, where one was asked about
	Happens []Effect `json:"happens"`
	Stays   []Effect `json:"stays,omitempty"`
	Cannot  []Effect `json:"cannot,omitempty"`
}

// Effect is one consequence; N chooses the plural where it counts something.
type Effect struct {
	Code   string            `json:"code"`
	N      *int64            `json:"n,omitempty"`
	Params map[string]string `json:"params,omitempty"`
}

const (
	maxDisplayName = 256 // Synapse, rest/admin/users.py
	maxReason      = 500
	maxThreepids   = 50
)

// checkText bounds a text, counted in characters, and refuses what is not text.
func checkText(v *Invalid, field, text string, max int) {
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		v.Add(field, "invalid_text")
	case utf8.RuneCountInString(text) > max:
		v.Add(field, "too_long", "max", strconv.Itoa(max))
	}
}

// Confirmable is a request in which a person can say that they were asked again, where a rule asks for it.
type Confirmable interface{ Confirmed() bool }

// Confirmed implements Confirmable.
func (u UserUpdate) Confirmed() bool { return u.Confirm }

// Confirmed implements Confirmable.
func (r PasswordReset) Confirmed() bool { return r.Confirm }

// Confirmed implements Confirmable.
func (d UserDeed) Confirmed() bool { return d.Confirm }

// Confirmed implements Confirmable.
func (e UserErasure) Confirmed() bool { return e.Confirm }
