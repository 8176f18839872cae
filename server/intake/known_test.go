// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"fmt"
	"slices"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
)

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
