// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/homeserver"
	"gatehouse/server/store"
	"gatehouse/server/table"
)

// kept is a row as it stood in the file: its cells by what they were said to be, or all of it where it could not be read.
type kept struct {
	Cells map[string]string `json:"cells,omitempty"`
	Text  string            `json:"text,omitempty"`
}

// keep writes down what a row says, so that it can be given back. A cell that is too long is one to be mended like others.
func (r reader) keep(row table.Row) []byte {
	k := kept{}
	if (row.Problem == nil || row.Problem.Code == table.CellTooLong) && !r.misplaced(row) {
		k.Cells = map[string]string{}
		for i, field := range r.fields {
			if c := row.Cells[i]; field != "" && c.There {
				k.Cells[field] = r.plain(field, c.Text)
			}
		}
	} else {
		k.Text = row.Text
	}
	text, _ := json.Marshal(k) // texts can always be marshalled
	return text
}

// misplaced reports whether a cell of a row is a list or an object where none is expected: as a text it would be taken for what it is not.
func (r reader) misplaced(row table.Row) bool {
	for i, field := range r.fields {
		if field != "" && misplaced(field, row.Cells[i]) != "" {
			return true
		}
	}
	return false
}

// leftAtOnce bounds a page: each of its rows may be as long as a row of a file can be.
const leftAtOnce = 100

// left returns what of a job was not done.
func (w window) left(ctx context.Context, q api.LeftQuery) (api.LeftPage, error) {
	page := api.LeftPage{Rows: []api.LeftRow{}}
	j, err := w.Store.Job(ctx, q.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && j.Homeserver != w.settings.Name {
		return page, api.NewProblem(api.StatusNotFound, "job_not_found")
	}
	if err != nil {
		return page, err
	}
	limit := leftAtOnce
	if q.Limit > 0 {
		limit = min(q.Limit, limit)
	}
	after := int64(0)
	if q.Cursor != "" {
		if after, err = strconv.ParseInt(q.Cursor, 10, 64); err != nil {
			return page, api.NewProblem(api.StatusUnprocessable, "invalid_cursor").At("cursor")
		}
	}
	items, err := w.Store.JobItemsLeft(ctx, q.ID, after, limit)
	if err != nil {
		return page, err
	}
	l := w.leftOf(ctx, j)
	page.Unknown = l.unknown()
	for _, i := range items {
		page.Rows = append(page.Rows, l.row(i))
	}
	if len(items) == limit {
		page.Next = strconv.FormatInt(items[len(items)-1].N, 10)
	}
	return page, nil
}

// leftovers writes what is left of a job.
type leftovers struct {
	*Desk
	columns []string // what the columns of its file are
	clear   bool     // an empty cell says something else than one that is not there
	bare    bool     // nothing but the account counts
	owner   bool     // who asks is who sent the file
}

func (w window) leftOf(ctx context.Context, j store.Job) leftovers {
	l := leftovers{Desk: w.Desk, columns: []string{api.FieldID}, bare: j.Kind != api.JobImport, owner: homeserver.Caller(ctx) == j.Person}
	if l.bare {
		return l
	}
	var plan api.ImportPlan
	_ = json.Unmarshal([]byte(j.Request), &plan) // that of an import can be read
	l.columns, l.clear = nil, plan.Clear
	for _, c := range plan.Columns {
		l.columns = append(l.columns, c.Field)
	}
	return l
}

// unknown names the fields for which the file had no column, and that of passwords where they are not given.
func (l leftovers) unknown() (list []string) {
	for _, field := range api.ImportFields() {
		if !slices.Contains(l.columns, field) || field == api.FieldPassword && !l.owner {
			list = append(list, field)
		}
	}
	return list
}

// row is the row of a file that an item came from. Its owner gets it as it was, others and who comes too late what the plan tells of it. What cannot
// be given whole names no account: imported again it is refused, and not taken for less than it was.
func (l leftovers) row(i store.JobItem) api.LeftRow {
	r := api.LeftRow{N: i.N, Line: i.Line, State: i.State, Reason: i.Code}
	p := api.Problem{Code: i.Code}
	_ = json.Unmarshal([]byte(i.Params), &p.Params) // "" has none
	if i.Code != "" {
		gate.Describe(&p)
		r.Why = p.Detail
	}
	var k kept
	if row := l.Jobs.RowOf(i); row != nil && l.owner && json.Unmarshal(row, &k) == nil {
		l.fill(&r, k, i)
		return r
	}
	changes := changesOf(i)
	for _, c := range changes {
		if to := r.Cell(c.Field); to != nil && slices.Contains(l.columns, c.Field) {
			*to = &c.To
		}
	}
	if r.ID = i.Target; l.lacks(i, p.Params, changes) {
		r.ID, r.Whose = "", api.UserID(i.Target)
	}
	return r
}

// maxGiven bounds how much of a row is given back, in bytes: with its quotation marks doubled, and what is said of it, it has to be a row that can be read.
const maxGiven = table.MaxRow/2 - 8<<10

// fill gives a row its own cells.
func (l leftovers) fill(r *api.LeftRow, k kept, i store.JobItem) {
	size := len(k.Text)
	for _, text := range k.Cells {
		size += len(text)
	}
	_, named := k.Cells[api.FieldID]
	switch {
	case size > maxGiven: // Line tells where it stands whole
		r.Whose = api.UserID(i.Target)
		return
	case k.Cells == nil:
		r.Row = api.NewSecret(k.Text)
		return
	case !named, l.clear && len(k.Cells) < len(l.columns): // it has no cell where it would be given an empty one
		text, _ := json.Marshal(k.Cells)
		r.Row, r.Whose = api.NewSecret(string(text)), api.UserID(i.Target)
		return
	}
	r.ID, r.Password = k.Cells[api.FieldID], api.NewSecret(k.Cells[api.FieldPassword])
	for field, text := range k.Cells {
		if to := r.Cell(field); to != nil {
			*to = &text
		}
	}
}

// lacks reports whether the changes that a plan kept of a row say less than the row did, besides the password of a new account.
func (l leftovers) lacks(i store.JobItem, params map[string]string, changes []api.JobChange) bool {
	switch {
	case l.bare:
		return false
	case i.Code == "import_field" && unreadable[params["code"]], i.Code == "import_guest", i.Code == "import_untold" && params["field"] == api.FieldGuest:
		return true // the cell that is wrong is what is not kept
	case i.Action == "" || i.Action == api.CreateUser.Info().Name:
		return false
	}
	// An update keeps what changes: an empty cell would empty what it left alone, and a new password is not among it.
	return l.clear || slices.ContainsFunc(changes, func(c api.JobChange) bool { return c.Field == api.FieldPassword })
}

// unreadable are the mistakes of cells that cannot be kept as anything.
var unreadable = map[string]bool{"import_yes_no": true, "import_threepid": true, "import_text": true, "import_list": true}

func changesOf(i store.JobItem) (list []api.JobChange) {
	_ = json.Unmarshal([]byte(i.Changes), &list) // "" has none
	return list
}
