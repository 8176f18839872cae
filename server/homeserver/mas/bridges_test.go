// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakemas"
)

// A bridge's account, which only Synapse has, is no difference: not on its own page, not in the list, and not for its repair. Whose it is is
// asked for once.
func TestBridgesAreNoDifference(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("alice", nil)
	b.fake.Synapse.Provision("emil", false, nil, "", "")
	b.fake.Synapse.Serve("irc_bob", "irc")
	of := func(q api.UserQuery) (api.UserPage, []string) {
		t.Helper()
		b.whole.keep(nil, nil, 0, time.Time{}) // as if it were old
		var page api.UserPage
		sent := b.sent.since(func() {
			var err error
			if page, err = b.list(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		})
		return page, sent
	}
	page, sent := of(api.UserQuery{Drift: api.Only})
	if names(page) != "emil" || len(page.Limits) > 0 {
		t.Errorf("%s differ, %v", names(page), page.Limits)
	}
	if n := count(sent, "GET /_synapse/admin/v2/users/@"); n < 2 {
		t.Errorf("%d accounts were looked up: %v", n, sent)
	}
	page, sent = of(api.UserQuery{Search: "irc"})
	if len(page.Users) != 1 || page.Users[0].AppService != "irc" || page.Users[0].Drift != nil {
		t.Errorf("%+v", page.Users)
	}
	if n := count(sent, "GET /_synapse/admin/v2/users/@"); n > 0 {
		t.Errorf("%d accounts were looked up again", n)
	}
	if _, err := b.repair(t.Context(), api.UserRepair{ID: id("irc_bob"), Drift: api.DriftSynapseOnly}); code(err) != "no_drift drift:no_drift" {
		t.Errorf("the repair: %v", err)
	}
}

// Of more accounts than are looked up at once, it is said that some are left, and the next reading looks those up.
func TestManyBridges(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	const all = 60
	b.bounds.asked = 40
	for i := range all {
		b.fake.Synapse.Serve(fmt.Sprintf("irc_%04d", i), "irc")
	}
	for i, want := range [][]string{{reasonBridges}, nil, nil} {
		b.whole.keep(nil, nil, 0, time.Time{})
		for _, drift := range []api.Filter{api.Only, api.Without} {
			page, err := b.list(t.Context(), api.UserQuery{Drift: drift, Search: "irc_", Limit: api.MaxPage})
			if err != nil || !slices.Equal(page.Limits, want) {
				t.Fatalf("reading %d: %v, %v", i, page.Limits, err)
			}
			known := int64(min(all, (i+1)*b.bounds.asked))
			if drift == api.Only {
				known = 0
			}
			if *page.Total != known {
				t.Errorf("reading %d: %d are in the list of %s, want %d", i, *page.Total, drift, known)
			}
		}
	}
}

// One that went while it was looked up is left as it was listed; a server that does not answer is told.
func TestBridgesUnanswered(t *testing.T) {
	for status, want := range map[int]string{http.StatusNotFound: "", http.StatusBadGateway: "homeserver_error"} {
		b := newBench(t, fakemas.Options{})
		b.fake.Synapse.Provision("emil", false, nil, "", "")
		b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
			body := io.NopCloser(strings.NewReader(`{"errcode":"M_NOT_FOUND","error":"User not found"}`))
			return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Request: r}, nil, strings.HasSuffix(r.URL.Path, "/@emil:localhost")
		})
		if page, err := b.list(t.Context(), api.UserQuery{Drift: api.Only}); code(err) != want || err == nil && names(page) != "emil" {
			t.Errorf("%d: %s, %v", status, names(page), code(err))
		}
	}
}
