// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/jobs"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

// begun claims the next item of a job.
func begun(t *testing.T, w *gatetest.World, id string) store.JobItem {
	t.Helper()
	items, err := w.Store.ClaimJobItems(t.Context(), id, 1, w.Clock.Now())
	if err != nil || len(items) != 1 {
		t.Fatal(items, err)
	}
	return items[0]
}

// tries does a call of an item as the job does: what becomes of it is in the audit log, and the item does not know.
func tries(t *testing.T, w *gatetest.World, item store.JobItem, operation string, req api.Request) {
	t.Helper()
	me := w.Person(api.Owner)
	_, err := w.Gate.Do(t.Context(), gate.Visit{
		Person: &me, Homeserver: "hs", Operation: operation, RequestID: fmt.Sprintf("%s.%d.%d.%d", item.Job, item.N, item.Attempts, item.Step), Item: true,
		Decode: func(api.Op) (api.Request, error) { return req, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A gate that is killed after an account was made with something left, and before its item could be written, does the rest when it is back, and hands out
// the password.
func TestLeftByACallThatWasDone(t *testing.T) { storetest.Each(t, testLeftByACallThatWasDone) }

func testLeftByACallThatWasDone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		again   bool // it is killed once more, in the middle of the rest
		refused bool // the homeserver refuses the rest
		want    string
	}{
		"once":            {want: "1 @zoe:example.org done"},
		"twice":           {again: true, want: "1 @zoe:example.org done"},
		"and not to have": {refused: true, want: "1 @zoe:example.org failed homeserver_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, r api.UserCreate) (api.Handout, error) {
				u := api.User{ID: w.Stub.ID(string(r.Localpart)), CreatedMS: w.Clock.Now().UnixMilli()}
				w.Stub.Put(u)
				return api.Handout{User: u, Password: r.Password.Password, Left: []api.FieldProblem{{Field: "display_name", Code: "homeserver_refused"}}}, nil
			})
			gatetest.On(w.Stub, api.UpdateUser, func(_ context.Context, r api.UserUpdate) (api.User, error) {
				if c.refused {
					return api.User{}, api.NewProblem(api.StatusUnprocessable, "homeserver_refused", "errcode", "M_FORBIDDEN", "error", "no")
				}
				u := api.User{ID: r.ID, DisplayName: r.DisplayName.To}
				w.Stub.Put(u)
				return u, nil
			})
			id := started(t, w, creates(w, "zoe"))
			tries(t, w, begun(t, w, id), "users.create", api.UserCreate{
				Localpart: "zoe", DisplayName: "New", Password: api.PasswordChoice{Mode: api.PasswordTyped, Password: api.NewSecret("kept for zoe")},
			})
			w.Restart()
			if c.again {
				w.Clock.Advance(time.Minute) // so the account is older than this try
				item := settledAs(t, w, id, store.ItemWaiting)
				_, err := w.Audit.Intent(t.Context(), audit.Entry{
					Actor: "somebody", Homeserver: "hs", Operation: "users.update", Targets: []string{item.Target}, RequestID: fmt.Sprintf("%s.1.%d.0", id, item.Attempts),
				})
				if err != nil {
					t.Fatal(err)
				}
				w.Restart()
			}
			work(t, w, id)
			if got := strings.TrimSpace(lines(t, w, w.Person(api.Owner), id)); got != c.want {
				t.Errorf("the item is %q, want %q", got, c.want)
			}
			if n, updates := len(w.Stub.Calls("users.create")), len(w.Stub.Calls("users.update")); n != 1 || updates != 1 {
				t.Errorf("%d accounts were made, %d changed", n, updates)
			}
			if j := look(t, w, id); j.Passwords != 1 {
				t.Errorf("%d passwords wait to be handed out", j.Passwords)
			}
		})
	}
}

