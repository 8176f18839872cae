// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/config"
	"gatehouse/server/gate"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/dendrite"
	"gatehouse/server/homeserver/detect"
	"gatehouse/server/homeserver/mas"
	"gatehouse/server/homeserver/synapse"
	"gatehouse/server/intake"
	"gatehouse/server/invitation"
	"gatehouse/server/jobs"
	"gatehouse/server/keep"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// kindMAS is a Synapse that leaves its accounts to Matrix Authentication Service, where the configuration says how to reach that.
const kindMAS = "mas"

// kinds are the kinds of homeserver that there are adapters for. What an adapter has to do at the end is its closer, nil for nothing.
var kinds = []struct {
	name    string
	adapter func(homeserver.Settings, homeserver.Keeper) (homeserver.Adapter, closer)
}{
	{"synapse", func(s homeserver.Settings, k homeserver.Keeper) (homeserver.Adapter, closer) {
		return synapse.New(s, k), nil
	}},
	{kindMAS, func(s homeserver.Settings, k homeserver.Keeper) (homeserver.Adapter, closer) {
		server := mas.New(s, k)
		return server.Adapter, server.Close
	}},
	{"dendrite", func(s homeserver.Settings, k homeserver.Keeper) (homeserver.Adapter, closer) {
		return dendrite.New(s, k), nil
	}},
}

// closer ends what an adapter keeps open at its servers.
type closer func(context.Context)

// closeTime bounds all closers together.
const closeTime = 5 * time.Second

// house is everything that stands behind a command.
type house struct {
	config *config.Config
	log    *slog.Logger
	store  *store.Store
	seal   *seal.Keys
	audit  *audit.Log
	gate   *gate.Gate
	jobs   *jobs.Engine
	intake *intake.Desk
	river  *jobs.River
	ends   []closer

	stop  context.CancelFunc // ends the heart
	still chan struct{}      // closed once it has
}

// openHouse reads the configuration and puts the gate together. Nothing is sent to a homeserver whose kind and name the
// configuration tells.
func openHouse(ctx context.Context, path string, logs io.Writer) (*house, error) {
	cfg, err := config.Load(path, os.Environ())
	if err != nil {
		return nil, err
	}
	h := &house{config: cfg, log: logger(cfg.Log, logs)}
	var previous [][]byte
	if !cfg.PreviousSecretKey.IsZero() {
		previous = append(previous, []byte(cfg.PreviousSecretKey.Reveal()))
	}
	if h.seal, err = seal.New([]byte(cfg.SecretKey.Reveal()), previous...); err != nil {
		return nil, err
	}
	if h.store, err = store.Open(ctx, cfg.Store.Source()); err != nil {
		return nil, err
	}
	if err := h.store.Beat(ctx, time.Now()); err != nil {
		return nil, errors.Join(err, h.store.Close())
	}
	var alive context.Context // calls are brought to their end after ctx is over
	alive, h.stop = context.WithCancel(context.WithoutCancel(ctx))
	h.still = make(chan struct{})
	go h.heart(alive)
	if err := h.furnish(ctx); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

// heart tells other gates on the store that this one is alive, until it is closed.
func (h *house) heart(ctx context.Context) {
	defer close(h.still)
	every(ctx, store.BeatEvery, func(now time.Time) {
		if err := h.store.Beat(ctx, now); err != nil && ctx.Err() == nil {
			h.log.Error("the store does not learn that this gate is alive", "error", err.Error())
		}
	})
}

// every calls f at each tick until ctx ends.
func every(ctx context.Context, d time.Duration, f func(now time.Time)) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			f(now)
		}
	}
}

func (h *house) furnish(ctx context.Context) error {
	h.audit = audit.New(h.store, time.Now)
	keeper := keep.Keeper{Store: h.store, Seal: h.seal, Audit: h.audit, Now: time.Now}
	var servers []*gate.Homeserver
	for _, name := range h.config.Names() {
		if err := keeper.Reseal(ctx, name); err != nil {
			return err
		}
		server, err := h.homeserver(ctx, name, keeper)
		if err != nil {
			return fmt.Errorf("homeserver %s: %w", name, err)
		}
		servers = append(servers, server)
	}
	invitations := invitation.New(h.store, h.seal, h.config.PublicURL, time.Now)
	if err := invitations.Reseal(ctx); err != nil {
		return err
	}
	h.jobs = jobs.New(jobs.Config{Store: h.store, Audit: h.audit, Seal: h.seal, Log: h.log, Now: time.Now, Keep: h.config.Jobs.KeepPasswords, Paces: h.paces()})
	if err := h.jobs.Reseal(ctx); err != nil {
		return err
	}
	h.intake = &intake.Desk{Store: h.store, Seal: h.seal, Jobs: h.jobs, Log: h.log, Now: time.Now}
	var err error
	h.gate, err = gate.New(gate.Config{
		Homeservers: servers, Store: h.store, Audit: h.audit, Log: h.log, MAC: h.fingerprintKey(), Now: time.Now,
		Own: []gate.Own{invitations.Table, h.jobs.Table, h.intake.Table}, Invitations: invitations,
	})
	if err != nil {
		return err
	}
	if h.river, err = jobs.OpenRiver(ctx, h.store, h.jobs); err != nil {
		return err
	}
	h.jobs.Use(h.gate, h.river)
	h.intake.Use(h.gate)
	return nil
}

