// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
)

// newcomer makes an account with the adapter; its password is "wonderland".
func newcomer(t *testing.T, b *bench, name string) api.User {
	t.Helper()
	card, err := b.create(t.Context(), api.UserCreate{Localpart: api.Localpart(unique(name)), Password: typed("wonderland")})
	if err != nil {
		t.Fatal(err)
	}
	return card.User
}

func TestResetPassword(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		for _, signOut := range []bool{true, false} {
			name := unique("alice")
			token := b.person(t, name, false)
			card, err := b.resetPassword(t.Context(), api.PasswordReset{ID: b.id(name), Password: api.PasswordChoice{Mode: api.PasswordRandom}, SignOut: &signOut})
			if err != nil || card.SignedOut != signOut || card.User.ID != b.id(name) {
				t.Fatalf("%+v, %v", card, err)
			}
			if b.alive(t, token) == signOut {
				t.Errorf("sign out %t: the old session lives %t", signOut, !signOut)
			}
			if got := b.signsIn(t, card.User.ID, "wonderland"); got != "M_FORBIDDEN" {
				t.Errorf("old password: %q", got)
			}
			if got := b.signsIn(t, card.User.ID, card.Password.Reveal()); got != "" {
				t.Errorf("new password: %q", got)
			}
		}
		if _, err := b.resetPassword(t.Context(), api.PasswordReset{ID: b.id("nobody"), Password: typed("new password")}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
		dead := newcomer(t, b, "dead")
		if _, err := b.deactivate(t.Context(), api.UserDeed{ID: dead.ID}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.resetPassword(t.Context(), api.PasswordReset{ID: dead.ID, Password: typed("new password")}); problem(err) != "deactivated_account [id: deactivated_account]" {
			t.Errorf("deactivated: %v", err)
		}
	})
}

func TestLock(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		token := b.person(t, name, false)
		u, err := b.lock(t.Context(), api.UserDeed{ID: b.id(name)})
		if err != nil || !u.Locked || b.alive(t, token) || b.signsIn(t, u.ID, "wonderland") != "M_USER_LOCKED" {
			t.Fatalf("%+v, %v", u, err)
		}
		b.sent.reset()
		if u, err := b.lock(t.Context(), api.UserDeed{ID: u.ID}); err != nil || !u.Locked || len(b.sent.list()) != 1 {
			t.Errorf("twice: %+v, %v, %v", u, err, b.sent.list())
		}
		u, err = b.unlock(t.Context(), api.UserRef{ID: u.ID})
		if err != nil || u.Locked || !b.alive(t, token) {
			t.Errorf("unlocked: %+v, %v", u, err)
		}
		// A PUT to nobody would make an account.
		if _, err := b.lock(t.Context(), api.UserDeed{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
		if _, err := b.get(t.Context(), api.UserRef{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("locking made an account: %v", err)
		}
	})
}

func TestDeactivateAndReactivate(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		token := b.person(t, name, false)
		id := b.id(name)
		u, err := b.deactivate(t.Context(), api.UserDeed{ID: id})
		if err != nil || !u.Deactivated || u.Erased || u.DisplayName != name || b.alive(t, token) {
			t.Fatalf("%+v, %v", u, err)
		}
		if got := b.signsIn(t, id, "wonderland"); got != "M_FORBIDDEN" && got != "M_USER_DEACTIVATED" {
			t.Errorf("sign-in: %q", got)
		}
		if _, err := b.lock(t.Context(), api.UserDeed{ID: id}); problem(err) != "deactivated_account [id: deactivated_account]" {
			t.Errorf("lock: %v", err)
		}
		// Somebody locked it elsewhere; a reactivation ends that too.
		if err := b.ask(t, http.MethodPut, userPath(id), map[string]any{"locked": true}, nil); err != nil {
			t.Fatal(err)
		}
		card, err := b.reactivate(t.Context(), api.UserReactivation{ID: id, Password: typed("new password")})
		if err != nil || card.User.Deactivated || card.User.Locked || b.signsIn(t, id, "new password") != "" {
			t.Errorf("%+v, %v", card, err)
		}
		if _, err := b.reactivate(t.Context(), api.UserReactivation{ID: id, Password: typed("new password")}); problem(err) != "not_deactivated [id: not_deactivated]" {
			t.Errorf("twice: %v", err)
		}
	})
}

