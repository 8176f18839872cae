// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/sharedsecret"
)

// check is the doctor's report. It changes nothing but, where none was made yet, makes the service account; the address that
// forwarded uses appears in the history of the account that the gate acts as.
func (s *synapse) check(ctx context.Context, q api.ServerQuery) (api.Report, error) {
	locked := s.keys.Locked(ctx) // before anything makes another account in its place
	server, err := s.info(ctx, q)
	if err != nil {
		return api.Report{}, err
	}
	r := report{Report: api.Report{Server: server}}
	if server.State == "down" {
		if _, _, err := s.askVersion(ctx); matrix.Unrecognized(err) {
			r.add("not_synapse", api.CheckFailed, "url", s.client.Base())
		} else {
			r.problem("reachable", server.Problem)
		}
		return r.Report, nil
	}
	r.add("reachable", api.CheckPassed, "url", s.client.Base(), "ms", strconv.FormatInt(server.LatencyMS, 10))
	if v := parseVersion(server.Version); v.atLeast(1, 103) {
		r.add("version", api.CheckPassed, "kind", "Synapse", "version", server.Version)
	} else {
		r.add("version_old", api.CheckWarning, "kind", "Synapse", "version", server.Version, "min", "1.103")
	}
	if s.facts.now().mas {
		r.add("mas", api.CheckWarning)
	}
	s.checkClock(ctx, &r)
	s.checkSecret(ctx, &r)
	if locked != "" {
		r.add("service_account_locked", api.CheckWarning, "id", string(locked))
	}
	if s.checkToken(ctx, &r) {
		s.checkForwarded(ctx, &r)
	}
	return r.Report, nil
}

// report is an api.Report that is being written.
type report struct{ api.Report }

func (r *report) add(code, state string, params ...string) {
	r.Checks = append(r.Checks, homeserver.Line(state, code, params...))
}

// problem notes a failed check and the code of what went wrong.
func (r *report) problem(code string, p *api.Problem) {
	r.Checks = append(r.Checks, homeserver.FailedLine(code, p))
}

// checkClock compares the Date header of an answer with the gate's clock.
func (s *synapse) checkClock(ctx context.Context, r *report) {
	_, answer, _ := s.askVersion(ctx) // an answer that did not come tells no time
	r.Checks = append(r.Checks, homeserver.ClockLine(answer.Date, time.Now()))
}

func (s *synapse) checkSecret(ctx context.Context, r *report) {
	if !s.registrar.HasSecret() {
		r.add("secret_none", api.CheckWarning)
		return
	}
	switch err := s.registrar.Prove(ctx); {
	case err == nil:
		r.add("secret", api.CheckPassed)
	case errors.Is(err, sharedsecret.ErrDelegated):
		r.add("secret_useless", api.CheckWarning)
	default:
		r.problem("secret", sharedsecret.Problem(err))
	}
}

// checkToken proves that the token is good and an administrator's, and reports whether it is.
func (s *synapse) checkToken(ctx context.Context, r *report) bool {
	code := "service_account"
	if s.keys.Given() {
		code = "token"
	}
	own, err := s.keys.Own(ctx)
	if err == nil {
		var w wireUser
		_, err = s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: userPath(own)}, &w)
	}
	if err != nil {
		r.problem(code, matrix.Problem(err))
		return false
	}
	if own, err = s.keys.Own(ctx); err != nil { // another one by now, if the first was dead
		r.problem(code, matrix.Problem(err))
		return false
	}
	r.add(code, api.CheckPassed, "id", string(own))
	if name := s.settings.ServerName; name != "" && name != own.Server() {
		r.add("server_name_other", api.CheckFailed, "configured", name, "server", own.Server())
	}
	return true
}

// checkForwarded tells whether the homeserver believes X-Forwarded-For: it sends one request with an address that nobody has
// (2001:db8::/32 is for documentation, RFC 3849) and looks whether that is where the gate's account was last seen.
func (s *synapse) checkForwarded(ctx context.Context, r *report) {
	believed, err := s.believes(ctx)
	switch {
	case err != nil:
		r.add("forwarded_unknown", api.CheckWarning, "problem", matrix.Problem(err).Code)
	case believed && s.settings.ForwardedFor:
		r.add("forwarded", api.CheckPassed)
	case believed:
		r.add("forwarded_not_sent", api.CheckWarning)
	case s.settings.ForwardedFor:
		r.add("forwarded_ignored", api.CheckWarning)
	default:
		r.add("forwarded_off", api.CheckWarning)
	}
}

func (s *synapse) believes(ctx context.Context) (bool, error) {
	raw := [16]byte{0x20, 0x01, 0x0d, 0xb8}
	_, _ = rand.Read(raw[4:]) // never fails
	nobody := netip.AddrFrom16(raw)
	own, err := s.keys.Own(ctx)
	if err != nil {
		return false, err
	}
	seen := matrix.Call{Method: http.MethodGet, Path: matrix.At("/_matrix/client/v3/account/whoami"), ForwardedFor: nobody.String()}
	if _, err := s.keys.Do(ctx, seen, nil); err != nil {
		return false, err
	}
	var out struct {
		Devices map[string]struct {
			Sessions []struct {
				Connections []struct {
					IP string `json:"ip"`
				} `json:"connections"`
			} `json:"sessions"`
		} `json:"devices"`
	}
	if _, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: matrix.At("/_synapse/admin/v1/whois/{}", string(own))}, &out); err != nil {
		return false, err
	}
	for _, device := range out.Devices {
		for _, session := range device.Sessions {
			for _, c := range session.Connections {
				if ip, err := netip.ParseAddr(strings.TrimSpace(c.IP)); err == nil && ip == nobody {
					return true, nil
				}
			}
		}
	}
	return false, nil
}