// paces are how fast jobs may work, by homeserver.
func (h *house) paces() map[string]jobs.Pace {
	paces := map[string]jobs.Pace{}
	for name, c := range h.config.Homeservers {
		paces[name] = jobs.Pace{AtOnce: c.JobsAtOnce, PerSecond: c.JobsPerSecond}
	}
	return paces
}

// fingerprintKey is for the fingerprints of requests, and for nothing else.
func (h *house) fingerprintKey() []byte {
	_, key := h.seal.JWTKey()
	m := hmac.New(sha256.New, key)
	m.Write([]byte("fingerprints of requests"))
	return m.Sum(nil)
}

func (h *house) homeserver(ctx context.Context, name string, keeper homeserver.Keeper) (*gate.Homeserver, error) {
	c := h.config.Homeservers[name]
	if c.Kind == "" || c.ServerName == "" {
		found, err := detect.Detect(ctx, c.URL)
		if err != nil {
			return nil, fmt.Errorf("cannot find out what it is: %w (set kind and server_name in the configuration to start all the same)", err)
		}
		if c.Kind == "" {
			c.Kind = found.Kind
		}
		if c.ServerName == "" {
			c.ServerName = found.ServerName
		}
	}
	if c.ServerName == "" {
		return nil, errors.New("it does not tell its name; set server_name in the configuration")
	}
	settings := homeserver.Settings{
		Name: name, URL: c.URL, ServerName: c.ServerName, Secret: c.RegistrationSharedSecret, Token: c.AdminToken, ClientURL: c.ClientURL,
		Registrations: h.turns("registrations at "+name, c.RegistrationsPerSecond, c.RegistrationsAtOnce),
		Hide:          c.HideAccounts, UserTypes: c.UserTypes, Terms: terms(c.Terms), Database: c.Database, DatabaseWrites: c.DatabaseWrites, ForwardedFor: c.XForwardedFor, Timeout: c.Timeout,
		MAS: masOf(c),
	}
	adapter, end, err := adapterOf(c.Kind, settings, keeper)
	if err != nil {
		return nil, err
	}
	if end != nil {
		h.ends = append(h.ends, end)
	}
	return &gate.Homeserver{Settings: settings, Kind: c.Kind, Adapter: adapter}, nil
}

// turns bounds how fast something is done, over all gates on the store.
func (h *house) turns(what string, perSecond, atOnce int) homeserver.Turns {
	pace := store.Pace{Every: time.Second / time.Duration(perSecond), AtOnce: atOnce}
	return func(ctx context.Context) (time.Duration, error) {
		longest := time.Hour
		if end, ok := ctx.Deadline(); ok {
			longest = max(0, time.Until(end))
		}
		wait, err := h.store.TakeTurn(ctx, what, pace, time.Now(), longest)
		switch {
		case errors.Is(err, store.ErrConflict):
			return 0, context.DeadlineExceeded
		case err != nil:
			return 0, api.NewProblem(api.StatusUnavailable, "store_unavailable")
		}
		return wait, nil
	}
}

// adapterOf makes the adapter for a kind of homeserver.
func adapterOf(kind string, s homeserver.Settings, k homeserver.Keeper) (homeserver.Adapter, closer, error) {
	if kind == "synapse" && s.MAS.Enabled() {
		kind = kindMAS
	}
	for _, one := range kinds {
		if one.name == kind {
			adapter, end := one.adapter(s, k)
			return adapter, end, nil
		}
	}
	return nil, nil, fmt.Errorf("there is no adapter for kind %q", kind)
}

func masOf(c config.Homeserver) homeserver.MAS {
	return homeserver.MAS{AdminURL: c.MAS.AdminURL, URL: c.MAS.URL, ClientID: c.MAS.ClientID, ClientSecret: c.MAS.ClientSecret}
}

func terms(list []config.Term) []homeserver.Term {
	out := make([]homeserver.Term, 0, len(list))
	for _, t := range list {
		out = append(out, homeserver.Term(t))
	}
	return out
}

// verify asks a homeserver whether somebody is its administrator.
func (h *house) verify(ctx context.Context, name string, c api.Credentials) (api.Identity, error) {
	server, ok := h.gate.Homeserver(name)
	if !ok {
		return api.Identity{}, api.NewProblem(api.StatusNotFound, "no_such_homeserver", "name", name)
	}
	return homeserver.Call(ctx, server.Adapter, api.VerifyOperator, c)
}

func (h *house) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	for _, end := range h.ends {
		end(ctx)
	}
	h.stop()
	<-h.still
	return errors.Join(h.store.Leave(ctx), h.store.Close())
}

func logger(c config.Log, w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.Level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
