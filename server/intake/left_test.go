// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

// What is left of a job is never taken for less than it was, when it is imported again: rows of which the plan did not keep all are refused, and
// say whose they are.
func TestLeftIsNotTakenForLess(t *testing.T) {
	t.Parallel()
	const refused = "failed import_field id missing"
	for _, c := range []struct {
		name, file   string
		reset, clear bool
		want         []string
	}{
		{"cells that cannot be kept", "id,admin,threepids,is_guest\nann,perhaps,,\nbee,,fax:1,\nguest,,,true\n", false, false, []string{refused, refused, refused}},
		{"rows that cannot be read", "id,admin\nann,true,more\n", false, false, []string{refused}},
		{"new passwords", "id,password\nbob,a new password\n", true, false, []string{refused}},
		{"what is emptied", "id,display_name,user_type\nbob,,bot\n", false, true, []string{refused}},
		{"all that can be kept", "id,display_name\nbob,Robert\nUpper,Upper\n", false, false, []string{"@bob:example.org waiting", "@Upper:example.org failed import_field localpart localpart_upper"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			p := w.Person(api.Owner)
			w.Stub.Put(api.User{ID: "@bob:example.org", DisplayName: "Bob", UserType: "bot"})
			plan := upload(t, w, p, c.file)
			plan.Mode, plan.Reset, plan.Clear = api.ImportBoth, c.reset, c.clear
			job, items := planned(t, w, p, plan)
			left := exported(t, w, p, api.ListExport{Operation: "imports.left", Query: "id=" + job.ID, Format: "csv"})
			again := upload(t, w, p, left)
			plan.ID, plan.Columns = again.ID, again.Columns
			_, second := planned(t, w, p, plan)
			var got []string
			for i, item := range second {
				got = append(got, strings.TrimSpace(fmt.Sprint(item.Target, " ", item.State, " ", item.Code, " ", item.Params["field"], " ", item.Params["code"])))
				if !strings.Contains(left, string(items[i].Target)) {
					t.Errorf("nothing says that it was %s", items[i].Target)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s\n%s", diff, left)
			}
		})
	}
}
