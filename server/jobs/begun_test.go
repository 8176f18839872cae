// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

// An account that a homeserver makes in several calls, and of which it has the first only after it was looked for in vain, is continued where the try was the
// item's; one that was begun before, or by somebody else, or while each try was answered, is not.
func TestBegunLate(t *testing.T) {
	t.Parallel()
	lacks := []api.FieldProblem{{Field: "password", Code: "interrupted"}}
	for name, c := range map[string]struct {
		first string
		age   time.Duration
		begun api.Begun
		want  string
	}{
		"late":               {"outcome_unknown", 0, api.Begun{By: "@admin:example.org", Left: lacks}, "done: zoe, zoe, zoe on typed"},
		"with its password":  {"outcome_unknown", 0, api.Begun{By: "@admin:example.org"}, "done: zoe, zoe, zoe on none"},
		"an older one":       {"outcome_unknown", 2 * time.Second, api.Begun{By: "@admin:example.org", Left: lacks}, "failed name_begun: zoe, zoe"},
		"somebody else's":    {"outcome_unknown", 0, api.Begun{By: "@root:example.org", Left: lacks}, "failed name_begun: zoe, zoe"},
		"no try of its name": {"homeserver_down", 0, api.Begun{By: "@admin:example.org", Left: lacks}, "failed name_begun: zoe, zoe"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := gatetest.New(t, gatetest.Options{})
				var tries []string
				gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, r api.UserCreate) (api.Handout, error) {
					u := api.User{ID: w.Stub.ID(string(r.Localpart)), CreatedMS: w.Clock.Now().Add(-c.age).UnixMilli(), Begun: &c.begun}
					try := string(r.Localpart)
					if r.Continue {
						try += " on " + r.Password.Mode
					}
					switch tries = append(tries, try); {
					case len(tries) == 1:
						return api.Handout{}, api.NewProblem(api.StatusTimeout, c.first)
					case r.Continue:
						u.Begun = nil
						w.Stub.Put(u)
						return api.Handout{User: u, Password: r.Password.Password}, nil
					}
					w.Stub.Put(u)
					return api.Handout{}, api.NewProblem(api.StatusConflict, "name_begun").At("localpart")
				})
				id := started(t, w, creates(w, "zoe"))
				work(t, w, id)
				i := gatetest.Must[api.JobItemPage](t, w, w.Person(api.Owner), "jobs.items", api.JobItemQuery{ID: id}).Items[0]
				if got := strings.TrimSpace(i.State+" "+i.Code) + ": " + strings.Join(tries, ", "); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
				if j := look(t, w, id); (j.Passwords == 1) != (i.State == api.ItemDone) {
					t.Errorf("%d passwords wait to be handed out", j.Passwords)
				}
			})
		})
	}
}
