// SPDX-License-Identifier: Apache-2.0

package matrix

import (
	"net/http"
	"slices"

	"gatehouse/app/api"
)

// OutcomeUnknown is what is told of a write that may have been done: nobody answered it, or it was taken and could not be looked at
// afterwards. Whatever kept that look from being taken says nothing of the write. id may be "".
func OutcomeUnknown(id api.UserID) *api.Problem {
	p := api.NewProblem(api.StatusTimeout, "outcome_unknown")
	if id != "" {
		p.Params = map[string]string{"id": string(id)}
	}
	return p
}

// Failed is what is told of a write's problem. Homeservers do a write in steps: one that failed inside may have done some of them.
func Failed(p *api.Problem) *api.Problem {
	if p.Code != "homeserver_error" {
		return p
	}
	return api.NewProblem(p.Status, "homeserver_failed", "errcode", p.Params["errcode"], "error", p.Params["error"])
}

// Partly is what is told of a deed that failed after a part of it was done. An end that nobody knows stays one.
func Partly(cause *api.Problem) *api.Problem {
	p := *api.NewProblem(cause.Status, "partly_done")
	if cause.Unclear() {
		p = *cause
	}
	p.Fields, p.RetryMS, p.Conflict = slices.Clone(cause.Fields), cause.RetryMS, cause.Conflict
	return &p
}

// StillDeactivated is what is told of a reactivation that failed after the account was given another password.
func StillDeactivated(cause error) *api.Problem {
	p := Problem(cause)
	if p.Unclear() {
		return p
	}
	whole := api.NewProblem(p.Status, "reactivation_unfinished")
	whole.RetryMS, whole.Conflict = p.RetryMS, p.Conflict
	return whole
}

// Twice sends a write that does no more twice than once, and sends it again where nobody answered. What the second one is told counts for the
// first where it is about the request itself; else the first's error is returned, which is Unknown: it may have been done.
func Twice(send func(again bool) error) error {
	first := send(false)
	if !Unknown(first) {
		return first
	}
	second := send(true)
	e, ok := As(second)
	if second == nil || ok && e.Kind == Refused && !e.Foreign() && e.Status < http.StatusInternalServerError &&
		e.Status != http.StatusUnauthorized && e.Status != http.StatusTooManyRequests {
		return second
	}
	return first
}
