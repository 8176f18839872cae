// SPDX-License-Identifier: Apache-2.0

package gatetest

import (
	"encoding/json"
	"errors"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/operator"
)

// Try takes an operation on hs through the corridor, as somebody. The request is read from its JSON, as that of a real call is.
func Try[Res any](t testing.TB, w *World, p operator.Person, operation string, request any) (Res, error) {
	t.Helper()
	var none Res
	p.Session = p.ID
	result, err := w.Gate.Do(t.Context(), gate.Visit{
		Person: &p, Homeserver: "hs", Operation: operation, Key: gate.NewKey(), RequestID: gate.NewKey(),
		Decode: func(op api.Op) (api.Request, error) {
			data, err := json.Marshal(request)
			if err != nil {
				return nil, err
			}
			return op.DecodeJSON(data)
		},
	})
	if err != nil {
		return none, err
	}
	return result.(Res), nil
}

// Must is Try of what has to go well.
func Must[Res any](t testing.TB, w *World, p operator.Person, operation string, request any) Res {
	t.Helper()
	out, err := Try[Res](t, w, p, operation, request)
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	return out
}

// Code is the code of the problem that an error is, or else the error's text; "" of none.
func Code(err error) string {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
