// SPDX-License-Identifier: Apache-2.0

// Package homeserver says what an adapter is: the table of the operations that a kind of homeserver can do. The set of
// operations in it is the capability list that the panel draws itself from.
package homeserver

import (
	"context"
	"fmt"

	"gatehouse/app/api"
)

// Adapter is a table with one entry for every operation of the catalogue, implemented or missing with a reason.
type Adapter []Entry

// Entry is one line of an Adapter.
type Entry struct {
	Op api.Op
	// Missing is the reason (`missing.<reason>`) why this kind of server has not got the operation; "" where it has.
	Missing string
	// Call runs the operation; its request and result have the operation's types.
	Call func(context.Context, api.Request) (any, error)
	// Ready tells at run time whether this very server can do it now; nil means always. It costs no request.
	Ready func() (missing string)
	// Mostly is why most servers of this kind have not got the operation, for documents; "" where most have. Ready says which have.
	Mostly string
}

// Implement enters an operation with the function that does it.
func Implement[Req api.Request, Res any](op *api.Operation[Req, Res], f func(context.Context, Req) (Res, error)) Entry {
	return Entry{Op: op, Call: func(ctx context.Context, r api.Request) (any, error) {
		req, ok := r.(Req)
		if !ok {
			return nil, fmt.Errorf("%s was asked with %T", op.Info().Name, r)
		}
		return f(ctx, req)
	}}
}

// Call runs an operation of an adapter past the corridor, for what the gate itself has to know or do: nobody's rights are looked at
// and nothing is recorded.
func Call[Req api.Request, Res any](ctx context.Context, a Adapter, op *api.Operation[Req, Res], req Req) (Res, error) {
	var none Res
	entry, _ := a.Find(op.Info().Name)
	if why := entry.Why(); why != "" {
		return none, api.NewProblem(api.StatusNotSupported, "not_supported", "reason", why)
	}
	out, err := entry.Call(ctx, req)
	if err != nil {
		return none, err
	}
	return out.(Res), nil
}

// When adds run-time conditions: each returns "" or the reason why this server cannot do it now (its version, its configuration). The
// first reason counts.
func (e Entry) When(conditions ...func() string) Entry {
	e.Ready = func() string {
		for _, condition := range conditions {
			if why := condition(); why != "" {
				return why
			}
		}
		return ""
	}
	return e
}

// MostlyMissing says why most servers of this kind cannot do it; a condition finds those that can.
func (e Entry) MostlyMissing(reason string) Entry {
	e.Mostly = reason
	return e
}

// Missing enters an operation that this kind of server has not got.
func Missing(op api.Op, reason string) Entry { return Entry{Op: op, Missing: reason} }

// MissingAll enters operations that this kind of server has not got for one reason.
func MissingAll(ops []api.Op, reason string) Adapter {
	out := make(Adapter, 0, len(ops))
	for _, op := range ops {
		out = append(out, Missing(op, reason))
	}
	return out
}

// Find returns the entry of an operation.
func (a Adapter) Find(name string) (Entry, bool) {
	for _, e := range a {
		if e.Op.Info().Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

// Unavailable returns the operations that cannot be done now, with the reasons.
func (a Adapter) Unavailable() map[string]string {
	out := map[string]string{}
	for _, e := range a {
		if why := e.Why(); why != "" {
			out[e.Op.Info().Name] = why
		}
	}
	return out
}

// Why returns the reason why the operation cannot be done now, or "".
func (e Entry) Why() string {
	if e.Missing != "" {
		return e.Missing
	}
	if e.Ready != nil {
		return e.Ready()
	}
	return ""
}

// Overlay returns the table in which the entries of over stand in place of a's, and all of a's others are as they were.
func (a Adapter) Overlay(over Adapter) Adapter {
	out := make(Adapter, 0, len(a)+len(over))
	for _, e := range a {
		if _, replaced := over.Find(e.Op.Info().Name); !replaced {
			out = append(out, e)
		}
	}
	return append(out, over...)
}

// Complete reports the operations of the catalogue that the table of a homeserver neither implements nor names as missing, those
// that it has twice, and those that are not an adapter's but the gate's own (api.AtGate).
func (a Adapter) Complete() error { return a.complete(false) }

// CompleteAtGate does the same for a table of the operations that the gate answers itself. Those that it also asks for itself are in none.
func (a Adapter) CompleteAtGate() error { return a.complete(true) }

func (a Adapter) complete(atGate bool) error {
	seen := map[string]int{}
	for _, e := range a {
		seen[e.Op.Info().Name]++
	}
	for _, op := range api.All() {
		info, want := op.Info(), 0
		if info.AtGate == atGate && !(atGate && info.Internal) {
			want = 1
		}
		if n := seen[info.Name]; n != want {
			return fmt.Errorf("the table has %s %d times, not %d; every operation is implemented or missing, once, by the adapter or by the gate", info.Name, n, want)
		}
	}
	return nil
}
