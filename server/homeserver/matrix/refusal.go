// SPDX-License-Identifier: Apache-2.0

package matrix

import (
	"cmp"
	"net/http"
	"strings"

	"gatehouse/app/api"
)

// refusals are the errors of which it is known what they mean, and so what to do. The first that fits counts: errcode is the beginning of the
// server's (specification, "Common error codes", and those of Synapse's password policy), said a part of its words, where several have one errcode.
var refusals = []struct {
	errcode, said string
	status        int
	code          string
}{
	{"", "Failed to remove threepid", api.StatusUnprocessable, "identity_server_kept"},  // handlers/deactivate_account.py, rest/admin/users.py
	{"M_FORBIDDEN", "avatar is not allowed", api.StatusUnprocessable, "avatar_refused"}, // handlers/profile.py
	{"M_FORBIDDEN", "", api.StatusUnprocessable, "homeserver_forbids"},
	{"M_USER_IN_USE", "", api.StatusConflict, "name_in_use"},
	{"M_INVALID_USERNAME", "", api.StatusUnprocessable, "invalid_username"},
	{"M_EXCLUSIVE", "", api.StatusUnprocessable, "localpart_exclusive"},
	{"M_PASSWORD_TOO_SHORT", "", api.StatusUnprocessable, "password_too_short"},
	{"M_PASSWORD_NO_DIGIT", "", api.StatusUnprocessable, "password_no_digit"},
	{"M_PASSWORD_NO_UPPERCASE", "", api.StatusUnprocessable, "password_no_upper"},
	{"M_PASSWORD_NO_LOWERCASE", "", api.StatusUnprocessable, "password_no_lower"},
	{"M_PASSWORD_NO_SYMBOL", "", api.StatusUnprocessable, "password_no_symbol"},
	{"M_PASSWORD_IN_DICTIONARY", "", api.StatusUnprocessable, "password_common"},
	{"M_PASSWORD_", "", api.StatusUnprocessable, "password_refused"},
	{"M_WEAK_PASSWORD", "", api.StatusUnprocessable, "password_refused"},
	{"M_USER_SUSPENDED", "", api.StatusConflict, "suspended_account"},
	{"M_USER_DEACTIVATED", "", api.StatusConflict, "deactivated_account"},
	{"M_THREEPID_IN_USE", "", api.StatusConflict, "address_in_use"},
	{"M_RESOURCE_LIMIT_EXCEEDED", "", api.StatusUnavailable, "homeserver_full"},
	{"M_BAD_JSON", "", api.StatusUnprocessable, "homeserver_misread"},
	{"M_NOT_JSON", "", api.StatusUnprocessable, "homeserver_misread"},
	{"M_MISSING_PARAM", "", api.StatusUnprocessable, "homeserver_misread"},
	{"M_INVALID_PARAM", "", api.StatusUnprocessable, "homeserver_misread"},
}

// refusal is what is told of an answer that says why: the sentence of what it means, with the server's words for a quotation.
func refusal(e *Error) *api.Problem {
	words := []string{"errcode", cmp.Or(e.Errcode, "M_UNKNOWN"), "error", cmp.Or(e.Text, e.Errcode)}
	for _, r := range refusals {
		if strings.HasPrefix(e.Errcode, r.errcode) && strings.Contains(e.Text, r.said) && (r.said != "" || e.Status < http.StatusInternalServerError) {
			return api.NewProblem(r.status, r.code, words...)
		}
	}
	if e.Status >= http.StatusInternalServerError {
		return api.NewProblem(api.StatusBadGateway, "homeserver_error", words...)
	}
	return api.NewProblem(api.StatusUnprocessable, "homeserver_refused", words...)
}

// AtPassword names the field of a password where that is what was refused.
func AtPassword(p *api.Problem) *api.Problem {
	if len(p.Fields) == 0 && (p.Code == "weak_password" || strings.HasPrefix(p.Code, "password_") && p.Code != "password_disabled") {
		p.At("password.password")
	}
	return p
}
