// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/seal"
)

// SETTLED 20: the session ends while somebody fills in a form. They sign in again and find what they had typed, but no password; and
// only they do, once, within fifteen minutes.
func TestSessionEndsInMidForm(t *testing.T) {
	type visitor struct {
		name  string
		later time.Duration
		found bool
	}
	for name, c := range map[string]struct {
		after   time.Duration // how long the form was open
		who     visitor
		again   bool // a second look
		keepsNo bool // the session was signed out: nobody knows whose form it is
	}{
		"idle":                {after: 20 * time.Minute, who: visitor{"admin", time.Minute, true}},
		"at its absolute end": {after: 8*time.Hour + time.Minute, who: visitor{"admin", time.Minute, true}},
		"somebody else":       {after: 20 * time.Minute, who: visitor{"root", time.Minute, false}},
		"too late":            {after: 20 * time.Minute, who: visitor{"admin", 16 * time.Minute, false}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, gatetest.Options{}).as(api.Owner)
			action, values := s.open("/hs/accounts/create", "users.create")
			values.Set("localpart", "new")
			values.Set("display_name", "Typed for long")
			values.Set("password.mode", "typed")
			values.Set("password.password", typedPassword)
			s.Clock.Advance(c.after)
			location := seeOther(t, s.post(action, values))
			if !strings.HasPrefix(location, "/sign-in?") || strings.Contains(location, "Typed") || strings.Contains(location, "secret") {
				t.Fatal(location)
			}
			signIn, fields := form(t, s.get(location), "/sign-in")
			fields.Set("name", c.who.name)
			fields.Set("password", gatetest.Password)
			if fields.Get("homeserver") != "hs" {
				t.Errorf("the homeserver %q is chosen", fields.Get("homeserver"))
			}
			s.Clock.Advance(c.who.later)
			next := seeOther(t, s.post(signIn, fields))
			if next != "/hs/accounts/create" {
				t.Fatal(next)
			}
			rec := s.get(next)
			_, back := form(t, rec, action)
			want := url.Values{}
			if c.who.found {
				want = url.Values{"localpart": {"new"}, "display_name": {"Typed for long"}}
			}
			if back.Get("localpart") != want.Get("localpart") || back.Get("display_name") != want.Get("display_name") || back.Get("password.password") != "" {
				t.Errorf("came back as %v", back)
			}
			if strings.Contains(rec.Body.String(), typedPassword) {
				t.Error("the password came back")
			}
			if len(s.Stub.Calls("users.create")) > 0 {
				t.Error("it was done")
			}
			if !c.who.found {
				return
			}
			back.Set("password.mode", "typed")
			back.Set("password.password", typedPassword)
			card(t, s.post(action, back), typedPassword)
			if _, empty := s.open(next, "users.create"); empty.Get("localpart") != "" {
				t.Error("what was typed is there for ever")
			}
		})
	}
}

// What is kept of a form while its person signs in again holds no password, not even sealed.
func TestKeptFormHoldsNoPassword(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	action, values := s.open("/hs/accounts/create", "users.create")
	values.Set("localpart", "new")
	values.Set("password.mode", "typed")
	values.Set("password.password", typedPassword)
	s.Clock.Advance(20 * time.Minute)
	seeOther(t, s.post(action, values))
	const who, screen = "@admin:example.org", "/hs/accounts/create"
	draft, err := s.Store.TakeDraft(t.Context(), who, "hs", screen, s.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(draft.Sealed), "new") {
		t.Error("it is not sealed")
	}
	plain, err := s.Seal.Open(seal.PurposeDraft, draft.Sealed, []byte(who+"\x00"+screen))
	if err != nil || !strings.Contains(string(plain), `"localpart":["new"]`) || strings.Contains(string(plain), typedPassword) || strings.Contains(string(plain), "_key") {
		t.Errorf("%s, %v", plain, err)
	}
	if _, err := s.Seal.Open(seal.PurposeDraft, draft.Sealed, []byte("@root:example.org\x00"+screen)); err == nil {
		t.Error("it opens for somebody else")
	}
}
