// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/homeserver"
)

// Visit is one call on its way through the corridor.
type Visit struct {
	Person     *Person // nil: nobody is signed in
	Homeserver string
	Operation  string
	// Kind is what the door was made for, "" for any: a GET cannot reach a write.
	Kind api.Kind
	// Decode reads the request, once it is known which operation it is for.
	Decode func(api.Op) (api.Request, error)
	// Key is the request key of a write.
	Key string
	// Again asks for the answer to an earlier arrival of the request key, and does nothing. There is no request then.
	Again bool
	// RequestID names the call.
	RequestID string
	// Item says that the call is a job's, which keeps itself what it has begun: the gate does not look its key up, and only tells it to the homeserver.
	Item bool
	// Turn is asked, where there is one, when the intent of a write is on the disk. It returns when the homeserver may be called, and is told of the
	// end of that. Where it fails nothing is sent, and its *api.Problem is the outcome.
	Turn func() (end func(error), err error)
	// Revise completes the request of a write when it is its turn; nil leaves it as it is. What it changes does not make two arrivals of one
	// request key two requests.
	Revise func(context.Context, api.Request) api.Request
}

// How long an adapter may take. A write goes on when the person has gone away: what was begun is brought to an end that is known.
const (
	readTime  = 30 * time.Second
	writeTime = 60 * time.Second
)

// Do takes a call through the corridor. The error is a *api.Problem.
func (g *Gate) Do(ctx context.Context, v Visit) (any, error) {
	result, err := g.do(ctx, v)
	if err != nil {
		return nil, g.told(ctx, v, err)
	}
	return result, nil
}

// told is an error as it is told: a *api.Problem with the call's name. Of what is none the log has the text.
func (g *Gate) told(ctx context.Context, v Visit, err error) *api.Problem {
	p, ok := errors.AsType[*api.Problem](err)
	if !ok {
		g.log.ErrorContext(ctx, "call failed", "request_id", v.RequestID, "operation", v.Operation, "error", err.Error())
		p = api.NewProblem(api.StatusInternal, "internal")
	}
	named := *p
	named.RequestID = v.RequestID
	return &named
}

// admit lets a person through to a homeserver of theirs.
func (g *Gate) admit(v Visit) (*Homeserver, error) {
	if v.Person == nil {
		return nil, api.NewProblem(api.StatusUnauthorized, "signed_out")
	}
	server, ok := g.Homeserver(v.Homeserver)
	if !ok {
		return nil, api.NewProblem(api.StatusNotFound, "no_such_homeserver", "name", v.Homeserver)
	}
	if !v.Person.May(v.Homeserver) {
		return nil, api.NewProblem(api.StatusForbidden, "other_homeserver", "name", v.Homeserver)
	}
	return server, nil
}

func (g *Gate) do(ctx context.Context, v Visit) (any, error) {
	server, err := g.admit(v)
	if err != nil {
		return nil, err
	}
	op, ok := api.Find(v.Operation)
	if !ok || op.Info().Internal {
		return nil, api.NewProblem(api.StatusNotFound, "no_such_operation", "name", v.Operation)
	}
	if v.Kind != "" && v.Kind != op.Info().Kind {
		return nil, api.NewProblem(statusMethodNotAllowed, "method_not_allowed")
	}
	if err := g.permit(ctx, v, op, op.Info().Permission); err != nil {
		return nil, err
	}
	if v.Again {
		return g.keys.again(ctx, v)
	}
	req, err := v.Decode(op)
	if err != nil {
		return nil, err
	}
	if err := req.Validate(); err != nil {
		return nil, err
	}
	if d, ok := req.(api.Demanding); ok {
		if err := g.permit(ctx, v, op, d.Demands()...); err != nil {
			return nil, err
		}
	}
	ctx = asking(homeserver.WithCaller(ctx, v.Person.ID), *v.Person)
	entry, _ := server.Adapter.Find(v.Operation)
	if why := entry.Why(); why != "" {
		return nil, api.NewProblem(api.StatusNotSupported, "not_supported", "reason", why)
	}
	if op.Info().Kind == api.KindRead {
		result, err := g.read(ctx, v, entry, req)
		server.Heard(ctx, result, err, g.now())
		if report, ok := result.(api.Report); ok && err == nil {
			return g.complete(ctx, server, report)
		}
		return result, err
	}
	ctx, cancel := context.WithTimeout(homeserver.WithRequestKey(context.WithoutCancel(ctx), v.Key), writeTime)
	defer cancel()
	deed := func() (any, error) {
		if v.Revise != nil {
			req = v.Revise(ctx, req)
		}
		return g.write(ctx, v, server, entry, req)
	}
	if v.Item {
		ctx = homeserver.WithPace(ctx)
		return deed()
	}
	return g.keys.once(ctx, v, req, deed)
}

