// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// JobPlan asks for a job: the operation, what is asked of each account, and the accounts, which are named, all that match a filter, or those of
// an uploaded file.
type JobPlan struct {
	Operation string     `json:"operation"`
	With      []JobField `json:"with,omitempty"`
	IDs       []UserID   `json:"ids,omitempty"`
	All       bool       `json:"all,omitempty"`    // all that match Filter, in place of IDs
	Filter    UserQuery  `json:"filter,omitempty"` // its page and order do not count
	File      JobFile    `json:"file,omitzero"`    // in place of IDs
	Note      string     `json:"note,omitempty"`
}

// JobFile is an uploaded file one column of which names accounts: by their Matrix IDs or the first halves of them. Its other columns do not count.
type JobFile struct {
	ID     string     `json:"id,omitempty"`
	Column int        `json:"column,omitempty"` // from 1; 0: the one that seems to name accounts
	Format FileFormat `json:"format,omitzero"`
}

func (f JobFile) check(v *Invalid) {
	if !plainID(f.ID) {
		v.Add("file.id", "import_not_found")
	}
	if f.Column < 0 || f.Column > maxColumn {
		v.Add("file.column", "out_of_range", "min", "1", "max", strconv.Itoa(maxColumn))
	}
	f.Format.check(v, "file.format")
}

// settle leaves out what says nothing, and an account that is named twice.
func (p *JobPlan) settle() {
	p.Note = strings.TrimSpace(p.Note)
	p.With = slices.DeleteFunc(p.With, func(f JobField) bool { return f.Name == "" })
	var ids []UserID
	for _, id := range p.IDs {
		if id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	p.IDs = ids
	if len(p.With) == 0 {
		p.With = nil
	}
	p.Filter.Cursor, p.Filter.Limit, p.Filter.Sort, p.Filter.Descending = "", 0, "", false
}

// Validate implements Request.
func (p JobPlan) Validate() error {
	var v Invalid
	if op, ok := Find(p.Operation); !ok || !op.Info().Many {
		v.Add("operation", "not_for_many", "operation", p.Operation)
	}
	if len(p.With) > 50 {
		v.Add("with", "too_many", "max", "50")
	}
	ways := 0
	for _, way := range []bool{len(p.IDs) > 0, p.All, p.File != (JobFile{})} {
		if way {
			ways++
		}
	}
	switch {
	case ways == 0:
		v.Add("ids", "missing")
	case ways > 1:
		v.Add("ids", "invalid_request")
	case p.File != (JobFile{}):
		p.File.check(&v)
	case len(p.IDs) > MaxJobIDs:
		v.Add("ids", "too_many", "max", strconv.Itoa(MaxJobIDs))
	}
	for i, id := range p.IDs[:min(len(p.IDs), MaxJobIDs)] {
		v.Check("ids."+strconv.Itoa(i), id.Validate())
	}
	v.Check("filter", p.Filter.Validate())
	checkText(&v, "note", p.Note, maxReason)
	return v.Err()
}

// Targets implements Request.
func (p JobPlan) Targets() []UserID { return p.IDs }

// Demands implements Demanding: who may not do it to one account may not plan to do it to many.
func (p JobPlan) Demands() []Permission {
	op, ok := Find(p.Operation)
	if !ok {
		return nil
	}
	list := []Permission{op.Info().Permission}
	values := url.Values{}
	for _, f := range p.With {
		values.Add(f.Name, f.Value)
	}
	// What cannot be read is refused for that, by whoever makes the job.
	if req, err := op.DecodeForm(values); err == nil {
		if d, ok := req.(Demanding); ok {
			list = append(list, d.Demands()...)
		}
	}
	return list
}

// JobStart starts a planned job.
type JobStart struct {
	ID string `json:"id"`
	At Moment `json:"at,omitempty"` // "": now
	// Confirm is to how many accounts something is done that cannot be undone, as Confirm of the job says.
	Confirm int64 `json:"confirm,omitempty"`
}

// Validate implements Request.
func (s JobStart) Validate() error {
	var v Invalid
	checkOwnID(&v, s.ID, "job_not_found")
	v.Check("at", s.At.Validate())
	return v.Err()
}

// Targets implements Request.
func (JobStart) Targets() []UserID { return nil }
