// SPDX-License-Identifier: Apache-2.0

// Package gate is the corridor that every call goes through, one way, through doors in a fixed order:
//
//	session → homeserver → operation → permission → decode and validate → request key → guard → intent → adapter → outcome → reply
//
// The HTTP API, the pages' forms, the pages' own loading and the command line all end in Gate.Do.
package gate

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"slices"
	"time"

	"gatehouse/server/audit"
	"gatehouse/server/homeserver"
	"gatehouse/server/invitation"
	"gatehouse/server/operator"
	"gatehouse/server/store"
)

// Homeserver is one that the gate guards.
type Homeserver struct {
	Settings homeserver.Settings
	Kind     string
	Adapter  homeserver.Adapter

	health health
	former former
	ending chan struct{} // holds who ends an administrator
}

// Person is who makes a call.
type Person = operator.Person

// Gate guards the homeservers.
type Gate struct {
	servers []*Homeserver
	store   *store.Store
	audit   *audit.Log
	log     *slog.Logger
	keys    *requestKeys

	invitations *invitation.Book
	now         func() time.Time
}

// Config is what a Gate is made of.
type Config struct {
	Homeservers []*Homeserver
	Store       *store.Store
	Audit       *audit.Log
	Log         *slog.Logger
	MAC         []byte // a secret key, for the fingerprints of requests
	Now         func() time.Time
	// Own are the tables of the operations that the gate answers itself (api.AtGate). Each is asked for once for every homeserver, with the
	// adapter that stands behind it; together they have every such operation once.
	Own []Own
	// Invitations are what people without a session can hold.
	Invitations *invitation.Book
}

// Own makes a table of operations that need no endpoint of a homeserver: the gate's store answers them.
type Own func(s homeserver.Settings, adapter homeserver.Adapter) homeserver.Adapter

// New makes a Gate.
func New(c Config) (*Gate, error) {
	if len(c.MAC) < 32 {
		return nil, errors.New("the key for fingerprints of requests has less than 32 bytes")
	}
	for _, h := range c.Homeservers {
		if err := h.Adapter.Complete(); err != nil {
			return nil, err
		}
		own := history(c.Audit, h.Settings)
		own = append(own, exports(h.Adapter)...)
		for _, table := range c.Own {
			own = append(own, table(h.Settings, h.Adapter)...)
		}
		if err := own.CompleteAtGate(); err != nil {
			return nil, err
		}
		h.Adapter = slices.Concat(h.Adapter, own)
		h.ending, h.health.fell = make(chan struct{}, 1), make(chan struct{}, 1)
	}
	return &Gate{
		servers: c.Homeservers, store: c.Store, audit: c.Audit, log: c.Log, now: c.Now, invitations: c.Invitations,
		keys: newRequestKeys(c.Store, c.Now, func(data []byte) string {
			m := hmac.New(sha256.New, c.MAC)
			m.Write(data)
			return hex.EncodeToString(m.Sum(nil))
		}),
	}, nil
}

// Homeservers returns those that the gate guards, in the order of the configuration.
func (g *Gate) Homeservers() []*Homeserver { return g.servers }

// Homeserver returns the one of that name.
func (g *Gate) Homeserver(name string) (*Homeserver, bool) {
	i := slices.IndexFunc(g.servers, func(h *Homeserver) bool { return h.Settings.Name == name })
	if i < 0 {
		return nil, false
	}
	return g.servers[i], true
}

// Ready reports why the gate cannot do its work: the store does not answer, or an outcome is still not recorded. It tries to
// record what is waiting, so that a gate that gets no calls because it is not ready becomes ready again.
func (g *Gate) Ready(ctx context.Context) error {
	if err := g.store.Healthy(ctx); err != nil {
		return err
	}
	return g.audit.Recover(ctx)
}
