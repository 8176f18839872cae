// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// problem turns the failure of a call to the admin API into what people are told. A *api.Problem stays what it is. MAS has no
// error codes: the status decides, and its words are shown.
func problem(err error) *api.Problem {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	e, ok := matrix.As(err)
	if !ok {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return api.NewProblem(api.StatusTimeout, "mas_timeout")
		}
		return api.NewProblem(api.StatusInternal, "internal")
	}
	switch {
	case e.Kind == matrix.Unsent:
		return api.NewProblem(api.StatusUnprocessable, "invalid_request")
	case e.Kind == matrix.TimedOut:
		return api.NewProblem(api.StatusTimeout, "mas_timeout")
	case e.Kind == matrix.Down, e.Kind == matrix.Lost:
		return api.NewProblem(api.StatusBadGateway, "mas_down")
	case e.Kind == matrix.Odd:
		return api.NewProblem(api.StatusBadGateway, "mas_unknown_answer", "status", strconv.Itoa(e.Status))
	case e.Status == http.StatusUnauthorized && strings.Contains(e.Text, "scope"):
		return api.NewProblem(api.StatusBadGateway, "mas_not_admin_client")
	case e.Status == http.StatusUnauthorized:
		return api.NewProblem(api.StatusBadGateway, "mas_token_refused")
	case e.Status == http.StatusNotFound && e.Foreign(): // an HTML page: the resource is not on this listener
		return api.NewProblem(api.StatusBadGateway, "mas_no_adminapi")
	case e.Status == http.StatusNotFound:
		return api.NewProblem(api.StatusNotFound, "not_found")
	case e.Status == http.StatusInternalServerError && !e.Foreign():
		// Its words name the homeserver's internal address, and that is all that they do.
		return api.NewProblem(api.StatusBadGateway, "mas_failed")
	case e.Foreign() && e.Status >= 500:
		return api.NewProblem(api.StatusBadGateway, "mas_down")
	case e.Status == http.StatusUnprocessableEntity, e.Status == http.StatusUnsupportedMediaType:
		return api.NewProblem(api.StatusBadGateway, "mas_unknown_answer", "status", strconv.Itoa(e.Status))
	}
	return api.NewProblem(api.StatusUnprocessable, "mas_refused", "error", e.Text)
}

// tokenProblem is problem for the token endpoint.
func tokenProblem(err error) *api.Problem {
	e, ok := matrix.As(err)
	switch {
	case !ok || e.Kind != matrix.Refused:
		return problem(err)
	case e.Status == http.StatusUnauthorized:
		return api.NewProblem(api.StatusBadGateway, "mas_client_refused")
	case e.Status == http.StatusForbidden:
		return api.NewProblem(api.StatusBadGateway, "mas_not_admin_client")
	case e.Status == http.StatusNotFound, e.Status == http.StatusMethodNotAllowed:
		return api.NewProblem(api.StatusBadGateway, "mas_no_oauth")
	}
	return problem(err)
}

// writeProblem is problem for a write: one that may have been done all the same is outcome_unknown.
func writeProblem(id api.UserID, err error) *api.Problem {
	if matrix.Unknown(err) {
		return matrix.OutcomeUnknown(id)
	}
	p := matrix.Failed(problem(err))
	if p.Code == "not_found" && p.Params == nil && id != "" {
		return api.NewProblem(p.Status, p.Code, "id", string(id))
	}
	return p
}
