// SPDX-License-Identifier: Apache-2.0

package fakedendrite

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

func (s *Server) versions(*http.Request) (int, any) {
	return 200, map[string]any{"versions": []string{"v1.0", "v1.1", "v1.2"}, "unstable_features": map[string]bool{}}
}

func (s *Server) version(*http.Request) (int, any) {
	return 200, map[string]any{"server": map[string]string{"name": "Dendrite", "version": "0.15.2"}}
}

func (s *Server) wellKnown(*http.Request) (int, any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.public == "" {
		return 404, matrixError("M_UNRECOGNIZED", "Unrecognized request")
	}
	return 200, map[string]any{"m.homeserver": map[string]string{"base_url": s.public}}
}

func (s *Server) nonce(*http.Request) (int, any) {
	nonce := rand.Text()[:16]
	s.mu.Lock()
	s.nonces[nonce] = true
	s.mu.Unlock()
	return 200, map[string]string{"nonce": nonce}
}

// register follows clientapi/routing/register.go, handleSharedSecretRegistration, in its order.
func (s *Server) register(r *http.Request) (int, any) {
	var in struct {
		Username, Password, Nonce, MAC, DisplayName string
		Admin                                       bool
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return 400, matrixError("M_BAD_JSON", "malformed json: "+err.Error())
	}
	s.mu.Lock()
	known := s.nonces[in.Nonce]
	s.mu.Unlock()
	if !known {
		return 500, map[string]string{"message": "incorrect or expired nonce: " + in.Nonce}
	}
	role, kind := "notadmin", user
	if in.Admin {
		role, kind = "admin", admin
	}
	mac := hmac.New(sha1.New, []byte(s.Secret))
	mac.Write([]byte(strings.Join([]string{in.Nonce, in.Username, in.Password, role}, "\x00")))
	if in.MAC != hex.EncodeToString(mac.Sum(nil)) {
		return 403, matrixError("M_FORBIDDEN", "bad mac")
	}
	name := strings.ToLower(in.Username)
	if status, body := s.nameProblem(name); status != 0 {
		return status, body
	}
	if status, body := passwordProblem(in.Password); status != 0 {
		return status, body
	}
	if s.exists(name) {
		return 400, matrixError("M_USER_IN_USE", "Desired user ID is already taken.")
	}
	s.insert(name, in.Password, in.DisplayName, kind)
	const device = "shared_secret_registration"
	return 200, map[string]string{"user_id": s.id(name), "access_token": s.signedIn(r, name, device, name), "device_id": device}
}

func (s *Server) id(local string) string { return "@" + local + ":" + s.ServerName }

func (s *Server) nameProblem(name string) (int, any) {
	switch {
	case len(s.id(name)) > 254:
		return 400, matrixError("M_BAD_JSON", "username exceeds the maximum length of 254 characters")
	case name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-+=./") != "":
		return 400, matrixError("M_INVALID_USERNAME", "username can only contain characters a-z, 0-9, or '_+-./='")
	case name[0] == '_':
		return 400, matrixError("M_INVALID_USERNAME", "username cannot start with a '_'")
	}
	return 0, nil
}

func passwordProblem(password string) (int, any) {
	switch {
	case password == "":
		return 400, matrixError("M_MISSING_PARAM", "Missing password")
	case len(password) < 8:
		return 400, matrixError("M_WEAK_PASSWORD", "password too weak: min 8 characters")
	case len(password) > 512:
		return 400, matrixError("M_BAD_JSON", "password too long: max 512 characters")
	}
	return 0, nil
}