// write takes a write through its last doors: guard, intent, adapter, outcome.
func (g *Gate) write(ctx context.Context, v Visit, server *Homeserver, entry homeserver.Entry, req api.Request) (any, error) {
	ending := &ending{g: g, server: server}
	defer ending.over(ctx)
	alone := func() error { return ending.alone(ctx) }
	_, err := g.attempt(ctx, v, func() (any, error) { return nil, g.guard(ctx, v, server, entry.Op, req, alone) })
	if err != nil {
		g.refused(ctx, v, req, err)
		if p, ok := errors.AsType[*api.Problem](err); !ok || p.Status >= api.StatusInternal {
			return nil, notBegun{err} // the account could not be looked at
		}
		return nil, err
	}
	result, err := g.record(ctx, v, req, func() (any, error) { return called(ctx, v, entry, req) })
	server.Heard(ctx, nil, err, g.now())
	g.revoke(ctx, v, entry.Op, req, err)
	if entry.Op.Info().Loud {
		g.sayLoudly(ctx, v, req, err)
	}
	return result, err
}

// called has the adapter do a write, when it is its turn; how long it waited for that is not the adapter's time.
func called(ctx context.Context, v Visit, entry homeserver.Entry, req api.Request) (any, error) {
	if v.Turn == nil {
		return entry.Call(ctx, req)
	}
	end, err := v.Turn()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	result, err := entry.Call(ctx, req)
	end(err)
	return result, err
}

// sayLoudly says in the gate's own log that something was done which is to be noticed, or that nobody knows whether it was.
func (g *Gate) sayLoudly(ctx context.Context, v Visit, req api.Request, err error) {
	end := Outcome(nil, err).Outcome
	if p, ok := errors.AsType[*api.Problem](err); ok && p.Code == "done_not_recorded" {
		end = audit.Done
	}
	if end == audit.Failed {
		return
	}
	why := ""
	if r, ok := req.(api.Reasoned); ok {
		why = r.Why()
	}
	g.log.WarnContext(ctx, "a call that is to be noticed", "request_id", v.RequestID, "operation", v.Operation, "homeserver", v.Homeserver,
		"person", v.Person.ID, "targets", g.entry(v, req).Targets, "outcome", end, "reason", why)
}

// complete adds to a report on a homeserver what only the gate's own store knows.
func (g *Gate) complete(ctx context.Context, server *Homeserver, report api.Report) (api.Report, error) {
	if report.Server.State == "down" {
		return report, nil
	}
	lines, err := g.formerLines(ctx, server)
	if err != nil {
		return api.Report{}, err
	}
	report.Checks = append(report.Checks, lines...)
	return report, nil
}

// read answers a read. One that is recorded goes on when the person has gone away, so that its end is known: what was read was read.
func (g *Gate) read(ctx context.Context, v Visit, entry homeserver.Entry, req api.Request) (any, error) {
	if !entry.Op.Info().Recorded {
		ctx, cancel := context.WithTimeout(ctx, readTime)
		defer cancel()
		return entry.Call(ctx, req)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTime)
	defer cancel()
	return g.record(ctx, v, req, func() (any, error) { return entry.Call(ctx, req) })
}

