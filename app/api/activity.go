// SPDX-License-Identifier: Apache-2.0

package api

// The operations on what an account does: from where it is used, and in which rooms it is.
var (
	// ListConnections returns the addresses and programs that the account was used from.
	ListConnections = Read[UserRef, ConnectionList]("users.connections", ReadDevices, Listing)
	// ListPushers returns where the account's notifications are sent to.
	ListPushers = Read[UserRef, PusherList]("users.pushers", ReadDevices, Listing)
	// ListRooms returns one page of the rooms that the account is or was in.
	ListRooms = Read[RoomQuery, RoomPage]("users.rooms", ReadRooms, Listing)
	// CountActivity returns how many invitations the account sent and how many rooms it joined lately.
	CountActivity = Read[UserRef, Activity]("users.activity", ReadRooms)
	// ReadData returns what the account's clients keep at the homeserver. It is private, so reading it is recorded.
	ReadData = Read[UserRef, AccountData]("users.account_data", ReadAccountData, Recorded)
)

// MaxConnections is how many connections are listed.
const MaxConnections = 500

// Connection is an address and a program that the account was used from.
type Connection struct {
	Device     DeviceID `json:"device,omitempty"`
	DeviceName string   `json:"device_name,omitempty"`
	IP         string   `json:"ip,omitempty"`
	UserAgent  string   `json:"user_agent,omitempty"`
	LastSeenMS int64    `json:"last_seen_ms,omitempty"` // unix milliseconds; 0: never
}

// ConnectionList is the connections that the homeserver remembers, the last one first.
type ConnectionList struct {
	Connections []Connection `json:"connections"`
	Total       int          `json:"total"` // may be more than are listed
	// Unknown names the JSON fields of Connection that this server cannot tell.
	Unknown []string `json:"unknown,omitempty"`
}

// Pusher is a way in which notifications reach the account's person.
type Pusher struct {
	Kind     string   `json:"kind"` // http or email
	AppName  string   `json:"app_name,omitempty"`
	AppID    string   `json:"app_id,omitempty"`
	Device   DeviceID `json:"device,omitempty"`
	Name     string   `json:"name,omitempty"`    // of the device
	Gateway  string   `json:"gateway,omitempty"` // the server that they are sent through
	Key      string   `json:"key,omitempty"`     // the beginning and the end of the push key: whoever has all of it can send notifications
	Disabled bool     `json:"disabled,omitempty"`
}

// PusherList is the pushers of an account.
type PusherList struct {
	Pushers []Pusher `json:"pushers"`
}

// RoomPageSize is how many rooms are on a page.
const RoomPageSize = 100

// RoomQuery asks for a page of the rooms of an account.
type RoomQuery struct {
	ID     UserID `json:"id"`
	Cursor string `json:"cursor,omitempty"` // from Next or Previous of another page
}

// Validate implements Request.
func (q RoomQuery) Validate() error {
	var v Invalid
	v.Check("id", q.ID.Validate())
	if len(q.Cursor) > 100 {
		v.Add("cursor", "invalid_cursor")
	}
	return v.Err()
}

// Targets implements Request.
func (q RoomQuery) Targets() []UserID { return []UserID{q.ID} }

// Room is a room that an account is or was in.
type Room struct {
	ID         RoomID `json:"id"`
	Membership string `json:"membership"` // join, invite, knock, ban or leave
	Name       string `json:"name,omitempty"`
	Alias      string `json:"alias,omitempty"`
}

// RoomPage is a page of rooms: those that the account is in first, then by name.
type RoomPage struct {
	Rooms    []Room `json:"rooms"`
	Joined   int    `json:"joined"` // how many rooms the account is in
	Total    int    `json:"total"`
	Offset   int    `json:"offset"`
	Next     string `json:"next,omitempty"`
	Previous string `json:"previous,omitempty"`
	// Limits are the reasons why the list, or the names in it, are not whole (`missing.<reason>`).
	Limits []string `json:"limits,omitempty"`
}

// Activity is how much an account did lately.
type Activity struct {
	Periods []ActivityPeriod `json:"periods"`
}

// ActivityPeriod is what an account did in the last hours.
type ActivityPeriod struct {
	Hours   int   `json:"hours"`
	Invites int64 `json:"invites"` // that it sent
	Joins   int64 `json:"joins"`   // rooms that it joined
}

// The bounds of what is shown of account data: how many entries, how much of one, how much of all, in bytes.
const (
	MaxData     = 500
	MaxDatum    = 16 << 10
	MaxDataText = 256 << 10
)

// AccountData is what an account's clients keep at the homeserver (specification, "Client Config").
type AccountData struct {
	Global []Datum     `json:"global"`
	Rooms  []RoomDatum `json:"rooms"`
	Left   int         `json:"left,omitempty"` // how many entries are not here because there are too many
}

// Datum is one entry.
type Datum struct {
	Type    string `json:"type"`
	Content string `json:"content"` // JSON, indented
	Size    int    `json:"size"`    // of all of it, in bytes
	Cut     bool   `json:"cut,omitempty"`
}

// RoomDatum is what is kept for one room.
type RoomDatum struct {
	Room RoomID  `json:"room"`
	Data []Datum `json:"data"`
}
