// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
)

func to[T any](v T) *api.Change[T]           { return &api.Change[T]{To: v} }
func fromTo[T any](from, v T) *api.Change[T] { return &api.Change[T]{From: &from, To: v} }

func TestUpdateEveryField(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "alice")
		mail := []api.Threepid{{Medium: "email", Address: u.ID.Localpart() + "@example.org"}, {Medium: "msisdn", Address: "49754112345"}}
		identity := []api.ExternalID{{AuthProvider: "oidc-test", ExternalID: u.ID.Localpart()}}
		u, err := b.update(t.Context(), api.UserUpdate{
			ID: u.ID, DisplayName: fromTo(u.DisplayName, "Alice \"><b>"), AvatarURL: to(api.MXC("mxc://localhost/a")), Admin: to(true), UserType: to("bot"), Threepids: to(mail), ExternalIDs: to(identity),
		})
		if err != nil || u.DisplayName != "Alice \"><b>" || u.AvatarURL != "mxc://localhost/a" || !u.Admin || u.UserType != "bot" || len(u.Threepids) != 2 || !slices.Equal(u.ExternalIDs, identity) {
			t.Fatalf("%+v, %v", u, err)
		}
		u, err = b.update(t.Context(), api.UserUpdate{
			ID: u.ID, DisplayName: to(""), AvatarURL: to(api.MXC("")), Admin: to(false), UserType: to(""), Threepids: to([]api.Threepid{}), ExternalIDs: to([]api.ExternalID{}),
		})
		if err != nil || u.DisplayName != "" || u.AvatarURL != "" || u.Admin || u.UserType != "" || len(u.Threepids) != 0 || len(u.ExternalIDs) != 0 {
			t.Errorf("cleared: %+v, %v", u, err)
		}
	})
}

// Only what is asked for and differs goes upstream.
func TestUpdateSendsOnlyWhatChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "alice")
		var sent []string
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if r.Method == http.MethodPut {
				data, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(strings.NewReader(string(data)))
				sent = append(sent, string(data))
			}
			return nil, nil, false
		}
		if _, err := b.update(t.Context(), api.UserUpdate{ID: u.ID, DisplayName: to("New"), Admin: to(false), UserType: to("")}); err != nil {
			t.Fatal(err)
		}
		var body map[string]any
		if len(sent) != 1 || json.Unmarshal([]byte(sent[0]), &body) != nil || len(body) != 1 || body["displayname"] != "New" {
			t.Errorf("sent %q", sent)
		}
		sent = nil
		if got, err := b.update(t.Context(), api.UserUpdate{ID: u.ID, DisplayName: fromTo("Old", "New")}); err != nil || got.DisplayName != "New" || len(sent) != 0 {
			t.Errorf("done already: %+v, %v, sent %q", got, err, sent)
		}
	})
}

func TestUpdateMeetsAnother(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "alice")
		if err := b.ask(t, http.MethodPut, userPath(u.ID), map[string]any{"displayname": "Theirs", "admin": true}, nil); err != nil {
			t.Fatal(err)
		}
		_, err := b.update(t.Context(), api.UserUpdate{ID: u.ID, DisplayName: fromTo(u.DisplayName, "Mine"), Admin: fromTo(false, true), UserType: fromTo("", "bot")})
		p, ok := errors.AsType[*api.Problem](err)
		if !ok || p.Error() != "changed_meanwhile [display_name.to: changed_meanwhile]" || p.Status != 409 || p.Conflict == nil || p.Conflict.DisplayName != "Theirs" {
			t.Fatalf("%v %+v", err, p)
		}
		now, err := b.get(t.Context(), api.UserRef{ID: u.ID})
		if err != nil || now.DisplayName != "Theirs" || now.UserType != "" {
			t.Errorf("something was written: %+v, %v", now, err)
		}
	})
}

