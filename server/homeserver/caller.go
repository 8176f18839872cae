// SPDX-License-Identifier: Apache-2.0

package homeserver

import "context"

type callerKey struct{}

// WithCaller tells an operation on whose behalf it runs: the name that stands in the audit log. The corridor does it for every call.
func WithCaller(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, callerKey{}, id)
}

// Caller returns it, "" where the gate itself asks.
func Caller(ctx context.Context) string {
	id, _ := ctx.Value(callerKey{}).(string)
	return id
}
