// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/password"
)

const (
	// scopesSynapse are what Synapse asks of its administrators' tokens under MAS: both, since 1.138.
	scopesSynapse = api.ScopeMatrix + " " + api.ScopeSynapse
	// sessionLife is how long a personal session lasts, sessionSpare how long before its end it is given a new token.
	sessionLife  = 30 * 24 * time.Hour
	sessionSpare = 10 * 24 * time.Hour
	// renewEvery bounds how often a token that Synapse refuses is replaced.
	renewEvery = 10 * time.Minute
	// sessionName is what MAS's own lists call the session.
	sessionName = "Gatehouse"
)

// keys is where the token for Synapse's admin API comes from: the configuration, or a personal session of an account of the gate's
// own, which is made once, kept sealed, and given a new token before the old one ends. The session's owner is the client, which
// nobody can lock; its actor has no password and is no administrator of MAS's: scopes alone count at Synapse.
type keys struct {
	name    string // the homeserver's in the configuration
	server  string // what stands after the colon
	mas     *client
	synapse *matrix.Client
	keeper  homeserver.Keeper
	given   api.Secret
	now     func() time.Time

	mu      sync.Mutex // held while a session is made or renewed: one at a time
	kept    session
	ownID   api.UserID // of a given token
	renewed time.Time
}

// session is what is sealed in the store: as one text, in the place of a service account's token.
type session struct {
	id      api.UserID
	Session ulid       `json:"session"`
	Actor   ulid       `json:"actor"`
	Expires time.Time  `json:"expires"`
	Token   api.Secret `json:"token"`
}

// Given implements synapse.Keys.
func (k *keys) Given() bool { return !k.given.IsZero() }

// Locked implements synapse.Keys.
func (k *keys) Locked(ctx context.Context) api.UserID {
	if k.Given() {
		return ""
	}
	if kept, err := k.keeper.ServiceAccount(ctx, k.name); err == nil && kept.Token.IsZero() {
		return kept.ID
	}
	return ""
}

