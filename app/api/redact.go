// SPDX-License-Identifier: Apache-2.0

package api

import (
	"strconv"
	"strings"
	"time"
)

// The operations that take back what an account said.
var (
	// RedactUser begins to redact the account's messages. It works for accounts of other homeservers, too.
	RedactUser = Write[UserRedaction, Redaction]("users.redact", RedactUsers, Destructive, Many)
	// RedactionStatus tells how far a redaction is.
	RedactionStatus = Read[RedactionQuery, RedactionState]("users.redaction", RedactUsers)
)

// The scopes of a UserRedaction.
const (
	ScopeAll   = "all"   // every room that the account is in or is banned from
	ScopeRooms = "rooms" // those that are named
)

// MaxRedactRooms is how many rooms one redaction can name, MaxRedactLimit how many messages of a room it can take.
const (
	MaxRedactRooms = 100
	MaxRedactLimit = 1_000_000
)

// UserRedaction asks to redact messages of an account. Nobody can undo it, so the account's whole ID is asked for a second time.
type UserRedaction struct {
	ID        UserID   `json:"id"`
	ConfirmID string   `json:"confirm_id"`
	Scope     string   `json:"scope"`
	Rooms     []RoomID `json:"rooms,omitempty"`
	Reason    string   `json:"reason,omitempty"` // stands in the rooms
	Limit     int      `json:"limit,omitempty"`  // messages a room, the newest first; 0: as many as the homeserver takes by itself
	After     Moment   `json:"after,omitempty"`  // only what was said after it
	Before    Moment   `json:"before,omitempty"` // only what was said before it
	Confirm   bool     `json:"confirm,omitempty"`
}

// settle takes named rooms for the scope where none is given.
func (r *UserRedaction) settle() {
	if r.Scope == "" && len(r.Rooms) > 0 {
		r.Scope = ScopeRooms
	}
	for i, id := range r.Rooms {
		r.Rooms[i] = RoomID(strings.TrimSpace(string(id)))
	}
}

// Validate implements Request. Rooms beside the scope "all" are refused: somebody who names rooms does not mean all of them.
func (r UserRedaction) Validate() error {
	var v Invalid
	v.Check("id", r.ID.Validate())
	if r.ConfirmID != string(r.ID) {
		v.Add("confirm_id", "confirm_id", "id", string(r.ID))
	}
	switch {
	case r.Scope == "":
		v.Add("scope", "missing")
	case r.Scope != ScopeAll && r.Scope != ScopeRooms:
		v.Add("scope", "invalid_choice", "choices", "all, rooms")
	case r.Scope == ScopeAll && len(r.Rooms) > 0:
		v.Add("scope", "rooms_or_all")
	case r.Scope == ScopeRooms && len(r.Rooms) == 0:
		v.Add("rooms.0", "missing")
	}
	if len(r.Rooms) > MaxRedactRooms {
		v.Add("rooms", "too_many", "max", strconv.Itoa(MaxRedactRooms))
	} else {
		for i, id := range r.Rooms {
			v.Check("rooms."+strconv.Itoa(i), id.Validate())
		}
	}
	checkText(&v, "reason", r.Reason, maxReason)
	if r.Limit < 0 || r.Limit > MaxRedactLimit {
		v.Add("limit", "out_of_range", "min", "1", "max", strconv.Itoa(MaxRedactLimit))
	}
	v.Check("after", r.After.Validate())
	v.Check("before", r.Before.Validate())
	if after, before := r.After.MS(), r.Before.MS(); after > 0 && before > 0 && after >= before {
		v.Add("before", "before_after")
	}
	return v.Err()
}

// Targets implements Request.
func (r UserRedaction) Targets() []UserID { return []UserID{r.ID} }

// Confirmed implements Confirmable.
func (r UserRedaction) Confirmed() bool { return r.Confirm }

// Redaction is one that was begun.
type Redaction struct {
	ID       UserID `json:"id"`
	RedactID string `json:"redact_id"`
}

// RedactionQuery asks how far a redaction is.
type RedactionQuery struct {
	ID       UserID `json:"id"`
	RedactID string `json:"redact_id"`
}

// Validate implements Request.
func (q RedactionQuery) Validate() error {
	var v Invalid
	v.Check("id", q.ID.Validate())
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	switch {
	case q.RedactID == "":
		v.Add("redact_id", "missing")
	case len(q.RedactID) > 128 || strings.Trim(q.RedactID, letters) != "":
		v.Add("redact_id", "invalid_text")
	}
	return v.Err()
}

// Targets implements Request.
func (q RedactionQuery) Targets() []UserID { return []UserID{q.ID} }

// The states of a redaction.
const (
	RedactionScheduled = "scheduled"
	RedactionActive    = "active"
	RedactionComplete  = "complete"
	RedactionFailed    = "failed"
)

// MaxFailedRedactions is how many messages that could not be redacted are listed.
const MaxFailedRedactions = 200

// RedactionState is how far a redaction is.
type RedactionState struct {
	ID       UserID            `json:"id"`
	RedactID string            `json:"redact_id"`
	State    string            `json:"state"`
	Error    string            `json:"error,omitempty"`  // why all of it failed, in the homeserver's words
	Failed   []FailedRedaction `json:"failed,omitempty"` // messages that could not be redacted
	Total    int               `json:"total,omitempty"`  // of them; may be more than are listed
}

// FailedRedaction is a message that could not be redacted.
type FailedRedaction struct {
	Event string `json:"event"`
	Error string `json:"error"` // in the homeserver's words
}

// Moment is a time as a person writes it into a form, in UTC: `2026-11-21T14:30`, or a whole time of RFC 3339. "" is none.
type Moment string

// Validate implements the check of a field.
func (m Moment) Validate() error {
	if m != "" && m.MS() == 0 {
		return NewProblem(StatusUnprocessable, "invalid_time")
	}
	return nil
}

// MS returns it in milliseconds since 1970, 0 for none and for what is no time.
func (m Moment) MS() int64 {
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", time.RFC3339, "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, string(m)); err == nil && t.UnixMilli() > 0 {
			return t.UnixMilli()
		}
	}
	return 0
}
