// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakedendrite"
)

// noticesOf returns the texts of the notices that somebody got: their client accepts the invitation and reads.
func (w *world) noticesOf(t *testing.T, id api.UserID, password string) []string {
	t.Helper()
	var texts []string
	if w.fake != nil {
		for _, n := range w.fake.Notices() {
			if n.To == string(id) {
				texts = append(texts, n.Body)
			}
		}
		return texts
	}
	token := w.signsIn(t, id, password)
	invited := w.tells(t, token, func(s synced) bool { return len(s.Rooms.Invite) > 0 })
	for room := range invited.Rooms.Invite {
		w.raw(t, http.MethodPost, "/_matrix/client/v3/join/"+url.PathEscape(room), token, map[string]any{}, nil)
		w.tells(t, token, func(s synced) bool { return s.Rooms.Join[room] != nil })
		var messages struct {
			Chunk []struct {
				Type    string `json:"type"`
				Content struct {
					Body string `json:"body"`
				} `json:"content"`
			} `json:"chunk"`
		}
		w.raw(t, http.MethodGet, "/_matrix/client/v3/rooms/"+url.PathEscape(room)+"/messages?dir=b&limit=50", token, nil, &messages)
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
func (w *world) tells(t *testing.T, token string, there func(synced) bool) synced {
	t.Helper()
	var s synced
	query := url.Values{}
	for range 10 {
		s = synced{}
		w.raw(t, http.MethodGet, "/_matrix/client/v3/sync?"+query.Encode(), token, nil, &s)
		if there(s) {
			break
		}
		query = url.Values{"since": {s.Next}, "timeout": {"1000"}}
	}
	return s
}

func TestNotice(t *testing.T) {
	everywhere(t, "", func(t *testing.T, w *world) {
		const password, text = "long enough", "Tonight the server is updated.\n<b>Save</b> your work."
		ann := w.make(t, "ann", password, false)
		ctx := homeserver.WithRequestKey(t.Context(), "a-key-of-a-request-"+string(ann))
		for range 2 { // the same request key: nothing is sent twice
			report, err := w.notice(ctx, api.Notice{IDs: []api.UserID{"@nobody-at-all:localhost", ann}, Text: text})
			if err != nil || report.Done() != 1 || report.Sent[0].Problem == nil || report.Sent[0].Problem.Code != "not_found" {
				t.Fatalf("%+v, %v", report, err)
			}
		}
		if got := w.noticesOf(t, ann, password); !slices.Equal(got, []string{text}) {
			t.Errorf("got %q", got)
		}
	})
}

func TestWithoutNotices(t *testing.T) {
	w := fakeWorld(t, false)
	w.fake.NoNotices()
	ann := w.make(t, "ann", "long enough", false)
	if _, err := do(t, w, api.SendNotice, api.Notice{ID: ann, Text: "x"}); code(err) != "not_supported" {
		t.Errorf("before it was asked: %v", err)
	}
	if s := must(t, w, api.ServerInfo, api.ServerQuery{}); s.Unavailable["users.notice"] != reasonNoNotices {
		t.Errorf("%v", s.Unavailable)
	}
	w.fake.Calls()
	if _, err := do(t, w, api.SendNotice, api.Notice{ID: ann, Text: "x"}); code(err) != "not_supported" || len(w.fake.Calls()) != 0 {
		t.Errorf("%v", err)
	}
}

// Dendrite gives up between two steps, or the answer is lost: nobody knows whether it was sent.
func TestNoticeUnanswered(t *testing.T) {
	w := fakeWorld(t, false)
	ann := w.make(t, "ann", "long enough", false)
	for _, fault := range []fakedendrite.Fault{fakedendrite.Lost, fakedendrite.Cut, fakedendrite.Failed, fakedendrite.Broken} {
		w.fake.Inject("PUT /_synapse/admin/v1/send_server_notice/{txn}", fault)
		if _, err := do(t, w, api.SendNotice, api.Notice{ID: ann, Text: "x"}); code(err) != "outcome_unknown" {
			t.Errorf("%v: %v", fault, err)
		}
	}
}
