// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/sharedsecret"
)

// maxID is the longest Matrix ID there is, in bytes.
const maxID = 255

// maxLocalpart is the longest name that a new account can have on a server of that name.
func maxLocalpart(serverName string) int { return maxID - len("@:") - len(serverName) }

// checkName checks what Synapse asks of a new name beyond the grammar (handlers/register.py, check_username).
func checkName(l api.Localpart, serverName string) *api.Problem {
	switch {
	case strings.Trim(string(l), "0123456789") == "":
		return api.NewProblem(api.StatusUnprocessable, "localpart_digits")
	case len(l) > maxLocalpart(serverName):
		return api.NewProblem(api.StatusUnprocessable, "too_long", "max", strconv.Itoa(maxLocalpart(serverName)))
	}
	return nil
}

// available tells whether a new account may have a name (GET /_synapse/admin/v1/username_available).
func (s *synapse) available(ctx context.Context, q api.NameQuery) (api.Availability, error) {
	answer, _, err := s.lookAt(ctx, q.Localpart)
	return answer, err
}

// lookAt is available, and tells the server's time by the way.
func (s *synapse) lookAt(ctx context.Context, l api.Localpart) (api.Availability, time.Time, error) {
	name, err := s.serverName(ctx)
	if err != nil {
		return api.Availability{}, time.Time{}, err
	}
	out := api.Availability{ID: api.UserID("@" + string(l) + ":" + name)}
	if p := checkName(l, name); p != nil {
		out.Code = p.Code
		if p.Code == "too_long" {
			out.Code = "localpart_long" // the code stands alone here, without the number
		}
		return out, time.Time{}, nil
	}
	call := matrix.Call{Method: http.MethodGet, Path: matrix.At("/_synapse/admin/v1/username_available"), Query: url.Values{"username": {string(l)}}}
	answer, err := s.keys.Do(ctx, call, nil)
	if err == nil {
		out.Free = true
		return out, answer.Date, nil
	}
	p, ok := sharedsecret.NameProblem(err)
	if !ok {
		return api.Availability{}, time.Time{}, matrix.Problem(err)
	}
	out.Code = p.Code
	if p.Code == "invalid_username" {
		out.Code = "name_refused" // the code stands alone here, without the server's words
	}
	return out, answer.Date, nil
}