// Own implements synapse.Keys.
func (k *keys) Own(ctx context.Context) (api.UserID, error) {
	if !k.Given() {
		s, err := k.session(ctx)
		return s.id, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ownID != "" {
		return k.ownID, nil
	}
	var who struct {
		UserID api.UserID `json:"user_id"`
	}
	call := get(matrix.At("/_matrix/client/v3/account/whoami"))
	call.Token = k.given
	if _, err := k.synapse.Do(ctx, call, &who); err != nil {
		return "", introspection(err)
	}
	k.ownID = who.UserID
	return k.ownID, nil
}

// ownSession is the personal session that the gate works with, "" where it was given a token.
func (k *keys) ownSession(ctx context.Context) (ulid, error) {
	if k.Given() {
		return "", nil
	}
	s, err := k.session(ctx)
	return s.Session, err
}

// Do implements synapse.Keys.
func (k *keys) Do(ctx context.Context, call matrix.Call, out any) (matrix.Answer, error) {
	if k.Given() {
		call.Token = k.given
		answer, err := k.synapse.Do(ctx, call, out)
		return answer, introspection(err)
	}
	now, err := k.session(ctx)
	if err != nil {
		return matrix.Answer{}, err
	}
	call.Token = now.Token
	answer, err := k.synapse.Do(ctx, call, out)
	if !matrix.TokenDead(err) {
		return answer, introspection(err)
	}
	if now, err = k.replace(ctx, now); err != nil {
		return answer, err
	}
	call.Token = now.Token
	answer, err = k.synapse.Do(ctx, call, out)
	return answer, introspection(err)
}

// introspection tells Synapse's 503 for a token that it cannot ask MAS about from others: nothing was done, and the token may be
// a good one.
func introspection(err error) error {
	if e, ok := matrix.As(err); ok && matrix.Is(err, http.StatusServiceUnavailable, "") && strings.Contains(e.Text, "introspect") {
		return api.NewProblem(api.StatusBadGateway, "mas_down_at_synapse")
	}
	return err
}

// session returns the session, and makes or renews it where it has to be.
func (k *keys) session(ctx context.Context) (session, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept.id == "" {
		if err := k.load(ctx); err != nil {
			return session{}, err
		}
	}
	switch {
	case k.kept.id == "":
		return k.make(ctx, "")
	case k.kept.Token.IsZero():
		return k.make(ctx, homeserver.ReasonSealed)
	case k.now().Before(k.kept.Expires.Add(-sessionSpare)):
		return k.kept, nil
	}
	// Another process may have renewed it.
	old := k.kept
	if err := k.load(ctx); err != nil {
		return session{}, err
	}
	if k.kept.Token == old.Token || k.kept.Token.IsZero() {
		fresh, err := k.regenerate(ctx)
		if err != nil && k.now().Before(k.kept.Expires) {
			return k.kept, nil // it lasts for some days yet, and is tried again then
		}
		return fresh, err
	}
	return k.kept, nil
}

// load reads what is kept.
func (k *keys) load(ctx context.Context) error {
	kept, err := k.keeper.ServiceAccount(ctx, k.name)
	if errors.Is(err, homeserver.ErrNone) {
		k.kept = session{}
		return nil
	}
	if err != nil {
		return err
	}
	k.take(kept)
	return nil
}

// take reads a service account as a session.
func (k *keys) take(kept homeserver.ServiceAccount) {
	k.kept = session{id: kept.ID}
	var read session
	if json.Unmarshal([]byte(kept.Token.Reveal()), &read) == nil && !read.Token.IsZero() {
		read.id = kept.ID
		k.kept = read
	}
}

// replace finds a token in place of one that Synapse refuses: another process's, a new one of the session, or a new session.
func (k *keys) replace(ctx context.Context, dead session) (session, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.kept.Token.IsZero() && k.kept.Token != dead.Token {
		return k.kept, nil
	}
	if err := k.load(ctx); err != nil {
		return session{}, err
	}
	if !k.kept.Token.IsZero() && k.kept.Token != dead.Token {
		return k.kept, nil
	}
	if !k.renewed.IsZero() && k.now().Sub(k.renewed) < renewEvery {
		return session{}, api.NewProblem(api.StatusBadGateway, "homeserver_token_dead")
	}
	k.renewed = k.now()
	if k.kept.Token.IsZero() {
		return k.make(ctx, homeserver.ReasonSealed)
	}
	return k.regenerate(ctx)
}

// regenerate gives the session another token (POST /api/admin/v1/personal-sessions/{id}/regenerate). `expires_in` is sent again:
// without it the session would never end. One that is revoked or gone, or another client's, is replaced by a new one.
func (k *keys) regenerate(ctx context.Context) (session, error) {
	if locked, err := k.actorLocked(ctx); err != nil {
		return session{}, err
	} else if locked {
		return session{}, api.NewProblem(api.StatusBadGateway, "mas_own_locked", "id", string(k.kept.id))
	}
	var made single[personal]
	path := matrix.At("/api/admin/v1/personal-sessions/{}/regenerate", string(k.kept.Session))
	_, err := k.mas.do(ctx, post(path, map[string]any{"expires_in": int64(sessionLife / time.Second)}), &made)
	switch {
	case err == nil:
		return k.keep(ctx, k.kept.id, homeserver.ServiceAccount{ID: k.kept.id}, k.kept.Actor, made)
	case matrix.Is(err, http.StatusForbidden, ""), missing(err), matrix.Is(err, http.StatusUnprocessableEntity, ""):
		return k.make(ctx, homeserver.ReasonRefused)
	}
	return session{}, problem(err)
}

func (k *keys) actorLocked(ctx context.Context) (bool, error) {
	var actor single[user]
	_, err := k.mas.do(ctx, get(matrix.At("/api/admin/v1/users/{}", string(k.kept.Actor))), &actor)
	if missing(err) {
		return false, nil
	}
	if err != nil {
		return false, problem(err)
	}
	return actor.Data.Attributes.Locked != nil, nil
}

// make makes a session, for the account that was there before, or a new one where there is none or it is deactivated.
func (k *keys) make(ctx context.Context, why homeserver.Reason) (session, error) {
	old := k.kept.id
	actor, id, err := k.actor(ctx)
	if errors.Is(err, homeserver.ErrBegun) {
		kept, err := homeserver.AwaitServiceAccount(ctx, k.keeper, k.name, old)
		if err != nil {
			return session{}, problem(err)
		}
		k.take(kept)
		return k.kept, nil
	}
	if err != nil {
		return session{}, err
	}
	var made single[personal]
	call := post(pathPersonal, map[string]any{
		"actor_user_id": actor, "human_name": sessionName, "scope": scopesSynapse, "expires_in": int64(sessionLife / time.Second),
	})
	_, err = k.mas.do(ctx, call, &made)
	if matrix.Is(err, http.StatusGone, "") { // deactivated meanwhile
		err = api.NewProblem(api.StatusBadGateway, "mas_own_locked", "id", string(id))
	}
	if err != nil {
		if id != old {
			err = errors.Join(k.keeper.RetireServiceAccount(context.WithoutCancel(ctx), k.name, id), problem(err))
		}
		return session{}, problem(err)
	}
	return k.keep(ctx, old, homeserver.ServiceAccount{ID: id, Reason: why}, actor, made)
}

// actor returns the account that the session acts as (POST /api/admin/v1/users).
func (k *keys) actor(ctx context.Context) (ulid, api.UserID, error) {
	if k.kept.id != "" {
		before, err := k.mas.byName(ctx, k.kept.id.Localpart())
		if err == nil && before.Attributes.Deactivated == nil && before.Attributes.Locked == nil {
			return before.ID, k.kept.id, nil
		}
		if err != nil && !missing(err) {
			return "", "", problem(err)
		}
	}
	tail, err := password.Random(homeserver.ServiceTail)
	if err != nil {
		return "", "", err
	}
	name := homeserver.ServicePrefix + strings.ToLower(tail.Reveal())
	id := api.UserID("@" + name + ":" + k.server)
	// Noted before it is made, so that no account is ever there that nobody knows of.
	if err := k.keeper.BeginServiceAccount(ctx, k.name, id); err != nil {
		return "", "", err
	}
	var made single[user]
	_, err = k.mas.do(ctx, post(matrix.At("/api/admin/v1/users"), map[string]any{"username": name, "displayname": "Gatehouse"}), &made)
	if err != nil {
		settle := k.keeper.ForgetServiceAccount
		if matrix.Unknown(err) { // it may be there all the same
			settle = k.keeper.RetireServiceAccount
		}
		return "", "", problem(errors.Join(settle(context.WithoutCancel(ctx), k.name, id), problem(err)))
	}
	return made.Data.ID, id, nil
}

// keep has the session kept. Where another process was first, ours must not stay.
func (k *keys) keep(ctx context.Context, old api.UserID, next homeserver.ServiceAccount, actor ulid, made single[personal]) (session, error) {
	mine := session{id: next.ID, Session: made.Data.ID, Actor: actor, Token: made.Data.Attributes.Token, Expires: k.now().Add(sessionLife)}
	if ends := made.Data.Attributes.Expires; ends != nil {
		mine.Expires = *ends
	}
	if mine.Token.IsZero() {
		return session{}, api.NewProblem(api.StatusBadGateway, "homeserver_token_missing")
	}
	text, err := api.EncodeWire(mine)
	if err != nil {
		return session{}, err
	}
	next.Token = api.NewSecret(string(text))
	kept, err := k.keeper.ReplaceServiceAccount(ctx, k.name, old, next)
	if err == nil && kept {
		k.kept = mine
		return mine, nil
	}
	path := matrix.At("/api/admin/v1/personal-sessions/{}/revoke", string(mine.Session))
	_, revokeErr := k.mas.do(context.WithoutCancel(ctx), post(path, nil), nil)
	if next.ID != old {
		revokeErr = errors.Join(revokeErr, k.keeper.RetireServiceAccount(context.WithoutCancel(ctx), k.name, next.ID))
	}
	if err == nil {
		err = k.load(ctx)
	}
	if err != nil {
		return session{}, errors.Join(err, revokeErr)
	}
	if k.kept.Token.IsZero() {
		return session{}, api.NewProblem(api.StatusBadGateway, "homeserver_token_dead")
	}
	return k.kept, nil
}
