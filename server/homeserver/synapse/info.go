// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"maps"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// slow is from when on a small request counts as a sign of trouble.
const slow = time.Second

// info says what the server is and what can be done on it. One request, and five where it was not asked for a while.
func (s *synapse) info(ctx context.Context, _ api.ServerQuery) (api.Server, error) {
	out := api.Server{Name: s.settings.Name, ServerName: s.settings.ServerName, Kind: "synapse", State: "up"}
	text, answer, err := s.askVersion(ctx)
	if err != nil {
		out.State, out.Problem = "down", matrix.Problem(err)
		return out, nil
	}
	known := s.facts.now()
	if parseVersion(text) != known.version || time.Since(known.asked) > factsLast {
		known = s.refresh(ctx, text)
	}
	out.Version, out.LatencyMS = text, max(1, answer.Latency.Milliseconds())
	if answer.Latency > slow {
		out.State = "slow"
	}
	if name, err := s.serverName(ctx); err == nil {
		out.ServerName, out.MaxLocalpart = name, maxLocalpart(name)
	}
	out.Unavailable = s.unavailable(known)
	if _, cannot := out.Unavailable[api.CreateUser.Info().Name]; !cannot {
		out.UserTypes = s.userTypes()
	}
	return out, nil
}

// unavailable is what cannot be had of this very server: operations, and fields of those that can.
func (s *synapse) unavailable(known facts) map[string]string {
	out := s.table.Unavailable()
	out["users.list.drift"] = reasonNoMAS
	if known.mas {
		maps.Copy(out, map[string]string{"users.update.admin": reasonMAS, "users.update.threepids": reasonMAS, "users.list.guests": reasonNoGuests})
	}
	if !known.version.atLeast(1, 72) {
		out["users.find.email"], out["users.find.phone"] = reasonVersion, reasonVersion
	}
	if !known.version.atLeast(1, 157) {
		out["users.redact.time"] = reasonVersion
	}
	if !known.version.atLeast(1, 93) {
		out["users.list.locked"] = reasonVersion
	}
	if !known.version.atLeast(1, 92) {
		out["users.list.sort.last_seen"] = reasonVersion
	}
	return out
}
