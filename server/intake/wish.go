// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/table"
)

// A Wish is what a row asks for. A field that is nil stays as it is: its column is not there, or its cell is not, or is empty where that means
// nothing.
type Wish struct {
	Line        int
	ID          api.UserID // whole; "" where the row names nobody
	DisplayName *string
	Password    api.Secret
	Admin       *bool
	UserType    *string
	Emails      *[]string
	Phones      *[]string
	SSO         *[]api.ExternalID
	Avatar      *api.MXC
	Locked      *bool
	Rooms       []string
	Notice      string
	Deactivated *bool
	Guest       *bool
	// Problem is why nothing can be made of the row: the first thing that is wrong with it.
	Problem *api.Problem
	// Kept is the row as it stands in the file.
	Kept []byte
}

// A reader makes wishes of rows.
type reader struct {
	fields []string // of each column; "" is not imported
	server string
	clear  bool // an empty cell is an empty field
	undo   bool // a cell that begins like a formula may have been made harmless, which is undone
}

// compared are the fields of an account, by their JSON names, that are held against what the row asks for.
func (w Wish) compared() (fields []string) {
	for _, f := range []struct {
		name  string
		asked bool
	}{
		{"display_name", w.DisplayName != nil}, {"admin", w.Admin != nil}, {"user_type", w.UserType != nil}, {"avatar_url", w.Avatar != nil},
		{"threepids", w.Emails != nil || w.Phones != nil}, {"external_ids", w.SSO != nil},
		{"locked", w.Locked != nil}, {"deactivated", w.Deactivated != nil}, {"guest", w.Guest != nil},
	} {
		if f.asked {
			fields = append(fields, f.name)
		}
	}
	return fields
}

func newReader(p api.ImportPlan, f table.Format, server string) (reader, error) {
	columns := len(f.Columns)
	r := reader{fields: make([]string, columns), server: server, clear: p.Clear, undo: f.Kind == table.CSV}
	for _, c := range p.Columns {
		if c.Column > columns {
			return r, api.NewProblem(api.StatusUnprocessable, "import_columns")
		}
		r.fields[c.Column-1] = c.Field
	}
	return r, nil
}

// wish reads a row.
func (r reader) wish(row table.Row) Wish {
	w := Wish{Line: row.Line, Problem: row.Problem, Kept: r.keep(row)}
	if w.Problem != nil {
		return w
	}
	for i, field := range r.fields {
		c := row.Cells[i]
		switch code := misplaced(field, c); {
		case field == "" || !c.There:
		case code != "":
			w.wrong(field, code)
		default:
			r.field(&w, field, c.Text)
		}
	}
	if w.ID == "" && w.Problem == nil {
		w.wrong(api.FieldID, "missing")
	}
	return w
}

// wrong notes what is wrong with a field, unless something is already.
func (w *Wish) wrong(field, code string) {
	if w.Problem == nil {
		w.Problem = api.NewProblem(api.StatusUnprocessable, "import_field", "field", field, "code", code)
	}
}

func (r reader) field(w *Wish, field, cell string) {
	cell = r.plain(field, cell)
	if field == api.FieldPassword && cell == api.Redacted { // it stands where a password stood, and is none
		w.wrong(field, "import_redacted")
		return
	}
	if field == api.FieldPassword {
		w.Password = api.NewSecret(cell)
		return
	}
	text := strings.TrimSpace(cell)
	switch field {
	case api.FieldID:
		w.ID = r.id(w, text)
	case api.FieldAdmin:
		w.Admin = w.bool(field, text)
	case api.FieldLocked:
		w.Locked = w.bool(field, text)
	case api.FieldDeactivated:
		w.Deactivated = w.bool(field, text)
	case api.FieldGuest:
		w.Guest = w.bool(field, text)
	case api.FieldRooms:
		w.Rooms = table.Split(text)
	case api.FieldNotice:
		w.Notice = text
	default:
		if r.clear || !empty(field, text) {
			r.text(w, field, text)
		}
	}
}

// misplaced is the code of what is wrong with a list or an object of JSON Lines that stands where none is expected, "" where it may stand.
func misplaced(field string, c table.Cell) string {
	switch {
	case !c.Nested:
		return ""
	case listed[field] && c.Text[0] == '[':
		return ""
	case listed[field]:
		return "import_list"
	}
	return "import_text"
}

