// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

// TestWrongCells names the column in which an address is wrong, though e-mail addresses and phone numbers are one list of a request.
func TestWrongCells(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	w.Stub.Put(api.User{ID: "@bob:example.org", Threepids: []api.Threepid{{Medium: "msisdn", Address: "0754112345"}}})
	plan := upload(t, w, p, "id,emails,phones\n"+
		"ann,not an address,\n"+
		"ben,\"b@b.example, c@localhost\",+49 7541 12345\n"+
		"cat,c@b.example,07541 12345\n"+
		"dan,,\"+49 7541 12347, call me\"\n"+
		"bob,,07541 99999\n"+
		"bob2,ok@b.example,0049 (0) 7541 12346\n"+
		"@bob:example.org,b@b.example,\n") // twice
	plan.Mode = api.ImportBoth
	_, items := planned(t, w, p, plan)
	var got []string
	for _, i := range items {
		got = append(got, i.Code+" "+i.Params["field"]+" "+i.Params["code"])
	}
	want := []string{
		"import_field emails invalid_email", "import_field emails email_no_ending", "import_field phones phone_no_country", "import_field phones invalid_phone",
		"import_field phones phone_no_country", "  ", "import_twice id ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	// A number that an account has from elsewhere does not keep its row from being done.
	plan = upload(t, w, p, "id,emails,phones\nbob,b@b.example,0754112345\n")
	plan.Mode = api.ImportUpdate
	_, items = planned(t, w, p, plan)
	if diff := cmp.Diff([]string{"2 @bob:example.org waiting users.update emails:→b@b.example"}, short(items)); diff != "" {
		t.Error(diff)
	}
}
