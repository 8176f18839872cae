// SPDX-License-Identifier: Apache-2.0

package sharedsecret

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/password"
)

// Kind is the homeserver's software, where the two differ.
type Kind string

// The kinds.
const (
	Synapse  Kind = "synapse"
	Dendrite Kind = "dendrite"
)

var (
	// ErrWrong says that the homeserver has another shared secret.
	ErrWrong = errors.New("the registration shared secret is wrong")
	// ErrNotConfigured says that the homeserver, or the gate, has no shared secret.
	ErrNotConfigured = errors.New("there is no registration shared secret")
	// ErrDelegated says that accounts are Matrix Authentication Service's business there, so Synapse has no such endpoint.
	ErrDelegated = errors.New("accounts are managed by Matrix Authentication Service")
)

// Registrar makes accounts on one homeserver. It is safe for concurrent use.
type Registrar struct {
	client *matrix.Client
	secret api.Secret
	kind   Kind
	turns  homeserver.Turns
}

// NewRegistrar returns a Registrar; without a secret everything it does is ErrNotConfigured. Neither server limits the
// endpoint, and each call of it costs Synapse a bcrypt, so each call waits for its turn, unless a job makes it, which finds out what the
// homeserver can take.
func NewRegistrar(c *matrix.Client, kind Kind, secret api.Secret, turns homeserver.Turns) *Registrar {
	return &Registrar{client: c, secret: secret, kind: kind, turns: turns}
}

// HasSecret reports whether there is a secret to register with.
func (r *Registrar) HasSecret() bool { return !r.secret.IsZero() }

// Account is what to register. UserType is for Synapse only.
type Account struct {
	Username    api.Localpart
	Password    api.Secret
	Admin       bool
	UserType    string
	DisplayName string
	// Device is the display name of a device to sign in; "" asks for none. Dendrite signs in whatever is asked.
	Device string
}

// Registered is an account that was made. Token is set where a device was signed in: whoever did not want one logs it out.
type Registered struct {
	ID       api.UserID
	Token    api.Secret
	DeviceID api.DeviceID
	// Asked is the homeserver's clock, in whole seconds, when it was asked for the nonce: no account that this made is older. It is there
	// with an error of the registration itself, too; zero where the homeserver does not tell.
	Asked time.Time
}

// Register makes an account (GET and POST /_synapse/admin/v1/register). It never changes one that exists: that is
// M_USER_IN_USE. Errors are ErrWrong, ErrNotConfigured, ErrDelegated, ErrField or a *matrix.Error; see Problem.
func (r *Registrar) Register(ctx context.Context, a Account) (Registered, error) {
	return r.register(ctx, string(a.Username), a)
}

// Prove tells whether the secret is the homeserver's: nil, ErrWrong, ErrNotConfigured or ErrDelegated. It makes no account: a
// right MAC over a name that cannot be is answered with M_INVALID_USERNAME, a wrong MAC before the name is looked at.
func (r *Registrar) Prove(ctx context.Context) error {
	secret, err := password.Random(24)
	if err != nil {
		return err
	}
	// Synapse can be configured to take names that begin with an underscore, but never an empty one. Dendrite calls an empty
	// one a missing parameter before it looks at the MAC.
	name := ""
	if r.kind == Dendrite {
		name = "_"
	}
	_, err = r.register(ctx, name, Account{Password: secret})
	if e, ok := matrix.As(err); ok && e.Kind == matrix.Refused && e.Errcode == "M_INVALID_USERNAME" {
		return nil
	}
	if err == nil {
		return errors.New("the homeserver made an account of a name that cannot be")
	}
	return err
}

func (r *Registrar) register(ctx context.Context, username string, a Account) (Registered, error) {
	if r.secret.IsZero() {
		return Registered{}, ErrNotConfigured
	}
	if err := r.wait(ctx); err != nil {
		return Registered{}, err
	}
	done, err := r.attempt(ctx, username, a)
	if staleNonce(err) {
		done, err = r.attempt(ctx, username, a)
	}
	return done, err
}

// wait lets time pass until it is this one's turn.
func (r *Registrar) wait(ctx context.Context) error {
	if r.turns == nil || homeserver.HasPace(ctx) {
		return nil
	}
	wait, err := r.turns(ctx)
	if err != nil || wait == 0 {
		return err
	}
	return homeserver.Pause(ctx, wait)
}

var registerPath = matrix.At("/_synapse/admin/v1/register")

// attempt takes a nonce and uses it at once: Synapse forgets it after 60 seconds or the first use.
func (r *Registrar) attempt(ctx context.Context, username string, a Account) (Registered, error) {
	var challenge struct {
		Nonce string `json:"nonce"`
	}
	asked, err := r.client.Do(ctx, matrix.Call{Method: http.MethodGet, Path: registerPath}, &challenge)
	if err != nil {
		return Registered{}, r.sort(err)
	}
	mac, err := MAC(r.secret, challenge.Nonce, username, a.Password, a.Admin, a.UserType)
	if err != nil {
		return Registered{}, err
	}
	body := struct {
		Nonce       string     `json:"nonce"`
		Username    string     `json:"username"`
		Password    api.Secret `json:"password"`
		Admin       bool       `json:"admin"`
		UserType    string     `json:"user_type,omitempty"`
		DisplayName string     `json:"displayname,omitempty"`
		NoLogin     bool       `json:"inhibit_login"`
		Device      string     `json:"initial_device_display_name,omitempty"`
		MAC         string     `json:"mac"`
	}{challenge.Nonce, username, a.Password, a.Admin, a.UserType, a.DisplayName, a.Device == "", a.Device, mac}
	var made struct {
		UserID      api.UserID   `json:"user_id"`
		AccessToken api.Secret   `json:"access_token"`
		DeviceID    api.DeviceID `json:"device_id"`
	}
	if _, err := r.client.Do(ctx, matrix.Call{Method: http.MethodPost, Path: registerPath, Body: body}, &made); err != nil {
		return Registered{Asked: asked.Date}, r.sort(err)
	}
	return Registered{ID: made.UserID, Token: made.AccessToken, DeviceID: made.DeviceID, Asked: asked.Date}, nil
}

// sort finds the errors of the secret itself. Synapse has one errcode for several of them, so its words decide.
func (r *Registrar) sort(err error) error {
	e, ok := matrix.As(err)
	switch {
	case !ok || e.Kind != matrix.Refused:
		return err
	case matrix.Unrecognized(err) && r.kind == Dendrite:
		return ErrNotConfigured
	case matrix.Unrecognized(err):
		return ErrDelegated
	case e.Status == http.StatusForbidden && (strings.Contains(e.Text, "HMAC incorrect") || strings.Contains(e.Text, "bad mac")):
		return ErrWrong
	case e.Status == http.StatusBadRequest && strings.Contains(e.Text, "registration is not enabled"):
		return ErrNotConfigured
	}
	return err
}

// staleNonce reports whether the server forgot the nonce: Synapse 400 "unrecognised nonce", Dendrite 500 "incorrect or
// expired nonce".
func staleNonce(err error) bool {
	e, ok := matrix.As(err)
	return ok && e.Kind == matrix.Refused && (e.Status == http.StatusBadRequest || e.Status == http.StatusInternalServerError) &&
		(strings.Contains(e.Text, "unrecognised nonce") || strings.Contains(e.Text, "expired nonce"))
}
