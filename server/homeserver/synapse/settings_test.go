// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
	"gatehouse/server/homeserver/matrix"
	realserver "gatehouse/tools/homeserver"
)

func TestRateLimit(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "alice")
		ref := api.UserRef{ID: u.ID}
		now := func() api.RateLimit {
			t.Helper()
			r, err := b.getRateLimit(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if r := now(); r != (api.RateLimit{ID: u.ID}) {
			t.Errorf("new: %+v", r)
		}
		for _, want := range []api.RateLimit{{ID: u.ID, Own: true, MessagesPerSecond: 5, Burst: 20}, {ID: u.ID, Own: true}} {
			r, err := b.setRateLimit(t.Context(), api.RateLimitChange{ID: u.ID, MessagesPerSecond: want.MessagesPerSecond, Burst: want.Burst})
			if err != nil || r != want || now() != want {
				t.Errorf("set: %+v, %v; now %+v", r, err, now())
			}
		}
		if r, err := b.removeRateLimit(t.Context(), ref); err != nil || r.Own || now().Own {
			t.Errorf("removed: %+v, %v", r, err)
		}
		nobody := b.id("nobody")
		if _, err := b.getRateLimit(t.Context(), api.UserRef{ID: nobody}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
		if _, err := b.setRateLimit(t.Context(), api.RateLimitChange{ID: nobody}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
	})
}

func TestFeatures(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "alice")
		list, err := b.listFeatures(t.Context(), api.UserRef{ID: u.ID})
		if err != nil || len(list.Features) != 3 || slices.ContainsFunc(list.Features, func(f api.Feature) bool { return f.On }) {
			t.Fatalf("%+v, %v", list, err)
		}
		on := api.Feature{Name: list.Features[0].Name, On: true}
		for range 2 {
			list, err = b.setFeature(t.Context(), api.FeatureChange{ID: u.ID, Name: on.Name, On: true})
			if err != nil || !slices.Contains(list.Features, on) || list.Features[1].On {
				t.Errorf("on: %+v, %v", list, err)
			}
		}
		if list, err = b.setFeature(t.Context(), api.FeatureChange{ID: u.ID, Name: on.Name}); err != nil || slices.Contains(list.Features, on) {
			t.Errorf("off: %+v, %v", list, err)
		}
		b.sent.reset()
		if _, err := b.setFeature(t.Context(), api.FeatureChange{ID: u.ID, Name: "msc1", On: true}); problem(err) != "no_such_feature [name: no_such_feature]" {
			t.Errorf("unknown: %v", err)
		}
		if sent := strings.Join(b.sent.list(), " "); strings.Contains(sent, "PUT") {
			t.Errorf("an unknown feature was sent: %s", sent)
		}
		if _, err := b.listFeatures(t.Context(), api.UserRef{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
	})
}

// Without account validity a date would be taken and forgotten; so it is found out first, and remembered.
func TestRenewWhereNothingExpires(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "alice")
		if why := b.table.Unavailable()["users.renew"]; why != "" {
			t.Errorf("missing before it was tried: %s", why)
		}
		_, err := b.renew(t.Context(), api.UserRenewal{ID: u.ID, Until: "2999-12-31"})
		if problem(err) != "not_supported" || matrix.Problem(err).Params["reason"] != reasonNoValidity {
			t.Errorf("%v", err)
		}
		if why := b.table.Unavailable()["users.renew"]; why != reasonNoValidity {
			t.Errorf("missing because of %q", why)
		}
	})
}

func TestRenew(t *testing.T) {
	run := func(t *testing.T, b *bench) {
		name := unique("alice")
		token := b.person(t, name, false)
		id := b.id(name)
		v, err := b.renew(t.Context(), api.UserRenewal{ID: id, Until: "2999-12-31"})
		if want := time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC); err != nil || !time.UnixMilli(v.ExpiresMS).Equal(want) {
			t.Errorf("%+v, %v", v, err)
		}
		if v, err = b.renew(t.Context(), api.UserRenewal{ID: id}); err != nil || time.Until(time.UnixMilli(v.ExpiresMS)).Round(time.Hour) != 42*24*time.Hour {
			t.Errorf("the server's own period: %+v, %v", v, err)
		}
		// An account that has expired comes back.
		if err := b.ask(t, http.MethodPost, matrix.At("/_synapse/admin/v1/account_validity/validity"), map[string]any{"user_id": id, "expiration_ts": 1}, nil); err != nil {
			t.Fatal(err)
		}
		if b.alive(t, token) {
			t.Fatal("an expired account is alive")
		}
		if _, err := b.renew(t.Context(), api.UserRenewal{ID: id}); err != nil || !b.alive(t, token) {
			t.Errorf("it is not alive again: %v", err)
		}
		for until, want := range map[string]string{"2001-01-01": "date_past [until: date_past]"} {
			if _, err := b.renew(t.Context(), api.UserRenewal{ID: id, Until: until}); problem(err) != want || !b.alive(t, token) {
				t.Errorf("%s: %v", until, err)
			}
		}
		if _, err := b.renew(t.Context(), api.UserRenewal{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
	}
	t.Run("fake", func(t *testing.T) {
		f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Validity: true})
		run(t, newBench(t, f.URL, homeserver.Settings{}))
	})
	t.Run("real", func(t *testing.T) {
		if !realserver.SynapseInstalled() {
			t.Skip("no Synapse is installed; go run ./tools/setup -only synapse puts one under .cache")
		}
		s, err := realserver.StartSynapse(t.Context(), realserver.SynapseOptions{SharedSecret: testSecret, ExtraYAML: "account_validity: {enabled: true, period: 6w}\n"})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := s.Stop(); err != nil {
				t.Error(err)
			}
		}()
		run(t, newBench(t, s.URL, homeserver.Settings{}))
	})
}

