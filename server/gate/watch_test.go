// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"net/http"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
)

// TestHeard: what people are told of a homeserver is what the gate says of it from then on, in the head of every page and with every answer.
func TestHeard(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	cookie := w.Session(p)
	server, _ := w.Gate.Homeserver("hs")
	info := api.Server{State: "up", Version: "1.163.2"}
	var down error
	gatetest.On(w.Stub, api.ServerInfo, func(context.Context, api.ServerQuery) (api.Server, error) { return info, down })
	gatetest.On(w.Stub, api.LockUser, func(context.Context, api.UserDeed) (api.User, error) { return api.User{}, down })
	ask := func(ctx context.Context) {
		t.Helper()
		_, _ = w.Gate.Do(ctx, gate.Visit{
			Person: &p, Homeserver: "hs", Operation: api.ServerInfo.Info().Name, Decode: func(api.Op) (api.Request, error) { return api.ServerQuery{}, nil },
		})
	}
	is := func(what, state, version string) {
		t.Helper()
		seen, _ := server.Seen()
		answer := w.Serve(w.Request(http.MethodGet, "/api/hs/jobs.list", "", cookie)) // which asks no homeserver
		if seen.State != state || seen.Version != version || answer.Header().Get("Gatehouse-Homeserver") != state {
			t.Errorf("%s: %q %q, and an answer says %q", what, seen.State, seen.Version, answer.Header().Get("Gatehouse-Homeserver"))
		}
	}
	is("nobody has asked", "", "")
	ask(t.Context())
	is("it answered", "up", "1.163.2")
	info = api.Server{State: "down"}
	ask(t.Context())
	is("it told that it is down", "down", "1.163.2")
	info = api.Server{State: "slow", Version: "1.164.0"}
	ask(t.Context())
	is("it is back", "slow", "1.164.0")

	down = api.NewProblem(api.StatusBadGateway, "homeserver_down")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	ask(gone)
	is("nobody waited for the answer", "slow", "1.164.0")
	w.Call(cookie, "users.lock", gate.NewKey(), `{"id":"@ann:example.org"}`)
	is("a write was not answered", "down", "1.164.0")

	if answer := w.Serve(w.Request(http.MethodGet, "/api/hs/jobs.list", "")); answer.Header().Get("Gatehouse-Homeserver") != "" {
		t.Error("nobody is told how it is")
	}
}
