// SPDX-License-Identifier: Apache-2.0

package api

import "strconv"

// JobHandout holds the passwords that a job made.
type JobHandout struct {
	Job       string      `json:"job"`
	ClientURL string      `json:"client_url,omitempty"` // the web client's sign-in link, if one is configured
	Passwords []JobSecret `json:"passwords"`
	// Part is which of the Parts these are, where they are handed out as cards; the job still has them then, until WipeMS, in unix milliseconds.
	Part   int64     `json:"part,omitempty"`
	Parts  []JobPart `json:"parts,omitempty"`
	Items  int64     `json:"items,omitempty"` // of the job, with a password or without
	WipeMS int64     `json:"wipe_ms,omitempty"`
	// Key is the beginning of request keys with which the page asks for other parts.
	Key string `json:"key,omitempty"`
}

// CardsAtOnce is how many items of a job are one part of its cards: a page that browsers print.
const CardsAtOnce = 1000

// JobPart is a part of a job's items that has passwords: the first CardsAtOnce items are part 1, and so on, whatever became of them, so that no part changes when
// others are tried again.
type JobPart struct {
	Part  int64 `json:"part"`
	Count int64 `json:"count"` // of passwords
}

// First and Last are the numbers of its items.
func (p JobPart) First() int64 { return (p.Part-1)*CardsAtOnce + 1 }

// Last is described at First.
func (p JobPart) Last() int64 { return p.Part * CardsAtOnce }

// Told is how many passwords all parts have.
func (h JobHandout) Told() (n int64) {
	for _, p := range h.Parts {
		n += p.Count
	}
	return n
}

// JobPartRef names a part of a job.
type JobPartRef struct {
	ID   string `json:"id"`
	Part int64  `json:"part,omitempty"` // from 1; default: the first that has passwords
}

// Validate implements Request.
func (r JobPartRef) Validate() error {
	var v Invalid
	checkOwnID(&v, r.ID, "job_not_found")
	if r.Part < 0 {
		v.Add("part", "out_of_range", "min", "1", "max", "200")
	}
	return v.Err()
}

// Targets implements Request.
func (JobPartRef) Targets() []UserID { return nil }

// JobWipe asks for the passwords of a job to be wiped.
type JobWipe struct {
	ID string `json:"id"`
	// Told is how many passwords were handed out as cards: only those that wait to be are wiped then, and none if they are more by now. 0: all, those that
	// failed items need for another try, too.
	Told int64 `json:"told,omitempty"`
}

// Validate implements Request.
func (w JobWipe) Validate() error { return JobRef{ID: w.ID}.Validate() }

// Targets implements Request.
func (JobWipe) Targets() []UserID { return nil }

// JobSecret is the password of one account.
type JobSecret struct {
	Line     int64  `json:"line,omitempty"`
	ID       UserID `json:"id"`
	Password Secret `json:"password"`
	// Unknown says that nobody knows whether the account has it, nor, where it was to be made, whether there is one.
	Unknown bool `json:"unknown,omitempty"`
}

// State is that of the item, as files of passwords have it: done, or unknown.
func (s JobSecret) State() string {
	if s.Unknown {
		return ItemUnknown
	}
	return ItemDone
}

// Noted implements Noting.
func (h JobHandout) Noted() string {
	if h.Part > 0 {
		return strconv.Itoa(len(h.Passwords)) + " passwords were handed out, part " + strconv.FormatInt(h.Part, 10) + "."
	}
	return strconv.Itoa(len(h.Passwords)) + " passwords were handed out."
}
