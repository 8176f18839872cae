// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/operator"
	"gatehouse/server/store"
)

type askingKey struct{}

// asking tells an operation of the gate's own who asks, with all that the gate knows of them.
func asking(ctx context.Context, p Person) context.Context {
	return context.WithValue(ctx, askingKey{}, p)
}

// Asking returns who asks for an operation of the gate's own.
func Asking(ctx context.Context) (Person, bool) {
	p, ok := ctx.Value(askingKey{}).(Person)
	return p, ok
}

// Standing returns somebody as they are now, for what is done on their behalf while they are away: with the role that they have by now. The
// error is a *api.Problem: job_owner_gone where they may nothing any more, another where that cannot be found out now.
func (g *Gate) Standing(ctx context.Context, p Person) (Person, error) {
	gone := api.NewProblem(api.StatusForbidden, "job_owner_gone", "name", p.ID)
	switch {
	case strings.HasPrefix(p.ID, operator.LocalPrefix):
		return p, nil // whoever could run the command line of this machine
	case strings.HasPrefix(p.ID, operator.Prefix):
		known, err := g.store.Operator(ctx, strings.TrimPrefix(p.ID, operator.Prefix))
		switch {
		case errors.Is(err, store.ErrNotFound) || err == nil && !known.Disabled.IsZero():
			return p, gone
		case err != nil:
			return p, api.NewProblem(api.StatusUnavailable, "store_unavailable")
		}
		p.Role = api.Role(known.Role)
		return p, nil
	}
	server, ok := g.Homeserver(p.Homeserver)
	if !ok {
		return p, gone // it was taken out of the configuration
	}
	u, err := homeserver.Call(ctx, server.Adapter, api.GetUser, api.UserRef{ID: api.UserID(p.ID)})
	if problem, ok := errors.AsType[*api.Problem](err); ok && problem.Code == "not_found" {
		return p, gone
	}
	if err != nil {
		return p, err
	}
	if u.Deactivated || u.Locked || !u.Admin && u.Knows("admin") {
		return p, gone
	}
	return p, nil
}

// Preview reports why a write would be turned away, as far as that can be told of an account as it was seen: by permission, by what the
// server can do, or by the guard. Nothing is recorded.
func (g *Gate) Preview(ctx context.Context, v Visit, req api.Request, seen api.User) error {
	server, ok := g.Homeserver(v.Homeserver)
	if !ok || !v.Person.May(v.Homeserver) {
		return api.NewProblem(api.StatusForbidden, "other_homeserver", "name", v.Homeserver)
	}
	entry, ok := server.Adapter.Find(v.Operation)
	if !ok {
		return api.NewProblem(api.StatusNotFound, "no_such_operation", "name", v.Operation)
	}
	needs := []api.Permission{entry.Op.Info().Permission}
	if d, ok := req.(api.Demanding); ok {
		needs = append(needs, d.Demands()...)
	}
	if err := v.Person.Lacks(needs...); err != nil {
		return err
	}
	if why := entry.Why(); why != "" {
		return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", why)
	}
	return g.guardAs(ctx, v, server, entry.Op, req, func() error { return nil }, func(id api.UserID) (api.User, error) {
		if id == seen.ID {
			return seen, nil
		}
		return homeserver.Call(ctx, server.Adapter, api.GetUser, api.UserRef{ID: id})
	})
}
