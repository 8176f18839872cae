// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"net/http"
	"slices"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

// pruneDevices ends the sessions that were not used for some days.
func (a *adapter) pruneDevices(ctx context.Context, req api.DevicePrune) (api.SignedOut, error) {
	p, err := a.look(ctx, req.ID)
	if err != nil {
		return api.SignedOut{}, err
	}
	have, _, err := a.sessions(ctx, p, maxEnded)
	if err != nil {
		return api.SignedOut{}, err
	}
	list := make([]api.Device, 0, len(have))
	for _, s := range have {
		list = append(list, s.Device)
	}
	meant := req.Meant(list, time.Now().UnixMilli())
	end := slices.DeleteFunc(have, func(s liveSession) bool {
		return !slices.ContainsFunc(meant, func(d api.Device) bool { return d.ID == s.ID })
	})
	if err := a.endThese(ctx, p.id, end); err != nil {
		return api.SignedOut{}, whole(err)
	}
	return api.SignedOut{ID: req.ID, Count: len(end)}, nil
}

// signInAs makes a token of an account: a personal session without a device (POST /api/admin/v1/personal-sessions), which always has an
// end. It is not sent again where nobody answered: that would be another token.
func (a *adapter) signInAs(ctx context.Context, req api.SignInAsUser) (api.Impersonation, error) {
	p, err := a.target(ctx, req.ID)
	if err != nil {
		return api.Impersonation{}, err
	}
	own, err := a.keys.Own(ctx)
	if err != nil {
		return api.Impersonation{}, problem(err)
	}
	now := p.user(own)
	switch {
	case now.Own:
		return api.Impersonation{}, api.NewProblem(api.StatusConflict, "own_service_account", "id", string(req.ID))
	case now.Deactivated:
		return api.Impersonation{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("id")
	case now.Locked:
		return api.Impersonation{}, api.NewProblem(api.StatusConflict, "locked_account").At("id")
	}
	var made single[personal]
	_, err = a.mas.do(ctx, post(pathPersonal, map[string]any{
		"actor_user_id": p.mas.ID, "human_name": "Gatehouse: signed in as the account", "scope": api.ScopeMatrix, "expires_in": req.Minutes * 60,
	}), &made)
	switch of := made.Data.Attributes; {
	case matrix.Is(err, http.StatusGone, ""):
		return api.Impersonation{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("id")
	case err != nil:
		return api.Impersonation{}, writeProblem(req.ID, err)
	case of.Token.IsZero() || of.Expires == nil:
		return api.Impersonation{}, api.NewProblem(api.StatusBadGateway, "mas_unknown_answer", "status", "201")
	default:
		return api.Impersonation{User: now, Token: of.Token, ExpiresMS: of.Expires.UnixMilli(), Homeserver: a.address(ctx)}, nil
	}
}

// find tells which account has an address or an identity. E-mail addresses and identities are MAS's; phone numbers Synapse may have
// from before.
func (a *adapter) find(ctx context.Context, q api.UserFind) (api.Found, error) {
	var owner ulid
	switch q.By {
	case api.ByEmail:
		have, err := readPage[email](ctx, a.mas, matrix.At("/api/admin/v1/user-emails"), 1, "", withEmail(q.Value))
		if err != nil {
			return api.Found{}, problem(err)
		}
		if len(have.Items) > 0 {
			owner = have.Items[0].Attributes.UserID
		}
	case api.ByIdentity:
		all, err := a.providers(ctx)
		if err != nil {
			return api.Found{}, err
		}
		p, ok := findProvider(all, q.Provider)
		if !ok {
			return api.Found{}, api.NewProblem(api.StatusUnprocessable, "no_such_provider", "have", titles(all)).At("auth_provider")
		}
		have, err := a.links(ctx, ofProvider(p.ID), withSubject(q.Value))
		if err != nil {
			return api.Found{}, err
		}
		if len(have) > 0 {
			owner = have[0].Attributes.UserID
		}
	default:
		return homeserver.Call(ctx, a.synapse, api.FindUser, q)
	}
	if owner == "" {
		return api.Found{}, nil
	}
	var out single[user]
	if _, err := a.mas.do(ctx, get(matrix.At("/api/admin/v1/users/{}", string(owner))), &out); err != nil {
		return api.Found{}, problem(err)
	}
	return api.Found{ID: a.id(out.Data.Attributes.Username)}, nil
}
