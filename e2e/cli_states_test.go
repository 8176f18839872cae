// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/tools/homeserver"
)

// cliStates are the steps of TestCLICall about what an account may do and what Synapse keeps for it, on an account of their own.
func cliStates(g *gatehouse, hs *homeserver.Server) []cliStep {
	name := unique("states")
	id := hs.UserID(name)
	const password = "the owner's own"
	g.keepSecret(id, password)
	set := func(operation string, now func(synapseUser) bool) cliStep {
		return cliStep{operation, func(t *testing.T) {
			var u cliUser
			g.call(t, operation, ask(id), &u)
			if at := lookUp(t, hs, id); u.ID != id || !now(at) {
				t.Errorf("the account at the homeserver is %+v", at)
			}
		}}
	}
	return []cliStep{
		{"users.suspend", func(t *testing.T) {
			register(t, hs, name, password, false)
			set("users.suspend", func(u synapseUser) bool { return u.Suspended }).do(t)
		}},
		set("users.unsuspend", func(u synapseUser) bool { return !u.Suspended }),
		set("users.shadow_ban", func(u synapseUser) bool { return u.ShadowBanned }),
		set("users.unshadow_ban", func(u synapseUser) bool { return !u.ShadowBanned }),
		{"devices.create", func(t *testing.T) {
			var d object
			g.call(t, "devices.create", ask(id, "device", "BOT/1", "name", "A bot"), &d)
			if d["id"] != id || deviceName(t, hs, id, "BOT/1") != "A bot" {
				t.Errorf("the device is %v, at the homeserver %q", d, deviceName(t, hs, id, "BOT/1"))
			}
		}},
		{"devices.rename", func(t *testing.T) {
			var d object
			g.call(t, "devices.rename", ask(id, "device", "BOT/1", "name", "Renamed"), &d)
			if deviceName(t, hs, id, "BOT/1") != "Renamed" {
				t.Errorf("the device is %v, at the homeserver %q", d, deviceName(t, hs, id, "BOT/1"))
			}
		}},
		{"devices.prune", func(t *testing.T) {
			var done struct {
				Count int `json:"count"`
			}
			before := devices(t, hs, id)
			g.call(t, "devices.prune", ask(id, "days", 1), &done)
			if left := devices(t, hs, id); done.Count != 0 || len(left) != len(before) {
				t.Errorf("%d signed out, left are %q of %q", done.Count, left, before)
			}
			g.call(t, "devices.prune", ask(id, "days", 1, "never", true), &done)
			if left := devices(t, hs, id); done.Count == 0 || slices.Contains(left, "BOT/1") {
				t.Errorf("%d signed out, left are %q", done.Count, left)
			}
		}},
		{"limits.set", func(t *testing.T) {
			var r object
			g.call(t, "limits.set", ask(id, "messages_per_second", 7, "burst", 9), &r)
			if at := rateLimit(t, hs, id); at["messages_per_second"] != 7. || at["burst_count"] != 9. {
				t.Errorf("the limit at the homeserver is %v", at)
			}
			if p := g.callFails(t, "limits.set", ask(id, "messages_per_second", 7)); !slices.Contains(p.at(), "burst rate_mutes") {
				t.Errorf("what mutes: %+v", p)
			}
		}},
		{"limits.get", func(t *testing.T) {
			var r object
			if g.call(t, "limits.get", ask(id), &r); r["own"] != true || r["burst"] != 9. {
				t.Errorf("the limit is %v", r)
			}
		}},
		{"limits.remove", func(t *testing.T) {
			var r object
			if g.call(t, "limits.remove", ask(id), &r); r["own"] != false || len(rateLimit(t, hs, id)) != 0 {
				t.Errorf("the limit is %v, at the homeserver %v", r, rateLimit(t, hs, id))
			}
		}},
		{"features.set", func(t *testing.T) {
			var r object
			g.call(t, "features.set", ask(id, "name", "msc3881", "on", true), &r)
			if at := features(t, hs, id); !at["msc3881"] || at["msc3575"] {
				t.Errorf("the features at the homeserver are %v", at)
			}
		}},
		{"features.list", func(t *testing.T) {
			var list struct{ Features []struct{ Name string } }
			if g.call(t, "features.list", ask(id), &list); len(list.Features) != len(features(t, hs, id)) {
				t.Errorf("the features are %v", list)
			}
		}},
		{"users.renew", func(t *testing.T) { // where accounts expire: TestCLIRenew
			if p := g.callFails(t, "users.renew", ask(id, "until", "2999-12-31")); p.Code != "not_supported" || !strings.Contains(p.Detail, "account_validity") {
				t.Errorf("a server without account validity: %+v", p)
			}
		}},
		{"users.allow_key_reset", func(t *testing.T) { // on a Synapse with MAS it works: the adapter's tests have one
			if p := g.callFails(t, "users.allow_key_reset", ask(id)); p.Code != "not_supported" || !strings.Contains(p.Detail, "password") {
				t.Errorf("a server without MAS: %+v", p)
			}
		}},
		{"users.sign_in_as", func(t *testing.T) {
			var c struct {
				Token     string `json:"token"`
				ExpiresMS int64  `json:"expires_ms"`
			}
			out, errs, code := g.command(encode(t, ask(id, "reason", "ticket 7")), "call", "users.sign_in_as")
			if err := json.Unmarshal([]byte(out), &c); err != nil || code != 0 || !strings.Contains(errs, "to be noticed") || !strings.Contains(errs, id) {
				t.Fatalf("status %d, %v\n%s", code, err, errs)
			}
			g.keepSecret(id, c.Token)
			if who, err := hs.WhoAmI(timeout(t), c.Token); err != nil || who != id {
				t.Errorf("the token is that of %q (%v)", who, err)
			}
			if left := time.Until(time.UnixMilli(c.ExpiresMS)); left < 50*time.Minute || left > time.Hour {
				t.Errorf("it lives for %s", left)
			}
			if p := g.callFails(t, "users.sign_in_as", ask(id)); !slices.Contains(p.at(), "reason missing") {
				t.Errorf("without a reason: %+v", p)
			}
		}},
		{"users.history", func(t *testing.T) {
			var page struct {
				Events []struct{ Operation, Reason, Note string }
			}
			g.call(t, "users.history", ask(id), &page)
			if len(page.Events) == 0 || page.Events[0].Operation != "users.sign_in_as" || page.Events[0].Reason != "ticket 7" || !strings.Contains(page.Events[0].Note, "ends by itself") {
				t.Errorf("the history is %+v", page)
			}
		}},
	}
}

