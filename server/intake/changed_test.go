// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store"
)

// An account that was locked, deactivated or made an administrator since the plan gets no other password, and says so, again and again; one that is as
// it was gets it.
func TestChangedSinceThePlan(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	me := w.Person(api.Owner)
	ids := []string{"same", "locked", "gone", "boss"}
	file := "id,password\n"
	for _, name := range ids {
		w.Stub.Put(api.User{ID: w.Stub.ID(name)})
		file += name + ",a new password of " + name + "\n"
	}
	plan := upload(t, w, me, file)
	plan.Mode, plan.Reset = api.ImportUpdate, true
	job, _ := planned(t, w, me, plan)
	w.Stub.Put(api.User{ID: w.Stub.ID("locked"), Locked: true})
	w.Stub.Put(api.User{ID: w.Stub.ID("gone"), Deactivated: true})
	w.Stub.Put(api.User{ID: w.Stub.ID("boss"), Admin: true})
	for _, do := range []string{"jobs.start", "jobs.retry"} {
		if do == "jobs.start" {
			gatetest.Must[api.Job](t, w, me, do, api.JobStart{ID: job.ID})
		} else {
			gatetest.Must[api.Job](t, w, me, do, api.JobRef{ID: job.ID})
		}
		_, items := worked(t, w, me, job.ID)
		want := []string{"@same:example.org done", "@locked:example.org failed item_changed_meanwhile", "@gone:example.org failed item_changed_meanwhile", "@boss:example.org failed item_changed_meanwhile"}
		var got []string
		for _, i := range items {
			got = append(got, strings.TrimSpace(string(i.Target)+" "+i.State+" "+i.Code))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", do, diff)
		}
		if n := len(w.Stub.Calls("users.reset_password")); n != 1 {
			t.Errorf("%s: %d passwords were set", do, n)
		}
	}
}

// An earlier try that was refused, or did not reach the homeserver, has changed nothing: what is otherwise after it somebody else did. After one that may have
// done something the row goes on.
func TestChangedSinceATry(t *testing.T) {
	t.Parallel()
	for code, c := range map[string]struct {
		status int
		want   string
		sent   int
	}{
		"homeserver_down":    {api.StatusBadGateway, "failed item_changed_meanwhile", 1},
		"homeserver_limited": {api.StatusTooMany, "failed item_changed_meanwhile", 1},
		"homeserver_refused": {api.StatusUnprocessable, "failed item_changed_meanwhile", 1},
		"outcome_unknown":    {api.StatusTimeout, "done", 2},
		"homeserver_failed":  {api.StatusBadGateway, "done", 2},
		"partly_done":        {api.StatusBadGateway, "done", 2},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := gatetest.New(t, gatetest.Options{})
				me := w.Person(api.Owner)
				w.Stub.Put(api.User{ID: w.Stub.ID("zoe")})
				plan := upload(t, w, me, "id,password\nzoe,a new password of zoe\n")
				plan.Mode, plan.Reset = api.ImportUpdate, true
				job, _ := planned(t, w, me, plan)
				sent := 0
				gatetest.On(w.Stub, api.ResetPassword, func(_ context.Context, r api.PasswordReset) (api.Handout, error) {
					if sent++; sent > 1 {
						return api.Handout{}, nil
					}
					w.Stub.Put(api.User{ID: r.ID, Locked: true})
					return api.Handout{}, api.NewProblem(c.status, code)
				})
				gatetest.Must[api.Job](t, w, me, "jobs.start", api.JobStart{ID: job.ID})
				job, items := worked(t, w, me, job.ID)
				if job.Retry > 0 && items[0].Code == code {
					gatetest.Must[api.Job](t, w, me, "jobs.retry", api.JobRef{ID: job.ID})
					_, items = worked(t, w, me, job.ID)
				}
				if got := strings.TrimSpace(items[0].State + " " + items[0].Code); got != c.want || sent != c.sent {
					t.Errorf("%s after %d calls, want %s after %d", got, sent, c.want, c.sent)
				}
			})
		})
	}
}

