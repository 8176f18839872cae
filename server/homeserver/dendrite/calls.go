// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/password"
)

// The requests that are sent to Dendrite, one method each. Errors are those of the client, so that the operations can tell
// what they mean.

// profileAnswer is the answer of GET /profile (client-server API, "Profiles").
type profileAnswer struct {
	DisplayName string  `json:"displayname"`
	AvatarURL   api.MXC `json:"avatar_url"`
}

// profile asks for the profile of a local account, without a token. Every account has one from its first moment on, so a 404
// says that there is no such account.
func (s *server) profile(ctx context.Context, id api.UserID) (profileAnswer, error) {
	var p profileAnswer
	_, err := s.client.Do(ctx, matrix.Call{Method: http.MethodGet, Path: matrix.At("/_matrix/client/v3/profile/{}", string(id))}, &p)
	return p, err
}

// whoisAnswer is the answer of GET /admin/whois (client-server API, "Server Administration"). Dendrite keys it by the devices' real IDs.
type whoisAnswer struct {
	Devices map[string]struct {
		Sessions []struct {
			Connections []struct {
				IP         string `json:"ip"`
				LastSeenMS int64  `json:"last_seen"`
				UserAgent  string `json:"user_agent"`
			} `json:"connections"`
		} `json:"sessions"`
	} `json:"devices"`
}

func whoisCall(id api.UserID) matrix.Call {
	return matrix.Call{Method: http.MethodGet, Path: matrix.At("/_matrix/client/v3/admin/whois/{}", string(id))}
}

// whois asks for the devices of an account. An account that does not exist has none: the answer is 200 all the same. Refused is
// only who is no administrator.
func (s *server) whois(ctx context.Context, id api.UserID) ([]api.Device, error) {
	var w whoisAnswer
	_, err := s.keys.Do(ctx, whoisCall(id), &w)
	if matrix.Is(err, http.StatusForbidden, "M_FORBIDDEN") {
		return nil, api.NewProblem(api.StatusBadGateway, "homeserver_not_admin")
	}
	if err != nil {
		return nil, err
	}
	return w.list(), nil
}

