// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/homeserver"
	"gatehouse/server/store"
)

// formerAgain is how long the gate waits before it tries again to end an account that it could not end.
const formerAgain = time.Hour

// former is what the gate knows of its attempts to end the service accounts that it has no more use for: administrators that nobody
// uses, whose token somebody else may have.
type former struct {
	mu    sync.Mutex // one attempt at a time
	tried map[string]attempt
}

type attempt struct {
	at      time.Time
	problem *api.Problem // nil: it was done
}

// endFormer deactivates the service accounts of a homeserver that another one has taken the place of. It does so with the new one's token,
// so that only an account whose successor works is ended. Only what the store has as the gate's own and retired is ended, and it is
// recorded as everything is, with the gate itself as the actor.
func (g *Gate) endFormer(ctx context.Context, server *Homeserver) error {
	server.former.mu.Lock()
	defer server.former.mu.Unlock()
	accounts, err := g.store.ServiceAccounts(ctx, server.Settings.Name)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		last := server.former.tried[a.UserID]
		if !isFormer(a, server) || beginning(a, g.now()) || g.now().Before(last.at.Add(formerAgain)) {
			continue
		}
		problem, err := g.endAccount(ctx, server, a)
		if err != nil {
			return err
		}
		if server.former.tried == nil {
			server.former.tried = map[string]attempt{}
		}
		server.former.tried[a.UserID] = attempt{g.now(), problem}
	}
	return nil
}

// begunTime is how long a registration of the gate's own account may be under way, in this process or another one.
const begunTime = 5 * time.Minute

// beginning reports whether an account may be about to become the live one.
func beginning(a store.ServiceAccount, now time.Time) bool {
	return homeserver.Reason(a.Reason) == homeserver.ReasonBegun && a.Ended.IsZero() && now.Before(a.Created.Add(begunTime))
}

// isFormer reports whether an account is provably one that the gate registered for itself on this homeserver, and that is neither in use
// nor ended yet.
func isFormer(a store.ServiceAccount, server *Homeserver) bool {
	id := api.UserID(a.UserID)
	tail, named := strings.CutPrefix(id.Localpart(), homeserver.ServicePrefix)
	return !a.Retired.IsZero() && a.Ended.IsZero() && named && len(tail) == homeserver.ServiceTail && id.Server() == server.Settings.ServerName
}

// endAccount looks at an account and ends it. The problem is the homeserver's, the error the store's.
func (g *Gate) endAccount(ctx context.Context, server *Homeserver, a store.ServiceAccount) (*api.Problem, error) {
	id := api.UserID(a.UserID)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	u, err := homeserver.Call(ctx, server.Adapter, api.GetUser, api.UserRef{ID: id})
	problem := g.asProblem(ctx, err)
	switch {
	case problem != nil && problem.Code == "not_found" && homeserver.Reason(a.Reason) == homeserver.ReasonBegun: // it never was
		return nil, g.store.ForgetServiceAccount(ctx, server.Settings.Name, a.UserID, a.Reason)
	case problem != nil && problem.Code == "not_found", problem == nil && u.Deactivated:
		return nil, g.store.EndServiceAccount(ctx, server.Settings.Name, string(id), g.now())
	case problem != nil:
		return problem, nil
	case u.Own:
		return nil, nil // the store is wrong about it
	}
	entry, _ := server.Adapter.Find(api.DeactivateUser.Info().Name)
	if why := entry.Why(); why != "" {
		return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", why), nil
	}
	v := Visit{
		Person: &Person{ID: audit.GateActor}, Homeserver: server.Settings.Name, Operation: api.DeactivateUser.Info().Name, RequestID: NewKey(),
	}
	lease := "former." + server.Settings.Name
	if err := g.store.TakeLease(ctx, lease, v.RequestID, g.now(), 2*writeTime); err != nil {
		if errors.Is(err, store.ErrConflict) {
			return nil, nil // another process is at it
		}
		return nil, err
	}
	req := api.UserDeed{ID: id}
	_, err = g.record(ctx, v, req, func() (any, error) { return homeserver.Call(ctx, server.Adapter, api.DeactivateUser, req) })
	released := g.store.ReleaseLease(ctx, lease, v.RequestID)
	if problem := g.asProblem(ctx, err); problem != nil {
		return problem, released
	}
	g.log.InfoContext(ctx, "a former service account was deactivated", "homeserver", server.Settings.Name, "id", string(id))
	return nil, errors.Join(g.store.EndServiceAccount(ctx, server.Settings.Name, string(id), g.now()), released)
}

// asProblem returns what people are told about an error.
func (g *Gate) asProblem(ctx context.Context, err error) *api.Problem {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	g.log.ErrorContext(ctx, "a former service account could not be looked at", "error", err.Error())
	return api.NewProblem(api.StatusInternal, "internal")
}

// formerLines ends what can be ended, and says what became of the service accounts: that another one took a place, and how the former
// ones stand.
func (g *Gate) formerLines(ctx context.Context, server *Homeserver) ([]api.Check, error) {
	if err := g.endFormer(ctx, server); err != nil {
		return nil, err
	}
	accounts, err := g.store.ServiceAccounts(ctx, server.Settings.Name)
	if err != nil {
		return nil, err
	}
	server.former.mu.Lock()
	defer server.former.mu.Unlock()
	var lines []api.Check
	for _, a := range accounts {
		if beginning(a, g.now()) {
			continue
		}
		if a.Retired.IsZero() {
			lines = append(lines, liveLines(a, server)...)
			continue
		}
		lines = append(lines, formerLine(a, server.former.tried[a.UserID].problem))
	}
	return lines, nil
}

func liveLines(a store.ServiceAccount, server *Homeserver) []api.Check {
	if !server.Settings.Token.IsZero() {
		return []api.Check{homeserver.Line(api.CheckWarning, "service_account_idle", "id", a.UserID)}
	}
	switch why := homeserver.Reason(a.Reason); why {
	case homeserver.ReasonSealed, homeserver.ReasonRefused:
		return []api.Check{homeserver.Line(api.CheckPassed, "service_account_new_"+string(why), "id", a.UserID, "when", moment(a.Created))}
	}
	return nil
}

func formerLine(a store.ServiceAccount, problem *api.Problem) api.Check {
	switch {
	case !a.Ended.IsZero():
		return homeserver.Line(api.CheckPassed, "service_account_ended", "id", a.UserID, "when", moment(a.Ended))
	case problem == nil:
		return homeserver.Line(api.CheckWarning, "service_account_stays", "id", a.UserID)
	case problem.Code == "not_supported":
		return homeserver.Line(api.CheckWarning, "service_account_cannot_end", "id", a.UserID, "reason", problem.Params["reason"])
	}
	return homeserver.Line(api.CheckWarning, "service_account_not_ended", "id", a.UserID, "problem", problem.Code)
}

// moment writes a time for a report, which is read on a terminal, too.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
