// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakemas"
)

func TestTokens(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	card, err := b.createToken(t.Context(), api.TokenCreate{Uses: 1, Expires: tomorrow})
	if err != nil || len(card.Text.Reveal()) != 16 || card.Token.Uses != 1 || card.Token.State != api.TokenValid || card.Token.ExpiresMS == 0 || card.Homeserver != b.fake.Synapse.URL {
		t.Fatalf("%+v, %v", card, err)
	}
	own, err := b.createToken(t.Context(), api.TokenCreate{Token: api.NewSecret("a-token-of-mine")})
	if err != nil || own.Token.Uses != 0 || own.Token.ExpiresMS != 0 || own.Token.Start != "a-" {
		t.Errorf("%+v, %v", own, err)
	}
	if _, err := b.createToken(t.Context(), api.TokenCreate{Token: api.NewSecret("a-token-of-mine")}); code(err) != "token_taken token:token_taken" {
		t.Errorf("%v", err)
	}
	if _, err := b.createToken(t.Context(), api.TokenCreate{Expires: "2020-01-01"}); code(err) != "day_over expires:day_over" {
		t.Errorf("%v", err)
	}
	b.fake.UseToken(card.Text.Reveal())
	list, err := b.tokens(t.Context(), api.TokenQuery{})
	if err != nil || len(list.Tokens) != 2 || list.Tokens[0].ID != own.Token.ID || list.Tokens[1].State != api.TokenUsedUp || list.Tokens[1].LastUsedMS == 0 || list.Demand != api.TokenClosed {
		t.Errorf("%+v, %v", list, err)
	}
	one := int64(1)
	after, err := b.updateToken(t.Context(), api.TokenUpdate{ID: card.Token.ID, Uses: &api.Change[int64]{From: &one, To: 5}, Expires: &api.Change[string]{To: ""}})
	if err != nil || after.Uses != 5 || after.ExpiresMS != 0 || after.State != api.TokenValid || after.Completed != 1 {
		t.Errorf("%+v, %v", after, err)
	}
	if _, err := b.updateToken(t.Context(), api.TokenUpdate{ID: card.Token.ID, Uses: &api.Change[int64]{From: &one, To: 7}}); code(err) != "token_changed uses.to:token_changed" {
		t.Errorf("%v", err)
	}
	for range 2 { // once more changes nothing
		if after, err = b.revokeToken(t.Context(), api.TokenRef{ID: own.Token.ID}); err != nil || after.State != api.TokenRevoked {
			t.Errorf("%+v, %v", after, err)
		}
	}
	for range 2 {
		if after, err = b.unrevokeToken(t.Context(), api.TokenRef{ID: own.Token.ID}); err != nil || after.State != api.TokenValid {
			t.Errorf("%+v, %v", after, err)
		}
	}
	if shown, err := b.showToken(t.Context(), api.TokenRef{ID: own.Token.ID}); err != nil || shown.Text.Reveal() != "a-token-of-mine" {
		t.Errorf("%+v, %v", shown, err)
	}
	for _, id := range []api.TokenID{"x", "01J44RKQYM4G3TNVANTMTDYTX6", ".."} {
		if _, err := b.showToken(t.Context(), api.TokenRef{ID: id}); code(err) != "no_such_token" {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestTokenUnanswered(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "tokens") {
			return nil, nil, false
		}
		if resp, err := http.DefaultTransport.RoundTrip(r); err == nil {
			resp.Body.Close()
		}
		return &http.Response{StatusCode: 504, Header: http.Header{}, Body: http.NoBody, Request: r}, nil, true
	})
	if card, err := b.createToken(t.Context(), api.TokenCreate{}); err != nil || card.Text.IsZero() {
		t.Errorf("%+v, %v", card, err)
	}
	if _, err := b.createToken(t.Context(), api.TokenCreate{Token: api.NewSecret("mine")}); code(err) != "token_outcome_unknown" {
		t.Errorf("%v", err)
	}
}

// More tokens than a page and than can be listed: none that can be used is missing, however old it is, and how many there are is said.
func TestManyTokens(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	oldest, err := b.createToken(t.Context(), api.TokenCreate{})
	if err != nil {
		t.Fatal(err)
	}
	for range maxOwned + 3 {
		b.fake.AddRevoked()
	}
	list := func(q api.TokenQuery) api.TokenList {
		t.Helper()
		l, err := b.tokens(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) { // settled by looking
		unanswered := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "tokens")
		if unanswered {
			if resp, err := http.DefaultTransport.RoundTrip(r); err == nil {
				resp.Body.Close()
			}
		}
		return &http.Response{StatusCode: 504, Header: http.Header{}, Body: http.NoBody, Request: r}, nil, unanswered
	})
	newest, err := b.createToken(t.Context(), api.TokenCreate{})
	if err != nil {
		t.Fatal(err)
	}
	all := list(api.TokenQuery{})
	if len(all.Tokens) != maxOwned+2 || all.Total != maxOwned+5 || all.Tokens[0].ID != newest.Token.ID || all.Tokens[1].ID != oldest.Token.ID {
		t.Fatalf("%d of %d: %+v", len(all.Tokens), all.Total, all.Tokens[:2])
	}
	if last := all.Tokens[len(all.Tokens)-1]; last.State != api.TokenRevoked {
		t.Errorf("%+v", last)
	}
	one := list(api.TokenQuery{ID: oldest.Token.ID})
	if len(one.Tokens) != 1 || one.Tokens[0].ID != oldest.Token.ID || one.Total != 0 {
		t.Errorf("%+v", one)
	}
}
