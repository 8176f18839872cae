// SPDX-License-Identifier: Apache-2.0

package sharedsecret

import (
	"errors"
	"net/http"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// Problem turns an error of Register or Prove into what people are told, at the field of api.UserCreate that is at fault.
func Problem(err error) *api.Problem {
	switch {
	case errors.Is(err, ErrWrong):
		return api.NewProblem(api.StatusBadGateway, "homeserver_secret_wrong")
	case errors.Is(err, ErrNotConfigured):
		return api.NewProblem(api.StatusBadGateway, "homeserver_secret_missing")
	case errors.Is(err, ErrDelegated):
		return api.NewProblem(api.StatusNotSupported, "not_supported", "reason", "mas")
	case errors.Is(err, ErrField):
		return api.NewProblem(api.StatusUnprocessable, "invalid_text")
	}
	if p, ok := NameProblem(err); ok {
		return p.At("localpart")
	}
	e, ok := matrix.As(err)
	if !ok || e.Kind != matrix.Refused {
		return matrix.Problem(err)
	}
	switch {
	case staleNonce(err):
		return api.NewProblem(api.StatusBadGateway, "nonce_forgotten")
	case e.Status == http.StatusTooManyRequests && e.Errcode != "M_LIMIT_EXCEEDED": // a spam checker's, without end (rest/admin/users.py)
		return api.NewProblem(api.StatusUnprocessable, "registration_refused", "error", e.Text)
	case strings.Contains(e.Text, "Invalid user type"):
		return api.NewProblem(api.StatusUnprocessable, "invalid_user_type", "have", "support, bot").At("user_type")
	case e.Errcode == "M_WEAK_PASSWORD":
		return api.NewProblem(api.StatusUnprocessable, "weak_password", "min", "8").At("password.password")
	case e.Status == http.StatusBadRequest && strings.Contains(e.Text, "Invalid password"):
		return api.NewProblem(api.StatusUnprocessable, "password_refused", "errcode", e.Errcode, "error", e.Text).At("password.password")
	}
	return matrix.AtPassword(matrix.Problem(err))
}

// NameProblem returns what is wrong with a new account's name, where that is what the server said: M_USER_IN_USE,
// M_INVALID_USERNAME or M_EXCLUSIVE.
func NameProblem(err error) (*api.Problem, bool) {
	e, ok := matrix.As(err)
	if !ok || e.Kind != matrix.Refused {
		return nil, false
	}
	switch p := matrix.Problem(err); p.Code {
	case "name_in_use", "invalid_username", "localpart_exclusive":
		return p, true
	}
	return nil, false
}
