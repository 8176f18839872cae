// SPDX-License-Identifier: Apache-2.0

package api

// The operations on a homeserver itself.
var (
	// ServerInfo says what the homeserver is and what can be done on it.
	ServerInfo = Read[ServerQuery, Server]("server.info", ReadServers)
	// CheckServer is the doctor's report: it proves every key and tells what is missing and why.
	CheckServer = Read[ServerQuery, Report]("server.check", ReadServers)
	// VerifyOperator proves that somebody is an administrator of the homeserver: it signs in there, looks, and signs out.
	VerifyOperator = Write[Credentials, Identity]("operators.verify", ReadServers, Internal)
)

// ServerQuery asks about the homeserver of the call.
type ServerQuery struct{}

// Validate implements Request.
func (ServerQuery) Validate() error { return nil }

// Targets implements Request.
func (ServerQuery) Targets() []UserID { return nil }

// Server is a homeserver as the gate sees it.
type Server struct {
	Name       string   `json:"name"` // in the configuration and in addresses
	ServerName string   `json:"server_name"`
	Kind       string   `json:"kind"`
	Version    string   `json:"version,omitempty"`
	State      string   `json:"state"`                // up, slow or down
	LatencyMS  int64    `json:"latency_ms,omitempty"` // of one small request
	Problem    *Problem `json:"problem,omitempty"`    // why it is down
	// Unavailable maps an operation, or a field of one (`users.create.user_type`), to the reason why it cannot be had
	// here (`missing.<reason>`). What is not in it works.
	Unavailable map[string]string `json:"unavailable,omitempty"`
	// UserTypes are the types that an account can be given here, besides the ordinary one.
	UserTypes []string `json:"user_types,omitempty"`
	// NewIDs says what this server asks of new names beyond the grammar.
	MaxLocalpart int `json:"max_localpart,omitempty"`
}

// Report is what `gatehouse check` prints.
type Report struct {
	Server Server  `json:"server"`
	Checks []Check `json:"checks"`
}

// OK reports whether every check passed or only warns.
func (r Report) OK() bool {
	for _, c := range r.Checks {
		if c.State == CheckFailed {
			return false
		}
	}
	return true
}

// Check is one line of the report; its text is `check.<code>`.
type Check struct {
	Code   string            `json:"code"`
	State  string            `json:"state"`
	Params map[string]string `json:"params,omitempty"`
}

// The states of a check.
const (
	CheckPassed  = "passed"
	CheckWarning = "warning"
	CheckFailed  = "failed"
)

// Credentials are what somebody types to sign in.
type Credentials struct {
	Name     string `json:"name"` // localpart or Matrix ID
	Password Secret `json:"password"`
	Address  string `json:"address,omitempty"` // the person's own IP address, for the homeserver's limits
}

// Validate implements Request.
func (c Credentials) Validate() error {
	var v Invalid
	if c.Name == "" {
		v.Add("name", "missing")
	}
	checkText(&v, "name", c.Name, maxID)
	if c.Password.IsZero() {
		v.Add("password", "missing")
	}
	return v.Err()
}

// Targets implements Request.
func (Credentials) Targets() []UserID { return nil }

// Identity is who signed in.
type Identity struct {
	ID          UserID `json:"id"`
	DisplayName string `json:"display_name,omitempty"`
	Admin       bool   `json:"admin"`
}
