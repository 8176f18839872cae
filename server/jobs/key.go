// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/store"
)

// keyPrefix begins the codes of jobs that wait because the gate's own key is dead.
const keyPrefix = "job_key_"

// keyProblem is what the page of such a job says: which key it is, and what to do before somebody goes on with it.
func keyProblem(at *gate.Homeserver, p *api.Problem) *api.Problem {
	code := keyPrefix + "mas"
	switch p.Code {
	case "homeserver_token_dead", "homeserver_token_missing":
		code = keyPrefix + "token"
		if at.Settings.Token.IsZero() {
			code = keyPrefix + "account" // the gate gets itself another one, where it can
		}
	case "homeserver_not_admin":
		code = keyPrefix + "not_admin"
	case "homeserver_secret_wrong", "homeserver_secret_missing":
		code = keyPrefix + "secret"
	}
	return api.NewProblem(p.Status, code, "homeserver", at.Settings.Name)
}

// keyless reports whether a job waits for a key that works: what became of its items cannot be found out before.
func keyless(j store.Job) bool {
	return j.State == store.JobPaused && strings.HasPrefix(j.Code, keyPrefix)
}
