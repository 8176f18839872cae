// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakedendrite"
	"gatehouse/server/homeserver/matrix"
)

var errKilled = errors.New("the gate was killed")

// life is what is left of a gate until it is killed: how many things it still gets to do, in front of and behind everything that leaves a
// trace. left below 0 is for ever.
type life struct{ left int }

func (l *life) over() bool {
	if l.left > 0 {
		l.left--
	}
	return l.left == 0
}

func (l *life) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		if l.left == 0 {
			return nil, errKilled
		}
		return http.DefaultTransport.RoundTrip(r)
	}
	if l.over() {
		return nil, errKilled
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if l.over() && err == nil {
		resp.Body.Close()
		return nil, errKilled
	}
	return resp, err
}

// mortal is a keeper that dies with its gate.
type mortal struct {
	*keeper
	life *life
}

func (m mortal) SetStep(ctx context.Context, name string, id api.UserID, step string) error {
	if m.life.over() {
		return errKilled
	}
	err := m.keeper.SetStep(ctx, name, id, step)
	if m.life.over() {
		return errKilled
	}
	return err
}

// Wherever a deactivation is stopped, the account shows what is true, and doing it again ends it.
func TestDeactivateStoppedAnywhere(t *testing.T) {
	for kind, database := range map[string]bool{"without database": false, "with database": true} {
		t.Run(kind, func(t *testing.T) {
			fake := fakedendrite.New(t)
			settings := settingsOf(fake.URL, fake.Secret, fake.Database, database)
			shown := map[string]int{}
			for n := 1; ; n++ {
				l := &life{left: -1}
				w := build(t, settings, fake, matrix.WithTransport(l))
				w.server.keeper = mortal{w.keeper, l}
				id := w.make(t, "person", "a password", false)
				l.left = n
				_, err := do(t, w, api.DeactivateUser, api.UserDeed{ID: id})
				killed := l.left == 0
				l.left = -1
				now := must(t, w, api.GetUser, api.UserRef{ID: id})
				old := w.signsIn(t, id, "a password") != ""
				var ended bool
				if err := w.fakeEnded(id, &ended); err != nil {
					t.Fatal(err)
				}
				shown[now.Step]++
				for _, untrue := range []struct {
					what string
					is   bool
				}{
					{"it is as it was, and is not", now.Step == "" && !now.Deactivated && (!old || ended)},
					{"the password is replaced, and is not", now.Step != "" && now.Step != api.StepReplacing && old},
					{"it is not deactivated, and is", (now.Step == api.StepReplaced || now.Step == api.StepReplacing) && ended},
					{"it is deactivated, and is not", now.Deactivated && !ended},
					{"nothing of a deed that was done", err == nil && !ended},
				} {
					if untrue.is {
						t.Errorf("stopped after %d: it shows that %s: %+v, history %v", n, untrue.what, now, w.keeper.history)
					}
				}
				if again := must(t, w, api.DeactivateUser, api.UserDeed{ID: id}); !again.Deactivated || again.Step != "" {
					t.Errorf("stopped after %d, then continued: %+v", n, again)
				}
				if !killed {
					break
				}
			}
			want := []string{"", api.StepReplacing, api.StepReplaced}
			if !database {
				want = append(want, api.StepEnding)
			}
			for _, step := range want {
				if shown[step] == 0 {
					t.Errorf("no stop shows %q: %v", step, shown)
				}
			}
		})
	}
}

// fakeEnded looks into the fake's own tables.
func (w *world) fakeEnded(id api.UserID, ended *bool) error {
	return w.fake.Row("SELECT is_deactivated FROM userapi_accounts WHERE localpart = $1", id.Localpart()).Scan(ended)
}
