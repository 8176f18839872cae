// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
)

// What the homeserver cannot tell of an account is so already for no row: it is done, or refused where that cannot be. What a list alone does not tell is
// looked up. No plan says what it changes from where nobody knows.
func TestNotKnownIsNotSame(t *testing.T) {
	t.Parallel()
	fields := []string{"display_name", "admin", "user_type", "avatar_url", "threepids", "external_ids"}
	for _, c := range []struct {
		name, file string
		unknown    []string
		lacks      map[string]string
		clear      bool
		want       []string
	}{
		{"an administrator, perhaps", "id,admin\nann,no\n", []string{"admin"}, nil, false, []string{"2 @ann:example.org waiting users.update admin:→false"}},
		{"nor can it be changed", "id,admin\nann,no\n", []string{"admin"}, map[string]string{"users.update.admin": "dendrite_needs_database"}, false,
			[]string{"2 @ann:example.org failed not_supported admin:→false"}},
		{"to be emptied", "id,display_name,user_type,avatar_url,emails,phones,sso\nann,,,,,,\n", fields, nil, true,
			[]string{"2 @ann:example.org waiting users.update display_name:→ user_type:→ avatar_url:→ emails:→ phones:→ sso:→"}},
		{"known", "id,display_name,user_type,avatar_url,emails,phones,sso,admin\nann,,,,,,,no\n", nil, nil, true, []string{"2 @ann:example.org skipped import_same"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			w.Stub.Put(api.User{ID: "@ann:example.org", Unknown: c.unknown})
			gatetest.On(w.Stub, api.ServerInfo, func(context.Context, api.ServerQuery) (api.Server, error) {
				return api.Server{State: "up", Unavailable: c.lacks}, nil
			})
			p := w.Person(api.Owner)
			plan := upload(t, w, p, c.file)
			plan.Mode, plan.Clear = api.ImportUpdate, c.clear
			_, items := planned(t, w, p, plan)
			if diff := cmp.Diff(c.want, short(items)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatTheListDoesNotTell(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	const many = 300
	w.Stub.Put(api.User{ID: "@n7:example.org", Admin: true})
	w.Stub.Put(api.User{ID: "@n9:example.org", Locked: true})
	gatetest.On(w.Stub, api.ListUsers, func(context.Context, api.UserQuery) (api.UserPage, error) {
		return api.UserPage{
			Users: []api.User{{ID: "@n7:example.org"}, {ID: "@n8:example.org", DisplayName: "n8"}, {ID: "@n9:example.org"}}, Unknown: []string{"admin", "locked"},
		}, nil
	})
	var file strings.Builder
	file.WriteString("id,display_name,admin,locked\nn7,,yes,\nn8,n8,,\nn9,,,no\n")
	for i := range many {
		fmt.Fprintf(&file, "m%d,,yes,no\n", i)
	}
	p := w.Person(api.Owner)
	plan := upload(t, w, p, file.String())
	plan.Mode = api.ImportUpdate
	_, items := planned(t, w, p, plan)
	want := []string{"2 @n7:example.org skipped import_same", "3 @n8:example.org skipped import_same", "4 @n9:example.org waiting users.unlock locked:true→false"}
	if diff := cmp.Diff(want, short(items[:3])); diff != "" {
		t.Error(diff)
	}
	if n := lookedUp(w, p); n != 2 {
		t.Errorf("%d accounts were looked up", n)
	}
}

// lookedUp is how many accounts were looked up alone, besides that of who asks.
func lookedUp(w *gatetest.World, p operator.Person) int {
	return len(slices.DeleteFunc(w.Stub.Calls("users.get"), func(c gatetest.Call) bool { return slices.Contains(c.Request.Targets(), api.UserID(p.ID)) }))
}

// However lines of a file end, the accounts of one of many rows are learned from their list.
func TestLineEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]string{"LF": "\n", "CR": "\r", "CR LF": "\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			p := w.Person(api.Owner)
			file := "id,display_name" + end
			for i := range 1000 {
				file += fmt.Sprintf("n%d,Number %d%s", i, i, end)
			}
			job, _ := planned(t, w, p, upload(t, w, p, file))
			if got, list := lookedUp(w, p), len(w.Stub.Calls("users.list")); got != 0 || list != 1 || job.Count.Waiting != 1000 {
				t.Errorf("%d accounts were looked up, their list was read %d times: %+v", got, list, job.Count)
			}
		})
	}
}

// A file cannot be asked back: what would have to be confirmed is refused with a sentence that sends nobody to look for a box to tick.
func TestNobodyIsAsked(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	plan := upload(t, w, p, "id,password\n"+p.ID+",another good password\n")
	plan.Mode, plan.Reset = api.ImportUpdate, true
	_, items := planned(t, w, p, plan)
	if diff := cmp.Diff([]string{"2 " + p.ID + " failed item_self"}, short(items)); diff != "" {
		t.Error(diff)
	}
}
