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

// noticesOf are the texts of the server notices that somebody has got: their client
// accepts the invitation and reads.
func noticesOf(t *testing.T, hs *homeserver.Server, token string) []string {
	t.Helper()
	call := func(method, path string, body, out any) {
		t.Helper()
		if err := hs.Call(timeout(t), method, path, token, body, out); err != nil {
			t.Fatal(err)
		}
	}
	var texts []string
	invited := tells(t, hs, token, func(s synced) bool { return len(s.Rooms.Invite) > 0 })
	for room := range invited.Rooms.Invite {
		call(http.MethodPost, "/_matrix/client/v3/join/"+url.PathEscape(room), map[string]any{}, nil)
		tells(t, hs, token, func(s synced) bool { return s.Rooms.Join[room] != nil })
		var messages struct {
			Chunk []struct {
				Type    string `json:"type"`
				Content struct {
					Body string `json:"body"`
				} `json:"content"`
			} `json:"chunk"`
		}
		call(http.MethodGet, "/_matrix/client/v3/rooms/"+url.PathEscape(room)+"/messages?dir=b&limit=50", nil, &messages)
		for _, m := range messages.Chunk {
			if m.Type == "m.room.message" {
				texts = append(texts, m.Content.Body)
			}
		}
	}
	return texts
}

// synced is what a homeserver tells a client of its rooms (GET /_matrix/client/v3/sync).
type synced struct {
	Next  string `json:"next_batch"`
	Rooms struct {
		Invite map[string]any `json:"invite"`
		Join   map[string]any `json:"join"`
	} `json:"rooms"`
}

// tells asks until the homeserver tells what is waited for, at most some ten seconds: what was written just now may not be there yet.
func tells(t *testing.T, hs *homeserver.Server, token string, there func(synced) bool) synced {
	t.Helper()
	var s synced
	query := url.Values{}
	for range 10 {
		s = synced{}
		if err := hs.Call(timeout(t), http.MethodGet, "/_matrix/client/v3/sync?"+query.Encode(), token, nil, &s); err != nil {
			t.Fatal(err)
		}
		if there(s) {
			break
		}
		query = url.Values{"since": {s.Next}, "timeout": {"1000"}}
	}
	return s
}

// TestNotices sends server notices: without scripts, twice clicked, on both
// homeservers, and with the program.
func TestNotices(t *testing.T) {
	t.Parallel()
	const text = "Tonight the server is updated.\nSave <your> work."
	for _, hs := range []*homeserver.Server{synapse(t), dendrite(t)} {
		t.Run(hs.Kind, func(t *testing.T) {
			t.Parallel()
			g := startGatehouse(t, homeservers(hs))
			d := signedIn(t, g, hs)
			_, id, token := d.account("reader", "the owner's own")
			d.visit("account", "id", id)
			d.click("[popovertarget=account-menu]")
			d.link("Send server notice")
			d.refused(http.StatusUnprocessableEntity, "f-text", "needed")
			d.fill("#f-text", text)
			d.shot("notice-" + hs.Kind)
			d.doneTwice("was sent")
			if got := noticesOf(t, hs, token); !slices.Equal(got, []string{text}) {
				t.Errorf("got %q", got)
			}
			if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit("users.notice", id)); diff != "" {
				t.Errorf("the audit log (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("program", func(t *testing.T) {
		t.Parallel()
		hs := synapse(t)
		g := startGatehouse(t, homeservers(hs))
		d := atProgram(t, g, hs)
		_, id, token := d.account("reader", "the owner's own")
		d.start("account", "id", id)
		d.click("[popovertarget=account-menu]")
		d.follow("#account-menu a", "Send server notice…")
		d.dialog("Send a server notice")
		d.fill("dialog #f-text", "In the program")
		d.confirm("was sent")
		if got := noticesOf(t, hs, token); !slices.Equal(got, []string{"In the program"}) {
			t.Errorf("got %q", got)
		}
	})
	t.Run("off", func(t *testing.T) {
		t.Parallel()
		hs := ownSynapse(t, homeserver.SynapseOptions{SharedSecret: synapseSecret})
		g := startGatehouse(t, homeservers(hs))
		d := signedIn(t, g, hs)
		_, id, _ := d.account("reader", "the owner's own")
		d.visit("account/notice", "id", id)
		if got := d.text("main"); !strings.Contains(got, "server_notices:") || d.count(mainButton) != 0 {
			t.Errorf("the page says %q", got)
		}
		d.visit("registration-tokens")
		if got := d.text("main"); !strings.Contains(got, "Nobody can register on") {
			t.Errorf("the page says %q", got)
		}
	})
}
