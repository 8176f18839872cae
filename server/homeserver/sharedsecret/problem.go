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
	said := api.NewProblem(api.StatusUnprocessable, "homeserver_refused", "errcode", e.Errcode, "error", e.Text)
	switch {
	case strings.Contains(e.Text, "Invalid user type"):
		return api.NewProblem(api.StatusUnprocessable, "invalid_user_type", "have", "support, bot").At("user_type")
	case e.Errcode == "M_WEAK_PASSWORD":
		return api.NewProblem(api.StatusUnprocessable, "weak_password", "min", "8").At("password.password")
	case strings.HasPrefix(e.Errcode, "M_PASSWORD_"):
		return said.At("password.password")
	case e.Status == http.StatusBadRequest && strings.Contains(e.Text, "Invalid password"):
		return said.At("password.password")
	}
	return matrix.Problem(err)
}

// NameProblem returns what is wrong with a new account's name, where that is what the server said: M_USER_IN_USE,
// M_INVALID_USERNAME or M_EXCLUSIVE.
func NameProblem(err error) (*api.Problem, bool) {
	e, ok := matrix.As(err)
	if !ok || e.Kind != matrix.Refused {
		return nil, false
	}
	switch e.Errcode {
	case "M_USER_IN_USE":
		return api.NewProblem(api.StatusConflict, "name_in_use"), true
	case "M_INVALID_USERNAME":
		return api.NewProblem(api.StatusUnprocessable, "homeserver_refused", "errcode", e.Errcode, "error", e.Text), true
	case "M_EXCLUSIVE":
		return api.NewProblem(api.StatusUnprocessable, "localpart_exclusive"), true
	}
	return nil, false
}
