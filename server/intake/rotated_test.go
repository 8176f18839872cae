// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/seal"
	"gatehouse/server/store/storetest"
)

// A plan and what is left of it outlive the key that they were sealed with.
func TestKeyIsRotated(t *testing.T) { storetest.Each(t, testKeyIsRotated) }

func testKeyIsRotated(t *testing.T) {
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	job, _ := planned(t, w, p, upload(t, w, p, "id,password\nnew,the first password\nann,too short\n@x:else.example,kept as it was\n"))
	old, next := []byte("0123456789abcdefghijklmnopqrstuv"), []byte("vutsrqponmlkjihgfedcba9876543210")
	for _, previous := range [][][]byte{{old}, nil} {
		keys, err := seal.New(next, previous...)
		if err != nil {
			t.Fatal(err)
		}
		w.Seal = keys
		w.Restart()
		if err := w.Jobs.Reseal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	left := gatetest.Must[api.LeftPage](t, w, p, "imports.left", api.LeftQuery{ID: job.ID})
	if n := len(left.Rows); n == 0 || left.Rows[n-1].ID != "@x:else.example" || left.Rows[n-1].Password.Reveal() != "kept as it was" {
		t.Errorf("%+v", left.Rows)
	}
	gatetest.Must[api.Job](t, w, p, "jobs.start", api.JobStart{ID: job.ID})
	if _, err := w.Jobs.Work(t.Context(), job.ID); err != nil {
		t.Fatal(err)
	}
	made := w.Stub.Calls("users.create")
	if len(made) == 0 || made[0].Request.(api.UserCreate).Password.Password.Reveal() != "the first password" {
		t.Errorf("made %+v", made)
	}
}
