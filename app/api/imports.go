// SPDX-License-Identifier: Apache-2.0

package api

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The operations on files of accounts. A file is uploaded at an address of its own, sealed as it arrives, and is gone when it was planned.
var (
	// UploadImport takes a file in, which comes at an address of its own and is not part of the request.
	UploadImport = Write[ImportUpload, Uploaded]("imports.upload", RunJobs, Internal, AtGate)
	// LookAtImport says what an uploaded file is: its columns, what they seem to mean, and how they begin.
	LookAtImport = Read[ImportLook, Import]("imports.look", RunJobs, AtGate)
	// PlanImport makes a job of an uploaded file, and holds its rows against the accounts that there are. Nothing is changed before the job
	// is started.
	PlanImport = Write[ImportPlan, Job]("imports.plan", RunJobs, AtGate)
	// AbandonImport deletes an uploaded file.
	AbandonImport = Write[ImportRef, Abandoned]("imports.abandon", RunJobs, AtGate)
	// ListLeft returns what of a job was not done, as rows that can be imported again: to the job's owner as they stood in the file, passwords
	// too, as long as they are kept; to others without what may be secret. As JSON secrets are redacted; the list's file has them.
	ListLeft = Read[LeftQuery, LeftPage]("imports.left", RunJobs, AtGate, Listing, InFile)
)

// What a column of a file can be.
const (
	FieldID          = "id" // Matrix ID or its first half
	FieldDisplayName = "display_name"
	FieldPassword    = "password"
	FieldAdmin       = "admin"
	FieldUserType    = "user_type"
	FieldEmails      = "emails"
	FieldPhones      = "phones"
	FieldThreepids   = "threepids" // e-mails and phones in one: email:a@b.example, msisdn:49…
	FieldSSO         = "sso"       // provider:identity
	FieldAvatar      = "avatar_url"
	FieldLocked      = "locked"
	FieldRooms       = "rooms"
	FieldNotice      = "notice"
	FieldDeactivated = "deactivated"
	FieldGuest       = "guest" // which nothing can change: a row that asks for a guest is refused
)

// ImportFields returns all that a column can be.
func ImportFields() []string {
	return []string{
		FieldID, FieldDisplayName, FieldPassword, FieldAdmin, FieldUserType, FieldEmails, FieldPhones, FieldThreepids, FieldSSO, FieldAvatar,
		FieldLocked, FieldRooms, FieldNotice, FieldDeactivated, FieldGuest,
	}
}

// FileFormat is what a person can say of a file where it was not recognised; what is empty is guessed.
type FileFormat struct {
	Encoding string `json:"encoding,omitempty"` // utf-8, windows-1252 or utf-16
	Comma    string `json:"comma,omitempty"`    // what separates cells: any one character but quotation marks and ends of lines, or the word tab
	Headless bool   `json:"headless,omitempty"` // the first row is data already
}

// check looks at a format whose field is called at.
func (f FileFormat) check(v *Invalid, at string) {
	if f.Encoding != "" && !slices.Contains([]string{"utf-8", "windows-1252", "utf-16"}, f.Encoding) {
		v.Add(at+".encoding", "invalid_choice")
	}
	if f.Comma != "" && f.Comma != "tab" && !separates(f.Comma) {
		v.Add(at+".comma", "invalid_separator")
	}
}

// separates reports whether a text is one character that can stand between cells.
func separates(comma string) bool {
	r, size := utf8.DecodeRuneInString(comma)
	return size == len(comma) && r != utf8.RuneError && !strings.ContainsRune("\"\r\n\x00\ufeff", r)
}

// ImportUpload is what is said of a file as it begins to arrive.
type ImportUpload struct {
	Name string `json:"name"`
}

// Validate implements Request.
func (u ImportUpload) Validate() error {
	var v Invalid
	checkText(&v, "name", u.Name, 200)
	return v.Err()
}

// Targets implements Request.
func (ImportUpload) Targets() []UserID { return nil }

// Uploaded is a file that has arrived.
type Uploaded struct {
	ID    string `json:"id"`
	Bytes int64  `json:"bytes"`
}

// Noted implements Noting.
func (u Uploaded) Noted() string { return strconv.FormatInt(u.Bytes, 10) + " bytes." }

// ImportRef names an uploaded file.
type ImportRef struct {
	ID string `json:"id"`
}

// Validate implements Request.
func (r ImportRef) Validate() error {
	var v Invalid
	checkOwnID(&v, r.ID, "import_not_found")
	return v.Err()
}

// Targets implements Request.
func (ImportRef) Targets() []UserID { return nil }

// Abandoned says that a file is gone.
type Abandoned struct {
	ID string `json:"id"`
}

// ImportLook asks what an uploaded file is.
type ImportLook struct {
	ID     string     `json:"id"`
	Format FileFormat `json:"format,omitzero"`
}

// Validate implements Request.
func (l ImportLook) Validate() error {
	var v Invalid
	checkOwnID(&v, l.ID, "import_not_found")
	l.Format.check(&v, "format")
	return v.Err()
}

// Targets implements Request.
func (ImportLook) Targets() []UserID { return nil }

// Import is an uploaded file.
type Import struct {
	ID      string         `json:"id"`
	Name    string         `json:"name"`
	Bytes   int64          `json:"bytes"`
	Kind    string         `json:"kind"` // csv or jsonl
	Format  FileFormat     `json:"format"`
	Columns []ImportColumn `json:"columns"`
	// Problem is why its first rows cannot be read so, nil mostly. Perhaps the file is to be read otherwise; planned so it is refused.
	Problem *Problem `json:"problem,omitempty"`
}

