// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
	"gatehouse/server/homeserver/matrix"
)

// noticesOf returns the texts of the notices that somebody got: their client accepts the invitation and reads.
func (b *bench) noticesOf(t *testing.T, f *fakesynapse.Server, id api.UserID, token api.Secret) []string {
	t.Helper()
	var texts []string
	if f != nil {
		for _, n := range f.Notices() {
			if n.To == string(id) {
				texts = append(texts, n.Body)
			}
		}
		return texts
	}
	var sync struct {
		Rooms struct {
			Invite map[string]any `json:"invite"`
		} `json:"rooms"`
	}
	ask := func(method string, path matrix.Path, out any) {
		call := matrix.Call{Method: method, Path: path, Token: token}
		if method == http.MethodPost {
			call.Body = struct{}{}
		} else {
			call.Query = map[string][]string{"dir": {"f"}}
		}
		if _, err := b.raw.Do(t.Context(), call, out); err != nil {
			t.Fatal(err)
		}
	}
	ask(http.MethodGet, matrix.At("/_matrix/client/v3/sync"), &sync)
	for room := range sync.Rooms.Invite {
		ask(http.MethodPost, matrix.At("/_matrix/client/v3/join/{}", room), nil)
		var messages struct {
			Chunk []struct {
				Type    string `json:"type"`
				Content struct {
					Body string `json:"body"`
				} `json:"content"`
			} `json:"chunk"`
		}
		ask(http.MethodGet, matrix.At("/_matrix/client/v3/rooms/{}/messages", room), &messages)
		for _, m := range messages.Chunk {
			if m.Type == "m.room.message" {
				texts = append(texts, m.Content.Body)
			}
		}
	}
	return texts
}

// onBothFake is onBoth, and tells the fake.
func onBothFake(t *testing.T, run func(*testing.T, *bench, *fakesynapse.Server)) {
	t.Run("fake", func(t *testing.T) {
		f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Registration: "token", Notices: true})
		run(t, newBench(t, f.URL, homeserver.Settings{}), f)
	})
	onBoth(t, func(t *testing.T, b *bench) {
		if strings.HasSuffix(t.Name(), "/real") {
			run(t, b, nil)
		}
	})
}

func TestNotice(t *testing.T) {
	onBothFake(t, func(t *testing.T, b *bench, f *fakesynapse.Server) {
		ann, bob := unique("ann"), unique("bob")
		tokens := map[string]api.Secret{ann: b.person(t, ann, false), bob: b.person(t, bob, false)}
		ctx := homeserver.WithRequestKey(t.Context(), "a-key-of-a-request-"+ann)
		const text = "Tonight the server is updated.\n<b>Save</b> your work."
		notice := api.Notice{IDs: []api.UserID{b.id(ann), b.id("nobody"), b.id(bob)}, Text: text}
		for range 2 { // the same request key: nothing is sent twice
			report, err := b.notice(ctx, notice)
			if err != nil || len(report.Sent) != 3 || report.Done() != 2 || problem(report.Sent[1].Problem) != "not_found" {
				t.Fatalf("%+v, %v", report, err)
			}
			if p := report.Failures(); p.Error() != "partly_done [ids.1: not_found]" {
				t.Errorf("%v", p)
			}
		}
		for name, token := range tokens {
			if got := b.noticesOf(t, f, b.id(name), token); len(got) != 1 || got[0] != text {
				t.Errorf("%s got %q", name, got)
			}
		}
		if _, err := b.notice(ctx, api.Notice{ID: b.id("nobody"), Text: text}); problem(err) != "not_found" {
			t.Errorf("to nobody: %v", err)
		}
		if _, err := b.notice(ctx, api.Notice{ID: "@ann:elsewhere.example", Text: text}); problem(err) != "not_local [id: not_local]" {
			t.Errorf("elsewhere: %v", err)
		}
	})
}

// The answer is lost: the second sending of the same transaction sends nothing, and tells that it was done.
func TestNoticeUnanswered(t *testing.T) {
	onBothFake(t, func(t *testing.T, b *bench, f *fakesynapse.Server) {
		ann := unique("ann")
		token := b.person(t, ann, false)
		lost := false
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if lost || r.Method != http.MethodPut {
				return nil, nil, false
			}
			lost = true
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				return nil, err, true
			}
			resp.Body.Close()
			return answer(r, http.StatusBadGateway, "<html>"), nil, true
		}
		report, err := b.notice(homeserver.WithRequestKey(t.Context(), "another-request-key-"+ann), api.Notice{ID: b.id(ann), Text: "once"})
		if err != nil || report.Done() != 1 || !lost {
			t.Fatalf("%+v, %v", report, err)
		}
		if got := b.noticesOf(t, f, b.id(ann), token); len(got) != 1 {
			t.Errorf("got %q", got)
		}
	})
}

func TestWithoutNotices(t *testing.T) {
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret})
	b := newBench(t, f.URL, homeserver.Settings{})
	if why := b.hasNotices(); why != "" {
		t.Errorf("before it was asked: %s", why)
	}
	b.person(t, "ann", false)
	if _, err := b.notice(t.Context(), api.Notice{IDs: []api.UserID{"@ann:localhost", "@bob:localhost"}, Text: "x"}); problem(err) != "not_supported" {
		t.Errorf("%v", err)
	}
	server, err := b.info(t.Context(), api.ServerQuery{})
	if err != nil || server.Unavailable["users.notice"] != reasonNotices || b.hasNotices() != reasonNotices {
		t.Errorf("%+v, %v", server.Unavailable, err)
	}
}
