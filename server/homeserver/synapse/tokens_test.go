// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
	"gatehouse/server/homeserver/matrix"
)

// tokenAt is a token as the homeserver has it.
func (b *bench) tokenAt(t *testing.T, text string) (wireToken, bool) {
	t.Helper()
	var w wireToken
	err := b.ask(t, http.MethodGet, matrix.At("/_synapse/admin/v1/registration_tokens/{}", text), nil, &w)
	if err != nil && !matrix.NotFound(err) {
		t.Fatal(err)
	}
	return w, err == nil
}

func TestTokens(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		own := unique("school-2027.")
		card, err := b.createToken(t.Context(), api.TokenCreate{Token: api.NewSecret(own), Uses: 3, Expires: "2100-12-31"})
		if err != nil || card.Text.Reveal() != own || card.Token.Uses != 3 || card.Token.State != api.TokenValid || card.Token.Start != "sc" {
			t.Fatalf("%+v, %v", card, err)
		}
		if w, ok := b.tokenAt(t, own); !ok || w.Uses != 3 || w.Expires != time.Date(2100, 12, 31, 23, 59, 59, 999e6, time.UTC).UnixMilli() {
			t.Errorf("at the homeserver: %+v, %t", w, ok)
		}
		made, err := b.createToken(t.Context(), api.TokenCreate{})
		if err != nil || len(made.Text.Reveal()) != 16 || made.Token.Uses != 0 || made.Token.ExpiresMS != 0 {
			t.Fatalf("generated: %+v, %v", made, err)
		}
		for _, c := range []api.TokenCard{card, made} {
			if data, _ := json.Marshal(c); strings.Contains(string(data), c.Text.Reveal()) || strings.Contains(string(c.Token.ID), c.Text.Reveal()[2:6]) || c.Token.ID.Validate() != nil {
				t.Errorf("%s says too much", data)
			}
		}

		list, err := b.tokens(t.Context(), api.TokenQuery{})
		if err != nil || list.Demand != api.TokenRequired {
			t.Errorf("%+v, %v", list, err)
		}
		if data, _ := api.EncodeWire(list); strings.Contains(string(data), own) {
			t.Errorf("the list says what tokens read: %s", data)
		}
		if one, err := b.tokens(t.Context(), api.TokenQuery{ID: made.Token.ID}); err != nil || len(one.Tokens) != 1 || one.Tokens[0].ID != made.Token.ID {
			t.Errorf("one alone: %+v, %v", one, err)
		}
		shown, err := b.showToken(t.Context(), api.TokenRef{ID: card.Token.ID})
		if err != nil || shown.Text.Reveal() != own || shown.Token.ID != card.Token.ID {
			t.Errorf("%+v, %v", shown, err)
		}

		five := &api.Change[int64]{From: new(int64(3)), To: 5}
		after, err := b.updateToken(t.Context(), api.TokenUpdate{ID: card.Token.ID, Uses: five, Expires: &api.Change[string]{To: ""}})
		if w, _ := b.tokenAt(t, own); err != nil || after.Uses != 5 || after.ExpiresMS != 0 || w.Uses != 5 || w.Expires != 0 {
			t.Errorf("%+v, %v, at the homeserver %+v", after, err, w)
		}
		b.sent.reset()
		if _, err := b.updateToken(t.Context(), api.TokenUpdate{ID: card.Token.ID, Uses: &api.Change[int64]{From: new(int64(3)), To: 7}}); problem(err) != "token_changed [uses.to: token_changed]" {
			t.Errorf("changed meanwhile: %v", err)
		}
		if len(b.sent.list()) != 1 {
			t.Errorf("sent %v", b.sent.list())
		}
		gone, err := b.deleteToken(t.Context(), api.TokenRef{ID: card.Token.ID})
		if _, there := b.tokenAt(t, own); err != nil || gone.ID != card.Token.ID || there {
			t.Errorf("%+v, %v, still there %t", gone, err, there)
		}
		for name, err := range map[string]error{
			"show":   second(b.showToken(t.Context(), api.TokenRef{ID: card.Token.ID})),
			"update": second(b.updateToken(t.Context(), api.TokenUpdate{ID: card.Token.ID, Uses: five})),
			"delete": second(b.deleteToken(t.Context(), api.TokenRef{ID: card.Token.ID})),
		} {
			if problem(err) != "no_such_token" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestTokenRefusals(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		own := unique("taken-token-")
		if _, err := b.createToken(t.Context(), api.TokenCreate{Token: api.NewSecret(own)}); err != nil {
			t.Fatal(err)
		}
		_, err := b.createToken(t.Context(), api.TokenCreate{Token: api.NewSecret(own)})
		if problem(err) != "token_taken [token: token_taken]" {
			t.Errorf("taken: %v", err)
		}
		if data, _ := json.Marshal(err); strings.Contains(string(data), own) {
			t.Errorf("the problem says what the token reads: %s", data)
		}
		if _, err := b.createToken(t.Context(), api.TokenCreate{Expires: "2020-01-01"}); problem(err) != "day_over [expires: day_over]" {
			t.Errorf("over: %v", err)
		}
	})
}