func (w whoisAnswer) list() []api.Device {
	list := make([]api.Device, 0, len(w.Devices))
	for id, device := range w.Devices {
		d := api.Device{ID: api.DeviceID(id)}
		for _, session := range device.Sessions {
			for _, c := range session.Connections {
				if c.LastSeenMS >= d.LastSeenMS {
					d.LastSeenMS, d.LastSeenIP, d.UserAgent = c.LastSeenMS, withoutPort(c.IP), c.UserAgent
				}
			}
		}
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b api.Device) int {
		return cmp.Or(cmp.Compare(b.LastSeenMS, a.LastSeenMS), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// lastSeen returns when one of the devices was used last, 0 where there is none.
func lastSeen(devices []api.Device) int64 {
	var last int64
	for _, d := range devices {
		last = max(last, d.LastSeenMS)
	}
	return last
}

// session is a sign-in. Its token goes no further than this package.
type session struct {
	ID    api.UserID `json:"user_id"`
	Token api.Secret `json:"access_token"`
}

// identifier names an account in a sign-in (client-server API, "Identifier types").
type identifier struct {
	Type string `json:"type"`
	User string `json:"user"`
}

// passwordProof is a sign-in with a password, and what user-interactive authentication takes for one.
type passwordProof struct {
	Type       string     `json:"type"`
	Identifier identifier `json:"identifier"`
	Password   api.Secret `json:"password"`
	Device     string     `json:"device_id,omitempty"`
	DeviceName string     `json:"initial_device_display_name,omitempty"`
}

func prove(name string, password api.Secret) passwordProof {
	return passwordProof{Type: "m.login.password", Identifier: identifier{"m.id.user", name}, Password: password}
}

// signIn signs in with a password (POST /login). 403 says that the password is wrong, or that the account is deactivated or
// does not exist. The device has an ID of our own: a sign-in that is not answered is sent again, and its session then takes the
// place of the one that may have begun, whose token nobody would have.
func (s *server) signIn(ctx context.Context, name string, secret api.Secret, forwardedFor string) (session, error) {
	tail, err := password.Random(10)
	if err != nil {
		return session{}, err
	}
	proof := prove(name, secret)
	proof.Device, proof.DeviceName = "GATEHOUSE_"+tail.Reveal(), "Gatehouse"
	call := matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/login"), Body: proof, ForwardedFor: forwardedFor}
	var out session
	_, err = s.client.Do(ctx, call, &out)
	if matrix.Unknown(err) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
		defer cancel()
		_, err = s.client.Do(ctx, call, &out)
	}
	return out, err
}

// signOut ends the session of a token, or with all every session of its account (POST /logout, /logout/all). It is tried twice and
// goes on when the call that it belongs to has gone away. A token that is dead already counts as signed out.
func (s *server) signOut(ctx context.Context, token api.Secret, all bool) error {
	path := matrix.At("/_matrix/client/v3/logout")
	if all {
		path = matrix.At("/_matrix/client/v3/logout/all")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	var err error
	for range 2 {
		_, err = s.client.Do(ctx, matrix.Call{Method: http.MethodPost, Path: path, Token: token, Body: struct{}{}}, nil)
		if err == nil || matrix.TokenDead(err) {
			return nil
		}
	}
	return err
}

// setPassword replaces an account's password (POST /_dendrite/admin/resetPassword). Whether devices are signed out is always
// sent, because they are not by default here.
func (s *server) setPassword(ctx context.Context, id api.UserID, password api.Secret, signOut bool) error {
	_, err := s.keys.Do(ctx, matrix.Call{
		Method: http.MethodPost,
		Path:   matrix.At("/_dendrite/admin/resetPassword/{}", string(id)),
		Body: struct {
			Password api.Secret `json:"password"`
			SignOut  bool       `json:"logout_devices"`
		}{password, signOut},
	}, nil)
	return err
}

// endAccount deactivates the account of a password (POST /account/deactivate). Dendrite has one stage of authentication here,
// and takes it at once, without the session that a first refused call would name (clientapi/auth/user_interactive.go).
func (s *server) endAccount(ctx context.Context, id api.UserID, token, password api.Secret) error {
	_, err := s.client.Do(ctx, matrix.Call{
		Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/account/deactivate"), Token: token,
		Body: struct {
			Auth passwordProof `json:"auth"`
		}{prove(string(id), password)},
	}, nil)
	return err
}

// nameFree asks whether a name can be registered (GET /register/available). Dendrite answers it also where registration is
// switched off. The error of a name that is taken is 400 M_USER_IN_USE.
func (s *server) nameFree(ctx context.Context, name api.Localpart) error {
	_, err := s.client.Do(ctx, matrix.Call{
		Method: http.MethodGet, Path: matrix.At("/_matrix/client/v3/register/available"), Query: url.Values{"username": {string(name)}},
	}, nil)
	return err
}

// address is where clients find the homeserver: what it says of itself (GET /.well-known/matrix/client, only with Dendrite's
// well_known_client_name), or else what the gate calls it.
func (s *server) address(ctx context.Context) string {
	var out struct {
		Homeserver struct {
			BaseURL string `json:"base_url"`
		} `json:"m.homeserver"`
	}
	_, err := s.client.Do(ctx, matrix.Call{Method: http.MethodGet, Path: matrix.At("/.well-known/matrix/client")}, &out)
	u, parseErr := url.Parse(out.Homeserver.BaseURL)
	if err != nil || parseErr != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return s.client.Base()
	}
	return strings.TrimRight(out.Homeserver.BaseURL, "/")
}

// directory returns the user directory of the token's account (POST /user_directory/search): those who share a room with it. The
// term stays empty, because for every remote account that does not match one Dendrite would ask that account's server.
func (s *server) directory(ctx context.Context) ([]api.User, error) {
	var out struct {
		Results []struct {
			ID          api.UserID `json:"user_id"`
			DisplayName string     `json:"display_name"`
			AvatarURL   api.MXC    `json:"avatar_url"`
		} `json:"results"`
	}
	_, err := s.keys.Do(ctx, matrix.Call{
		Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/user_directory/search"),
		Body: struct {
			Term  string `json:"search_term"`
			Limit int    `json:"limit"`
		}{"", maxDirectory},
	}, &out)
	list := make([]api.User, 0, len(out.Results))
	for _, r := range out.Results {
		list = append(list, api.User{ID: r.ID, DisplayName: r.DisplayName, AvatarURL: r.AvatarURL})
	}
	return list, err
}

// maxDirectory is how many entries are asked of the directory; each costs Dendrite a query.
const maxDirectory = 1000

// settleTime bounds what is done to find out what became of a call, after the time of the call itself is up.
const settleTime = 20 * time.Second
