// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
)

func TestFind(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		u := newcomer(t, b, "alice")
		name := u.ID.Localpart()
		mail := []api.Threepid{{Medium: "email", Address: name + "@example.org"}, {Medium: "msisdn", Address: "49754" + strings.TrimPrefix(name, "alice")}}
		identity := []api.ExternalID{{AuthProvider: "oidc-test", ExternalID: "a/b " + name}}
		if _, err := b.update(t.Context(), api.UserUpdate{ID: u.ID, Threepids: to(mail), ExternalIDs: to(identity)}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			ask  api.UserFind
			want api.UserID
		}{
			{api.UserFind{By: api.ByEmail, Value: mail[0].Address}, u.ID},
			{api.UserFind{By: api.ByPhone, Value: mail[1].Address}, u.ID},
			{api.UserFind{By: api.ByIdentity, Provider: "oidc-test", Value: "a/b " + name}, u.ID},
			{api.UserFind{By: api.ByIdentity, Provider: "oidc-other", Value: "a/b " + name}, ""},
			{api.UserFind{By: api.ByEmail, Value: "nobody@example.org"}, ""},
			{api.UserFind{By: api.ByPhone, Value: "1999999"}, ""},
		} {
			b.sent.reset()
			got, err := b.find(t.Context(), c.ask)
			if err != nil || got.ID != c.want || len(b.sent.list()) != 1 {
				t.Errorf("%+v: %+v, %v, sent %v", c.ask, got, err, b.sent.list())
			}
		}
		if _, err := b.find(t.Context(), api.UserFind{By: api.ByIdentity, Provider: "..", Value: "x"}); problem(err) != "invalid_request [value: invalid_request]" {
			t.Errorf("dots: %v", err)
		}
	})
}

// holder is an account with an address and two identities, by an account that wants one of each.
func holder(t *testing.T, b *bench) (other, u api.User, mail []api.Threepid, wanted []api.ExternalID) {
	t.Helper()
	other, u = newcomer(t, b, "other"), newcomer(t, b, "alice")
	name := other.ID.Localpart()
	mail = []api.Threepid{{Medium: "email", Address: name + "@example.org"}}
	wanted = []api.ExternalID{{AuthProvider: "oidc-test", ExternalID: name}}
	both := append([]api.ExternalID{{AuthProvider: "saml", ExternalID: name}}, wanted...)
	kept := append([]api.Threepid{{Medium: "email", Address: "kept-" + name + "@example.org"}}, mail...)
	if _, err := b.update(t.Context(), api.UserUpdate{ID: other.ID, Threepids: to(kept), ExternalIDs: to(both)}); err != nil {
		t.Fatal(err)
	}
	return other, u, mail, wanted
}

// What belongs to another account moves when that account is named, and what else it has stays with it.
func TestMove(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		other, u, mail, wanted := holder(t, b)
		move := api.UserUpdate{ID: u.ID, DisplayName: to("Moved"), Threepids: to(mail), ExternalIDs: to(wanted)}
		_, err := b.update(t.Context(), move)
		p, ok := errors.AsType[*api.Problem](err)
		if !ok || p.Error() != "invalid_request [threepids.to.0.address: threepid_taken] [external_ids.to.0.external_id: identity_taken]" || p.Fields[0].Params["owner"] != string(other.ID) || p.Fields[1].Params["owner"] != string(other.ID) {
			t.Fatalf("%v", err)
		}
		move.MoveFrom = []api.UserID{b.id("somebody-else")}
		if _, err := b.update(t.Context(), move); problem(err) != p.Error() {
			t.Errorf("another account was named: %v", err)
		}
		move.MoveFrom = []api.UserID{other.ID}
		after, err := b.update(t.Context(), move)
		if err != nil || after.DisplayName != "Moved" || !slices.Equal(after.ExternalIDs, wanted) || len(after.Threepids) != 1 || after.Threepids[0].Address != mail[0].Address {
			t.Fatalf("%+v, %v", after, err)
		}
		left, err := b.get(t.Context(), api.UserRef{ID: other.ID})
		if err != nil || len(left.ExternalIDs) != 1 || left.ExternalIDs[0].AuthProvider != "saml" || len(left.Threepids) != 1 || !strings.HasPrefix(left.Threepids[0].Address, "kept-") {
			t.Errorf("left: %+v, %v", left, err)
		}
		found, err := b.find(t.Context(), api.UserFind{By: api.ByIdentity, Provider: wanted[0].AuthProvider, Value: wanted[0].ExternalID})
		if err != nil || found.ID != u.ID {
			t.Errorf("found %+v, %v", found, err)
		}
	})
}

// Taken from one account and refused to the other: nobody has it, and the person is told so.
func TestMoveThatStopsHalfWay(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		other, u, _, wanted := holder(t, b)
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, u.ID.Localpart()) {
				return answer(r, http.StatusTooManyRequests, `{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":4200}`), nil, true
			}
			return nil, nil, false
		}
		move := api.UserUpdate{ID: u.ID, ExternalIDs: to(wanted), MoveFrom: []api.UserID{other.ID}}
		_, err := b.update(t.Context(), move)
		p, ok := errors.AsType[*api.Problem](err)
		if !ok || p.Error() != "partly_done [external_ids.to: homeserver_limited] [external_ids.to.0.external_id: taken_away]" || p.Fields[1].Params["owner"] != string(other.ID) || p.RetryMS != 4200 {
			t.Fatalf("%v", err)
		}
		b.sent.fail = nil
		if after, err := b.update(t.Context(), move); err != nil || !slices.Equal(after.ExternalIDs, wanted) {
			t.Errorf("sent again: %+v, %v", after, err)
		}
	})
}

// The account that shall lose something refuses: nothing has changed.
func TestMoveThatDoesNotBegin(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		other, u, _, wanted := holder(t, b)
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, other.ID.Localpart()) {
				return answer(r, http.StatusBadRequest, `{"errcode":"M_UNKNOWN","error":"no"}`), nil, true
			}
			return nil, nil, false
		}
		_, err := b.update(t.Context(), api.UserUpdate{ID: u.ID, ExternalIDs: to(wanted), MoveFrom: []api.UserID{other.ID}})
		if problem(err) != "homeserver_refused" {
			t.Errorf("%v", err)
		}
		now, err := b.get(t.Context(), api.UserRef{ID: other.ID})
		if err != nil || len(now.ExternalIDs) != 2 {
			t.Errorf("%+v, %v", now, err)
		}
	})
}