// ImportColumn is a column of a file.
type ImportColumn struct {
	Name    string   `json:"name"`
	Field   string   `json:"field,omitempty"`   // what it seems to be; "": nothing that is imported
	Samples []string `json:"samples,omitempty"` // its first cells; of what may be a password nothing is shown
}

// AccountColumn returns the column that seems to name accounts, from 1: the one that is called so, or the only one; 0 where none does.
func AccountColumn(columns []ImportColumn) int {
	for i, c := range columns {
		if c.Field == FieldID {
			return i + 1
		}
	}
	if len(columns) == 1 {
		return 1
	}
	return 0
}

// What an import does with accounts.
const (
	ImportCreate = "create" // only makes accounts; one that is there is refused
	ImportUpdate = "update" // only changes accounts; one that is not there is refused
	ImportBoth   = "both"
)

// What an import does for a new account whose row has no password, besides PasswordRandom and PasswordPassphrase.
const ImportRefuse = "refuse"

// The lengths of generated passwords.
const (
	MinRandom, MaxRandom, DefaultRandom = 12, 64, 20 // characters
	MinWords, MaxWords, DefaultWords    = 4, 12, 6   // words of a passphrase
)

// ImportPlan says how an uploaded file is to be read and what is to be done with its rows.
type ImportPlan struct {
	ID      string         `json:"id"`
	Format  FileFormat     `json:"format,omitzero"`
	Columns []ColumnChoice `json:"columns"`
	Mode    string         `json:"mode"` // create, update or both
	// Passwords is what new accounts get whose row has none: random, passphrase or refuse (the row). It is never an empty password.
	Passwords string `json:"passwords,omitempty"` // default: random
	Length    int    `json:"length,omitempty"`    // of generated passwords: characters or words
	// Reset gives existing accounts the passwords of the file, too. Otherwise those stay.
	Reset bool `json:"reset,omitempty"`
	// Clear takes an empty cell for an empty field. Otherwise it leaves the field of an existing account as it is.
	Clear bool `json:"clear,omitempty"`
	// Stop makes nothing of the file where a single row is refused.
	Stop bool   `json:"stop,omitempty"`
	Note string `json:"note,omitempty"`
}

// maxColumn is the highest number that a column can be asked for by.
const maxColumn = 1000

// ColumnChoice says what a column is.
type ColumnChoice struct {
	Field  string `json:"field"`
	Column int    `json:"column"` // from 1
}

func (p *ImportPlan) settle() {
	p.Note = strings.TrimSpace(p.Note)
	p.Columns = slices.DeleteFunc(p.Columns, func(c ColumnChoice) bool { return c.Field == "" })
	if p.Passwords == "" {
		p.Passwords = PasswordRandom
	}
	switch {
	case p.Passwords == ImportRefuse:
		p.Length = 0
	case p.Length == 0 && p.Passwords == PasswordPassphrase:
		p.Length = DefaultWords
	case p.Length == 0:
		p.Length = DefaultRandom
	}
}

// Validate implements Request.
func (p ImportPlan) Validate() error {
	var v Invalid
	checkOwnID(&v, p.ID, "import_not_found")
	p.Format.check(&v, "format")
	p.checkColumns(&v)
	if p.Mode != ImportCreate && p.Mode != ImportUpdate && p.Mode != ImportBoth {
		v.Add("mode", "invalid_choice", "choices", "create, update, both")
	}
	least, most := MinRandom, MaxRandom
	switch p.Passwords {
	case PasswordPassphrase:
		least, most = MinWords, MaxWords
	case PasswordRandom, ImportRefuse:
	default:
		v.Add("passwords", "invalid_choice", "choices", "random, passphrase, refuse")
	}
	if p.Passwords != ImportRefuse && (p.Length < least || p.Length > most) {
		v.Add("length", "out_of_range", "min", strconv.Itoa(least), "max", strconv.Itoa(most))
	}
	checkText(&v, "note", p.Note, maxReason)
	return v.Err()
}

func (p ImportPlan) checkColumns(v *Invalid) {
	fields, columns := map[string]bool{}, map[int]bool{}
	for i, c := range p.Columns {
		at := "columns." + strconv.Itoa(i) + ".field"
		switch {
		case !slices.Contains(ImportFields(), c.Field):
			v.Add(at, "invalid_choice", "choices", strings.Join(ImportFields(), ", "))
		case fields[c.Field] || columns[c.Column]:
			v.Add(at, "column_twice")
		case c.Column < 1 || c.Column > maxColumn:
			v.Add("columns."+strconv.Itoa(i)+".column", "out_of_range", "min", "1", "max", strconv.Itoa(maxColumn))
		case c.Field == FieldThreepids && (fields[FieldEmails] || fields[FieldPhones]), (c.Field == FieldEmails || c.Field == FieldPhones) && fields[FieldThreepids]:
			v.Add(at, "column_twice")
		}
		fields[c.Field], columns[c.Column] = true, true
	}
	if !fields[FieldID] {
		v.Add("columns", "import_no_id")
	}
}

// Targets implements Request.
func (ImportPlan) Targets() []UserID { return nil }

// Demands implements Demanding: who may not do it to one account may not plan to do it to many. Each row is asked about again.
func (p ImportPlan) Demands() []Permission {
	switch p.Mode {
	case ImportCreate:
		return []Permission{CreateUsers}
	case ImportUpdate:
		return []Permission{EditUsers}
	case ImportBoth:
		return []Permission{CreateUsers, EditUsers}
	}
	return nil
}