// The states are those that registration goes by, not those of Synapse's lists: there a token with no uses is used up, and anybody
// registers with it.
func TestTokenStates(t *testing.T) {
	s := &synapse{settings: homeserver.Settings{Token: api.NewSecret("x")}}
	past, future := time.Now().Add(-time.Hour).UnixMilli(), time.Now().Add(time.Hour).UnixMilli()
	for _, tt := range []struct {
		w    wireToken
		want api.TokenState
	}{
		{wireToken{}, api.TokenValid},
		{wireToken{Uses: 0, Completed: 9}, api.TokenValid},
		{wireToken{Uses: 2, Completed: 1, Pending: 1}, api.TokenUsedUp},
		{wireToken{Uses: 2, Completed: 1}, api.TokenValid},
		{wireToken{Expires: past}, api.TokenExpired},
		{wireToken{Expires: future}, api.TokenValid},
		{wireToken{Uses: 1, Completed: 1, Expires: past}, api.TokenExpired},
	} {
		if got := s.token(tt.w).State; got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.w, got, tt.want)
		}
	}
	if id := s.token(wireToken{Token: api.NewSecret("short")}).ID; strings.Contains(string(id), "sh") || id[0] != '~' {
		t.Errorf("a short token is called %s", id)
	}
}

// Nobody answers: whether the token was made is found out where that is possible, and never guessed.
func TestTokensUnanswered(t *testing.T) {
	onBoth(t, func(t *testing.T, b *bench) {
		lose := func(arrives bool) {
			b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
				if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/new") {
					return nil, nil, false
				}
				if arrives {
					resp, err := http.DefaultTransport.RoundTrip(r)
					if err != nil {
						return nil, err, true
					}
					resp.Body.Close()
				}
				return answer(r, http.StatusBadGateway, "<html>"), nil, true
			}
		}
		for _, arrives := range []bool{true, false} {
			lose(arrives)
			card, err := b.createToken(t.Context(), api.TokenCreate{})
			if want := map[bool]string{true: "", false: "token_outcome_unknown"}[arrives]; problem(err) != want {
				t.Errorf("arrives %t: %+v, %v", arrives, card, err)
			}
		}
		lose(true) // of a text that was chosen nobody knows whether it is this one
		if _, err := b.createToken(t.Context(), api.TokenCreate{Token: api.NewSecret(unique("chosen-"))}); problem(err) != "token_outcome_unknown" {
			t.Errorf("chosen: %v", err)
		}
	})
}

func TestTokenDemand(t *testing.T) {
	for registration, want := range map[string]api.TokenDemand{"": api.TokenClosed, "open": api.TokenNotAsked, "token": api.TokenRequired} {
		f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Registration: registration})
		if list, err := newBench(t, f.URL, homeserver.Settings{}).tokens(t.Context(), api.TokenQuery{}); err != nil || list.Demand != want {
			t.Errorf("%q: %+v, %v", registration, list, err)
		}
	}
}

func TestWhereTokensAreMissing(t *testing.T) {
	for name, tt := range map[string]struct {
		options fakesynapse.Options
		want    string
	}{
		"old": {fakesynapse.Options{Secret: testSecret, Version: "1.41.0"}, reasonVersion},
		"mas": {fakesynapse.Options{Secret: testSecret, MAS: true}, reasonMAS},
	} {
		f := fakesynapse.New(t, tt.options)
		f.AddUser("root", func(u fakesynapse.Fields) { u["admin"] = true })
		b := newBench(t, f.URL, homeserver.Settings{Token: api.NewSecret(f.Token("@root:localhost"))})
		server, err := b.info(t.Context(), api.ServerQuery{})
		if err != nil || server.Unavailable["tokens.list"] != tt.want || server.Unavailable["tokens.create"] != tt.want {
			t.Errorf("%s: %+v, %v", name, server.Unavailable, err)
		}
	}
}
