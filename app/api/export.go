// SPDX-License-Identifier: Apache-2.0

package api

import "net/url"

// ExportList writes a whole list, all its pages, as a file. It is recorded, because whoever has the file has all that is in it. At its
// address the gate answers with the file itself.
var ExportList = Read[ListExport, ExportedList]("lists.export", ReadUsers, AtGate, Recorded)

// The formats of files of rows.
const (
	FormatCSV       = "csv"
	FormatJSONLines = "jsonl"
)

// ListExport names a list: the operation that answers with it, and what it is asked with.
type ListExport struct {
	Operation string `json:"operation"`       // one that is Listing
	Query     string `json:"query,omitempty"` // its request, as in its address: search=ann&locked=only
	Format    string `json:"format"`          // csv or jsonl
}

// List returns the request that the list is asked with.
func (e ListExport) List() (Op, Request, error) {
	op, ok := Find(e.Operation)
	if !ok || !op.Info().Listing {
		return nil, nil, NewProblem(StatusUnprocessable, "no_list", "name", e.Operation).At("operation")
	}
	values, err := url.ParseQuery(e.Query)
	if err != nil {
		return nil, nil, NewProblem(StatusBadRequest, "invalid_request")
	}
	req, err := op.DecodeForm(values)
	if err != nil {
		return nil, nil, err
	}
	return op, req, req.Validate()
}

// Validate implements Request.
func (e ListExport) Validate() error {
	if e.Format != FormatCSV && e.Format != FormatJSONLines {
		var v Invalid
		v.Add("format", "invalid_choice", "choices", FormatCSV+", "+FormatJSONLines)
		return v.Err()
	}
	_, _, err := e.List()
	return err
}

// Targets implements Request: those of the list.
func (e ListExport) Targets() []UserID {
	if _, req, err := e.List(); err == nil {
		return req.Targets()
	}
	return nil
}

// Demands implements Demanding: whoever may not see the list gets no file of it.
func (e ListExport) Demands() []Permission {
	op, req, err := e.List()
	if err != nil {
		return nil
	}
	list := []Permission{op.Info().Permission}
	if d, ok := req.(Demanding); ok {
		list = append(list, d.Demands()...)
	}
	return list
}

// ExportedList says which list may be written to a file now.
type ExportedList struct {
	Export ListExport `json:"export"`
}
