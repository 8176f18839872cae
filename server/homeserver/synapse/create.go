// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/password"
	"gatehouse/server/homeserver/sharedsecret"
)

// create makes an account and never changes one that exists. With the shared secret it is registered; without it, or
// without a password, it is made by an empty PUT, which changes nothing where the name is taken. What registering cannot set
// is set after; what fails then is in Left.
func (s *synapse) create(ctx context.Context, req api.UserCreate) (api.Handout, error) {
	name, err := s.serverName(ctx)
	if err != nil {
		return api.Handout{}, err
	}
	if s.learn(ctx).mas {
		return api.Handout{}, unsupported(reasonMAS)
	}
	if p := checkName(req.Localpart, name); p != nil {
		return api.Handout{}, p.At("localpart")
	}
	if req.Continue { // nothing is left of what is made here that could not be done by editing
		return api.Handout{}, api.NewProblem(api.StatusConflict, "nothing_begun", "id", "@"+string(req.Localpart)+":"+name).At("localpart")
	}
	id := api.UserID("@" + string(req.Localpart) + ":" + name)
	found, err := s.possessions(ctx, api.User{ID: id}, "threepids.", req.Threepids, "external_ids.", req.ExternalIDs)
	if err != nil {
		return api.Handout{}, err
	}
	if err := taken(found, nil); err != nil {
		return api.Handout{}, err
	}
	secret, err := password.Make(req.Password)
	if err != nil {
		return api.Handout{}, matrix.Problem(err)
	}
	m := making{UserCreate: req, id: id, password: secret}
	if s.registrar.HasSecret() && !secret.IsZero() {
		m.now, err = s.register(ctx, m)
	} else {
		m.now, err = s.putNew(ctx, m)
	}
	if err != nil {
		return api.Handout{}, err
	}
	return s.fill(ctx, m)
}

// making is an account on its way.
type making struct {
	api.UserCreate
	id       api.UserID
	password api.Secret
	now      api.User
}

// register makes the account with the shared secret, in no more calls than that takes: it refuses a name that is not free by itself. Where
// nobody answers, the account is ours if it was made since the nonce was given, and is just as it was asked for.
func (s *synapse) register(ctx context.Context, m making) (api.User, error) {
	done, err := s.registrar.Register(ctx, sharedsecret.Account{
		Username: m.Localpart, Password: m.password, Admin: m.Admin, UserType: m.UserType, DisplayName: m.DisplayName,
	})
	switch {
	case matrix.Unknown(err):
		return s.settle(ctx, m.id, func(u api.User) bool { return m.made(u, done.Asked) && u.Admin == m.Admin && u.UserType == m.UserType })
	case err != nil:
		return api.User{}, matrix.Failed(sharedsecret.Problem(err))
	case done.ID != m.id:
		// The configured server name is not the homeserver's: the account exists, under another ID than the person was shown.
		return api.User{}, api.NewProblem(api.StatusBadGateway, "homeserver_other_name", "id", string(done.ID))
	}
	u := api.User{ID: m.id, DisplayName: cmp.Or(m.DisplayName, string(m.Localpart)), Admin: m.Admin, UserType: m.UserType}
	if !done.Asked.IsZero() {
		u.CreatedMS = done.Asked.UnixMilli()
	}
	return u, nil
}

// putNew makes the account without password or anything else (PUT /_synapse/admin/v2/users/{id} with an empty object). 201
// means made, 200 that there was one, of which nothing was changed.
func (s *synapse) putNew(ctx context.Context, m making) (api.User, error) {
	before, since, err := s.lookAt(ctx, m.Localpart)
	if err != nil {
		return api.User{}, err
	}
	if !before.Free {
		return api.User{}, nameProblem(before)
	}
	answer, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodPut, Path: userPath(m.id), Body: struct{}{}}, nil)
	switch {
	case matrix.Unknown(err):
		return s.settle(ctx, m.id, func(u api.User) bool {
			bare := m
			bare.DisplayName = ""
			return bare.made(u, since)
		})
	case err != nil:
		return api.User{}, matrix.Failed(sharedsecret.Problem(err))
	case answer.Status != http.StatusCreated:
		return api.User{}, api.NewProblem(api.StatusConflict, "name_in_use").At("localpart")
	}
	u, err := s.read(ctx, m.id)
	if err != nil {
		// It was made, so the card has to be shown whatever happens next.
		u = api.User{ID: m.id}
	}
	return u, nil
}

// made reports whether an account can be the one that was asked for: made since then, and called so.
func (m making) made(u api.User, since time.Time) bool {
	display := m.DisplayName
	if display == "" {
		display = string(m.Localpart)
	}
	return !since.IsZero() && u.CreatedMS >= since.UnixMilli() && u.DisplayName == display
}

// fill sets what the new account does not have yet, each by itself, so that it is known what failed.
func (s *synapse) fill(ctx context.Context, m making) (api.Handout, error) {
	now := m.now
	out := api.Handout{Password: m.password, Homeserver: s.address(ctx), ClientURL: s.settings.ClientURL}
	for _, step := range []struct {
		field string
		body  map[string]any
		done  bool
	}{
		{"password", map[string]any{"password": m.password}, m.password.IsZero() || s.registrar.HasSecret()},
		{"display_name", map[string]any{"displayname": m.DisplayName}, m.DisplayName == "" || m.DisplayName == now.DisplayName},
		{"user_type", map[string]any{"user_type": m.UserType}, m.UserType == now.UserType || m.UserType == ""},
		{"threepids", map[string]any{"threepids": wireThreepids(m.Threepids)}, len(m.Threepids) == 0},
		{"external_ids", map[string]any{"external_ids": m.ExternalIDs}, len(m.ExternalIDs) == 0},
		{"avatar_url", map[string]any{"avatar_url": m.AvatarURL}, m.AvatarURL == ""},
		{"admin", map[string]any{"admin": m.Admin}, !m.Admin || now.Admin},
	} {
		if step.done {
			continue
		}
		after, err := s.put(ctx, m.id, step.body)
		if matrix.Unknown(err) { // the same again does no harm to an account that nobody has yet
			after, err = s.put(ctx, m.id, step.body)
		}
		if err == nil {
			now = after
			continue
		}
		p := s.writeProblem(m.id, err)
		out.Left = append(out.Left, api.FieldProblem{Field: step.field, Code: p.Code, Params: p.Params})
		if step.field == "password" {
			out.Password = api.Secret{}
		}
	}
	out.User = now
	return out, nil
}

// address is where clients find the homeserver: what it says of itself, or else what the gate calls it.
func (s *synapse) address(ctx context.Context) string {
	if public := s.learn(ctx).public; public != "" {
		return strings.TrimRight(public, "/")
	}
	return s.client.Base()
}

// nameProblem is what is wrong with a name that is not available.
func nameProblem(a api.Availability) *api.Problem {
	status := api.StatusUnprocessable
	if a.Code == "name_in_use" {
		status = api.StatusConflict
	}
	return api.NewProblem(status, a.Code).At("localpart")
}

func unsupported(reason string) *api.Problem {
	return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", reason)
}
