// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strconv"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/sharedsecret"
)

// maxSkew is how far the clocks may be apart before it is said.
const maxSkew = 30 * time.Second

// check proves every key, one after the other. It changes nothing, but that the gate's service account is made where there is
// none yet.
func (s *server) check(ctx context.Context, _ api.ServerQuery) (api.Report, error) {
	info, answer := s.look(ctx)
	out := api.Report{Server: info}
	if info.State == "down" {
		out.Checks = append(out.Checks, failed("reachable", info.Problem))
	} else {
		out.Checks = append(out.Checks, line(api.CheckPassed, "reachable", "url", s.client.Base(), "ms", strconv.FormatInt(info.LatencyMS, 10)),
			s.checkSoftware(ctx), checkClock(answer, time.Now()), s.checkSecret(ctx), s.checkToken(ctx))
		if own, err := s.keys.Own(ctx); err == nil && s.settings.ServerName != "" && s.settings.ServerName != own.Server() {
			out.Checks = append(out.Checks, line(api.CheckFailed, "server_name_other", "configured", s.settings.ServerName, "server", own.Server()))
		}
	}
	out.Checks = append(out.Checks, s.checkDatabase(ctx)...)
	return out, nil
}

// failed is a line about something that should work, with the code of the problem that it met.
func failed(code string, p *api.Problem) api.Check {
	return line(api.CheckFailed, code+"_failed", "problem", p.Code)
}

func line(state, code string, params ...string) api.Check {
	c := api.Check{Code: code, State: state}
	for i := 0; i+1 < len(params); i += 2 {
		if c.Params == nil {
			c.Params = map[string]string{}
		}
		c.Params[params[i]] = params[i+1]
	}
	return c
}

// checkSoftware looks whether this is a Dendrite at all. Only it has /_dendrite/monitor/up, and it has it without federation too.
func (s *server) checkSoftware(ctx context.Context) api.Check {
	name, version, err := s.software(ctx)
	if err == nil && name != "Dendrite" {
		return line(api.CheckFailed, "not_dendrite", "kind", name)
	}
	if err == nil {
		return line(api.CheckPassed, "version", "kind", name, "version", version)
	}
	if _, err := s.client.Do(ctx, matrix.Call{Method: http.MethodGet, Path: matrix.At("/_dendrite/monitor/up")}, nil); err != nil {
		return line(api.CheckWarning, "version_hidden")
	}
	return line(api.CheckPassed, "dendrite_version_hidden")
}

// checkClock compares the clocks; the server tells its own in whole seconds.
func checkClock(answer matrix.Answer, now time.Time) api.Check {
	if answer.Date.IsZero() {
		return line(api.CheckWarning, "clock_unknown")
	}
	skew := now.Sub(answer.Date).Truncate(time.Second)
	seconds := strconv.FormatInt(int64(skew.Abs()/time.Second), 10)
	switch {
	case skew.Abs() <= maxSkew:
		return line(api.CheckPassed, "clock", "seconds", seconds)
	case skew > 0:
		return line(api.CheckWarning, "clock_ahead", "seconds", seconds)
	}
	return line(api.CheckWarning, "clock_behind", "seconds", seconds)
}

func (s *server) checkSecret(ctx context.Context) api.Check {
	if !s.registrar.HasSecret() {
		return line(api.CheckWarning, "secret_none")
	}
	if err := s.registrar.Prove(ctx); err != nil {
		return failed("secret", sharedsecret.Problem(err))
	}
	return line(api.CheckPassed, "secret")
}

// checkToken proves an administrator by whois of another account: that of oneself works for everybody.
func (s *server) checkToken(ctx context.Context) api.Check {
	code := "service_account"
	if s.keys.Given() {
		code = "token"
	}
	own, err := s.keys.Own(ctx)
	if err == nil {
		_, err = s.whois(ctx, other(own))
	}
	if err == nil {
		own, err = s.keys.Own(ctx) // another one by now, if the first was dead
	}
	if err != nil {
		return failed(code, matrix.Problem(err))
	}
	return line(api.CheckPassed, code, "id", string(own))
}

// other returns an account on the same server that nobody can sign in to. It need not exist.
func other(id api.UserID) api.UserID { return api.UserID("@" + notices + ":" + id.Server()) }

// checkDatabase looks whether the database can be read, has the tables that are known, is this homeserver's own, and can be
// written where that is allowed.
func (s *server) checkDatabase(ctx context.Context) []api.Check {
	if s.db == nil {
		return []api.Check{line(api.CheckWarning, "dendrite_database_none")}
	}
	err := s.db.broken
	if err == nil {
		err = s.db.look(ctx, s.db.checkSchema)
	}
	if err != nil {
		return []api.Check{databaseTrouble(err)}
	}
	out := []api.Check{line(api.CheckPassed, "dendrite_database", "kind", s.db.kind)}
	if own, err := s.keys.Own(ctx); err == nil {
		if _, _, err := s.db.get(ctx, own); errors.Is(err, sql.ErrNoRows) {
			out = append(out, line(api.CheckFailed, "dendrite_database_other", "id", string(own)))
		}
	}
	if !s.settings.DatabaseWrites {
		return append(out, line(api.CheckPassed, "dendrite_database_writes_off"))
	}
	if err := s.db.writable(ctx); err != nil {
		return append(out, databaseTrouble(err))
	}
	return append(out, line(api.CheckPassed, "dendrite_database_writes"))
}

func databaseTrouble(err error) api.Check {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		p = databaseDown(err)
	}
	c := line(api.CheckFailed, p.Code)
	c.Params = p.Params
	return c
}
