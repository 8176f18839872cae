// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store/storetest"
)

// told asks for an account's history, at the homeserver hs.
func told(t *testing.T, w *gatetest.World, role api.Role, query url.Values) api.HistoryPage {
	t.Helper()
	rec := w.Serve(w.Request("GET", "/api/hs/users.history?"+query.Encode(), "", w.Session(w.Person(role))))
	if rec.Code != 200 {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	var page api.HistoryPage
	must(t, json.Unmarshal(rec.Body.Bytes(), &page))
	return page
}

// What was done to an account, tried and refused stands in its history, with who, why and how it ended; what was done to others does not.
func TestHistory(t *testing.T) { storetest.Each(t, testHistory) }

func testHistory(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	owner := w.Session(w.Person(api.Owner))
	do := func(cookie api.Role, operation, body string) {
		session := owner
		if cookie != api.Owner {
			session = w.Session(w.Person(cookie))
		}
		w.Call(session, operation, gate.NewKey(), body)
		w.Clock.Advance(time.Second)
	}
	do(api.Owner, "users.lock", `{"id":"@ann:example.org","reason":"lent to a friend"}`)
	do(api.Owner, "users.lock", `{"id":"@bob:example.org"}`)
	do(api.Owner, "users.update", `{"id":"@ann:example.org","display_name":{"to":"Ann A."}}`)
	do(api.Owner, "users.sign_in_as", `{"id":"@ann:example.org","reason":"ticket 7"}`)
	do(api.Helpdesk, "users.reset_password", `{"id":"@root:example.org","password":{"mode":"typed","password":"a new one of root"}}`)

	page := told(t, w, api.Auditor, url.Values{"id": {"@ann:example.org"}})
	want := api.HistoryPage{Events: []api.HistoryEvent{
		{
			Actor: "@admin:example.org", Role: "owner", Operation: "users.sign_in_as", Outcome: "done", Reason: "ticket 7", Fields: []string{"minutes"},
			Note: "The token ends by itself at " + time.UnixMilli(gatetest.SignInAsEnds).UTC().Format(time.RFC3339) + ".",
		},
		{Actor: "@admin:example.org", Role: "owner", Operation: "users.update", Outcome: "done", Fields: []string{"display_name"}},
		{Actor: "@admin:example.org", Role: "owner", Operation: "users.lock", Outcome: "done", Reason: "lent to a friend"},
	}}
	ignore := cmpopts.IgnoreFields(api.HistoryEvent{}, "Number", "AtMS", "RequestID")
	if diff := cmp.Diff(want, page, ignore); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if first := page.Events[2]; first.AtMS != gatetest.Start.UnixMilli() || first.RequestID == "" || first.Number == 0 {
		t.Errorf("%+v", first)
	}
	root := told(t, w, api.Moderator, url.Values{"id": {"@root:example.org"}})
	if len(root.Events) != 1 || root.Events[0].Outcome != "refused" || root.Events[0].Code != "forbidden" {
		t.Errorf("%+v", root)
	}
	if data, _ := json.Marshal(root); strings.Contains(string(data), "a new one") {
		t.Error("a password is in the history")
	}
	if calls := w.Stub.Calls("users.history"); len(calls) > 0 {
		t.Errorf("the homeserver was asked: %v", calls)
	}
	// The same account of another homeserver is another account.
	other := w.Person(api.Owner)
	other.ID, other.Homeserver = "operator:ann", ""
	rec := w.Serve(w.Request("GET", "/api/other/users.history?id=%40ann%3Aexample.org", "", w.Session(other)))
	if rec.Code != 200 || strings.Contains(rec.Body.String(), "users.lock") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

// Pages follow each other without a gap, also while the history grows.
func TestHistoryPages(t *testing.T) { storetest.Each(t, testHistoryPages) }

func testHistoryPages(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	owner := w.Session(w.Person(api.Owner))
	lock := func(i int) {
		w.Call(owner, "users.lock", gate.NewKey(), fmt.Sprintf(`{"id":"@ann:example.org","reason":"%d"}`, i))
	}
	for i := range 5 {
		lock(i)
	}
	var seen []string
	query := url.Values{"id": {"@ann:example.org"}, "limit": {"2"}}
	for {
		page := told(t, w, api.Owner, query)
		for _, e := range page.Events {
			seen = append(seen, e.Reason)
		}
		if page.Next == "" {
			break
		}
		query.Set("cursor", page.Next)
		lock(9)
	}
	if got := strings.Join(seen, " "); got != "4 3 2 1 0" {
		t.Errorf("%s", got)
	}
	for _, cursor := range []string{"-1", "x", "99999999999999999999"} {
		query.Set("cursor", cursor)
		refused(t, w.Serve(w.Request("GET", "/api/hs/users.history?"+query.Encode(), "", owner)), 422, "invalid_request")
	}
}
