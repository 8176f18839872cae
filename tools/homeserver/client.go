// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// httpClient follows no redirect, because homeservers send none to what is
// called here, and waits long enough for a loaded machine.
var httpClient = &http.Client{
	Timeout:       60 * time.Second,
	Transport:     keptOpen(),
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// keptOpen keeps as many connections as anything here uses at once.
func keptOpen() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}

// An Error is an answer with a status other than 2xx.
type Error struct {
	Status  int
	Code    string `json:"errcode"` // M_FORBIDDEN and so on; Dendrite leaves it out at times
	Message string `json:"error"`
	Body    []byte `json:"-"` // all of the answer
}

func (e *Error) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("%d %s", e.Status, e.Body)
	}
	return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message)
}

// locked reports whether Dendrite could not write because another of its writes held its SQLite database.
func (e *Error) locked() bool {
	return e.Status == http.StatusInternalServerError && strings.Contains(e.Message, "database is locked")
}

// Call sends a request to a path of the server. A body other than nil is sent as
// JSON, an out other than nil is filled from the answer. A token other than ""
// authorises the request. An answer other than 2xx is an *Error.
func (s *Server) Call(ctx context.Context, method, path, token string, body, out any) error {
	var payload io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, payload)
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := httpClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		e := &Error{Status: resp.StatusCode, Body: answer}
		// Not every server says what is wrong in JSON; Body has it anyway.
		_ = json.Unmarshal(answer, e)
		return fmt.Errorf("%s %s: %w", method, path, e)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s answered %q: %w", method, path, answer, err)
	}
	return nil
}

// Admin is Call with the token of an administrator. Where UseAdmin has not named
// one, the account @observer is registered with the shared secret.
func (s *Server) Admin(ctx context.Context, method, path string, body, out any) error {
	token, err := s.AdminToken(ctx)
	if err != nil {
		return err
	}
	return s.Call(ctx, method, path, token, body, out)
}

// AdminToken is the access token that Admin uses.
func (s *Server) AdminToken(ctx context.Context) (string, error) {
	s.adminOnce.Do(func() {
		account, err := s.Register(ctx, "observer", "observer-password", true)
		s.adminToken, s.adminErr = account.AccessToken, err
	})
	return s.adminToken, s.adminErr
}

// UseAdmin names the administrator that Admin acts as. It has to come before the
// first Admin: for a server without a shared secret, or one that is started
// again on the data of an earlier one.
func (s *Server) UseAdmin(token string) {
	s.adminOnce.Do(func() { s.adminToken = token })
}

// UserID is the Matrix ID of a local account.
func (s *Server) UserID(localpart string) string {
	return "@" + localpart + ":" + s.ServerName
}

// A Registration is an account to be made with the shared secret.
type Registration struct {
	Username    string `json:"username"`
	Password    string `json:"password"`
	Admin       bool   `json:"admin"`
	UserType    string `json:"user_type,omitempty"` // Synapse only
	DisplayName string `json:"displayname,omitempty"`
	// NoLogin asks for no device and no token. Dendrite makes them anyway.
	NoLogin bool `json:"inhibit_login,omitempty"`
}

// An Account is what a server answers to a registration or a sign-in.
type Account struct {
	UserID      string `json:"user_id"`
	AccessToken string `json:"access_token"`
	DeviceID    string `json:"device_id"`
}

// Register makes an account with the shared secret and signs it in.
func (s *Server) Register(ctx context.Context, username, password string, admin bool) (Account, error) {
	return s.RegisterAccount(ctx, Registration{Username: username, Password: password, Admin: admin})
}

// RegisterAccount makes an account with the shared secret. Where Dendrite makes the account and then finds its SQLite database held by another of
// its writes, it is signed in afterwards.
func (s *Server) RegisterAccount(ctx context.Context, r Registration) (Account, error) {
	account, err := s.registerWith(ctx, s.SharedSecret, r)
	if e, ok := errors.AsType[*Error](err); ok && e.locked() && strings.Contains(e.Message, "failed to create device") {
		return s.Login(ctx, r.Username, r.Password)
	}
	return account, err
}

// registerWith makes an account with any secret, a wrong one as well.
func (s *Server) registerWith(ctx context.Context, secret string, r Registration) (Account, error) {
	const path = "/_synapse/admin/v1/register"
	var challenge struct {
		Nonce string `json:"nonce"`
	}
	if err := s.Call(ctx, http.MethodGet, path, "", nil, &challenge); err != nil {
		return Account{}, err
	}
	body := struct {
		Registration
		Nonce string `json:"nonce"`
		MAC   string `json:"mac"`
	}{r, challenge.Nonce, mac(secret, challenge.Nonce, r)}
	var account Account
	err := s.Call(ctx, http.MethodPost, path, "", body, &account)
	return account, err
}

// mac is the code that proves the shared secret, in hexadecimal. Source: Synapse
// documentation, "Shared-Secret Registration". Dendrite has the same without the
// user type.
func mac(secret, nonce string, r Registration) string {
	h := hmac.New(sha1.New, []byte(secret))
	role := "notadmin"
	if r.Admin {
		role = "admin"
	}
	io.WriteString(h, nonce+"\x00"+r.Username+"\x00"+r.Password+"\x00"+role)
	if r.UserType != "" {
		io.WriteString(h, "\x00"+r.UserType)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Login signs an account in with its password, as a client does. Dendrite answers 500 while another of its writes holds
// its SQLite database, which says nothing about the password: it is asked again until ctx ends.
func (s *Server) Login(ctx context.Context, user, password string) (Account, error) {
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		var account Account
		err := s.Call(ctx, http.MethodPost, "/_matrix/client/v3/login", "", map[string]any{
			"type":       "m.login.password",
			"identifier": map[string]string{"type": "m.id.user", "user": user},
			"password":   password,
		}, &account)
		if e, ok := errors.AsType[*Error](err); !ok || !e.locked() {
			return account, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return account, err
		}
	}
}

// WhoAmI returns the Matrix ID that a token belongs to.
func (s *Server) WhoAmI(ctx context.Context, token string) (string, error) {
	var account Account
	err := s.Call(ctx, http.MethodGet, "/_matrix/client/v3/account/whoami", token, nil, &account)
	return account.UserID, err
}

// DisplayName returns the name in an account's profile, "" if it has none.
func (s *Server) DisplayName(ctx context.Context, userID string) (string, error) {
	var profile struct {
		DisplayName string `json:"displayname"`
	}
	err := s.Call(ctx, http.MethodGet, "/_matrix/client/v3/profile/"+url.PathEscape(userID), "", nil, &profile)
	return profile.DisplayName, err
}

// Upload puts a file on the server and returns its media ID.
func (s *Server) Upload(ctx context.Context, token, contentType, name string, data []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/_matrix/media/v3/upload?filename="+url.QueryEscape(name), bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", contentType)
	resp, err := httpClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var out struct {
		URI string `json:"content_uri"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || out.URI == "" {
		return "", fmt.Errorf("uploading %s: status %d, %v", name, resp.StatusCode, err)
	}
	return path.Base(out.URI), nil
}