// permit refuses what the person's role may not. Refusals of what is recorded are recorded.
func (g *Gate) permit(ctx context.Context, v Visit, op api.Op, needs ...api.Permission) error {
	err := v.Person.Lacks(needs...)
	if err != nil && op.Info().Audited() {
		g.refused(ctx, v, nil, err)
	}
	return err
}

// record writes the intent, does the deed and writes the outcome. Without a durable intent nothing is done, nor read.
func (g *Gate) record(ctx context.Context, v Visit, req api.Request, deed func() (any, error)) (any, error) {
	intent, err := g.audit.Intent(ctx, g.entry(v, req))
	if err != nil {
		g.log.ErrorContext(ctx, "the intent could not be recorded, so nothing was done", "request_id", v.RequestID, "error", err.Error())
		return nil, notBegun{api.NewProblem(api.StatusUnavailable, "store_unavailable")}
	}
	result, err := g.attempt(ctx, v, deed)
	if recorded := g.audit.Outcome(ctx, intent, Outcome(result, undone(result, err))); recorded != nil {
		g.log.ErrorContext(ctx, "the outcome could not be recorded", "request_id", v.RequestID, "error", recorded.Error())
		if err == nil {
			return nil, api.NewProblem(api.StatusInternal, "done_not_recorded")
		}
	}
	return result, err
}

// attempt does the deed. One that panics has ended, too: nobody knows how, and that is what is recorded.
func (g *Gate) attempt(ctx context.Context, v Visit, deed func() (any, error)) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			g.log.ErrorContext(ctx, "an adapter failed", "request_id", v.RequestID, "operation", v.Operation, "panic", r, "stack", stack())
			result, err = nil, errors.New("an adapter failed")
		}
	}()
	return deed()
}

// refused records a call that was turned away.
func (g *Gate) refused(ctx context.Context, v Visit, req api.Request, why error) {
	result := audit.Result{Outcome: audit.Refused}
	if p, ok := errors.AsType[*api.Problem](why); ok {
		result.Code = p.Code
	}
	if err := g.audit.Event(ctx, g.entry(v, req), result); err != nil {
		g.log.ErrorContext(ctx, "a refusal could not be recorded", "request_id", v.RequestID, "error", err.Error())
	}
}

func (g *Gate) entry(v Visit, req api.Request) audit.Entry {
	e := audit.Entry{
		RequestID: v.RequestID, Actor: v.Person.ID, Role: string(v.Person.Role), Address: v.Person.Address,
		Homeserver: v.Homeserver, Operation: v.Operation,
	}
	if req != nil {
		e.Request, _ = json.Marshal(req) // secrets come out redacted
		for _, id := range req.Targets() {
			e.Targets = append(e.Targets, g.whole(v.Homeserver, id))
		}
	}
	return e
}

// whole completes the ID of an account that is yet to be made, of which only the localpart is known.
func (g *Gate) whole(name string, id api.UserID) string {
	if server, ok := g.Homeserver(name); ok && id.Server() == "" {
		return string(id) + ":" + server.Settings.ServerName
	}
	return string(id)
}

// undone is the error of a deed, or what of it was not done.
func undone(result any, err error) error {
	if partial, ok := result.(api.Partial); ok && err == nil {
		if p := partial.Failures(); p != nil {
			return p
		}
	}
	return err
}

// Outcome says how a deed ended: done, failed (nothing, or not all of it, was done and we know), unknown.
func Outcome(result any, err error) audit.Result {
	if err == nil {
		done := audit.Result{Outcome: audit.Done}
		if n, ok := result.(api.Noting); ok {
			done.Detail = n.Noted()
		}
		return done
	}
	p, ok := errors.AsType[*api.Problem](err)
	switch {
	case ok && p.Unclear():
		return audit.Result{Outcome: audit.Unknown, Code: p.Code}
	case ok:
		return audit.Result{Outcome: audit.Failed, Code: p.Code, Detail: p.Error()}
	}
	return audit.Result{Outcome: audit.Unknown, Code: "internal"}
}

const statusMethodNotAllowed = 405