func TestErase(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "alice")
		// Deactivated first and erased then: the second must still be done.
		if _, err := b.deactivate(t.Context(), api.UserDeed{ID: u.ID}); err != nil {
			t.Fatal(err)
		}
		after, err := b.erase(t.Context(), api.UserErasure{ID: u.ID, ConfirmID: string(u.ID)})
		if err != nil || !after.Deactivated || !after.Erased || after.DisplayName != "" {
			t.Fatalf("%+v, %v", after, err)
		}
		card, err := b.reactivate(t.Context(), api.UserReactivation{ID: u.ID, Password: api.PasswordChoice{Mode: api.PasswordNone}})
		if err != nil || card.User.Erased || card.User.Deactivated || !card.Password.IsZero() {
			t.Errorf("%+v, %v", card, err)
		}
	})
}

// The write reaches the server and its answer is lost: the account is looked at before anything is said.
func TestDeedsUnanswered(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		for _, arrives := range []bool{true, false} {
			for _, tt := range []struct {
				name string
				do   func(api.UserID) error
			}{
				{"lock", func(id api.UserID) error { _, err := b.lock(t.Context(), api.UserDeed{ID: id}); return err }},
				{"deactivate", func(id api.UserID) error { _, err := b.deactivate(t.Context(), api.UserDeed{ID: id}); return err }},
				{"erase", func(id api.UserID) error { _, err := b.erase(t.Context(), api.UserErasure{ID: id}); return err }},
				{"update", func(id api.UserID) error {
					_, err := b.update(t.Context(), api.UserUpdate{ID: id, DisplayName: &api.Change[string]{To: "New"}})
					return err
				}},
			} {
				b.sent.fail = nil
				u := newcomer(t, b, "alice")
				b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
					if r.Method == http.MethodGet {
						return nil, nil, false
					}
					if arrives {
						resp, err := http.DefaultTransport.RoundTrip(r)
						if err != nil {
							t.Error(err)
							return nil, err, true
						}
						resp.Body.Close()
					}
					return answer(r, http.StatusBadGateway, "<html>"), nil, true
				}
				err := tt.do(u.ID)
				if want := map[bool]string{true: "", false: "outcome_unknown"}[arrives]; problem(err) != want {
					t.Errorf("%s, arrives %t: %s", tt.name, arrives, problem(err))
				}
			}
		}
	})
}

func TestDevices(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		token := b.person(t, name, false)
		for range 2 {
			b.signsIn(t, b.id(name), "wonderland")
		}
		ref := api.UserRef{ID: b.id(name)}
		list, err := b.devices(t.Context(), ref)
		if err != nil || len(list.Devices) != 3 {
			t.Fatalf("%+v, %v", list, err)
		}
		var first api.DeviceID
		for _, d := range list.Devices {
			if d.DisplayName == "Test" {
				first = d.ID
			}
		}
		done, err := b.signOut(t.Context(), api.DeviceSignOut{ID: ref.ID, Devices: []api.DeviceID{first, "NOSUCH"}})
		if err != nil || done.Count != 1 || b.alive(t, token) {
			t.Errorf("one: %+v, %v", done, err)
		}
		if _, err := b.signOut(t.Context(), api.DeviceSignOut{ID: ref.ID, Devices: []api.DeviceID{first}}); problem(err) != "no_such_device [devices: no_such_device]" {
			t.Errorf("gone already: %v", err)
		}
		if done, err = b.signOut(t.Context(), api.DeviceSignOut{ID: ref.ID, All: true}); err != nil || done.Count != 2 {
			t.Errorf("all: %+v, %v", done, err)
		}
		if list, err = b.devices(t.Context(), ref); err != nil || len(list.Devices) != 0 || list.Devices == nil {
			t.Errorf("after: %+v, %v", list, err)
		}
		if done, err = b.signOut(t.Context(), api.DeviceSignOut{ID: ref.ID, All: true}); err != nil || done.Count != 0 {
			t.Errorf("none left: %+v, %v", done, err)
		}
		if _, err := b.devices(t.Context(), api.UserRef{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
	})
}

// Device IDs that no path can carry are signed out all the same.
func TestDeviceWithAHostileID(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		b.person(t, name, false)
		for _, id := range []string{"..", "a/b?#", "\"><b>"} {
			if code := b.signsInAs(t, b.id(name), "wonderland", id); code != "" {
				t.Fatal(code)
			}
			if done, err := b.signOut(t.Context(), api.DeviceSignOut{ID: b.id(name), Devices: []api.DeviceID{api.DeviceID(id)}}); err != nil || done.Count != 1 {
				t.Errorf("%q: %+v, %v", id, done, err)
			}
		}
	})
}

