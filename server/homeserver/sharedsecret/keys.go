// SPDX-License-Identifier: Apache-2.0

package sharedsecret

import (
	"context"
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

// renewEvery bounds how often a dead token is replaced: a server that refuses the tokens it has just given gets no second
// account from us.
const renewEvery = 10 * time.Minute

// lostWait is how long no other account is registered after a registration that nobody answered: a slow server gets no
// administrator for each call that waits for one.
const lostWait = time.Minute

// Keys is where an adapter's administrator token comes from: the configuration, or else a service account that is made with
// the shared secret, once, and kept by the Keeper. It is safe for concurrent use.
type Keys struct {
	homeserver string
	serverName string // "" where it is not known yet
	client     *matrix.Client
	registrar  *Registrar
	keeper     homeserver.Keeper
	given      api.Secret

	mu      sync.Mutex // held while an account is made: one at a time
	now     homeserver.ServiceAccount
	renewed time.Time
	lost    struct { // the last registration that nobody answered
		at  time.Time
		why *api.Problem
	}
}

// NewKeys returns the keys of a homeserver. With a given token nothing is ever made.
func NewKeys(s homeserver.Settings, c *matrix.Client, r *Registrar, keeper homeserver.Keeper) *Keys {
	return &Keys{homeserver: s.Name, serverName: s.ServerName, client: c, registrar: r, given: s.Token, keeper: keeper}
}

// Given reports whether the token comes from the configuration.
func (k *Keys) Given() bool { return !k.given.IsZero() }

// Do sends a call with the administrator's token. If that is dead, a service account is replaced by a new one under a new
// name and the call is sent again; a refused token means that nothing was done. Errors are *matrix.Error or *api.Problem.
func (k *Keys) Do(ctx context.Context, call matrix.Call, out any) (matrix.Answer, error) {
	account, err := k.account(ctx)
	if err != nil {
		return matrix.Answer{}, err
	}
	call.Token = account.Token
	answer, err := k.client.Do(ctx, call, out)
	if !matrix.TokenDead(err) || k.Given() {
		return answer, err
	}
	account, renewErr := k.renew(ctx, account)
	if renewErr != nil {
		return answer, renewErr
	}
	call.Token = account.Token
	return k.client.Do(ctx, call, out)
}

// Own returns the account that the gate acts as (for a given token, GET /_matrix/client/v3/account/whoami, once).
func (k *Keys) Own(ctx context.Context) (api.UserID, error) {
	account, err := k.account(ctx)
	return account.ID, err
}

// account returns the account and its token, and makes them where there are none.
func (k *Keys) account(ctx context.Context) (homeserver.ServiceAccount, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now.ID != "" {
		return k.now, nil
	}
	if k.Given() {
		return k.whoami(ctx)
	}
	kept, err := k.keeper.ServiceAccount(ctx, k.homeserver)
	switch {
	case errors.Is(err, homeserver.ErrNone):
		return k.make(ctx, homeserver.ServiceAccount{}, "")
	case err != nil:
		return homeserver.ServiceAccount{}, err
	case kept.Token.IsZero():
		return k.make(ctx, kept, homeserver.ReasonSealed)
	}
	k.now = kept
	return kept, nil
}

func (k *Keys) whoami(ctx context.Context) (homeserver.ServiceAccount, error) {
	var who struct {
		UserID api.UserID `json:"user_id"`
	}
	call := matrix.Call{Method: http.MethodGet, Path: matrix.At("/_matrix/client/v3/account/whoami"), Token: k.given}
	if _, err := k.client.Do(ctx, call, &who); err != nil {
		return homeserver.ServiceAccount{}, err
	}
	k.now = homeserver.ServiceAccount{ID: who.UserID, Token: k.given}
	return k.now, nil
}

// renew replaces an account whose token is dead. Where somebody else has done so already, theirs is taken.
func (k *Keys) renew(ctx context.Context, dead homeserver.ServiceAccount) (homeserver.ServiceAccount, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now.ID != "" && k.now.Token != dead.Token {
		return k.now, nil
	}
	kept, err := k.keeper.ServiceAccount(ctx, k.homeserver)
	if err == nil && !kept.Token.IsZero() && kept.Token != dead.Token {
		k.now = kept
		return kept, nil
	}
	if err != nil && !errors.Is(err, homeserver.ErrNone) {
		return homeserver.ServiceAccount{}, err
	}
	if !k.registrar.HasSecret() || (!k.renewed.IsZero() && time.Since(k.renewed) < renewEvery) {
		return homeserver.ServiceAccount{}, api.NewProblem(api.StatusBadGateway, "homeserver_token_dead")
	}
	k.renewed = time.Now()
	return k.make(ctx, kept, homeserver.ReasonRefused)
}

// Locked returns the service account whose token is kept and cannot be opened with today's key, "" where there is none.
func (k *Keys) Locked(ctx context.Context) api.UserID {
	if k.Given() {
		return ""
	}
	kept, err := k.keeper.ServiceAccount(ctx, k.homeserver)
	if err != nil || !kept.Token.IsZero() {
		return ""
	}
	return kept.ID
}

// make registers an administrator under a random name with a password that nobody keeps, and has it kept in place of old.
func (k *Keys) make(ctx context.Context, old homeserver.ServiceAccount, why homeserver.Reason) (homeserver.ServiceAccount, error) {
	none := homeserver.ServiceAccount{}
	if k.lost.why != nil && time.Since(k.lost.at) < lostWait {
		return none, k.lost.why
	}
	tail, err := password.Random(homeserver.ServiceTail)
	if err != nil {
		return none, err
	}
	secret, err := password.Random(40)
	if err != nil {
		return none, err
	}
	name := homeserver.ServicePrefix + strings.ToLower(tail.Reveal())
	id := api.UserID("@" + name + ":" + k.serverName)
	if err := k.begin(ctx, id); errors.Is(err, homeserver.ErrBegun) {
		kept, err := homeserver.AwaitServiceAccount(ctx, k.keeper, k.homeserver, old.ID)
		if err == nil {
			k.now = kept
		}
		return kept, err
	} else if err != nil {
		return none, err
	}
	made, err := k.registrar.Register(ctx, Account{
		Username:    api.Localpart(name),
		Password:    secret,
		Admin:       true,
		DisplayName: "Gatehouse",
		Device:      "Gatehouse",
	})
	if err != nil {
		p := Problem(err)
		p.Fields = nil // they would name those of another form
		if !matrix.Unknown(err) {
			return none, errors.Join(k.forget(ctx, id), p)
		}
		// It may be there all the same, an administrator whom nobody uses.
		k.lost.at, k.lost.why = time.Now(), p
		if k.serverName == "" {
			return none, p
		}
		return none, errors.Join(k.retire(ctx, id), p)
	}
	if made.Token.IsZero() { // Synapse gives none where new accounts need approval
		return none, errors.Join(k.retire(ctx, made.ID), api.NewProblem(api.StatusBadGateway, "homeserver_token_missing"))
	}
	mine := homeserver.ServiceAccount{ID: made.ID, Token: made.Token, Reason: why}
	kept, err := k.keeper.ReplaceServiceAccount(ctx, k.homeserver, old.ID, mine)
	if err == nil && kept {
		k.now = mine
		return mine, nil
	}
	// Another process was first, or ours cannot be kept: it must not stay signed in, nor an administrator.
	logout := matrix.Call{Method: http.MethodPost, Path: matrix.At("/_matrix/client/v3/logout"), Token: made.Token, Body: struct{}{}}
	_, logoutErr := k.client.Do(context.WithoutCancel(ctx), logout, nil)
	retireErr := k.retire(ctx, made.ID)
	if err == nil {
		mine, err = k.keeper.ServiceAccount(ctx, k.homeserver)
	}
	if err != nil {
		return none, errors.Join(err, logoutErr, retireErr)
	}
	k.now = mine
	return mine, nil
}

// begin notes an account before it is registered, so that one is never there that nobody knows of. Where the server's name is not known
// yet, which is so only while a configuration is written, it cannot.
func (k *Keys) begin(ctx context.Context, id api.UserID) error {
	if k.serverName == "" {
		return nil
	}
	return k.keeper.BeginServiceAccount(ctx, k.homeserver, id)
}

// forget takes begin back.
func (k *Keys) forget(ctx context.Context, id api.UserID) error {
	if k.serverName == "" {
		return nil
	}
	return k.keeper.ForgetServiceAccount(context.WithoutCancel(ctx), k.homeserver, id)
}

// retire notes an account that is not used; the gate ends it.
func (k *Keys) retire(ctx context.Context, id api.UserID) error {
	return k.keeper.RetireServiceAccount(context.WithoutCancel(ctx), k.homeserver, id)
}