// TestCLIRenew renews accounts on a Synapse where they expire.
func TestCLIRenew(t *testing.T) {
	t.Parallel()
	hs := ownSynapse(t, homeserver.SynapseOptions{
		ServerName: "expiring.example", SharedSecret: synapseSecret, ExtraYAML: "account_validity: {enabled: true, period: 6w}\n",
	})
	g := prepareGatehouse(t, homeservers(hs))
	account := register(t, hs, "expired", "the owner's own", false)
	if err := hs.Admin(timeout(t), http.MethodPost, "/_synapse/admin/v1/account_validity/validity", object{"user_id": account.UserID, "expiration_ts": 1}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := hs.WhoAmI(timeout(t), account.AccessToken); err == nil {
		t.Fatal("the account has not expired")
	}
	var v struct {
		ExpiresMS int64 `json:"expires_ms"`
	}
	g.call(t, "users.renew", ask(account.UserID, "until", "2999-12-31"), &v)
	if want := time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(); v.ExpiresMS != want || !lives(t, hs, account.AccessToken) {
		t.Errorf("it expires at %d, want %d", v.ExpiresMS, want)
	}
}

// deviceName is what a device is called at Synapse.
func deviceName(t *testing.T, hs *homeserver.Server, id, device string) string {
	t.Helper()
	var d struct {
		Name string `json:"display_name"`
	}
	if err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v2/users/"+url.PathEscape(id)+"/devices/"+url.PathEscape(device), nil, &d); err != nil {
		t.Fatal(err)
	}
	return d.Name
}

// rateLimit is an account's own limit at Synapse, as it is told.
func rateLimit(t *testing.T, hs *homeserver.Server, id string) (limit object) {
	t.Helper()
	if err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v1/users/"+url.PathEscape(id)+"/override_ratelimit", nil, &limit); err != nil {
		t.Fatal(err)
	}
	return limit
}

// features are the experimental features of an account at Synapse.
func features(t *testing.T, hs *homeserver.Server, id string) map[string]bool {
	t.Helper()
	var answer struct{ Features map[string]bool }
	if err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v1/experimental_features/"+url.PathEscape(id), nil, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Features
}
