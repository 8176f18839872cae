// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/operator"
)

// revoke ends the panel's own sessions of those who lost the right to them by a deed: who is no administrator any more, or cannot
// sign in at the homeserver any more, or had everything signed out. What nobody knows the end of counts as done.
func (g *Gate) revoke(ctx context.Context, v Visit, op api.Op, req api.Request, end error) {
	if p, ok := errors.AsType[*api.Problem](end); end != nil && !(ok && mayBeDone(p)) {
		return
	}
	ends, others := endsFirst(op, req), false
	switch r := req.(type) {
	case api.PasswordReset:
		others = r.SignOut == nil || *r.SignOut
	case api.DeviceSignOut:
		others = r.All
	}
	for i, id := range req.Targets() {
		// Who resets their own password goes on here: they need the card that shows it.
		if !(ends && i == 0) && (!others || string(id) == v.Person.ID) {
			continue
		}
		if _, err := g.store.EndSessions(ctx, string(id), g.now()); err != nil {
			g.log.ErrorContext(ctx, "sessions could not be ended; they end when the homeserver is asked about their person again",
				"request_id", v.RequestID, "error", err.Error())
		}
	}
}

// mayBeDone reports whether a deed that ended in a problem may have been done, or was, in whole or in part.
func mayBeDone(p *api.Problem) bool {
	return p.Unclear() || p.Code == "done_not_recorded" || p.Code == "partly_done"
}

// stillTime bounds the question of Still.
const stillTime = 2 * time.Second

// Still reports whether somebody who signed in as an administrator of a homeserver is one yet: rights are also taken away past
// the panel. Where the server cannot tell, or not now, the answer is yes: without it nothing can be done there anyway.
func (g *Gate) Still(ctx context.Context, p operator.Person) bool {
	if p.Homeserver == "" {
		return true
	}
	server, ok := g.Homeserver(p.Homeserver)
	if !ok {
		return false // it was taken out of the configuration
	}
	ctx, cancel := context.WithTimeout(ctx, stillTime)
	defer cancel()
	u, err := homeserver.Call(ctx, server.Adapter, api.GetUser, api.UserRef{ID: api.UserID(p.ID)})
	if problem, ok := errors.AsType[*api.Problem](err); ok && problem.Code == "not_found" {
		return false
	}
	if err != nil {
		return true
	}
	return !u.Deactivated && !u.Locked && (u.Admin || !u.Knows("admin"))
}