// The gate's own account is ended behind its back: a new one is made, once, and the call goes on.
func TestServiceAccountComesBack(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		for _, end := range []string{"deactivated", "locked"} {
			first, err := b.keys.Own(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := b.ask(t, http.MethodPut, userPath(first), map[string]any{end: true}, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := b.list(t.Context(), api.UserQuery{}); err != nil {
				t.Fatalf("%s: %v", end, err)
			}
			second, err := b.keys.Own(t.Context())
			if err != nil || second == first || b.keeper.now.ID != second {
				t.Errorf("%s: first %s, second %s, %v", end, first, second, err)
			}
			b = newBench(t, b.url, homeserver.Settings{}) // one renewal in ten minutes
		}
	})
}

func TestOldVersionsCannotLock(t *testing.T) {
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Version: "1.90.0"})
	b := newBench(t, f.URL, homeserver.Settings{})
	u := newcomer(t, b, "alice")
	if why := b.table.Unavailable()["users.lock"]; why != reasonVersion {
		t.Errorf("lock is unavailable because of %q", why)
	}
	// Such a version takes the field, answers 200 and does nothing.
	if _, err := b.lock(t.Context(), api.UserDeed{ID: u.ID}); problem(err) != "did_not_stick" {
		t.Errorf("%v", err)
	}
}

func TestReactivateOldVersions(t *testing.T) {
	for version, want := range map[string]string{"1.98.0": "missing [password.mode: missing]", "1.99.0": "", "1.151.0": "reactivate_erased_version [id: reactivate_erased_version]", "1.157.0": ""} {
		f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Version: version})
		f.AddUser("gone", func(u fakesynapse.Fields) { u["deactivated"], u["erased"] = true, true })
		b := newBench(t, f.URL, homeserver.Settings{})
		_, err := b.reactivate(t.Context(), api.UserReactivation{ID: "@gone:localhost", Password: api.PasswordChoice{Mode: api.PasswordNone}})
		if problem(err) != want {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// With MAS the operations that it takes over are not offered, and lists leave `guests` alone.
func TestMAS(t *testing.T) {
	mas := fakesynapse.New(t, fakesynapse.Options{MAS: true, Secret: testSecret})
	mas.AddUser("root", func(u fakesynapse.Fields) { u["admin"] = true })
	b := newBench(t, mas.URL, homeserver.Settings{Token: api.NewSecret(mas.Token("@root:localhost"))})
	server, err := b.info(t.Context(), api.ServerQuery{})
	if err != nil || server.State != "up" || len(server.UserTypes) != 0 {
		t.Fatalf("%+v, %v", server, err)
	}
	for _, name := range []string{"users.create", "users.reset_password", "users.lock", "users.unlock", "users.deactivate", "users.erase", "users.reactivate", "devices.sign_out", "operators.verify", "users.update.admin", "users.update.threepids"} {
		if server.Unavailable[name] != reasonMAS {
			t.Errorf("%s: %q", name, server.Unavailable[name])
		}
	}
	if page, err := b.list(t.Context(), api.UserQuery{}); err != nil || len(page.Users) != 1 {
		t.Errorf("%+v, %v", page, err)
	}
	if page, err := b.list(t.Context(), api.UserQuery{Guests: api.Only}); err != nil || len(page.Users) != 0 || *page.Total != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	if _, err := b.create(t.Context(), api.UserCreate{Localpart: "new", Password: typed("wonderland")}); problem(err) != "not_supported" {
		t.Errorf("create: %v", err)
	}
	for _, r := range mas.Requests() {
		if strings.HasPrefix(r, "PUT") || (strings.HasPrefix(r, "POST") && !strings.HasSuffix(r, "/send_server_notice")) { // which asks whether there are any
			t.Errorf("sent %s", r)
		}
	}
	// With the secret alone there is no way in: it says so instead of trying.
	secretOnly := newBench(t, mas.URL, homeserver.Settings{})
	if _, err := secretOnly.list(t.Context(), api.UserQuery{}); problem(err) != "not_supported" {
		t.Errorf("secret only: %v", err)
	}
}
