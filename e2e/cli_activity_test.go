// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/homeserver"
)

// A talker is an account that is in rooms and has said something there, made past the gate.
type talker struct {
	hs              *homeserver.Server
	name, id, token string
	room            string // of another, with a name
	owner           string // the other's token
	event           string // what was said there
}

const roomName = "A <room> & more"

func newTalker(t *testing.T, hs *homeserver.Server) talker {
	t.Helper()
	name := unique("talker")
	other, me := register(t, hs, unique("host"), "a password of theirs", false), register(t, hs, name, "a password of theirs", false)
	k := talker{hs: hs, name: name, id: me.UserID, token: me.AccessToken, owner: other.AccessToken}
	var room struct {
		ID string `json:"room_id"`
	}
	k.client(t, k.owner, http.MethodPost, "/createRoom", object{"preset": "public_chat", "name": roomName}, &room)
	k.room = room.ID
	k.client(t, k.token, http.MethodPost, "/rooms/"+url.PathEscape(k.room)+"/join", object{}, nil)
	k.event = k.says(t, "buy this")
	return k
}

// client calls the client-server API with a token.
func (k talker) client(t *testing.T, token, method, path string, body, out any) {
	t.Helper()
	if err := k.hs.Call(timeout(t), method, "/_matrix/client/v3"+path, token, body, out); err != nil {
		t.Fatal(err)
	}
}

// says sends a message and returns its event's ID.
func (k talker) says(t *testing.T, text string) string {
	t.Helper()
	var sent struct {
		ID string `json:"event_id"`
	}
	k.client(t, k.token, http.MethodPut, "/rooms/"+url.PathEscape(k.room)+"/send/m.room.message/"+unique("txn"), object{"msgtype": "m.text", "body": text}, &sent)
	return sent.ID
}

// redacted reports whether a message is, as the room's owner sees it.
func (k talker) redacted(t *testing.T, event string) bool {
	t.Helper()
	var out struct {
		Content map[string]any `json:"content"`
	}
	k.client(t, k.owner, http.MethodGet, "/rooms/"+url.PathEscape(k.room)+"/event/"+url.PathEscape(event), nil, &out)
	return len(out.Content) == 0
}

// notified has its notifications sent somewhere, under a key that nobody shall see, which it returns. Synapse takes a key from whoever had it
// before, so each is new.
func (k talker) notified(t *testing.T) (key string) {
	t.Helper()
	key = "a-push-key-" + unique("that-lets-anybody") + "-notify"
	k.client(t, k.token, http.MethodPost, "/pushers/set", object{
		"kind": "http", "app_id": "io.element.ios", "app_display_name": "Element <X>", "device_display_name": "A phone", "pushkey": key, "lang": "en",
		"data": object{"url": "https://push.example/_matrix/push/v1/notify"},
	}, nil)
	return key
}

// keeps stores account data, for all of it and for its room.
func (k talker) keeps(t *testing.T, content object) {
	t.Helper()
	k.client(t, k.token, http.MethodPut, "/user/"+url.PathEscape(k.id)+"/account_data/org.example.kept", content, nil)
	k.client(t, k.token, http.MethodPut, "/user/"+url.PathEscape(k.id)+"/rooms/"+url.PathEscape(k.room)+"/account_data/org.example.here", content, nil)
}

// ended waits for the end of a redaction, and returns what it has come to.
func ended(t *testing.T, status func() string) (got string) {
	t.Helper()
	eventually(t, limit, func() bool {
		got = status()
		return got == "complete" || got == "failed"
	}, func() string { return "the redaction is " + got })
	return got
}

