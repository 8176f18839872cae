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
		out.Checks = append(out.Checks, line(api.CheckFailed, "unreachable", "problem", info.Problem.Code))
	} else {
		out.Checks = append(out.Checks, line(api.CheckPassed, "reachable", "ms", strconv.FormatInt(info.LatencyMS, 10)),
			s.checkSoftware(ctx), checkClock(answer, time.Now()), s.checkSecret(ctx), s.checkToken(ctx))
	}
	out.Checks = append(out.Checks, s.checkDatabase(ctx)...)
	return out, nil
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
		return line(api.CheckFailed, "not_dendrite", "name", name)
	}
	if err == nil {
		return line(api.CheckPassed, "version", "name", name, "version", version)
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
	skew := answer.Date.Sub(now).Abs()
	seconds := strconv.FormatInt(int64(skew.Round(time.Second)/time.Second), 10)
	if skew > maxSkew {
		return line(api.CheckWarning, "clock_skewed", "seconds", seconds)
	}
	return line(api.CheckPassed, "clock", "seconds", seconds)
}

func (s *server) checkSecret(ctx context.Context) api.Check {
	if !s.registrar.HasSecret() {
		return line(api.CheckWarning, "secret_none")
	}
	err := s.registrar.Prove(ctx)
	switch {
	case err == nil:
		return line(api.CheckPassed, "secret_proven")
	case errors.Is(err, sharedsecret.ErrWrong):
		return line(api.CheckFailed, "secret_wrong")
	case errors.Is(err, sharedsecret.ErrNotConfigured):
		return line(api.CheckFailed, "secret_not_on_server")
	}
	return line(api.CheckFailed, "secret_unproven", "problem", sharedsecret.Problem(err).Code)
}

// checkToken proves an administrator by whois of another account: that of oneself works for everybody.
func (s *server) checkToken(ctx context.Context) api.Check {
	own, err := s.keys.Own(ctx)
	if err == nil {
		_, err = s.whois(ctx, other(own))
	}
	switch {
	case err == nil:
		return line(api.CheckPassed, "token_admin", "id", string(own))
	case matrix.Is(err, http.StatusForbidden, "M_FORBIDDEN"):
		return line(api.CheckFailed, "token_not_admin", "id", string(own))
	case matrix.TokenDead(err):
		return line(api.CheckFailed, "token_dead")
	}
	return line(api.CheckFailed, "token_unproven", "problem", matrix.Problem(err).Code)
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
