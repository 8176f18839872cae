// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// listPersonal returns a page of personal sessions (GET /api/admin/v1/personal-sessions, since 1.5), the newest first. Whom they act as and who
// made them takes a request for each account and client that was not met before, four at a time.
func (a *adapter) listPersonal(ctx context.Context, q api.PersonalQuery) (api.PersonalPage, error) {
	var filters []filter
	if q.State != "" {
		filters = append(filters, withStatus(q.State))
	}
	if q.Actor != "" {
		if err := a.local(q.Actor); err != nil {
			return api.PersonalPage{}, err
		}
		actor, err := a.mas.byName(ctx, q.Actor.Localpart())
		if err != nil {
			return api.PersonalPage{}, problem(err)
		}
		filters = append(filters, actedBy(actor.ID))
	}
	p, err := readNewest[personal](ctx, a.mas, pathPersonal, api.ServicePage, ulid(q.Cursor), filters...)
	if err != nil {
		return api.PersonalPage{}, tooOld(err)
	}
	out := api.PersonalPage{Sessions: make([]api.PersonalSession, len(p.Items)), Total: int64(p.Total), Next: string(p.next())}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, r := range p.Items {
		g.Go(func() (err error) {
			out.Sessions[i], err = a.personalOf(ctx, r)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return api.PersonalPage{}, err
	}
	return out, nil
}

// personalOf is a personal session as people read it.
func (a *adapter) personalOf(ctx context.Context, r resource[personal]) (api.PersonalSession, error) {
	own, err := a.keys.ownSession(ctx)
	if err != nil {
		return api.PersonalSession{}, problem(err)
	}
	w := r.Attributes
	s := api.PersonalSession{
		ID: string(r.ID), Name: w.Name, Actor: a.userID(ctx, w.Actor), Owner: a.userID(ctx, w.Owner), Scope: w.Scope, Admin: api.AdminScope(w.Scope),
		State: api.PersonalActive, CreatedMS: w.Created.UnixMilli(), ExpiresMS: milliseconds(w.Expires), LastSeenMS: milliseconds(w.LastActive), LastSeenIP: w.LastIP,
		Ours: strings.EqualFold(string(w.Client), a.settings.MAS.ClientID), Own: r.ID == own,
	}
	if w.Client != "" {
		s.Client = cmp.Or(a.clientName(ctx, w.Client), string(w.Client))
	}
	switch {
	case w.Revoked != nil:
		s.State = api.PersonalRevoked
	case w.Expires != nil && !w.Expires.After(time.Now()):
		s.State = api.PersonalExpired // MAS calls it active
	}
	return s, nil
}

// getPersonal returns one (GET /api/admin/v1/personal-sessions/{id}).
func (a *adapter) getPersonal(ctx context.Context, q api.PersonalRef) (api.PersonalSession, error) {
	r, err := a.onePersonal(ctx, get(matrix.At("/api/admin/v1/personal-sessions/{}", q.ID)))
	if err != nil {
		return api.PersonalSession{}, problem(err)
	}
	return a.personalOf(ctx, r)
}

// onePersonal sends a call about a personal session and returns it as it is then. One that was not answered is not sent again: each answer holds
// another token.
func (a *adapter) onePersonal(ctx context.Context, call matrix.Call) (resource[personal], error) {
	var out single[personal]
	_, err := a.mas.do(ctx, call, &out)
	switch {
	case err == nil:
		return out.Data, nil
	case missing(err), matrix.Is(err, http.StatusBadRequest, "") && call.Method == http.MethodGet:
		return out.Data, api.NewProblem(api.StatusNotFound, "no_such_personal")
	case matrix.Is(err, http.StatusNotFound, ""):
		return out.Data, tooOld(err)
	case matrix.Unknown(err) && call.Method != http.MethodGet:
		return out.Data, api.NewProblem(api.StatusTimeout, "personal_outcome_unknown")
	}
	return out.Data, err
}

// createPersonal makes one (POST /api/admin/v1/personal-sessions). MAS checks nothing of the scope but its grammar, and lets a session act as an
// account that cannot be used.
func (a *adapter) createPersonal(ctx context.Context, req api.PersonalCreate) (api.PersonalCard, error) {
	p, err := a.target(ctx, req.Actor)
	if err != nil {
		return api.PersonalCard{}, moved(err, "id", "actor")
	}
	own, err := a.keys.Own(ctx)
	if err != nil {
		return api.PersonalCard{}, problem(err)
	}
	switch now := p.user(own); {
	case now.Own:
		return api.PersonalCard{}, api.NewProblem(api.StatusConflict, "own_service_account", "id", string(req.Actor)).At("actor")
	case now.Deactivated:
		return api.PersonalCard{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("actor")
	case now.Locked:
		return api.PersonalCard{}, api.NewProblem(api.StatusConflict, "locked_account").At("actor")
	}
	r, err := a.onePersonal(ctx, post(pathPersonal, map[string]any{
		"actor_user_id": p.mas.ID, "human_name": req.Name, "scope": req.Scope, "expires_in": seconds(req.Days),
	}))
	switch {
	case matrix.Is(err, http.StatusGone, ""):
		err = api.NewProblem(api.StatusConflict, "deactivated_account").At("actor")
	case matrix.Is(err, http.StatusBadRequest, ""):
		err = api.NewProblem(api.StatusUnprocessable, "invalid_scope").At("scope")
	}
	return a.personalCard(ctx, r, err)
}

// moved names the field of a problem as this request calls it.
func moved(err error, from, to string) error {
	p := problem(err)
	for i := range p.Fields {
		if p.Fields[i].Field == from {
			p.Fields[i].Field = to
		}
	}
	if len(p.Fields) == 0 && p.Status < api.StatusInternal {
		p.At(to)
	}
	return p
}

func seconds(days int) int64 { return int64(days) * int64(24*time.Hour/time.Second) }

// renewPersonal gives one a new token (POST /api/admin/v1/personal-sessions/{id}/regenerate). Its life is sent again: without it the session
// would never end.
func (a *adapter) renewPersonal(ctx context.Context, req api.PersonalRenewal) (api.PersonalCard, error) {
	if err := a.may(ctx, req.ID, req.Actor); err != nil {
		return api.PersonalCard{}, err
	}
	path := matrix.At("/api/admin/v1/personal-sessions/{}/regenerate", req.ID)
	r, err := a.onePersonal(ctx, post(path, map[string]any{"expires_in": seconds(req.Days)}))
	switch {
	case matrix.Is(err, http.StatusForbidden, ""):
		err = api.NewProblem(api.StatusConflict, "personal_not_ours").At("id")
	case matrix.Is(err, http.StatusUnprocessableEntity, ""), matrix.Is(err, http.StatusConflict, ""):
		err = api.NewProblem(api.StatusConflict, "personal_revoked").At("id")
	}
	return a.personalCard(ctx, r, err)
}

// personalCard is a session that was just given a token.
func (a *adapter) personalCard(ctx context.Context, r resource[personal], err error) (api.PersonalCard, error) {
	if err != nil {
		return api.PersonalCard{}, problem(err)
	}
	if r.Attributes.Token.IsZero() {
		return api.PersonalCard{}, api.NewProblem(api.StatusBadGateway, "mas_unknown_answer", "status", "201")
	}
	fresh, cancel := a.fresh(ctx)
	defer cancel()
	return api.PersonalCard{Session: a.personalNow(fresh, r), Token: r.Attributes.Token, Homeserver: a.address(fresh)}, nil
}

// personalNow is personalOf for a session that was just written: where not all of it can be read it is told as far as MAS's answer has it.
func (a *adapter) personalNow(ctx context.Context, r resource[personal]) api.PersonalSession {
	s, err := a.personalOf(ctx, r)
	if err == nil {
		return s
	}
	s = api.PersonalSession{ID: string(r.ID), Name: r.Attributes.Name, Scope: r.Attributes.Scope, State: api.PersonalActive, ExpiresMS: milliseconds(r.Attributes.Expires)}
	if r.Attributes.Revoked != nil {
		s.State = api.PersonalRevoked
	}
	return s
}

// revokePersonal ends one (POST /api/admin/v1/personal-sessions/{id}/revoke); one that has ended already is as good.
func (a *adapter) revokePersonal(ctx context.Context, req api.PersonalRevocation) (api.PersonalSession, error) {
	if err := a.may(ctx, req.ID, req.Actor); err != nil {
		return api.PersonalSession{}, err
	}
	r, err := a.onePersonal(ctx, post(matrix.At("/api/admin/v1/personal-sessions/{}/revoke", req.ID), nil))
	if matrix.Is(err, http.StatusConflict, "") {
		return a.getPersonal(ctx, api.PersonalRef{ID: req.ID})
	}
	if err != nil {
		return api.PersonalSession{}, problem(err)
	}
	fresh, cancel := a.fresh(ctx)
	defer cancel()
	return a.personalNow(fresh, r), nil
}

// may keeps people from changing the session that Gatehouse itself works with, and one that acts as another account than they said: that account
// is what was permitted and recorded.
func (a *adapter) may(ctx context.Context, id string, actor api.UserID) error {
	own, err := a.keys.ownSession(ctx)
	if err != nil {
		return problem(err)
	}
	if own != "" && strings.EqualFold(string(own), id) {
		return api.NewProblem(api.StatusConflict, "own_personal").At("id")
	}
	s, err := a.getPersonal(ctx, api.PersonalRef{ID: id})
	if err != nil {
		return err
	}
	if s.Actor != actor {
		return api.NewProblem(api.StatusConflict, "personal_actor", "id", string(actor)).At("actor")
	}
	return nil
}
