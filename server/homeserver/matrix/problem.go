// SPDX-License-Identifier: Apache-2.0

package matrix

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"gatehouse/app/api"
)

// Problem turns the failure of a call into what people are told. A *api.Problem stays what it is. Adapters deal with what
// they know more about (a field at fault, a write that may have been done) before they come here.
func Problem(err error) *api.Problem {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	e, ok := As(err)
	if !ok {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return api.NewProblem(api.StatusTimeout, "homeserver_timeout")
		}
		return api.NewProblem(api.StatusInternal, "internal")
	}
	switch e.Kind {
	case Unsent:
		return api.NewProblem(api.StatusUnprocessable, "invalid_request")
	case Down, Lost:
		return api.NewProblem(api.StatusBadGateway, "homeserver_down")
	case TimedOut:
		return api.NewProblem(api.StatusTimeout, "homeserver_timeout")
	case Odd:
		if e.Location != "" {
			return api.NewProblem(api.StatusBadGateway, "homeserver_redirects", "location", e.Location)
		}
		return api.NewProblem(api.StatusBadGateway, "homeserver_unknown_answer", "status", strconv.Itoa(e.Status))
	}
	return refused(err, e)
}

func refused(err error, e *Error) *api.Problem {
	switch {
	case e.Status == http.StatusTooManyRequests:
		return limited(e.RetryAfter)
	case TokenDead(err):
		return api.NewProblem(api.StatusBadGateway, "homeserver_token_dead")
	case NotAdmin(err):
		return api.NewProblem(api.StatusBadGateway, "homeserver_not_admin")
	case Unrecognized(err):
		return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", "homeserver_lacks")
	case NotFound(err):
		return api.NewProblem(api.StatusNotFound, "not_found")
	case e.Status == http.StatusRequestEntityTooLarge: // a proxy says so, too
		return api.NewProblem(api.StatusTooLarge, "homeserver_too_large")
	case e.Foreign() && e.Status >= 500:
		return api.NewProblem(api.StatusBadGateway, "homeserver_down")
	case e.Foreign():
		return api.NewProblem(api.StatusBadGateway, "homeserver_hidden", "status", strconv.Itoa(e.Status))
	}
	return refusal(e)
}

// limited is the problem of a 429, with the time left in whole seconds; a server that does not tell is asked again after 5.
func limited(wait time.Duration) *api.Problem {
	if wait <= 0 {
		wait = 5 * time.Second
	}
	seconds := int64(math.Ceil(wait.Seconds()))
	p := api.NewProblem(api.StatusTooMany, "homeserver_limited", "wait", strconv.FormatInt(seconds, 10))
	p.RetryMS = wait.Milliseconds()
	return p
}