// listed are the fields that have several values in one cell.
var listed = map[string]bool{api.FieldEmails: true, api.FieldPhones: true, api.FieldThreepids: true, api.FieldSSO: true, api.FieldRooms: true}

// empty reports whether a cell has nothing in it, in the form of a list, too.
func empty(field, text string) bool {
	if listed[field] {
		return !slices.ContainsFunc(table.Split(text), func(one string) bool { return strings.TrimSpace(one) != "" })
	}
	return text == ""
}

// plain is a cell without the apostrophe that keeps it from being a formula. Passwords are taken word for word: nobody but us writes an apostrophe
// before them, and we write none.
func (r reader) plain(field, cell string) string {
	if r.undo && field != api.FieldPassword {
		return table.Undo(cell)
	}
	return cell
}

func (r reader) text(w *Wish, field, text string) {
	switch field {
	case api.FieldDisplayName:
		w.DisplayName = &text
	case api.FieldUserType:
		w.UserType = &text
	case api.FieldAvatar:
		avatar := api.MXC(text)
		w.Avatar = &avatar
	case api.FieldEmails:
		list := addresses("email", table.Split(text))
		w.Emails = &list
	case api.FieldPhones:
		list := addresses("msisdn", table.Split(text))
		w.Phones = &list
	case api.FieldThreepids:
		w.threepids(table.Split(text))
	case api.FieldSSO:
		list := []api.ExternalID{}
		for _, one := range table.Split(text) {
			var e api.ExternalID
			if nested := strings.HasPrefix(one, "{") || strings.HasPrefix(one, "["); !nested {
				e.AuthProvider, e.ExternalID, _ = strings.Cut(one, ":")
			} else if json.Unmarshal([]byte(one), &e) != nil {
				e = api.ExternalID{}
			}
			if e.AuthProvider == "" || e.ExternalID == "" {
				w.wrong(field, "import_sso")
			}
			list = append(list, e)
		}
		w.SSO = &list
	}
}

// id reads a Matrix ID, or the first half of one.
func (r reader) id(w *Wish, text string) api.UserID {
	if text == "" {
		return ""
	}
	id := api.UserID(text)
	if !strings.Contains(text, ":") {
		id = api.UserID("@" + strings.TrimPrefix(text, "@") + ":" + r.server)
	}
	if err := id.Validate(); err != nil {
		w.wrong(api.FieldID, "invalid_user_id")
	} else if id.Server() != r.server {
		w.Problem = api.NewProblem(api.StatusUnprocessable, "not_local", "server", r.server)
	}
	return id
}

func (w *Wish) bool(field, text string) *bool {
	value := yes[strings.ToLower(text)]
	switch {
	case text == "":
		return nil
	case !value && !no[strings.ToLower(text)]:
		w.wrong(field, "import_yes_no")
		return nil
	}
	return &value
}

// threepids reads addresses of both kinds: email:a@b.example, or objects as Synapse writes them.
func (w *Wish) threepids(list []string) {
	emails, phones := []string{}, []string{}
	for _, one := range list {
		var t api.Threepid
		if json.Unmarshal([]byte(one), &t) != nil {
			t.Medium, t.Address, _ = strings.Cut(one, ":")
		}
		switch medium := strings.TrimSpace(t.Medium); {
		case strings.TrimSpace(t.Address) == "":
			w.wrong(api.FieldThreepids, "import_threepid")
		case medium == "email":
			emails = append(emails, t.Address)
		case medium == "msisdn":
			phones = append(phones, t.Address)
		default:
			w.wrong(api.FieldThreepids, "import_threepid")
		}
	}
	emails, phones = addresses("email", emails), addresses("msisdn", phones)
	w.Emails, w.Phones = &emails, &phones
}

// addresses writes addresses as homeservers keep them, each once.
func addresses(medium string, list []string) []string {
	out, seen := []string{}, map[string]bool{}
	for _, a := range list {
		if a = api.CanonicalAddress(medium, a); a != "" && !seen[a] {
			out, seen[a] = append(out, a), true
		}
	}
	return out
}
