// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/audit"
)

// The audit log says "failed" of what is known not to be done, or not all of it, and "unknown" of what may be.
func TestOutcome(t *testing.T) {
	half := api.NewProblem(api.StatusBadGateway, "partly_done")
	unsure := api.NewProblem(api.StatusBadGateway, "partly_done")
	half.Fields = []api.FieldProblem{{Field: "admin.to", Code: "mas_down"}}
	unsure.Fields = []api.FieldProblem{{Field: "admin.to", Code: "outcome_unknown"}}
	for _, tt := range []struct {
		err  error
		want audit.Outcome
	}{
		{nil, audit.Done},
		{api.NewProblem(api.StatusBadGateway, "homeserver_down"), audit.Failed},
		{api.NewProblem(api.StatusUnprocessable, "homeserver_refused"), audit.Failed},
		{api.NewProblem(api.StatusTimeout, "outcome_unknown"), audit.Unknown},
		{api.NewProblem(api.StatusTimeout, "media_outcome_unknown"), audit.Unknown},
		{api.NewProblem(api.StatusTimeout, "token_outcome_unknown"), audit.Unknown},
		{api.NewProblem(api.StatusTimeout, "personal_outcome_unknown"), audit.Unknown},
		{api.NewProblem(api.StatusBadGateway, "homeserver_failed"), audit.Unknown},
		{half, audit.Failed},
		{unsure, audit.Unknown},
		{errors.New("panic"), audit.Unknown},
	} {
		if got := Outcome(nil, tt.err); got.Outcome != tt.want {
			t.Errorf("%v is recorded as %s, want %s", tt.err, got.Outcome, tt.want)
		}
	}
}
