// SPDX-License-Identifier: Apache-2.0

package fakedendrite

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"time"
)

// schema is what Dendrite makes on SQLite (userapi/storage/sqlite3), as far as it is used here.
const schema = `
CREATE TABLE userapi_accounts (localpart TEXT NOT NULL, server_name TEXT NOT NULL, created_ts BIGINT NOT NULL, password_hash TEXT,
	appservice_id TEXT, is_deactivated BOOLEAN DEFAULT 0, account_type INTEGER NOT NULL);
CREATE UNIQUE INDEX userapi_accounts_idx ON userapi_accounts(localpart, server_name);
CREATE TABLE userapi_profiles (localpart TEXT NOT NULL, server_name TEXT NOT NULL, display_name TEXT, avatar_url TEXT);
CREATE UNIQUE INDEX userapi_profiles_idx ON userapi_profiles(localpart, server_name);
CREATE TABLE userapi_devices (access_token TEXT PRIMARY KEY, session_id INTEGER, device_id TEXT, localpart TEXT, server_name TEXT NOT NULL,
	created_ts BIGINT, display_name TEXT, last_seen_ts BIGINT, ip TEXT, user_agent TEXT, UNIQUE (localpart, server_name, device_id));
CREATE TABLE userapi_threepids (threepid TEXT NOT NULL, medium TEXT NOT NULL DEFAULT 'email', localpart TEXT NOT NULL, server_name TEXT NOT NULL,
	PRIMARY KEY(threepid, medium));`

// The account types.
const (
	user  = 1
	guest = 2
	admin = 3
)

// holder is whose token a call has.
type holder struct {
	local, device string
	kind          int
}

func (s *Server) insert(local, password, name string, kind int) {
	if name == "" {
		name = local
	}
	s.exec("INSERT INTO userapi_accounts (localpart, server_name, created_ts, password_hash, account_type) VALUES ($1, $2, $3, $4, $5)",
		local, s.ServerName, time.Now().UnixMilli(), password, kind)
	s.exec("INSERT INTO userapi_profiles VALUES ($1, $2, $3, '')", local, s.ServerName, name)
}

// signedIn makes a device and returns its token. A device of the same ID is replaced.
func (s *Server) signedIn(r *http.Request, local, device, name string) string {
	token := rand.Text()
	s.exec("DELETE FROM userapi_devices WHERE localpart = $1 AND device_id = $2", local, device)
	s.exec(`INSERT INTO userapi_devices (access_token, device_id, localpart, server_name, created_ts, display_name, last_seen_ts, ip, user_agent)
		VALUES ($1, $2, $3, $4, $5, $6, $5, $7, $8)`, token, device, local, s.ServerName, time.Now().UnixMilli(), name, r.RemoteAddr, r.UserAgent())
	return token
}

func (s *Server) holder(r *http.Request) (holder, int, any) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return holder{}, 401, matrixError("M_MISSING_TOKEN", "Missing access token")
	}
	var h holder
	err := s.db.QueryRow(`SELECT d.localpart, d.device_id, a.account_type FROM userapi_devices d JOIN userapi_accounts a ON a.localpart = d.localpart
		WHERE d.access_token = $1`, token).Scan(&h.local, &h.device, &h.kind)
	if err != nil {
		return holder{}, 401, matrixError("M_UNKNOWN_TOKEN", "Unknown token")
	}
	return h, 0, nil
}

// local splits an ID of this server; any other is refused.
func (s *Server) local(id string) (string, bool) {
	local, server, ok := strings.Cut(strings.TrimPrefix(id, "@"), ":")
	return local, ok && strings.HasPrefix(id, "@") && server == s.ServerName
}

func (s *Server) exists(local string) bool {
	var n int
	err := s.db.QueryRow("SELECT COUNT(*) FROM userapi_accounts WHERE localpart = $1", local).Scan(&n)
	return err == nil && n == 1
}

// check returns the account that a name and a password belong to. Dendrite tries the name in small letters first.
func (s *Server) check(name, password string) (string, bool) {
	local, ok := s.local(name)
	if !ok {
		local = strings.TrimPrefix(name, "@")
	}
	for _, try := range []string{strings.ToLower(local), local} {
		var have string
		err := s.db.QueryRow("SELECT password_hash FROM userapi_accounts WHERE localpart = $1 AND is_deactivated = 0", try).Scan(&have)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			s.t.Errorf("fake Dendrite: %v", err)
		}
		if err == nil && have == password {
			return try, true
		}
	}
	return "", false
}
