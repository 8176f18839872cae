// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakemas"
)

// signedIn signs alice in, in every way that there is.
func signedIn(b *bench) {
	b.fake.AddUser("alice", nil)
	b.fake.AddSession("browser", "alice", "", "")
	b.fake.AddSession("oauth2", "alice", "urn:matrix:client:api:*", "PHONE12345")
	b.fake.AddSession("oauth2", "alice", "urn:mas:admin", "")
	b.fake.AddSession("compat", "alice", "urn:matrix:client:api:*", "LAPTOP")
	b.fake.AddSession("personal", "alice", scopesSynapse, "")
	b.fake.Synapse.AddDevice("alice", "LEFT", "An old phone")
}

func TestSessions(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	signedIn(b)
	list, err := b.devices(t.Context(), api.UserRef{ID: id("alice")})
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, d := range list.Devices {
		kinds[d.Kind]++
		if kind, _, _ := strings.Cut(string(d.ID), "/"); kind != d.Kind || d.Kind != kindDevice && d.CreatedMS == 0 {
			t.Errorf("%+v", d)
		}
		switch {
		case d.Device == "PHONE12345":
			if d.Kind != kindOAuth || d.Client != "Client of tests" || d.Admin {
				t.Errorf("%+v", d)
			}
		case d.Kind == kindOAuth, d.Kind == kindPersonal:
			if !d.Admin {
				t.Errorf("not told as an administrator's: %+v", d)
			}
		case d.Kind == kindDevice:
			if d.Device != "LEFT" || d.DisplayName != "An old phone" {
				t.Errorf("%+v", d)
			}
		}
	}
	if len(list.Devices) != 6 || kinds[kindBrowser] != 1 || kinds[kindOAuth] != 2 || kinds[kindCompat] != 1 || kinds[kindPersonal] != 1 || kinds[kindDevice] != 1 {
		t.Errorf("%v", kinds)
	}
	// The client's name was asked for once for both of its sessions, or at most once each, and not again.
	before := count(b.fake.Requests(), "GET /api/admin/v1/oauth2-clients/")
	if _, err := b.devices(t.Context(), api.UserRef{ID: id("alice")}); err != nil || count(b.fake.Requests(), "GET /api/admin/v1/oauth2-clients/") != before {
		t.Errorf("asked again: %v", err)
	}
}

func TestSignOut(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	signedIn(b)
	list, err := b.devices(t.Context(), api.UserRef{ID: id("alice")})
	if err != nil {
		t.Fatal(err)
	}
	pick := func(kind string) (ids []api.DeviceID) {
		for _, d := range list.Devices {
			if d.Kind == kind {
				ids = append(ids, d.ID)
			}
		}
		return ids
	}
	out, err := b.signOut(t.Context(), api.DeviceSignOut{ID: id("alice"), Devices: pick(kindCompat)})
	if err != nil || out.Count != 1 || slices.Contains(b.fake.Synapse.Devices("alice"), "LAPTOP") {
		t.Errorf("one: %+v, %v", out, err)
	}
	b.fake.Synapse.AddDevice("alice", "LEFT", "")
	out, err = b.signOut(t.Context(), api.DeviceSignOut{ID: id("alice"), Devices: append(pick(kindDevice), pick(kindPersonal)...)})
	if err != nil || out.Count != 2 {
		t.Errorf("two: %+v, %v", out, err)
	}
	if _, err := b.signOut(t.Context(), api.DeviceSignOut{ID: id("alice"), Devices: pick(kindCompat)}); code(err) != "no_such_device devices:no_such_device" {
		t.Errorf("again: %v", err)
	}
	out, err = b.signOut(t.Context(), api.DeviceSignOut{ID: id("alice"), All: true})
	if err != nil || out.Count != 3 || len(b.fake.Sessions("alice")) != 0 || len(b.fake.Synapse.Devices("alice")) != 0 {
		t.Errorf("all: %+v, %v", out, err)
	}
	if out, err = b.signOut(t.Context(), api.DeviceSignOut{ID: id("alice"), All: true}); err != nil || out.Count != 0 {
		t.Errorf("all of nothing: %+v, %v", out, err)
	}
}

// Of one that only Synapse has, the devices can be ended all the same.
func TestSignOutAtSynapseAlone(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.Synapse.Provision("emil", false, nil, "", "")
	b.fake.Synapse.AddDevice("emil", "LEFT", "")
	if out, err := b.signOut(t.Context(), api.DeviceSignOut{ID: id("emil"), All: true}); err != nil || out.Count != 1 || len(b.fake.Synapse.Devices("emil")) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}

// What ends while it is being ended is ended; what does not end is told.
func TestSignOutRaces(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	signedIn(b)
	twice := func(r *http.Request) (*http.Response, error, bool) {
		if !strings.HasSuffix(r.URL.Path, "/finish") && !strings.HasSuffix(r.URL.Path, "/revoke") || strings.HasPrefix(r.URL.Path, "/oauth2") {
			return nil, nil, false
		}
		first := r.Clone(r.Context())
		resp, err := http.DefaultTransport.RoundTrip(first)
		if err == nil {
			resp.Body.Close()
		}
		return nil, nil, false
	}
	b.sent.failing(twice)
	if out, err := b.signOut(t.Context(), api.DeviceSignOut{ID: id("alice"), All: true}); err != nil || len(b.fake.Sessions("alice")) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
	held := newBench(t, fakemas.Options{Held: true})
	signedIn(held)
	held.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		ok := strings.HasSuffix(r.URL.Path, "/finish")
		return &http.Response{StatusCode: 400, Header: http.Header{}, Body: http.NoBody, Request: r}, nil, ok
	})
	if _, err := held.signOut(t.Context(), api.DeviceSignOut{ID: id("alice"), All: true}); code(err) != "did_not_stick" {
		t.Errorf("%v", err)
	}
}

