// SPDX-License-Identifier: Apache-2.0

package api

import "strconv"

// UserHistory tells what was done to an account here, or refused, the latest first. The gate answers it from its audit log.
var UserHistory = Read[HistoryQuery, HistoryPage]("users.history", ReadAudit, AtGate, Listing)

// DefaultHistory is how many events there are in a page unless told, MaxHistory the most.
const (
	DefaultHistory = 50
	MaxHistory     = 200
)

// HistoryQuery asks for a page of an account's history.
type HistoryQuery struct {
	ID     UserID `json:"id"`
	Limit  int    `json:"limit,omitempty"`
	Cursor string `json:"cursor,omitempty"` // from Next of the page before
}

// Validate implements Request.
func (q HistoryQuery) Validate() error {
	var v Invalid
	v.Check("id", q.ID.Validate())
	if q.Limit < 0 || q.Limit > MaxHistory {
		v.Add("limit", "out_of_range", "min", "1", "max", strconv.Itoa(MaxHistory))
	}
	if _, err := q.Before(); err != nil {
		v.Add("cursor", "invalid_cursor")
	}
	return v.Err()
}

// Before is the number of the event that the page begins after; 0 for the first page.
func (q HistoryQuery) Before() (int64, error) {
	if q.Cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(q.Cursor, 10, 63)
	return int64(n), err
}

// Targets implements Request.
func (q HistoryQuery) Targets() []UserID { return []UserID{q.ID} }

// HistoryPage is a page of an account's history.
type HistoryPage struct {
	Events []HistoryEvent `json:"events"`
	Next   string         `json:"next,omitempty"` // cursor of the page that follows; "" on the last
}

// HistoryEvent is one thing that was done to an account, or tried.
type HistoryEvent struct {
	Number    int64    `json:"number"` // in the audit log
	AtMS      int64    `json:"at_ms"`  // unix milliseconds
	Actor     string   `json:"actor"`  // a Matrix ID, operator:name or local:name
	Role      string   `json:"role,omitempty"`
	Operation string   `json:"operation"`
	Outcome   string   `json:"outcome,omitempty"` // done, failed, refused or unknown; "" while it goes on
	Code      string   `json:"code,omitempty"`    // of the problem, where it was not done
	Note      string   `json:"note,omitempty"`    // what the operation noted of its result, such as when a token ends
	Reason    string   `json:"reason,omitempty"`  // that was given for it
	Fields    []string `json:"fields,omitempty"`  // that were to be changed, by their names in the request
	RequestID string   `json:"request_id,omitempty"`
}
