// SPDX-License-Identifier: Apache-2.0

package matrix

import (
	"net/http"
	"testing"

	"gatehouse/app/api"
)

// What servers say, as reference sheets and their sources have it, and the code of the sentence that says what to do about it.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		status            int
		errcode, text     string
		read, write, code string // of a read and of a write; code where both have one
	}{
		{status: 400, errcode: "M_UNKNOWN", text: "no", code: "homeserver_refused"},
		{status: 409, text: "exists", code: "homeserver_refused"},
		{status: 500, errcode: "M_UNKNOWN", text: "Internal server error", read: "homeserver_error", write: "homeserver_failed"},
		{status: 500, text: "x", read: "homeserver_error", write: "homeserver_failed"},
		{status: 502, read: "homeserver_down", write: "outcome_unknown"},
		{status: 403, code: "homeserver_hidden"},
		{status: 413, code: "homeserver_too_large"},
		{status: 413, errcode: "M_TOO_LARGE", text: "Request too large", code: "homeserver_too_large"},
		{status: 429, errcode: "M_LIMIT_EXCEEDED", text: "Too Many Requests", code: "homeserver_limited"},
		{status: 401, errcode: "M_UNKNOWN_TOKEN", text: "x", code: "homeserver_token_dead"},
		{status: 401, errcode: "M_USER_LOCKED", text: "x", code: "homeserver_token_dead"},
		{status: 403, errcode: "ORG_MATRIX_EXPIRED_ACCOUNT", text: "x", code: "homeserver_token_dead"},
		{status: 403, errcode: "M_FORBIDDEN", text: "You are not a server admin", code: "homeserver_not_admin"},
		{status: 403, errcode: "M_FORBIDDEN", text: "This API can only be used by admin users.", code: "homeserver_not_admin"},
		{status: 403, errcode: "M_FORBIDDEN", text: "Deactivation of this user is forbidden", code: "homeserver_forbids"},
		{status: 403, errcode: "M_FORBIDDEN", text: "This avatar is not allowed", code: "avatar_refused"},
		{status: 404, errcode: "M_UNRECOGNIZED", text: "x", code: "not_supported"},
		{status: 405, errcode: "M_UNRECOGNIZED", text: "x", code: "not_supported"},
		{status: 404, errcode: "M_NOT_FOUND", text: "x", code: "not_found"},
		{status: 400, errcode: "M_BAD_JSON", text: "x", code: "homeserver_misread"},
		{status: 400, errcode: "M_NOT_JSON", text: "x", code: "homeserver_misread"},
		{status: 400, errcode: "M_MISSING_PARAM", text: "x", code: "homeserver_misread"},
		{status: 400, errcode: "M_INVALID_PARAM", text: "x", code: "homeserver_misread"},
		{status: 400, errcode: "M_USER_IN_USE", text: "x", code: "name_in_use"},
		{status: 400, errcode: "M_INVALID_USERNAME", text: "x", code: "invalid_username"},
		{status: 400, errcode: "M_EXCLUSIVE", text: "x", code: "localpart_exclusive"},
		{status: 400, errcode: "M_WEAK_PASSWORD", text: "x", code: "password_refused"},
		{status: 400, errcode: "M_PASSWORD_TOO_SHORT", text: "x", code: "password_too_short"},
		{status: 400, errcode: "M_PASSWORD_NO_DIGIT", text: "x", code: "password_no_digit"},
		{status: 400, errcode: "M_PASSWORD_NO_UPPERCASE", text: "x", code: "password_no_upper"},
		{status: 400, errcode: "M_PASSWORD_NO_LOWERCASE", text: "x", code: "password_no_lower"},
		{status: 400, errcode: "M_PASSWORD_NO_SYMBOL", text: "x", code: "password_no_symbol"},
		{status: 400, errcode: "M_PASSWORD_IN_DICTIONARY", text: "x", code: "password_common"},
		{status: 400, errcode: "M_PASSWORD_OF_TOMORROW", text: "x", code: "password_refused"},
		{status: 403, errcode: "M_USER_SUSPENDED", text: "x", code: "suspended_account"},
		{status: 403, errcode: "M_USER_DEACTIVATED", text: "x", code: "deactivated_account"},
		{status: 400, errcode: "M_THREEPID_IN_USE", text: "x", code: "address_in_use"},
		{status: 403, errcode: "M_RESOURCE_LIMIT_EXCEEDED", text: "x", code: "homeserver_full"},
		{status: 400, errcode: "M_UNKNOWN", text: "Failed to remove threepid from ID server", code: "identity_server_kept"},
		{status: 500, errcode: "M_UNKNOWN", text: "Failed to remove threepids", code: "identity_server_kept"},
	} {
		err := &Error{Kind: Refused, Status: tt.status, Errcode: tt.errcode, Text: tt.text}
		read := Problem(err)
		write := Failed(read)
		if Unknown(err) {
			write = OutcomeUnknown("")
		}
		if tt.code != "" {
			tt.read, tt.write = tt.code, tt.code
		}
		if read.Code != tt.read || write.Code != tt.write {
			t.Errorf("%d %s %s: read %s, written %s", tt.status, tt.errcode, tt.text, read.Code, write.Code)
		}
		if read.Status < http.StatusBadRequest || write.Unclear() != (tt.write == "outcome_unknown" || tt.write == "homeserver_failed") {
			t.Errorf("%d %s: %+v, unclear %t", tt.status, tt.errcode, read, write.Unclear())
		}
	}
	for code, want := range map[string]int{"password_no_digit": 1, "password_refused": 1, "weak_password": 1, "password_disabled": 0, "homeserver_refused": 0} {
		if p := AtPassword(AtPassword(api.NewProblem(api.StatusUnprocessable, code))); len(p.Fields) != want {
			t.Errorf("%s stands at %+v", code, p.Fields)
		}
	}
}