func TestExpiredPersonalSessionsAreNone(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("alice", nil)
	u := b.fake.User("alice")
	if _, err := b.mas.do(t.Context(), post(pathPersonal, map[string]any{"actor_user_id": u.ID, "human_name": "x", "scope": "urn:matrix:client:api:*", "expires_in": 1}), nil); err != nil {
		t.Fatal(err)
	}
	found, _, err := b.personal(t.Context(), maxOwned, actedBy(ulid(u.ID)))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	past := time.Now().Add(-time.Minute)
	if alive([]resource[personal]{{Attributes: personal{Expires: &past}}}, time.Now()) != nil {
		t.Error("an expired one is taken for live")
	}
}

func TestScopes(t *testing.T) {
	for scope, want := range map[string]struct {
		device api.DeviceID
		admin  bool
	}{
		"":              {},
		"urn:mas:admin": {"", true},
		"urn:matrix:client:api:* urn:matrix:client:device:AB":                                                                   {"AB", false},
		"urn:synapse:admin:* urn:matrix:org.matrix.msc2967.client:api:* urn:matrix:org.matrix.msc2967.client:device:ABCDEFGHIJ": {"ABCDEFGHIJ", true},
	} {
		if deviceOf(scope) != want.device || api.AdminScope(scope) != want.admin {
			t.Errorf("%s: %s %t", scope, deviceOf(scope), api.AdminScope(scope))
		}
	}
}

// Tokens that a person made and that act as others are told with the person's sessions, and end with them; those that others made and that act
// as the person are its sessions, too, each told once.
func TestOwnedTokens(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	for _, name := range []string{"alice", "robot", "carol"} {
		b.fake.AddUser(name, nil)
	}
	b.fake.Synapse.AddDevice("alice", "ROBOT12345", "") // as the robot has one
	b.fake.AddPersonal("alice", "alice", "urn:matrix:client:api:*", 0)
	b.fake.AddPersonal("alice", "carol", "urn:matrix:client:api:*", 0)
	b.fake.AddPersonal("robot", "alice", "urn:matrix:client:api:* urn:matrix:client:device:ROBOT12345", 0)
	b.fake.AddPersonal("robot", "carol", "urn:matrix:client:api:*", 0)
	list, err := b.devices(t.Context(), api.UserRef{ID: id("alice")})
	if err != nil {
		t.Fatal(err)
	}
	acts := map[api.UserID]int{}
	for _, d := range list.Devices {
		acts[d.ActsAs]++
		if d.ActsAs != "" && (d.Device != "" || d.Kind != kindPersonal) {
			t.Errorf("%+v", d)
		}
	}
	if len(list.Devices) != 4 || acts[""] != 3 || acts[id("robot")] != 1 {
		t.Errorf("%+v", list.Devices)
	}
	for operation, want := range map[string]string{
		"devices.sign_out": "mas_sessions_end=4 mas_owned_end=1 unsaved_keys_lost", "users.reset_password": "old_password_ends new_password_card mas_sessions_end=4 mas_owned_end=1 unsaved_keys_lost",
		"users.deactivate": "nobody_signs_in mas_sessions_end=4 mas_owned_end=1 leaves_rooms_n=0 keys_lost addresses_freed",
	} {
		e, err := b.preview(t.Context(), api.DeedQuery{ID: id("alice"), Operation: operation})
		var codes []string
		for _, one := range e.Happens {
			if one.N != nil {
				one.Code += fmt.Sprint("=", *one.N)
			}
			codes = append(codes, one.Code)
		}
		if got := strings.Join(codes, " "); err != nil || got != want {
			t.Errorf("%s: %s, %v", operation, got, err)
		}
	}
	if out, err := b.signOut(t.Context(), api.DeviceSignOut{ID: id("alice"), All: true}); err != nil || out.Count != 4 {
		t.Errorf("%+v, %v", out, err)
	}
	if left := b.fake.Sessions("robot"); len(left) != 1 || left[0].Name != "of carol" {
		t.Errorf("%+v are left", left)
	}
}

// Of more sessions than a page and than are listed, the newest are listed, how many there are is said, and all of them end.
func TestManySessions(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("alice", nil)
	const all = maxOwned + 7
	var last fakemas.Session
	for range all {
		last = b.fake.AddSession("browser", "alice", "", "")
	}
	list, err := b.devices(t.Context(), api.UserRef{ID: id("alice")})
	if err != nil || len(list.Devices) != maxOwned || list.Total != all || list.Count() != all {
		t.Fatalf("%d of %d, %v", len(list.Devices), list.Total, err)
	}
	if !slices.ContainsFunc(list.Devices, func(d api.Device) bool { return strings.HasSuffix(string(d.ID), last.ID) }) {
		t.Error("the newest is not listed")
	}
	e, err := b.preview(t.Context(), api.DeedQuery{ID: id("alice"), Operation: "devices.sign_out"})
	if err != nil || *e.Happens[0].N != all {
		t.Errorf("%+v, %v", e.Happens, err)
	}
	b.pauses = b.pauses[:2] // ends in as many rounds as it takes, and is looked at once more
	if out, err := b.signOut(t.Context(), api.DeviceSignOut{ID: id("alice"), All: true}); err != nil || out.Count != all || len(b.fake.Sessions("alice")) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}
