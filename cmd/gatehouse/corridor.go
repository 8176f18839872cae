// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/operator"
)

// corridor is the way of a command's calls: through the same doors as everybody's, as the person who runs the command, and recorded.
type corridor struct {
	*house
	homeserver string
	person     gate.Person
}

// openCorridor opens the house for calls to a homeserver, which needs no name where there is only one.
func openCorridor(ctx context.Context, all *commands, homeserver string) (*corridor, error) {
	h, err := openHouse(ctx, all.Config, os.Stderr)
	if err != nil {
		return nil, err
	}
	c := h.corridor(homeserver)
	if c.homeserver, err = h.only(homeserver); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return c, nil
}

// only returns the homeserver that is meant.
func (h *house) only(name string) (string, error) {
	names := h.config.Names()
	if name == "" && len(names) == 1 {
		return names[0], nil
	}
	if _, ok := h.config.Homeservers[name]; ok {
		return name, nil
	}
	return "", fmt.Errorf("say which homeserver with --homeserver: one of %v", names)
}

func localUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid-%d", os.Getuid())
}

// corridor is the way to a homeserver of the configuration.
func (h *house) corridor(homeserver string) *corridor {
	return &corridor{house: h, homeserver: homeserver, person: operator.Local(localUser())}
}

// visit is a call with a request that decode reads. A write that is sent twice with the same key is done once; with "" it gets a new one.
func (c *corridor) visit(operation, key string, decode func(api.Op) (api.Request, error)) gate.Visit {
	if key == "" {
		key = gate.NewKey()
	}
	return gate.Visit{Person: &c.person, Homeserver: c.homeserver, Operation: operation, Key: key, RequestID: gate.NewKey(), Decode: decode}
}

// do makes a call with a request, as if it had been sent. The error is a *api.Problem.
func do[Res any](ctx context.Context, c *corridor, op api.Op, req api.Request) (Res, error) {
	var none Res
	text, err := api.EncodeWire(req)
	if err != nil {
		return none, err
	}
	result, err := c.gate.Do(ctx, c.visit(op.Info().Name, "", func(op api.Op) (api.Request, error) { return op.DecodeJSON(text) }))
	if err != nil {
		return none, err
	}
	return result.(Res), nil
}