func TestEditDevices(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		b.person(t, name, false)
		id := b.id(name)
		made, err := b.createDevice(t.Context(), api.DeviceCreate{ID: id, Device: "BOT/1?", Name: "A bot"})
		if err != nil || made.ID != id || made.Device.ID != "BOT/1?" || made.Device.DisplayName != "A bot" {
			t.Fatalf("%+v, %v", made, err)
		}
		if _, err := b.createDevice(t.Context(), api.DeviceCreate{ID: id, Device: "BOT/1?"}); problem(err) != "device_exists [device: device_exists]" {
			t.Errorf("twice: %v", err)
		}
		if other, err := b.createDevice(t.Context(), api.DeviceCreate{ID: id}); err != nil || len(other.Device.ID) != 10 || other.Device.LastSeenMS != 0 {
			t.Errorf("without an ID: %+v, %v", other, err)
		}
		for _, name := range []string{"Renamed ü", "Renamed ü", ""} {
			got, err := b.renameDevice(t.Context(), api.DeviceRename{ID: id, Device: made.Device.ID, Name: name})
			if err != nil || got.Device.DisplayName != name || got.Device.ID != made.Device.ID {
				t.Errorf("%q: %+v, %v", name, got, err)
			}
		}
		if _, err := b.renameDevice(t.Context(), api.DeviceRename{ID: id, Device: "NOSUCH", Name: "x"}); problem(err) != "no_such_device [device: no_such_device]" {
			t.Errorf("no such: %v", err)
		}
		if _, err := b.createDevice(t.Context(), api.DeviceCreate{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("nobody: %v", err)
		}
	})
}

// Devices that were never used are ended where that is asked for; one that is in use stays.
func TestPruneDevices(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		name := unique("alice")
		token := b.person(t, name, false)
		id := b.id(name)
		for i := range 2 {
			if _, err := b.createDevice(t.Context(), api.DeviceCreate{ID: id, Device: api.DeviceID(fmt.Sprint("OLD", i))}); err != nil {
				t.Fatal(err)
			}
		}
		b.alive(t, token)
		for { // Synapse writes in batches when a device was seen
			list, err := b.devices(t.Context(), api.UserRef{ID: id})
			if err != nil {
				t.Fatal(err)
			}
			if list.Devices[0].LastSeenMS > 0 {
				break
			}
			select {
			case <-t.Context().Done():
				t.Fatal("the device was never seen")
			case <-time.After(50 * time.Millisecond):
			}
		}
		if done, err := b.pruneDevices(t.Context(), api.DevicePrune{ID: id, Days: 1}); err != nil || done.Count != 0 {
			t.Errorf("without those that were never used: %+v, %v", done, err)
		}
		if done, err := b.pruneDevices(t.Context(), api.DevicePrune{ID: id, Days: 1, Never: true}); err != nil || done.Count != 2 || !b.alive(t, token) {
			t.Errorf("%+v, %v", done, err)
		}
	})
}

func TestPruneByAge(t *testing.T) {
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret})
	b := newBench(t, f.URL, homeserver.Settings{})
	b.person(t, "alice", false)
	for device, days := range map[string]int{"A89": 89, "B91": 91, "C400": 400} {
		b.signsInAs(t, "@alice:localhost", "wonderland", device)
		f.SetSeen("@alice:localhost", device, time.Now().AddDate(0, 0, -days).UnixMilli())
	}
	if done, err := b.pruneDevices(t.Context(), api.DevicePrune{ID: "@alice:localhost", Days: 90}); err != nil || done.Count != 2 {
		t.Fatalf("%+v, %v", done, err)
	}
	list, err := b.devices(t.Context(), api.UserRef{ID: "@alice:localhost"})
	if err != nil || slices.ContainsFunc(list.Devices, func(d api.Device) bool { return d.ID == "B91" || d.ID == "C400" }) || len(list.Devices) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}