// A row of several steps that is turned away is not half done: a locked account that somebody changed since the plan stays locked, and what can be known
// before its first step is. Where it cannot, the report says what was done and what was not.
func TestNotHalfDone(t *testing.T) {
	t.Parallel()
	const row = "id,display_name,password,locked,rooms,notice,deactivated\nbob,Bobby,another password,no,!den:example.org,Hello,yes\n"
	turned := api.NewProblem(api.StatusBadRequest, "homeserver_refused", "errcode", "M_UNKNOWN", "error", "No.")
	for _, c := range []struct {
		name    string
		changes func(w *gatetest.World)
		code    string
		did     string // of it, at the homeserver
		report  string
	}{
		{"its name was changed meanwhile", func(w *gatetest.World) {
			gatetest.On(w.Stub, api.UpdateUser, func(context.Context, api.UserUpdate) (api.User, error) {
				return api.User{}, api.NewProblem(api.StatusConflict, "changed_meanwhile")
			})
		}, "item_changed_meanwhile", "users.update", "[]  [users.update users.reset_password users.unlock users.join_rooms users.notice users.deactivate]"},
		{"the password has had its time", func(w *gatetest.World) {
			w.Clock.Advance(8 * 24 * time.Hour)
			if err := w.Store.WipeJobPasswords(context.Background(), w.Woken.Jobs()[0], store.AtRest, func(*store.Job) error { return nil }); err != nil {
				panic(err)
			}
		}, "job_password_wiped", "", "[]  [users.update users.reset_password users.unlock users.join_rooms users.notice users.deactivate]"},
		{"the homeserver cannot do a later step any more", func(w *gatetest.World) { w.Stub.Lack(api.SendNotice, "dendrite_notice") }, "not_supported", "",
			"[]  [users.update users.reset_password users.unlock users.join_rooms users.notice users.deactivate]"},
		{"the password is refused", func(w *gatetest.World) {
			gatetest.On(w.Stub, api.ResetPassword, func(context.Context, api.PasswordReset) (api.Handout, error) { return api.Handout{}, turned })
		}, "homeserver_refused", "users.update users.reset_password",
			"[users.update] users.reset_password [users.unlock users.join_rooms users.notice users.deactivate]"},
		{"the notice is refused", func(w *gatetest.World) {
			gatetest.On(w.Stub, api.SendNotice, func(context.Context, api.Notice) (api.NoticeReport, error) { return api.NoticeReport{}, turned })
		}, "homeserver_refused",
			"users.update users.reset_password users.unlock users.join_rooms users.notice",
			"[users.update users.reset_password users.unlock users.join_rooms] users.notice [users.deactivate]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			p := w.Person(api.Owner)
			w.Stub.Put(api.User{ID: "@bob:example.org", DisplayName: "Bob", Locked: true})
			plan := upload(t, w, p, row)
			plan.Mode, plan.Reset = api.ImportUpdate, true
			job, _ := planned(t, w, p, plan)
			c.changes(w)
			w.Stub.Forget()
			gatetest.Must[api.Job](t, w, p, "jobs.start", api.JobStart{ID: job.ID, Confirm: 1})
			_, items := worked(t, w, p, job.ID)
			var did []string
			for _, call := range w.Stub.Calls() {
				if op, _ := api.Find(call.Operation); op.Info().Kind == api.KindWrite {
					did = append(did, call.Operation)
				}
			}
			i := items[0]
			if got := strings.Join(did, " "); got != c.did || i.State != api.ItemFailed || i.Code != c.code {
				t.Errorf("%s %s; done: %s", i.State, i.Code, got)
			}
			if got := fmt.Sprint(i.Did, " ", i.At, " ", i.Undone); got != c.report {
				t.Errorf("it is told as %s", got)
			}
		})
	}
}
