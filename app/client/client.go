// SPDX-License-Identifier: Apache-2.0

// Package client calls the catalogue's operations: in the browser with fetch (fetch_js.go), on the server through the
// gate in process (package page has that Caller). Screens know only the Caller.
package client

import (
	"context"
	"fmt"

	"gatehouse/app/api"
)

// A Caller calls operations as one person on one homeserver. Its errors are *api.Problem.
type Caller interface {
	// Call runs an operation. The key is the request key of a write, and "" for a read.
	Call(ctx context.Context, op api.Op, req api.Request, key string) (any, error)
	// At returns a Caller for another homeserver.
	At(homeserver string) Caller
}

type polling struct{}

// Polling marks calls that the page makes by itself: they are no activity of its person.
func Polling(ctx context.Context) context.Context { return context.WithValue(ctx, polling{}, true) }

type again struct{}

// Again marks a call that asks for the answer to a write that was sent before, by its request key alone. It does nothing, and there is no request.
func Again(ctx context.Context) context.Context { return context.WithValue(ctx, again{}, true) }

// Call runs a read.
func Call[Req api.Request, Res any](ctx context.Context, c Caller, op *api.Operation[Req, Res], req Req) (Res, error) {
	return Send(ctx, c, op, req, "")
}

// Send runs a write under a request key: sent twice with the same key it is done once.
func Send[Req api.Request, Res any](ctx context.Context, c Caller, op *api.Operation[Req, Res], req Req, key string) (Res, error) {
	var none Res
	out, err := c.Call(ctx, op, req, key)
	if err != nil {
		return none, err
	}
	res, ok := out.(Res)
	if !ok {
		return none, fmt.Errorf("%s answered with %T", op.Info().Name, out)
	}
	return res, nil
}

// AsProblem returns the problem that an error of a Caller is.
func AsProblem(err error) *api.Problem {
	if err == nil {
		return nil
	}
	if p, ok := err.(*api.Problem); ok {
		return p
	}
	return api.NewProblem(api.StatusInternal, "internal")
}