// settledAs puts the running item of a job into a state, as whoever takes the job up does, and claims it anew.
func settledAs(t *testing.T, w *gatetest.World, id, state string) store.JobItem {
	t.Helper()
	items, err := w.Store.JobItems(t.Context(), store.JobItemQuery{Job: id, State: store.ItemRunning, Limit: 1})
	if err != nil || len(items) != 1 {
		t.Fatal(items, err)
	}
	ended(t, w, items[0], state)
	return begun(t, w, id)
}

// The same of rooms that could not be joined: they are tried again.
func TestRoomsLeft(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	w.Stub.Put(api.User{ID: w.Stub.ID("ann")})
	calls := 0
	gatetest.On(w.Stub, api.JoinRooms, func(_ context.Context, r api.RoomsJoin) (api.RoomsJoined, error) {
		if calls++; calls == 1 {
			return api.RoomsJoined{Left: []api.FieldProblem{{Field: "rooms.0", Code: "homeserver_refused"}}}, nil
		}
		return api.RoomsJoined{Joined: r.Rooms}, nil
	})
	req := api.RoomsJoin{ID: w.Stub.ID("ann"), Rooms: []string{"#hall:example.org"}}
	text, _ := json.Marshal(req)
	id := started(t, w, jobs.Item{Target: req.ID, Steps: []jobs.Step{{Operation: "users.join_rooms", Request: text}}})
	tries(t, w, begun(t, w, id), "users.join_rooms", req)
	w.Restart()
	work(t, w, id)
	if got := lines(t, w, w.Person(api.Owner), id); calls != 2 || got != "1 @ann:example.org done\n" {
		t.Errorf("after %d calls the item is %q", calls, got)
	}
}

// What an account gets that was found to be an item's is in the audit log before it is sent, and after it how it ended.
func TestSettlingIsRecorded(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, r api.UserCreate) (api.Handout, error) {
		w.Stub.Put(api.User{ID: w.Stub.ID(string(r.Localpart)), CreatedMS: w.Clock.Now().UnixMilli()})
		return api.Handout{}, api.NewProblem(api.StatusTimeout, "outcome_unknown")
	})
	var before []string
	notes := func(part string) {
		for _, r := range w.Log() {
			if strings.HasSuffix(r.RequestID, part) {
				before = append(before, r.String())
			}
		}
	}
	gatetest.On(w.Stub, api.ResetPassword, func(context.Context, api.PasswordReset) (api.Handout, error) {
		notes(".password")
		return api.Handout{}, nil
	})
	gatetest.On(w.Stub, api.UpdateUser, func(context.Context, api.UserUpdate) (api.User, error) {
		notes(".rest")
		return api.User{}, api.NewProblem(api.StatusUnprocessable, "homeserver_refused", "errcode", "M_FORBIDDEN", "error", "no")
	})
	id := started(t, w, creates(w, "zoe"))
	work(t, w, id)
	if diff := cmp.Diff([]string{"intent users.reset_password", "intent users.update"}, before); diff != "" {
		t.Errorf("before they were sent (-want +got):\n%s", diff)
	}
	var after []string
	for _, r := range w.Log() {
		if strings.HasPrefix(r.RequestID, id+".1.1.0.") {
			after = append(after, strings.TrimPrefix(r.RequestID, id)+" "+r.String()+" "+r.Actor+" "+r.Targets)
		}
		if strings.Contains(r.Request, "kept for") {
			t.Errorf("the log holds the password: %s", r.Request)
		}
	}
	const who, of = ` @admin:example.org `, `["@zoe:example.org"]`
	if diff := cmp.Diff([]string{
		".1.1.0.password intent users.reset_password" + who + of, ".1.1.0.password outcome users.reset_password done" + who + "[]",
		".1.1.0.rest intent users.update" + who + of, ".1.1.0.rest outcome users.update failed homeserver_refused" + who + "[]",
	}, after); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
	if got := lines(t, w, w.Person(api.Owner), id); !strings.Contains(got, "unknown") {
		t.Errorf("the item is %q", got)
	}
}