func TestUpdateRefusals(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		other, u := newcomer(t, b, "other"), newcomer(t, b, "alice")
		mail := []api.Threepid{{Medium: "email", Address: other.ID.Localpart() + "@example.org"}}
		identity := []api.ExternalID{{AuthProvider: "oidc-test", ExternalID: other.ID.Localpart()}}
		if _, err := b.update(t.Context(), api.UserUpdate{ID: other.ID, Threepids: to(mail), ExternalIDs: to(identity)}); err != nil {
			t.Fatal(err)
		}
		own, err := b.keys.Own(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name string
			req  api.UserUpdate
			want string
		}{
			{"address of another", api.UserUpdate{ID: u.ID, Threepids: to(mail)}, "invalid_request [threepids.to.0.address: threepid_taken]"},
			{"identity of another", api.UserUpdate{ID: u.ID, ExternalIDs: to(identity)}, "invalid_request [external_ids.to.0.external_id: identity_taken]"},
			{"unknown type", api.UserUpdate{ID: u.ID, DisplayName: to("X"), UserType: to("owl")}, "invalid_user_type [user_type.to: invalid_user_type]"},
			{"own rights", api.UserUpdate{ID: own, Admin: to(false)}, "self_demotion [admin.to: self_demotion]"},
			{"nobody", api.UserUpdate{ID: b.id("nobody"), DisplayName: to("X")}, "not_found"},
		} {
			_, err := b.update(t.Context(), tt.req)
			if got := problem(err); got != tt.want {
				t.Errorf("%s: %s", tt.name, got)
			}
		}
		now, err := b.get(t.Context(), api.UserRef{ID: u.ID})
		if err != nil || now.DisplayName != u.DisplayName || len(now.Threepids)+len(now.ExternalIDs) != 0 {
			t.Errorf("something was written: %+v, %v", now, err)
		}
		if _, err := b.get(t.Context(), api.UserRef{ID: b.id("nobody")}); problem(err) != "not_found" {
			t.Errorf("an account was made: %v", err)
		}
	})
}

// The PUT fails in its middle: what came before the fault is done, and the person is told so.
func TestUpdatePartlyDone(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		other, u := newcomer(t, b, "other"), newcomer(t, b, "alice")
		identity := []api.ExternalID{{AuthProvider: "oidc-test", ExternalID: other.ID.Localpart()}}
		if _, err := b.update(t.Context(), api.UserUpdate{ID: other.ID, ExternalIDs: to(identity)}); err != nil {
			t.Fatal(err)
		}
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) { // somebody is faster than the look
			if strings.Contains(r.URL.Path, "auth_providers") {
				return answer(r, http.StatusNotFound, `{"errcode":"M_NOT_FOUND","error":"User not found"}`), nil, true
			}
			return nil, nil, false
		}
		_, err := b.update(t.Context(), api.UserUpdate{ID: u.ID, DisplayName: to("Done"), ExternalIDs: to(identity), Admin: to(true)})
		p, ok := errors.AsType[*api.Problem](err)
		if !ok || p.Error() != "partly_done [external_ids.to: external_id_taken]" || p.Conflict == nil || p.Conflict.DisplayName != "Done" || p.Conflict.Admin {
			t.Errorf("%v %+v", err, p)
		}
		_, err = b.update(t.Context(), api.UserUpdate{ID: u.ID, ExternalIDs: to(identity)})
		if problem(err) != "external_id_taken [external_ids.to: external_id_taken]" {
			t.Errorf("alone: %v", err)
		}
	})
}

// Synapse counts renames against the account's own message limit.
func TestUpdateLimited(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "alice")
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if r.Method == http.MethodPut {
				return answer(r, http.StatusTooManyRequests, `{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":4200}`), nil, true
			}
			return nil, nil, false
		}
		_, err := b.update(t.Context(), api.UserUpdate{ID: u.ID, DisplayName: to("New")})
		p, ok := errors.AsType[*api.Problem](err)
		if !ok || p.Error() != "homeserver_limited [display_name.to: homeserver_limited]" || p.Params["wait"] != "5" || p.RetryMS != 4200 || p.Status != 429 {
			t.Errorf("%+v", p)
		}
	})
}

// What the server says after is looked at: a field that it accepted and did not change is named.
func TestUpdateThatDoesNotStick(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "alice")
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if r.Method == http.MethodPut {
				r.Body = io.NopCloser(strings.NewReader("{}"))
				r.ContentLength = 2
			}
			return nil, nil, false
		}
		_, err := b.update(t.Context(), api.UserUpdate{ID: u.ID, DisplayName: to("New"), Admin: to(true)})
		if problem(err) != "did_not_stick [display_name.to: did_not_stick] [admin.to: did_not_stick]" {
			t.Errorf("%v", err)
		}
	})
}
