// SPDX-License-Identifier: Apache-2.0

package users

import (
	"encoding/json"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

// The card shows the token once, with its end, and what the program is given of the page has it not.
func TestTokenCard(t *testing.T) {
	const token = "syt_shown_once"
	for _, language := range []string{"en", "de"} {
		s := NewSignInAs().(screen.Writer)
		s.Use(screentest.In(screentest.Env(), language))
		next := s.After("users.sign_in_as", api.Impersonation{
			User: mix()[2], Token: api.NewSecret(token), ExpiresMS: screentest.Now.UnixMilli() + 3_600_000, Homeserver: "https://matrix.uni-lindau.example",
		})
		if next.Screen == nil || next.URL != "" {
			t.Fatalf("%+v", next)
		}
		next.Screen.Use(screentest.In(screentest.Env(), language))
		page := ui.HTML(next.Screen)
		if !strings.Contains(page, token) || strings.Contains(page, "<svg class=\"gh-qr") {
			t.Error("the token is not on the card, or there is a code")
		}
		if block, err := json.Marshal(next.Screen); err != nil || strings.Contains(string(block), token) {
			t.Errorf("the token is in the block: %s, %v", block, err)
		}
		screentest.Golden(t, "token-card-"+language, page)
	}
}

// There is no token without a reason, and none that lives longer than a day.
func TestSignInAsAsks(t *testing.T) {
	u := mix()[2]
	sent := submit(t, open(t, NewSignInAs(), screentest.Env(), asking(u, synapse()), about("account/sign-in-as", u), ui.FormState{Key: "k"}))
	if p, ok := decode(t, api.SignInAs, sent).Validate().(*api.Problem); !ok || len(p.Fields) != 1 || p.Fields[0].Field != "reason" {
		t.Error("a token without a reason is fine")
	}
	sent.values.Set("reason", "Ticket 4711")
	sent.values.Set("minutes", "1440")
	if err := decode(t, api.SignInAs, sent).Validate(); err != nil {
		t.Error(err)
	}
	sent.values.Set("minutes", "1441")
	if err := decode(t, api.SignInAs, sent).Validate(); err == nil {
		t.Error("a token for longer than a day is fine")
	}
}
