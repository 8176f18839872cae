// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
	realserver "gatehouse/tools/homeserver"
)

// The fake refuses what a real Synapse refuses, and with the same words for programs.
func TestFakeAnswersAsTheRealOne(t *testing.T) {
	if !realserver.SynapseInstalled() {
		t.Skip("no Synapse is installed; go run ./tools/setup -only synapse puts one under .cache")
	}
	server, err := real()
	if err != nil {
		t.Fatal(err)
	}
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Registration: "token", Notices: true})
	benches := map[string]*bench{"fake": newBench(t, f.URL, homeserver.Settings{}), "real": newBench(t, server.URL, homeserver.Settings{})}
	name, plain := unique("alice"), unique("plain")
	for _, tt := range []struct{ as, method, path, body string }{
		{"", "GET", "/_synapse/admin/v1/nothing", ""},
		{"", "DELETE", "/_synapse/admin/v2/users/@x:localhost", ""},
		{"", "GET", "/_synapse/admin/v3/users", ""},
		{"dead", "GET", "/_synapse/admin/v3/users", ""},
		{"plain", "GET", "/_synapse/admin/v3/users", ""},
		{"plain", "GET", "/_synapse/admin/v2/users/@nobody:localhost", ""},
		{"root", "GET", "/_synapse/admin/v3/users?order_by=nothing", ""},
		{"root", "GET", "/_synapse/admin/v3/users/", ""},
		{"root", "GET", "/_synapse/admin/v4/users", ""},
		{"root", "GET", "/_synapse/admin/v2/users/@nobody:localhost", ""},
		{"root", "GET", "/_synapse/admin/v2/users/@a/b:localhost", ""},
		{"root", "GET", "/_synapse/admin/v2/users/@a%2Fb:localhost", ""},
		{"root", "GET", "/_synapse/admin/v2/users/@nobody:elsewhere.example", ""},
		{"root", "GET", "/_synapse/admin/v2/users/nobody", ""},
		{"root", "PUT", "/_synapse/admin/v2/users/@" + name + ":localhost", "x"},
		{"root", "PUT", "/_synapse/admin/v2/users/@" + name + ":localhost", `{"user_type":"owl"}`},
		{"root", "PUT", "/_synapse/admin/v2/users/@" + name + ":localhost", `{"locked":true,"deactivated":true}`},
		{"root", "PUT", "/_synapse/admin/v2/users/@_x:localhost", `{}`},
		{"root", "PUT", "/_synapse/admin/v2/users/@" + plain + ":localhost", `{"displayname":null}`},
		{"root", "PUT", "/_synapse/admin/v2/users/@" + plain + ":localhost", `{}`},
		{"root", "GET", "/_synapse/admin/v2/users/@nobody:localhost/devices", ""},
		{"root", "POST", "/_synapse/admin/v2/users/@" + plain + ":localhost/delete_devices", `{}`},
		{"root", "GET", "/_synapse/admin/v1/username_available?username=" + plain, ""},
		{"root", "GET", "/_synapse/admin/v1/username_available?username=_x", ""},
		{"root", "GET", "/_synapse/admin/v1/username_available?username=123", ""},
		{"root", "GET", "/_synapse/admin/v1/threepid/email/users/nobody@example.org", ""},
		{"root", "GET", "/_synapse/admin/v1/auth_providers/x/users/y", ""},
		{"root", "POST", "/_synapse/admin/v1/reset_password/@nobody:localhost", `{"new_password":"x"}`},
		{"root", "POST", "/_synapse/admin/v1/reset_password/@" + plain + ":localhost", `{}`},
		{"root", "POST", "/_synapse/admin/v1/deactivate/@nobody:localhost", `{"erase":false}`},
		{"root", "POST", "/_synapse/admin/v1/deactivate/@" + plain + ":localhost", `{"erase":"no"}`},
		{"root", "GET", "/_synapse/admin/v1/users/@nobody:localhost/joined_rooms", ""},
		{"root", "GET", "/_synapse/admin/v3/users?name=" + plain, ""},
		{"root", "GET", "/_synapse/admin/v2/users?name=" + plain, ""},
		{"root", "GET", "/_synapse/admin/v2/users/@" + plain + ":localhost/devices", ""},
		{"root", "GET", "/_synapse/admin/v1/username_available?username=" + name, ""},
		{"root", "GET", "/_synapse/admin/v1/whois/@" + plain + ":localhost", ""},
		{"root", "PUT", "/_synapse/admin/v1/suspend/@nobody:localhost", `{"suspend":true}`},
		{"root", "PUT", "/_synapse/admin/v1/suspend/@a:elsewhere.example", `{"suspend":true}`},
		{"root", "PUT", "/_synapse/admin/v1/suspend/@" + plain + ":localhost", `{}`},
		{"root", "PUT", "/_synapse/admin/v1/suspend/@" + plain + ":localhost", `{"suspend":1}`},
		{"root", "PUT", "/_synapse/admin/v1/suspend/@" + plain + ":localhost", `{"suspend":false}`},
		{"root", "POST", "/_synapse/admin/v1/users/@nobody:localhost/shadow_ban", `{}`},
		{"root", "DELETE", "/_synapse/admin/v1/users/@a:elsewhere.example/shadow_ban", `{}`},
		{"root", "DELETE", "/_synapse/admin/v1/users/@" + plain + ":localhost/shadow_ban", `{}`},
		{"root", "GET", "/_synapse/admin/v1/users/@nobody:localhost/override_ratelimit", ""},
		{"root", "GET", "/_synapse/admin/v1/users/@" + plain + ":localhost/override_ratelimit", ""},
		{"root", "POST", "/_synapse/admin/v1/users/@" + plain + ":localhost/override_ratelimit", `{"burst_count":-1}`},
		{"root", "POST", "/_synapse/admin/v1/users/@" + plain + ":localhost/override_ratelimit", `{"messages_per_second":1.5}`},
		{"root", "POST", "/_synapse/admin/v1/users/@" + plain + ":localhost/override_ratelimit", `{}`},
		{"root", "DELETE", "/_synapse/admin/v1/users/@" + plain + ":localhost/override_ratelimit", `{}`},
		{"root", "GET", "/_synapse/admin/v1/experimental_features/@nobody:localhost", ""},
		{"root", "GET", "/_synapse/admin/v1/experimental_features/@a:elsewhere.example", ""},
		{"root", "PUT", "/_synapse/admin/v1/experimental_features/@nobody:localhost", `{"features":{"msc3881":true}}`},
		{"root", "PUT", "/_synapse/admin/v1/experimental_features/@" + plain + ":localhost", `{"features":{"msc1":true}}`},
		{"root", "PUT", "/_synapse/admin/v1/experimental_features/@" + plain + ":localhost", `{}`},
		{"root", "POST", "/_synapse/admin/v1/account_validity/validity", `{}`},
		{"root", "POST", "/_synapse/admin/v1/account_validity/validity", `{"user_id":""}`},
		{"root", "POST", "/_synapse/admin/v1/account_validity/validity", `{"user_id":"@` + plain + `:localhost","expiration_ts":32503680000000}`},
		{"root", "POST", "/_synapse/admin/v1/users/@" + plain + ":localhost/_allow_cross_signing_replacement_without_uia", `{}`},
		{"root", "POST", "/_synapse/admin/v1/users/@nobody:localhost/login", `{}`},
		{"root", "POST", "/_synapse/admin/v1/users/@a:elsewhere.example/login", `{}`},
		{"root", "POST", "/_synapse/admin/v1/users/@" + plain + ":localhost/login", `{"valid_until_ms":"soon"}`},
		{"root", "POST", "/_synapse/admin/v1/users/@" + plain + ":localhost/login", `{"valid_until_ms":1}`},
		{"root", "POST", "/_synapse/admin/v2/users/@nobody:localhost/devices", `{"device_id":"A"}`},
		{"root", "POST", "/_synapse/admin/v2/users/@" + plain + ":localhost/devices", `{}`},
		{"root", "POST", "/_synapse/admin/v2/users/@" + plain + ":localhost/devices", `{"device_id":7}`},
		{"root", "POST", "/_synapse/admin/v2/users/@" + plain + ":localhost/devices", `{"device_id":"A"}`},
		{"root", "PUT", "/_synapse/admin/v2/users/@" + plain + ":localhost/devices/NOSUCH", `{"display_name":"x"}`},
		{"root", "PUT", "/_synapse/admin/v2/users/@" + plain + ":localhost/devices/A", `{"display_name":"` + strings.Repeat("x", 101) + `"}`},
		{"root", "PUT", "/_synapse/admin/v2/users/@" + plain + ":localhost/devices/A", `{"display_name":"x"}`},
		{"plain", "POST", "/_matrix/client/v3/keys/device_signing/upload", `{}`},
		{"root", "GET", "/_synapse/admin/v1/whois/@nobody:elsewhere.example", ""},
		{"root", "GET", "/_synapse/admin/v1/users/@nobody:localhost/pushers", ""},
		{"root", "GET", "/_synapse/admin/v1/users/@nobody:elsewhere.example/pushers", ""},
		{"root", "GET", "/_synapse/admin/v1/users/@" + plain + ":localhost/pushers", ""},
		{"root", "GET", "/_synapse/admin/v1/users/@nobody:localhost/accountdata", ""},
		{"root", "GET", "/_synapse/admin/v1/users/@" + plain + ":localhost/accountdata", ""},
		{"root", "GET", "/_synapse/admin/v1/users/@nobody:localhost/memberships", ""},
		{"root", "GET", "/_synapse/admin/v1/users/@nobody:localhost/sent_invite_count?from_ts=0", ""},
		{"root", "GET", "/_synapse/admin/v1/users/@nobody:localhost/sent_invite_count", ""},
		{"root", "GET", "/_synapse/admin/v1/users/@nobody:localhost/cumulative_joined_room_count?from_ts=0", ""},
		{"root", "GET", "/_synapse/admin/v1/rooms/!nosuch:localhost", ""},
		{"root", "POST", "/_synapse/admin/v1/user/@nobody:localhost/redact", `{"rooms":[]}`},
		{"root", "POST", "/_synapse/admin/v1/user/nobody/redact", `{"rooms":[]}`},
		{"root", "POST", "/_synapse/admin/v1/user/@nobody:localhost/redact", `{}`},
		{"root", "GET", "/_synapse/admin/v1/user/redact_status/none", ""},
		{"plain", "GET", "/_synapse/admin/v1/user/redact_status/none", ""},
		{"plain", "POST", "/_matrix/client/v3/pushers/set", `{"kind":"http"}`},
		{"plain", "POST", "/_matrix/client/v3/rooms/!nosuch:localhost/join", `{"reason":"x"}`},
		{"plain", "GET", "/_matrix/client/v3/account/whoami", ""},
		{"", "GET", "/_synapse/admin/v1/server_version", ""},
		{"", "GET", "/_synapse/admin/v1/register", ""},
		{"", "GET", "/_matrix/federation/v1/version", ""},
		{"", "POST", "/_matrix/client/v3/login", `{"type":"m.login.password","identifier":{"type":"m.id.user","user":"` + plain + `"},"password":"wonderland"}`},
		{"", "POST", "/_synapse/admin/v1/register", `{"nonce":"x","username":"a","password":"b","mac":"c"}`},
		{"", "POST", "/_matrix/client/v3/login", `{"type":"m.login.password","identifier":{"type":"m.id.user","user":"nobody"},"password":"x"}`},
		{"", "GET", "/_matrix/client/v1/auth_metadata", ""},
		{"", "GET", "/.well-known/matrix/client", ""},
		{"", "POST", "/_matrix/client/v3/register", "{}"},
		{"plain", "GET", "/_synapse/admin/v1/registration_tokens", ""},
		{"root", "POST", "/_synapse/admin/v1/registration_tokens/new", ""},
		{"root", "POST", "/_synapse/admin/v1/registration_tokens/new", `{"token":"` + name + `","uses_allowed":2}`},
		{"root", "POST", "/_synapse/admin/v1/registration_tokens/new", `{"token":"` + name + `"}`},
		{"root", "POST", "/_synapse/admin/v1/registration_tokens/new", `{"token":"a b"}`},
		{"root", "POST", "/_synapse/admin/v1/registration_tokens/new", `{"uses_allowed":-1}`},
		{"root", "POST", "/_synapse/admin/v1/registration_tokens/new", `{"expiry_time":1}`},
		{"root", "GET", "/_synapse/admin/v1/registration_tokens", ""},
		{"root", "GET", "/_synapse/admin/v1/registration_tokens/" + name, ""},
		{"root", "GET", "/_synapse/admin/v1/registration_tokens/none", ""},
		{"root", "PUT", "/_synapse/admin/v1/registration_tokens/" + name, `{"uses_allowed":null}`},
		{"root", "PUT", "/_synapse/admin/v1/registration_tokens/none", `{}`},
		{"root", "DELETE", "/_synapse/admin/v1/registration_tokens/" + name, ""},
		{"root", "DELETE", "/_synapse/admin/v1/registration_tokens/" + name, ""},
		{"root", "GET", "/_synapse/admin/v1/users/@nobody:localhost/media", ""},
		{"root", "GET", "/_synapse/admin/v1/users/@nobody:elsewhere.example/media", ""},
		{"plain", "POST", "/_matrix/media/v3/upload?filename=x", "text"},
		{"root", "GET", "/_synapse/admin/v1/users/@" + plain + ":localhost/media", ""},
		{"root", "GET", "/_synapse/admin/v1/users/@" + plain + ":localhost/media?order_by=nothing", ""},
		{"root", "GET", "/_synapse/admin/v1/statistics/users/media?search_term=" + plain, ""},
		{"root", "GET", "/_synapse/admin/v1/statistics/users/media?search_term=", ""},
		{"root", "GET", "/_synapse/admin/v1/media/localhost/None", ""},
		{"root", "DELETE", "/_synapse/admin/v1/media/localhost/None", ""},
		{"root", "DELETE", "/_synapse/admin/v1/media/elsewhere.example/None", ""},
		{"root", "POST", "/_synapse/admin/v1/media/quarantine/localhost/None", "{}"},
		{"root", "POST", "/_synapse/admin/v1/media/unquarantine/localhost/None", "{}"},
		{"root", "POST", "/_synapse/admin/v1/media/protect/None", "{}"},
		{"root", "POST", "/_synapse/admin/v1/user/@" + plain + ":localhost/media/quarantine", "{}"},
		{"root", "GET", "/_matrix/client/v1/media/thumbnail/localhost/None?width=96&height=96", ""},
		{"", "GET", "/_matrix/client/v1/media/thumbnail/localhost/None?width=96&height=96", ""},
		{"root", "DELETE", "/_synapse/admin/v1/users/@" + plain + ":localhost/media", ""},
		{"root", "POST", "/_synapse/admin/v1/send_server_notice", `{"user_id":"@` + plain + `:localhost"}`},
		{"root", "POST", "/_synapse/admin/v1/send_server_notice", `{"user_id":"@nobody:localhost","content":{"msgtype":"m.text","body":"x"}}`},
		{"root", "POST", "/_synapse/admin/v1/send_server_notice", `{"user_id":"@x:elsewhere.example","content":{"msgtype":"m.text","body":"x"}}`},
		{"root", "POST", "/_synapse/admin/v1/send_server_notice", `{"user_id":"@` + plain + `:localhost","content":{"msgtype":"m.text"}}`},
		{"root", "PUT", "/_synapse/admin/v1/send_server_notice/t1", `{"user_id":"@` + plain + `:localhost","content":{"msgtype":"m.text","body":"x"}}`},
	} {
		var got [2]string
		for i, which := range []string{"fake", "real"} {
			b := benches[which]
			token := ""
			switch tt.as {
			case "root":
				token = b.admin(t).Reveal()
			case "plain":
				if tokens[b] == "" {
					tokens[b] = b.person(t, plain, false).Reveal()
				}
				token = tokens[b]
			case "dead":
				token = "syt_dead"
			}
			got[i] = short(t, b.url, tt.method, tt.path, token, tt.body)
		}
		if got[0] != got[1] {
			t.Errorf("%s %s %s as %q: the fake answers %s, a real one %s", tt.method, tt.path, tt.body, tt.as, got[0], got[1])
		}
	}
}

// tokens are those of an account without rights, by bench.
var tokens = map[*bench]string{}

// short is the status and errcode of an answer, or its keys.
func short(t *testing.T, base, method, path, token, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]json.RawMessage
	if json.Unmarshal(data, &out) != nil {
		return fmt.Sprint(resp.StatusCode, " no JSON")
	}
	if code, ok := out["errcode"]; ok {
		return fmt.Sprint(resp.StatusCode, " ", string(code))
	}
	shape := fmt.Sprint(resp.StatusCode, " ", slices.Sorted(maps.Keys(out)))
	for _, list := range []string{"users", "devices", "registration_tokens", "media"} {
		var rows []map[string]json.RawMessage
		if json.Unmarshal(out[list], &rows) == nil && len(rows) > 0 {
			shape += fmt.Sprint(" ", slices.Sorted(maps.Keys(rows[0])))
		}
	}
	return shape
}