func (s *Server) resetPassword(r *http.Request) (int, any) {
	h, status, body := s.holder(r)
	if status != 0 {
		return status, body
	}
	if h.kind != admin {
		return 403, matrixError("M_FORBIDDEN", "This API can only be used by admin users.")
	}
	local, ok := s.local(r.PathValue("id"))
	if !ok {
		return 400, matrixError("M_INVALID_PARAM", "server name not known")
	}
	if !s.exists(local) {
		return 404, matrixError("M_UNKNOWN", "User does not exist")
	}
	var in struct {
		Password string `json:"password"`
		SignOut  *bool  `json:"logout_devices"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return 400, matrixError("M_UNKNOWN", "Failed to decode request body: "+err.Error())
	}
	if in.SignOut == nil {
		s.t.Error("a password was replaced without saying whether devices are signed out")
		in.SignOut = new(bool)
	}
	if status, body := passwordProblem(in.Password); status != 0 {
		return status, body
	}
	s.exec("UPDATE userapi_accounts SET password_hash = $1 WHERE localpart = $2", in.Password, local)
	if *in.SignOut {
		s.exec("DELETE FROM userapi_devices WHERE localpart = $1", local)
	}
	return 200, map[string]bool{"password_updated": true}
}

func (s *Server) whois(r *http.Request) (int, any) {
	h, status, body := s.holder(r)
	if status != 0 {
		return status, body
	}
	id := r.PathValue("id")
	if h.kind != admin && id != s.id(h.local) {
		return 403, matrixError("M_FORBIDDEN", "userID does not match the current user")
	}
	local, ok := s.local(id)
	if !ok {
		return 500, map[string]string{"Err": ""}
	}
	devices := map[string]any{}
	rows, err := s.db.Query("SELECT device_id, last_seen_ts, ip, user_agent FROM userapi_devices WHERE localpart = $1", local)
	if err != nil {
		return 500, map[string]string{"Err": ""}
	}
	defer rows.Close()
	for rows.Next() {
		var device, ip, agent string
		var seen int64
		if err := rows.Scan(&device, &seen, &ip, &agent); err != nil {
			return 500, map[string]string{"Err": ""}
		}
		connection := map[string]any{"ip": ip, "last_seen": seen, "user_agent": agent}
		devices[device] = map[string]any{"sessions": []any{map[string]any{"connections": []any{connection}}}}
	}
	return 200, map[string]any{"user_id": id, "devices": devices}
}

func (s *Server) profile(r *http.Request) (int, any) {
	local, ok := s.local(r.PathValue("id"))
	if !ok {
		s.t.Errorf("Dendrite would ask another server for the profile of %s", r.PathValue("id"))
		return 500, map[string]string{"Err": ""}
	}
	var name, avatar string
	err := s.db.QueryRow("SELECT display_name, avatar_url FROM userapi_profiles WHERE localpart = $1", local).Scan(&name, &avatar)
	if err != nil {
		return 404, matrixError("M_NOT_FOUND", "The user does not exist or does not have a profile")
	}
	out := map[string]string{"displayname": name}
	if avatar != "" {
		out["avatar_url"] = avatar
	}
	return 200, out
}

func (s *Server) available(r *http.Request) (int, any) {
	name := strings.ToLower(r.URL.Query().Get("username"))
	if status, body := s.nameProblem(name); status != 0 {
		return status, body
	}
	if s.exists(name) {
		return 400, matrixError("M_USER_IN_USE", "Desired User ID is already taken.")
	}
	return 200, map[string]bool{"available": true}
}

func (s *Server) whoami(r *http.Request) (int, any) {
	h, status, body := s.holder(r)
	if status != 0 {
		return status, body
	}
	return 200, map[string]any{"user_id": s.id(h.local), "device_id": h.device, "is_guest": h.kind == guest}
}

// directory has those that List named. The adapter must ask for all of them: with a term Dendrite would ask other servers.
func (s *Server) directory(r *http.Request) (int, any) {
	if _, status, body := s.holder(r); status != 0 {
		return status, body
	}
	var in struct {
		Term string `json:"search_term"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Term != "" {
		s.t.Errorf("the directory was searched for %q, %v", in.Term, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	results := []any{}
	for _, id := range s.listed {
		results = append(results, map[string]string{"user_id": id, "display_name": "Listed", "avatar_url": ""})
	}
	return 200, map[string]any{"results": results, "limited": false}
}

func (s *Server) login(r *http.Request) (int, any) {
	var in struct {
		Type       string
		Identifier struct{ Type, User string }
		Password   string
		Device     string `json:"device_id"`
		DeviceName string `json:"initial_device_display_name"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Type != "m.login.password" {
		return 400, matrixError("M_BAD_JSON", "unexpected login type")
	}
	if id := in.Identifier.User; strings.Contains(id, ":") && !strings.HasSuffix(id, ":"+s.ServerName) {
		return 401, matrixError("M_INVALID_USERNAME", "The server name is not known.")
	}
	local, ok := s.check(in.Identifier.User, in.Password)
	if !ok {
		return 403, matrixError("M_FORBIDDEN", "The username or password was incorrect or the account does not exist.")
	}
	device := cmp.Or(in.Device, rand.Text()[:8])
	s.mu.Lock()
	id := cmp.Or(s.signInAs, s.id(local))
	s.mu.Unlock()
	return 200, map[string]string{"user_id": id, "access_token": s.signedIn(r, local, device, in.DeviceName), "device_id": device}
}

func (s *Server) logout(r *http.Request) (int, any) {
	h, status, body := s.holder(r)
	if status != 0 {
		return status, body
	}
	s.exec("DELETE FROM userapi_devices WHERE localpart = $1 AND device_id = $2", h.local, h.device)
	return 200, struct{}{}
}

func (s *Server) logoutAll(r *http.Request) (int, any) {
	h, status, body := s.holder(r)
	if status != 0 {
		return status, body
	}
	s.exec("DELETE FROM userapi_devices WHERE localpart = $1", h.local)
	return 200, struct{}{}
}

// deactivate ends the account that the proof is of, which Dendrite does not compare with the token's.
func (s *Server) deactivate(r *http.Request) (int, any) {
	if _, status, body := s.holder(r); status != 0 {
		return status, body
	}
	var in struct {
		Auth *struct {
			Type       string
			Identifier struct{ Type, User string }
			Password   string
		}
	}
	challenge := map[string]any{
		"completed": []any{}, "flows": []any{map[string]any{"stages": []string{"m.login.password"}}}, "params": struct{}{}, "session": rand.Text(),
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Auth == nil {
		return 401, challenge
	}
	local, ok := s.check(in.Auth.Identifier.User, in.Auth.Password)
	if !ok {
		challenge["errcode"], challenge["error"] = "M_FORBIDDEN", "The username or password was incorrect or the account does not exist."
		return 401, challenge
	}
	s.exec("DELETE FROM userapi_devices WHERE localpart = $1", local)
	s.exec("UPDATE userapi_accounts SET is_deactivated = 1 WHERE localpart = $1", local)
	return 200, struct{}{}
}

// Devices counts the sessions of an account.
func (s *Server) Devices(local string) int {
	var n sql.NullInt64
	if err := s.db.QueryRow("SELECT COUNT(*) FROM userapi_devices WHERE localpart = $1", local).Scan(&n); err != nil {
		s.t.Error("fake Dendrite: " + strconv.Quote(err.Error()))
	}
	return int(n.Int64)
}
