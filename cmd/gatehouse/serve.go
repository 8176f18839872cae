// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"gatehouse/server/gate"
	"gatehouse/server/homeserver"
	"gatehouse/server/operator"
	"gatehouse/server/page"
	"gatehouse/server/store"
	"gatehouse/server/version"
	"gatehouse/web"
)

type serveCommand struct{}

// drainTime is how long running calls may take when the program is told to stop.
const drainTime = 20 * time.Second

// Run serves the panel until the program is told to stop.
func (serveCommand) Run(ctx context.Context, all *commands) (err error) {
	h, err := openHouse(ctx, all.Config, os.Stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if err := h.settle(ctx); err != nil {
		return err
	}
	handler, err := h.handler()
	if err != nil {
		return err
	}
	listener, err := h.listen()
	if err != nil {
		return err
	}
	server := handler.web.Server(handler.http)
	go h.sweep(ctx)
	go every(ctx, store.BeatEvery, func(time.Time) {
		if err := h.settle(ctx); err != nil && ctx.Err() == nil {
			h.log.Error("what a gate left behind could not be settled", "error", err.Error())
		}
	})
	go h.gate.Watch(ctx)
	working, err := h.work(ctx)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	h.log.Info("Gatehouse is open", "address", h.config.PublicURL, "listening", listener.Addr().String(), "store", h.store.Place(), "version", version.String())
	if !h.config.SecureCookies() {
		h.log.Warn("the public address is http, so cookies are not Secure: use it on this machine only")
	}
	if !h.config.PreviousSecretKey.IsZero() {
		h.log.Info("previous_secret_key is set: sessions that it signed go on, and nothing else needs it; remove it once they have ended",
			"at_the_latest", time.Now().Add(h.config.Session.Absolute).UTC().Format(time.RFC3339))
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	h.log.Info("closing: running calls are brought to their end")
	err = server.Shutdown(drain)
	if errors.Is(err, context.DeadlineExceeded) {
		h.log.Warn("calls that have not come to their end are cut off", "after", drainTime)
		err = server.Close()
	}
	return errors.Join(err, <-working)
}

// work works jobs off until ctx ends. What it returns receives when that has come to its end.
func (h *house) work(ctx context.Context) (<-chan error, error) {
	ended, err := h.river.Start(ctx)
	if err != nil {
		return nil, err
	}
	go h.jobs.Sweep(ctx)
	return ended, nil
}

// settle brings to an end what was left behind by a gate that is gone: one that was killed, the last run of this one among them.
func (h *house) settle(ctx context.Context) error {
	rows, err := h.audit.Settle(ctx)
	if err != nil {
		return fmt.Errorf("the audit log cannot be written: %w", err)
	}
	if len(rows) > 0 {
		h.log.Warn("a gate ended in the middle of these calls; what became of them is unknown", "audit_rows", rows)
	}
	uses, err := h.store.SettleInvitations(ctx)
	if uses > 0 {
		h.log.Warn("a gate ended while invitations were taken up; whether these accounts were made is unknown", "uses", uses)
	}
	return err
}

type doors struct {
	web  *gate.Web
	http http.Handler
}

func (h *house) handler() (doors, error) {
	public, err := url.Parse(h.config.PublicURL)
	if err != nil {
		return doors{}, err
	}
	kid, _ := h.seal.JWTKey()
	w := &gate.Web{
		Gate: h.gate,
		Desk: &operator.Desk{
			Store: h.store, Audit: h.audit, Limits: operator.NewLimits(h.store, h.fingerprintKey(), time.Now), Verify: h.verify, Now: time.Now, Wait: homeserver.Pause,
		},
		Sessions: &operator.Sessions{
			Store: h.store, Keys: h.seal.JWTKeys(), KeyID: kid, Audience: h.config.PublicURL,
			Idle: h.config.Session.Idle, Absolute: h.config.Session.Absolute, Now: time.Now, Still: h.gate.Still,
		},
		Log: h.log, Public: public, Proxies: h.config.TrustedProxies, Version: version.String(),
	}
	assets, err := page.NewAssets(web.Dist())
	if err != nil {
		return doors{}, err
	}
	pages := &page.Pages{Web: w, Gate: h.gate, Store: h.store, Seal: h.seal, Intake: h.intake, Assets: assets, Log: h.log, Operators: h.hasOperators, Now: time.Now}
	handler, err := w.Handler(pages.Routes)
	return doors{w, handler}, err
}

// hasOperators reports whether somebody can sign in without a homeserver.
func (h *house) hasOperators() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	list, err := h.store.Operators(ctx)
	return err == nil && len(list) > 0
}

func (h *house) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", h.config.Listen)
	if err != nil {
		return nil, err
	}
	if !h.config.TLS.Enabled() {
		return l, nil
	}
	cert, err := tls.LoadX509KeyPair(h.config.TLS.CertificateFile, h.config.TLS.KeyFile)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), nil
}

// sweep throws away what has had its time.
func (h *house) sweep(ctx context.Context) {
	h.intake.Clear(ctx)
	every(ctx, time.Minute, func(now time.Time) {
		h.intake.Clear(ctx)
		_, requests := h.store.PurgeRequests(ctx, now.Add(-store.RequestKeyLife))
		_, drafts := h.store.PurgeDrafts(ctx, now)
		_, sessions := h.store.PurgeSessions(ctx, now.Add(-30*24*time.Hour))
		_, attempts := h.store.PurgeAttempts(ctx, now)
		_, leases := h.store.PurgeLeases(ctx, now)
		_, paces := h.store.PurgePaces(ctx, now)
		if err := errors.Join(requests, drafts, sessions, attempts, leases, paces); err != nil && ctx.Err() == nil {
			h.log.Error("old rows could not be thrown away", "error", err.Error())
		}
	})
}
