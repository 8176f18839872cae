// SPDX-License-Identifier: Apache-2.0

package api

// LeftQuery asks for a page of the rows of a job that are waiting, failed, or of which nobody knows what became of them.
type LeftQuery struct {
	ID     string `json:"id"` // of the job
	Limit  int    `json:"limit,omitempty"`
	Cursor string `json:"cursor,omitempty"`
}

// Validate implements Request.
func (q LeftQuery) Validate() error {
	return JobItemQuery{ID: q.ID, Limit: q.Limit, Cursor: q.Cursor}.Validate()
}

// Targets implements Request.
func (LeftQuery) Targets() []UserID { return nil }

// LeftPage is a page of rows that are left.
type LeftPage struct {
	Rows []LeftRow `json:"rows"`
	Next string    `json:"next,omitempty"`
	// Unknown names the fields of rows that the job's file has no column for.
	Unknown []string `json:"unknown,omitempty"`
}

// LeftRow is a row that was not done. The names of its fields are those that an import knows, but for the last ones, which say why. One that cannot be
// given as it was has no ID, so that an import refuses it until somebody has mended it: Row is what stood in the file, where it could not be read, and
// Whose is the account, where it is known.
type LeftRow struct {
	N           int64   `json:"-"` // of its item; several rows may be of one account
	ID          string  `json:"id"`
	DisplayName *string `json:"display_name,omitempty"`
	Password    Secret  `json:"password,omitzero"`
	Admin       *string `json:"admin,omitempty"`
	UserType    *string `json:"user_type,omitempty"`
	Emails      *string `json:"emails,omitempty"`
	Phones      *string `json:"phones,omitempty"`
	Threepids   *string `json:"threepids,omitempty"`
	SSO         *string `json:"sso,omitempty"`
	AvatarURL   *string `json:"avatar_url,omitempty"`
	Locked      *string `json:"locked,omitempty"`
	Rooms       *string `json:"rooms,omitempty"`
	Notice      *string `json:"notice,omitempty"`
	Deactivated *string `json:"deactivated,omitempty"`
	Guest       *string `json:"guest,omitempty"`
	Row         Secret  `json:"row,omitzero"`
	Whose       UserID  `json:"whose,omitempty"`
	Line        int64   `json:"line,omitempty"` // of the file that it came from
	State       string  `json:"state"`
	Reason      string  `json:"reason,omitempty"` // the problem's code
	Why         string  `json:"why,omitempty"`    // the problem, in English
}

// Cell is where a row has a field of an import, nil for those that it has elsewhere.
func (r *LeftRow) Cell(field string) **string {
	switch field {
	case FieldDisplayName:
		return &r.DisplayName
	case FieldAdmin:
		return &r.Admin
	case FieldUserType:
		return &r.UserType
	case FieldEmails:
		return &r.Emails
	case FieldPhones:
		return &r.Phones
	case FieldThreepids:
		return &r.Threepids
	case FieldSSO:
		return &r.SSO
	case FieldAvatar:
		return &r.AvatarURL
	case FieldLocked:
		return &r.Locked
	case FieldRooms:
		return &r.Rooms
	case FieldNotice:
		return &r.Notice
	case FieldDeactivated:
		return &r.Deactivated
	case FieldGuest:
		return &r.Guest
	}
	return nil
}
