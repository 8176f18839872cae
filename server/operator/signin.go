// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/store"
)

// Desk is where people sign in: as an administrator of a homeserver, or as an operator that the gate itself knows.
type Desk struct {
	Store  *store.Store
	Audit  *audit.Log
	Limits *Limits
	// Verify asks a homeserver whether the credentials are those of an administrator.
	Verify func(ctx context.Context, homeserver string, c api.Credentials) (api.Identity, error)
	Now    func() time.Time
	// Wait lets time pass; tests pass it by.
	Wait func(context.Context, time.Duration) error
}

// Attempt is one try to sign in.
type Attempt struct {
	Homeserver string // "" for an operator
	Name       string
	Password   api.Secret
	Address    string
	RequestID  string

	// actor is who it turned out to be, as the audit log names them; "" as long as nobody has said so.
	actor string
}

// SignIn returns who the attempt is, or a *api.Problem: sign_in_wrong for a wrong password and an unknown name alike,
// sign_in_not_admin, sign_in_limited, or what the homeserver says. Wrong and unknown take the same steps, and every answer
// leaves at the next tick, so that neither can be told from the other.
func (d *Desk) SignIn(ctx context.Context, a Attempt) (*Person, error) {
	a.Name = strings.TrimSpace(a.Name)
	p, err := d.signIn(ctx, a)
	now := d.Now()
	if wait := NextTick(now).Sub(now); d.Wait(ctx, wait) != nil {
		return nil, api.NewProblem(api.StatusTimeout, "homeserver_timeout")
	}
	return p, err
}

func (d *Desk) signIn(ctx context.Context, a Attempt) (*Person, error) {
	if err := (api.Credentials{Name: a.Name, Password: a.Password}).Validate(); err != nil {
		return nil, err
	}
	try, err := d.Limits.Allow(ctx, limitName(a), a.Address)
	if err != nil {
		return nil, api.NewProblem(api.StatusUnavailable, "store_unavailable")
	}
	if try.Wait > 0 {
		return nil, d.limited(ctx, a, try)
	}
	if err := d.Wait(ctx, try.Delay); err != nil {
		return nil, api.NewProblem(api.StatusTimeout, "homeserver_timeout")
	}
	p, err := d.prove(ctx, &a)
	if err != nil {
		var counted error
		if problem, ok := errors.AsType[*api.Problem](err); ok && (problem.Code == "sign_in_wrong" || problem.Code == "sign_in_not_admin") {
			counted = try.Failed(ctx)
		} else {
			counted = try.Cancelled(ctx)
		}
		if counted != nil {
			return nil, api.NewProblem(api.StatusUnavailable, "store_unavailable")
		}
		return nil, d.refused(ctx, a, err)
	}
	if err := try.Succeeded(ctx); err != nil {
		return nil, api.NewProblem(api.StatusUnavailable, "store_unavailable")
	}
	p.Address = a.Address
	a.actor = p.ID
	entry := d.entry(ctx, a)
	entry.Role = string(p.Role)
	if err := d.Audit.Event(ctx, entry, audit.Result{Outcome: audit.Done}); err != nil {
		return nil, api.NewProblem(api.StatusUnavailable, "store_unavailable")
	}
	return p, nil
}

// limited is the answer to an attempt that is turned away. The first of a kind is recorded.
func (d *Desk) limited(ctx context.Context, a Attempt, try *Try) error {
	limited := api.NewProblem(api.StatusTooMany, "sign_in_limited", "wait", strconv.Itoa(int((try.Wait+time.Second-1)/time.Second)))
	limited.RetryMS = try.Wait.Milliseconds()
	switch first, err := try.FirstRefusal(ctx); {
	case err != nil:
		return api.NewProblem(api.StatusUnavailable, "store_unavailable")
	case !first:
		return limited // or anybody could fill the log, of which nothing is ever taken away
	}
	return d.refused(ctx, a, limited)
}

// limitName returns the one name that the limits count an account under: with or without sigil and server, `@ann:example.org` is
// `ann`. An account of another server is not told apart; it cannot sign in here anyway.
func limitName(a Attempt) string {
	name := a.Name
	if a.Homeserver != "" && strings.HasPrefix(name, "@") {
		name = strings.TrimSpace(api.UserID(name).Localpart())
	}
	return a.Homeserver + "\x00" + name
}

func (d *Desk) prove(ctx context.Context, a *Attempt) (*Person, error) {
	if a.Homeserver == "" {
		return d.proveOperator(ctx, *a)
	}
	who, err := d.Verify(ctx, a.Homeserver, api.Credentials{Name: a.Name, Password: a.Password, Address: a.Address})
	if err != nil {
		return nil, err
	}
	if who.ID.Validate() != nil { // a homeserver vouches for its own people, not for operators or the command line
		return nil, api.NewProblem(api.StatusBadGateway, "homeserver_unknown_answer")
	}
	a.actor = string(who.ID)
	if !who.Admin {
		return nil, api.NewProblem(api.StatusForbidden, "sign_in_not_admin")
	}
	name := who.DisplayName
	if name == "" {
		name = who.ID.Localpart()
	}
	return &Person{ID: string(who.ID), Name: name, Role: api.Owner, Homeserver: a.Homeserver}, nil
}

// proveOperator hashes exactly once, whether there is such an operator or not.
func (d *Desk) proveOperator(ctx context.Context, a Attempt) (*Person, error) {
	known, err := d.Store.Operator(ctx, a.Name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, api.NewProblem(api.StatusUnavailable, "store_unavailable")
	}
	right := VerifyPassword(ctx, known.Password, a.Password) // no hash: one of nobody's
	if err != nil || !right || !known.Disabled.IsZero() {
		return nil, api.NewProblem(api.StatusUnauthorized, "sign_in_wrong")
	}
	return &Person{ID: operatorID(known.Name), Name: known.Name, Role: api.Role(known.Role)}, nil
}

// refused records an attempt that failed and returns why.
func (d *Desk) refused(ctx context.Context, a Attempt, why error) error {
	result := audit.Result{Outcome: audit.Refused}
	if p, ok := errors.AsType[*api.Problem](why); ok {
		result.Code = p.Code
	}
	if err := d.Audit.Event(ctx, d.entry(ctx, a), result); err != nil {
		return api.NewProblem(api.StatusUnavailable, "store_unavailable")
	}
	return why
}

func operatorID(name string) string { return Prefix + name }

func (d *Desk) entry(ctx context.Context, a Attempt) audit.Entry {
	return audit.Entry{
		RequestID: a.RequestID, Actor: d.actor(ctx, a), Address: a.Address, Homeserver: a.Homeserver, Operation: "operators.sign_in",
	}
}

// actor says who an attempt is of, where somebody of that name is known: an operator, or who signed in lately with an account of the
// homeserver. Any other name may be a password that somebody typed into the wrong field, and the log is for ever.
func (d *Desk) actor(ctx context.Context, a Attempt) string {
	if a.actor != "" {
		return a.actor
	}
	ctx = context.WithoutCancel(ctx) // it is recorded although the person has gone away
	if a.Homeserver == "" {
		if known, err := d.Store.Operator(ctx, a.Name); err == nil {
			return operatorID(known.Name)
		}
		return audit.UnknownActor
	}
	if person, err := d.Store.PersonNamed(ctx, a.Homeserver, a.Name); err == nil {
		return person
	}
	return audit.UnknownActor
}
