// SPDX-License-Identifier: Apache-2.0

package api

import (
	"strconv"
	"strings"
)

// SendNotice sends a message in the homeserver's name to accounts, one after the other. They cannot answer it.
var SendNotice = Write[Notice, NoticeReport]("users.notice", SendNotices, Many)

// MaxNoticeTargets is to how many accounts one call sends.
const MaxNoticeTargets = 50

// maxNotice bounds the text of a notice, in characters. An event has at most 65,536 bytes (specification, "Size limits").
const maxNotice = 10_000

// Notice is a message to an account, or to several.
type Notice struct {
	ID   UserID   `json:"id,omitempty"`
	IDs  []UserID `json:"ids,omitempty"`
	Text string   `json:"text"`
}

func (n *Notice) settle() { n.Text = strings.TrimSpace(strings.ReplaceAll(n.Text, "\r\n", "\n")) }

// Validate implements Request.
func (n Notice) Validate() error {
	var v Invalid
	switch {
	case n.ID == "" && len(n.IDs) == 0:
		v.Add("id", "missing")
	case n.ID != "" && len(n.IDs) > 0:
		v.Add("ids", "one_or_several")
	case n.ID != "":
		v.Check("id", n.ID.Validate())
	case len(n.IDs) > MaxNoticeTargets:
		v.Add("ids", "too_many", "max", strconv.Itoa(MaxNoticeTargets))
	}
	seen := map[UserID]bool{}
	for i, id := range n.IDs[:min(len(n.IDs), MaxNoticeTargets)] {
		field := "ids." + strconv.Itoa(i)
		v.Check(field, id.Validate())
		if seen[id] {
			v.Add(field, "twice")
		}
		seen[id] = true
	}
	if n.Text == "" {
		v.Add("text", "missing")
	}
	checkText(&v, "text", n.Text, maxNotice)
	return v.Err()
}

// Targets implements Request.
func (n Notice) Targets() []UserID {
	if n.ID != "" {
		return []UserID{n.ID}
	}
	return n.IDs
}

// NoticeReport says of each account whether the notice was sent.
type NoticeReport struct {
	Sent []NoticeSent `json:"sent"`
}

// NoticeSent is one line of a NoticeReport; Problem says why it was not sent.
type NoticeSent struct {
	ID      UserID   `json:"id"`
	Problem *Problem `json:"problem,omitempty"`
}

// Done returns how many were sent.
func (r NoticeReport) Done() int {
	n := 0
	for _, s := range r.Sent {
		if s.Problem == nil {
			n++
		}
	}
	return n
}

// Failures implements Partial.
func (r NoticeReport) Failures() *Problem {
	if r.Done() == len(r.Sent) {
		return nil
	}
	p := NewProblem(StatusBadGateway, "partly_done")
	for i, s := range r.Sent {
		if s.Problem != nil {
			p.Fields = append(p.Fields, FieldProblem{Field: "ids." + strconv.Itoa(i), Code: s.Problem.Code, Params: s.Problem.Params})
		}
	}
	return p
}

// Partial is a result that tells of failures among what was done. The audit log has them.
type Partial interface {
	// Failures returns nil, or a Problem that names what was not done.
	Failures() *Problem
}
