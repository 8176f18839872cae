// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
)

// slowly makes a homeserver take its time over what ends an administrator: until two are there at once, or a second is over.
func slowly(s *gatetest.Stub) {
	var n atomic.Int32
	both := make(chan struct{})
	end := func(u api.User) (api.User, error) {
		if n.Add(1) == 2 {
			close(both)
		}
		select {
		case <-both:
		case <-time.After(time.Second):
		}
		s.Put(u)
		return u, nil
	}
	gatetest.On(s, api.UpdateUser, func(_ context.Context, r api.UserUpdate) (api.User, error) { return end(api.User{ID: r.ID}) })
	gatetest.On(s, api.LockUser, func(_ context.Context, d api.UserDeed) (api.User, error) {
		return end(api.User{ID: d.ID, Admin: true, Locked: true})
	})
	gatetest.On(s, api.DeactivateUser, func(_ context.Context, d api.UserDeed) (api.User, error) {
		return end(api.User{ID: d.ID, Admin: true, Deactivated: true})
	})
}

// as makes a call as the command line does, and returns its code.
func as(t *testing.T, w *gatetest.World, operation, body string) string {
	_, err := gatetest.Try[api.User](t, w, operator.Local("alice"), operation, json.RawMessage(body))
	return gatetest.Code(err)
}

// Of the last two administrators, ended at the same time, at one gate or at two, one is asked about again.
func TestLastAdministratorsAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ operation, root, admin string }{
		"demote":     {"users.update", `{"id":"@root:example.org","admin":{"to":false}}`, `{"id":"@admin:example.org","admin":{"to":false}}`},
		"lock":       {"users.lock", `{"id":"@root:example.org"}`, `{"id":"@admin:example.org"}`},
		"deactivate": {"users.deactivate", `{"id":"@root:example.org"}`, `{"id":"@admin:example.org"}`},
		"confirmed":  {"users.deactivate", `{"id":"@root:example.org","confirm":true}`, `{"id":"@admin:example.org"}`},
	} {
		for _, gates := range []string{"one gate", "two gates"} {
			t.Run(name+" at "+gates, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					one, two := pair(t)
					if gates == "one gate" {
						two = one
					}
					slowly(one.Stub)
					first := make(chan string)
					go func() { first <- as(t, one, c.operation, c.root) }()
					synctest.Wait() // the homeserver is at it
					codes := []string{as(t, two, c.operation, c.admin), <-first}
					if want := []string{"confirm_last_admin", ""}; !slices.Equal(codes, want) {
						t.Errorf("the second hears %q, the first %q", codes[0], codes[1])
					}
				})
			})
		}
	}
}

// Others do not wait while an administrator is ended.
func TestOthersDoNotWaitForAdministrators(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		slowly(w.Stub)
		first := make(chan string)
		go func() { first <- as(t, w, "users.lock", `{"id":"@root:example.org"}`) }()
		synctest.Wait()
		begin := time.Now()
		code := as(t, w, "users.lock", `{"id":"@ann:example.org"}`) // the second that the homeserver waits for
		if took := time.Since(begin); code != "" || took > 0 {
			t.Errorf("%q after %s", code, took)
		}
		if code := <-first; code != "" {
			t.Error(code)
		}
	})
}

// A gate that has an administrator in its hands for too long lets others hear so; one that is gone keeps nobody waiting.
func TestWaitsForAdministrators(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		gone bool
		want string
	}{"it lives": {false, "administrators_busy"}, "it is gone": {true, ""}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				one, two := pair(t)
				goOn := make(chan struct{})
				gatetest.On(one.Stub, api.LockUser, func(ctx context.Context, d api.UserDeed) (api.User, error) {
					if d.ID == one.Stub.ID("root") {
						<-goOn
					}
					return api.User{ID: d.ID}, nil
				})
				first := make(chan string)
				go func() { first <- as(t, one, "users.lock", `{"id":"@root:example.org"}`) }()
				synctest.Wait()
				if c.gone {
					must(t, one.Store.Leave(t.Context()))
				}
				if code := as(t, two, "users.lock", `{"id":"@admin:example.org"}`); code != c.want {
					t.Errorf("%q", code)
				}
				close(goOn)
				<-first
				if code := as(t, two, "users.lock", `{"id":"@admin:example.org"}`); code != "" {
					t.Errorf("afterwards: %q", code)
				}
			})
		})
	}
}

// A list that is not of this moment leaves nobody without an administrator: those that it names are looked at.
func TestLastAdministratorByAnOldList(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	gatetest.On(w.Stub, api.ListUsers, func(context.Context, api.UserQuery) (api.UserPage, error) {
		var page api.UserPage
		for _, name := range []string{"admin", "demoted", "gone", "locked", "root"} {
			page.Users = append(page.Users, api.User{ID: w.Stub.ID(name), Admin: true})
		}
		return page, nil
	})
	w.Stub.Put(api.User{ID: w.Stub.ID("demoted")})
	w.Stub.Put(api.User{ID: w.Stub.ID("locked"), Admin: true, Locked: true})
	w.Stub.Put(api.User{ID: w.Stub.ID("admin"), Admin: true, Deactivated: true})
	const root = `{"id":"@root:example.org"}`
	if code := as(t, w, "users.lock", root); code != "confirm_last_admin" {
		t.Errorf("%q", code)
	}
	w.Stub.Put(api.User{ID: w.Stub.ID("admin"), Admin: true})
	if code := as(t, w, "users.lock", root); code != "" {
		t.Errorf("with another one: %q", code)
	}
}