// cliActivity are the steps of TestCLICall about what an account does.
func cliActivity(t *testing.T, g *gatehouse, hs *homeserver.Server) []cliStep {
	k := newTalker(t, hs)
	k.notified(t)
	k.keeps(t, object{"kept": "</script>"})
	id := k.id
	var redaction struct {
		RedactID string `json:"redact_id"`
	}
	return []cliStep{
		{"users.connections", func(t *testing.T) {
			var list struct {
				Connections []object `json:"connections"`
			}
			eventually(t, limit, func() bool { // Synapse notes connections a few seconds late
				g.call(t, "users.connections", ask(id), &list)
				return len(list.Connections) > 0
			}, func() string { return "there are none" })
			if list.Connections[0]["ip"] != "127.0.0.1" {
				t.Errorf("%v", list)
			}
		}},
		{"users.pushers", func(t *testing.T) {
			var list struct {
				Pushers []object `json:"pushers"`
			}
			g.call(t, "users.pushers", ask(id), &list)
			if len(list.Pushers) != 1 || list.Pushers[0]["key"] != "a-pu…tify" || list.Pushers[0]["gateway"] != "push.example" {
				t.Errorf("%v", list)
			}
		}},
		{"users.rooms", func(t *testing.T) {
			var page struct {
				Rooms  []struct{ ID, Name, Membership string }
				Joined int
			}
			g.call(t, "users.rooms", ask(id), &page)
			if len(page.Rooms) != 1 || page.Rooms[0].ID != k.room || page.Rooms[0].Name != roomName || page.Rooms[0].Membership != "join" || page.Joined != 1 {
				t.Errorf("%+v", page)
			}
		}},
		{"users.activity", func(t *testing.T) {
			var counts struct {
				Periods []struct{ Hours, Invites, Joins int }
			}
			g.call(t, "users.activity", ask(id), &counts)
			if len(counts.Periods) != 3 || counts.Periods[0].Joins != 1 || counts.Periods[0].Invites != 0 {
				t.Errorf("%+v", counts)
			}
		}},
		{"users.account_data", func(t *testing.T) {
			var data struct {
				Global []struct{ Type, Content string }
				Rooms  []struct {
					Room string
					Data []object
				}
			}
			g.call(t, "users.account_data", ask(id), &data)
			kept := slices.IndexFunc(data.Global, func(d struct{ Type, Content string }) bool { return d.Type == "org.example.kept" })
			if kept < 0 || !strings.Contains(data.Global[kept].Content, "</script>") || len(data.Rooms) != 1 || data.Rooms[0].Room != k.room {
				t.Errorf("%+v", data)
			}
			if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit("users.account_data", id)); diff != "" {
				t.Errorf("the audit log of reading it (-want +got):\n%s", diff)
			}
		}},
		{"users.find", func(t *testing.T) {
			alter(t, hs, id, emails(k.name+"@example.org"))
			var found struct{ ID string }
			if g.call(t, "users.find", object{"by": "email", "value": strings.ToUpper(k.name) + "@Example.org"}, &found); found.ID != id {
				t.Errorf("found %q", found.ID)
			}
			var nobody struct{ ID string }
			if g.call(t, "users.find", object{"by": "identity", "auth_provider": "oidc-none", "value": "x"}, &nobody); nobody.ID != "" {
				t.Errorf("found %q", nobody.ID)
			}
		}},
		{"users.redact", func(t *testing.T) {
			if p := g.callFails(t, "users.redact", ask(id, "confirm_id", k.name, "scope", "all")); !cmp.Equal(p.at(), []string{"confirm_id confirm_id"}) {
				t.Errorf("without the whole ID: %+v", p)
			}
			g.call(t, "users.redact", ask(id, "confirm_id", id, "rooms", []string{k.room}, "reason", "spam"), &redaction)
		}},
		{"users.redaction", func(t *testing.T) {
			var state struct {
				State  string
				Failed []object
			}
			got := ended(t, func() string {
				g.call(t, "users.redaction", ask(id, "redact_id", redaction.RedactID), &state)
				return state.State
			})
			if got != "complete" || len(state.Failed) != 0 || !k.redacted(t, k.event) {
				t.Errorf("%+v, redacted %t", state, k.redacted(t, k.event))
			}
		}},
	}
}
