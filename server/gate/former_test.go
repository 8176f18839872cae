// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store"
)

const (
	formerID = "@gatehouse-abcdefghjk:example.org"
	liveID   = "@gatehouse-mnpqrstuvw:example.org"
)

// succession is a world in which a service account has taken the place of another one, for a reason.
func succession(t *testing.T, reason string) *gatetest.World {
	t.Helper()
	w := gatetest.New(t, gatetest.Options{})
	before := store.ServiceAccount{Homeserver: "hs", UserID: formerID, SealedToken: []byte("x"), Created: gatetest.Start.Add(-time.Hour)}
	now := store.ServiceAccount{Homeserver: "hs", UserID: liveID, SealedToken: []byte("y"), Reason: reason, Created: gatetest.Start}
	if err := w.Store.ReplaceServiceAccount(t.Context(), "", before); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.ReplaceServiceAccount(t.Context(), formerID, now); err != nil {
		t.Fatal(err)
	}
	w.Stub.Put(api.User{ID: formerID, Admin: true})
	w.Stub.Put(api.User{ID: liveID, Admin: true, Own: true})
	return w
}

// checked returns the lines of the report on hs about service accounts.
func checked(t *testing.T, w *gatetest.World) []string {
	t.Helper()
	person := w.Person(api.Auditor)
	out, err := w.Gate.Do(t.Context(), gate.Visit{
		Person: &person, Homeserver: "hs", Operation: api.CheckServer.Info().Name, RequestID: "r",
		Decode: func(api.Op) (api.Request, error) { return api.ServerQuery{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range out.(api.Report).Checks {
		if strings.HasPrefix(c.Code, "service_account") {
			lines = append(lines, strings.TrimSpace(strings.Join([]string{c.State, c.Code, c.Params["id"], c.Params["problem"] + c.Params["reason"]}, " ")))
		}
	}
	return lines
}

func says(t *testing.T, w *gatetest.World, want ...string) {
	t.Helper()
	if got := checked(t, w); !slices.Equal(got, want) {
		t.Errorf("the report says %q, want %q", got, want)
	}
}

// SETTLED 21: a service account that another one took the place of is ended by the gate, once, and it is recorded; the report says so.
func TestFormerServiceAccountIsEnded(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"sealed", "refused"} {
		w := succession(t, reason)
		for range 3 {
			says(t, w, "passed service_account_new_"+reason+" "+liveID, "passed service_account_ended "+formerID)
		}
		calls := w.Stub.Calls("users.deactivate")
		if len(calls) != 1 || calls[0].Request.(api.UserDeed).ID != formerID {
			t.Errorf("%v", calls)
		}
		rows := w.Log()
		if len(rows) != 2 || rows[0].Phase != "intent" || rows[0].Actor != "gatehouse" || rows[0].Operation != "users.deactivate" ||
			!strings.Contains(rows[0].Targets, formerID) || rows[1].Outcome != "done" || rows[0].RequestID == "" {
			t.Errorf("%+v", rows)
		}
	}
}

// The panel that only runs does it, too.
func TestWatchEndsFormerServiceAccounts(t *testing.T) {
	t.Parallel()
	w := succession(t, "refused")
	done := make(chan api.UserID, 1)
	gatetest.On(w.Stub, api.DeactivateUser, func(_ context.Context, d api.UserDeed) (api.User, error) {
		done <- d.ID
		return api.User{ID: d.ID, Deactivated: true}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan struct{})
	go func() { defer close(ended); w.Gate.Watch(ctx) }()
	if id := <-done; id != formerID {
		t.Errorf("%s was ended", id)
	}
	cancel()
	<-ended
}

// Nothing is ended that is not provably a former account of the gate's own.
func TestOnlyFormerServiceAccountsAreEnded(t *testing.T) {
	t.Parallel()
	w := succession(t, "refused")
	for _, id := range []string{"@root:example.org", "@gatehouse:example.org", "@gatehouse-abc:example.org", "@gatehouse-abcdefghjk:other.example", "@xgatehouse-abcdefghjk:example.org"} {
		if err := w.Store.RetireServiceAccount(t.Context(), store.ServiceAccount{Homeserver: "hs", UserID: id, Created: gatetest.Start}); err != nil {
			t.Fatal(err)
		}
		w.Stub.Put(api.User{ID: api.UserID(id), Admin: true})
	}
	const used = "@gatehouse-aaaaaaaaaa:example.org" // the store says retired, the homeserver that it is the one we act as
	if err := w.Store.RetireServiceAccount(t.Context(), store.ServiceAccount{Homeserver: "hs", UserID: used, Created: gatetest.Start}); err != nil {
		t.Fatal(err)
	}
	w.Stub.Put(api.User{ID: used, Admin: true, Own: true})
	w.Stub.Put(api.User{ID: "@gatehouse-zzzzzzzzzz:example.org", Admin: true}) // looks like one, and is not in the store
	lines := checked(t, w)
	calls := w.Stub.Calls("users.deactivate")
	if len(calls) != 1 || calls[0].Request.(api.UserDeed).ID != formerID {
		t.Errorf("%v", calls)
	}
	if !slices.Contains(lines, "warning service_account_stays @gatehouse-aaaaaaaaaa:example.org") {
		t.Errorf("%q", lines)
	}
}

// Without a successor that works nothing is ended; the report says why, and what failed is not tried at every look.
func TestFormerServiceAccountStays(t *testing.T) {
	t.Parallel()
	down := api.NewProblem(api.StatusUnavailable, "homeserver_down")
	alive := "passed service_account_new_refused " + liveID
	t.Run("the new one does not work", func(t *testing.T) {
		w := succession(t, "refused")
		gatetest.On(w.Stub, api.GetUser, func(context.Context, api.UserRef) (api.User, error) { return api.User{}, down })
		says(t, w, alive, "warning service_account_not_ended "+formerID+" homeserver_down")
		gatetest.On[api.UserRef, api.User](w.Stub, api.GetUser, nil)
		says(t, w, alive, "warning service_account_not_ended "+formerID+" homeserver_down") // not yet again
		if len(w.Log()) != 0 || len(w.Stub.Calls("users.deactivate")) != 0 {
			t.Errorf("%v, %v", w.Log(), w.Stub.Calls())
		}
		w.Clock.Advance(time.Hour)
		says(t, w, alive, "passed service_account_ended "+formerID)
	})
	t.Run("the homeserver refuses", func(t *testing.T) {
		w := succession(t, "refused")
		gatetest.On(w.Stub, api.DeactivateUser, func(context.Context, api.UserDeed) (api.User, error) { return api.User{}, down })
		says(t, w, alive, "warning service_account_not_ended "+formerID+" homeserver_down")
		if rows := w.Log(); len(rows) != 2 || rows[1].Outcome != "failed" || rows[1].Code != "homeserver_down" {
			t.Errorf("%+v", rows)
		}
	})
	t.Run("there is no way to", func(t *testing.T) {
		w := succession(t, "refused")
		w.Stub.Lack(api.DeactivateUser, "mas")
		says(t, w, alive, "warning service_account_cannot_end "+formerID+" mas")
	})
	t.Run("the log cannot be written", func(t *testing.T) {
		w := succession(t, "refused")
		mend := w.Break("audit", "INSERT", "true")
		says(t, w, alive, "warning service_account_not_ended "+formerID+" store_unavailable")
		if len(w.Stub.Calls("users.deactivate")) != 0 {
			t.Error("it was ended without an intent")
		}
		mend()
	})
	t.Run("another process is at it", func(t *testing.T) {
		w := succession(t, "refused")
		if err := w.Store.TakeLease(t.Context(), "former.hs", "another", w.Clock.Now(), time.Minute); err != nil {
			t.Fatal(err)
		}
		says(t, w, alive, "warning service_account_stays "+formerID)
		if len(w.Log()) != 0 || len(w.Stub.Calls("users.deactivate")) != 0 {
			t.Errorf("%v, %v", w.Log(), w.Stub.Calls())
		}
	})
	for name, u := range map[string]*api.User{"deactivated already": {ID: formerID, Deactivated: true}, "not there": nil} {
		t.Run(name, func(t *testing.T) {
			w := succession(t, "refused")
			gatetest.On(w.Stub, api.GetUser, func(context.Context, api.UserRef) (api.User, error) {
				if u == nil {
					return api.User{}, api.NewProblem(api.StatusNotFound, "not_found")
				}
				return *u, nil
			})
			says(t, w, alive, "passed service_account_ended "+formerID)
			if len(w.Log()) != 0 || len(w.Stub.Calls("users.deactivate")) != 0 {
				t.Errorf("%v, %v", w.Log(), w.Stub.Calls())
			}
		})
	}
}

// The gate was stopped while it registered an account for itself: after a while, in which another process may be at it, the account is
// ended, or forgotten where it was never made.
func TestBegunServiceAccount(t *testing.T) {
	t.Parallel()
	const begunID = "@gatehouse-bbbbbbbbbb:example.org"
	alive, ended := "passed service_account_new_refused "+liveID, "passed service_account_ended "+formerID
	for name, there := range map[string]bool{"it was made": true, "it was not": false} {
		t.Run(name, func(t *testing.T) {
			w := succession(t, "refused")
			err := w.Store.RetireServiceAccount(t.Context(), store.ServiceAccount{Homeserver: "hs", UserID: begunID, Reason: "begun", Created: w.Clock.Now()})
			if err != nil {
				t.Fatal(err)
			}
			if there {
				w.Stub.Put(api.User{ID: begunID, Admin: true})
			}
			says(t, w, alive, ended)
			w.Clock.Advance(10 * time.Minute)
			if there {
				says(t, w, "passed service_account_ended "+begunID, alive, ended)
			} else {
				says(t, w, alive, ended)
			}
		})
	}
}

// An account of the gate's own that a configured token has made idle is told; it is not ended, because the token may go again.
func TestIdleServiceAccount(t *testing.T) {
	t.Parallel()
	w := succession(t, "")
	server, _ := w.Gate.Homeserver("hs")
	server.Settings.Token = api.NewSecret("a token of an administrator")
	says(t, w, "warning service_account_idle "+liveID, "passed service_account_ended "+formerID)
}
