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
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/sharedsecret"
)

// check proves every key, one after the other. It changes nothing, but that the gate's service account is made where there is
// none yet.
func (s *server) check(ctx context.Context, _ api.ServerQuery) (api.Report, error) {
	locked := s.keys.Locked(ctx) // before anything makes another account in its place
	info, answer := s.look(ctx)
	out := api.Report{Server: info}
	if info.State == "down" {
		out.Checks = append(out.Checks, homeserver.FailedLine("reachable", info.Problem))
	} else {
		out.Checks = append(out.Checks, homeserver.Line(api.CheckPassed, "reachable", "url", s.client.Base(), "ms", strconv.FormatInt(info.LatencyMS, 10)),
			s.checkSoftware(ctx), homeserver.ClockLine(answer.Date, time.Now()), s.checkSecret(ctx))
		if locked != "" {
			out.Checks = append(out.Checks, homeserver.Line(api.CheckWarning, "service_account_locked", "id", string(locked)))
		}
		out.Checks = append(out.Checks, s.checkToken(ctx), s.checkForwarded())
		if own, err := s.keys.Own(ctx); err == nil && s.settings.ServerName != "" && s.settings.ServerName != own.Server() {
			out.Checks = append(out.Checks, homeserver.Line(api.CheckFailed, "server_name_other", "configured", s.settings.ServerName, "server", own.Server()))
		}
	}
	out.Checks = append(out.Checks, s.checkDatabase(ctx)...)
	return out, nil
}

// checkSoftware looks whether this is a Dendrite at all. Only it has /_dendrite/monitor/up, and it has it without federation too.
func (s *server) checkSoftware(ctx context.Context) api.Check {
	name, version, err := s.software(ctx)
	if err == nil && name != "Dendrite" {
		return homeserver.Line(api.CheckFailed, "not_dendrite", "kind", name)
	}
	if err == nil {
		return homeserver.Line(api.CheckPassed, "version", "kind", name, "version", version)
	}
	if _, err := s.client.Do(ctx, matrix.Call{Method: http.MethodGet, Path: matrix.At("/_dendrite/monitor/up")}, nil); err != nil {
		return homeserver.Line(api.CheckWarning, "version_hidden")
	}
	return homeserver.Line(api.CheckPassed, "dendrite_version_hidden")
}

func (s *server) checkSecret(ctx context.Context) api.Check {
	if !s.registrar.HasSecret() {
		return homeserver.Line(api.CheckWarning, "secret_none")
	}
	if err := s.registrar.Prove(ctx); err != nil {
		return homeserver.FailedLine("secret", sharedsecret.Problem(err))
	}
	return homeserver.Line(api.CheckPassed, "secret")
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
		return homeserver.FailedLine(code, matrix.Problem(err))
	}
	return homeserver.Line(api.CheckPassed, code, "id", string(own))
}

// checkForwarded tells by whose address Dendrite limits sign-ins. It takes X-Forwarded-For as it comes, from everybody and without a setting
// (internal/httputil/rate_limiting.go); trying that out would use the limit up.
func (s *server) checkForwarded() api.Check {
	if s.settings.ForwardedFor {
		return homeserver.Line(api.CheckPassed, "dendrite_forwarded")
	}
	return homeserver.Line(api.CheckWarning, "dendrite_forwarded_off")
}

// other returns an account on the same server that nobody can sign in to. It need not exist.
func other(id api.UserID) api.UserID { return api.UserID("@" + notices + ":" + id.Server()) }

// checkDatabase looks whether the database can be read, has the tables that are known, is this homeserver's own, and can be
// written where that is allowed.
func (s *server) checkDatabase(ctx context.Context) []api.Check {
	if s.db == nil {
		return []api.Check{homeserver.Line(api.CheckWarning, "dendrite_database_none")}
	}
	err := s.db.broken
	if err == nil {
		err = s.db.look(ctx, s.db.checkSchema)
	}
	if err != nil {
		return []api.Check{databaseTrouble(err)}
	}
	out := []api.Check{homeserver.Line(api.CheckPassed, "dendrite_database", "kind", s.db.kind)}
	if own, err := s.keys.Own(ctx); err == nil {
		if _, _, err := s.db.get(ctx, own); errors.Is(err, sql.ErrNoRows) {
			out = append(out, homeserver.Line(api.CheckFailed, "dendrite_database_other", "id", string(own)))
		}
	}
	if !s.settings.DatabaseWrites {
		return append(out, homeserver.Line(api.CheckPassed, "dendrite_database_writes_off"))
	}
	if err := s.db.writable(ctx); err != nil {
		return append(out, databaseTrouble(err))
	}
	return append(out, homeserver.Line(api.CheckPassed, "dendrite_database_writes"))
}

func databaseTrouble(err error) api.Check {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		p = databaseDown(err)
	}
	c := homeserver.Line(api.CheckFailed, p.Code)
	c.Params = p.Params
	return c
}
