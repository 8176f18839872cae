// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakemas"
)

// refusing has MAS refuse what is asked of these paths.
func refusing(b *bench, ends ...string) {
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		refused := slices.ContainsFunc(ends, func(end string) bool { return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, end) })
		return &http.Response{StatusCode: 400, Header: http.Header{}, Body: http.NoBody, Request: r}, nil, refused
	})
}

func leftOf(list []api.FieldProblem) string {
	var names []string
	for _, f := range list {
		names = append(names, f.Field+":"+f.Code)
	}
	return strings.Join(names, " ")
}

// wish is an account with everything.
func wish() api.UserCreate {
	return api.UserCreate{
		Localpart: "alice", DisplayName: "Alice", Password: typed("12345678"), Admin: true, UserType: "support",
		Threepids:   []api.Threepid{{Medium: "email", Address: "alice@example.org"}},
		ExternalIDs: []api.ExternalID{{AuthProvider: "Keycloak", ExternalID: "42"}},
	}
}

// What is left of an account is told on its card and with the account, and sending the same again with Continue does that, and nothing else.
func TestContinue(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddProvider("Keycloak", "https://sso.example.org")
	req := wish()
	refusing(b, "/user-emails", "/upstream-oauth-links", "/set-admin")
	card, err := b.create(homeserver.WithCaller(t.Context(), "operator:ann"), req)
	const want = "password:mas_weak_password threepids:invalid_email external_ids:mas_refused admin:mas_refused"
	if err != nil || leftOf(card.Left) != want || card.Continued {
		t.Fatalf("%s, %v", leftOf(card.Left), err)
	}
	u, err := b.get(t.Context(), api.UserRef{ID: id("alice")})
	if err != nil || u.Begun == nil || leftOf(u.Begun.Left) != want || u.Begun.By != "operator:ann" || u.Begun.Asked.PasswordMode != api.PasswordTyped || u.Begun.Asked.Threepids[0].Address != "alice@example.org" {
		t.Fatalf("%+v, %v", u.Begun, err)
	}
	if _, err := b.create(t.Context(), req); code(err) != "name_begun localpart:name_begun" {
		t.Errorf("without continue: %v", code(err))
	}
	// Some of it works now.
	refusing(b, "/set-admin")
	req.Continue, req.Password = true, typed("correct horse battery")
	card, err = b.create(t.Context(), req)
	if err != nil || leftOf(card.Left) != "admin:mas_refused" || card.Password.Reveal() != "correct horse battery" || !card.Continued {
		t.Errorf("%+v, %v", card, err)
	}
	b.sent.failing(nil)
	if _, err := b.create(t.Context(), req); code(err) != "password_set_before password.mode:password_set_before" || b.fake.User("alice").Admin {
		t.Errorf("a second password: %v", code(err))
	}
	req.Password = api.PasswordChoice{Mode: api.PasswordNone}
	sent := b.sent.since(func() { card, err = b.create(t.Context(), req) })
	if err != nil || len(card.Left) > 0 || !card.Password.IsZero() || card.User.Begun != nil || !card.User.Admin || len(card.User.Drift) > 0 {
		t.Errorf("%+v, %v", card, err)
	}
	for _, r := range sent {
		if strings.HasSuffix(r, "/set-password") || r == "POST /api/admin/v1/users" || r == "POST /api/admin/v1/user-emails" {
			t.Errorf("done again: %s", r)
		}
	}
	if b.fake.User("alice").Password != "correct horse battery" || len(card.User.Threepids) != 1 || len(card.User.ExternalIDs) != 1 {
		t.Errorf("%+v", card.User)
	}
	// Then it is an account as any other.
	if _, err := b.create(t.Context(), req); code(err) != "nothing_begun localpart:nothing_begun" {
		t.Errorf("finished: %v", code(err))
	}
}

// Only an account that was begun here is continued: no stranger's, no other of the same name, none that has ended.
func TestContinueRefuses(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("stranger", nil)
	for name, tt := range map[string]struct {
		localpart api.Localpart
		begun     string // the account that it is known by
		want      string
	}{
		"a stranger": {"stranger", "", "nothing_begun localpart:nothing_begun"},
		"another":    {"stranger", "01J44RKQYM4G3TNVANTMTDYTX6", "nothing_begun localpart:nothing_begun"},
		"nobody":     {"nobody", "01J44RKQYM4G3TNVANTMTDYTX6", "nothing_begun localpart:nothing_begun"},
	} {
		t.Run(name, func(t *testing.T) {
			left := []api.FieldProblem{{Field: "password", Code: "interrupted"}}
			if tt.begun == "" {
				left = nil
			}
			if err := b.keeper.NoteBegun(t.Context(), "main", homeserver.Begun{ID: id(string(tt.localpart)), Account: tt.begun, Begun: api.Begun{Left: left}}); err != nil {
				t.Fatal(err)
			}
			sent := b.sent.since(func() {
				_, err := b.create(t.Context(), api.UserCreate{Localpart: tt.localpart, Password: typed("correct horse battery"), Admin: true, Continue: true})
				if code(err) != tt.want {
					t.Errorf("%v, want %s", code(err), tt.want)
				}
			})
			for _, r := range sent {
				if strings.HasPrefix(r, "P") && r != "POST /oauth2/token" {
					t.Errorf("sent: %s", r)
				}
			}
			if u, err := b.get(t.Context(), api.UserRef{ID: id("stranger")}); err != nil || u.Begun != nil {
				t.Errorf("%+v, %v", u.Begun, err)
			}
		})
	}
	req := wish()
	req.ExternalIDs = nil
	if card, err := b.create(t.Context(), req); err != nil || leftOf(card.Left) != "password:mas_weak_password" {
		t.Fatalf("%+v, %v", card, err)
	}
	b.fake.AddUser("ended", nil)
	if _, err := b.deactivate(t.Context(), api.UserDeed{ID: id("alice")}); err != nil {
		t.Fatal(err)
	}
	if u, err := b.get(t.Context(), api.UserRef{ID: id("alice")}); err != nil || u.Begun != nil {
		t.Errorf("%+v, %v", u.Begun, err)
	}
	req.Continue = true
	if _, err := b.create(t.Context(), req); code(err) != "nothing_begun localpart:nothing_begun" {
		t.Errorf("an ended account: %v", code(err))
	}
}

// A gate that is stopped in the middle leaves an account that the next one can finish.
func TestInterrupted(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddProvider("Keycloak", "https://sso.example.org")
	req := wish()
	var during *api.Begun
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		if strings.HasSuffix(r.URL.Path, "/set-password") {
			kept, _ := b.keeper.Begun(t.Context(), "main", id("alice"))
			during = &kept.Begun
			if _, err := b.create(t.Context(), req); code(err) != "name_in_use localpart:name_in_use" {
				t.Errorf("at the same time: %v", code(err))
			}
		}
		return nil, nil, false
	})
	if _, err := b.create(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	want := "password threepids external_ids display_name user_type admin"
	if got := strings.ReplaceAll(leftOf(during.Left), ":interrupted", ""); got != want {
		t.Errorf("left in the middle: %s, want %s", got, want)
	}
}

// What was left and is done in another way is left no more.
func TestGotOtherwise(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	req := wish()
	req.ExternalIDs = nil
	refusing(b, "/user-emails", "/set-admin")
	if card, err := b.create(t.Context(), req); err != nil || len(card.Left) != 3 {
		t.Fatalf("%+v, %v", card, err)
	}
	b.sent.failing(nil)
	card, err := b.resetPassword(t.Context(), api.PasswordReset{ID: id("alice"), Password: typed("correct horse battery")})
	if err != nil || leftOf(card.User.Begun.Left) != "threepids:invalid_email admin:mas_refused" {
		t.Errorf("%+v, %v", card.User.Begun, err)
	}
	u, err := b.update(t.Context(), api.UserUpdate{
		ID: id("alice"), Admin: &api.Change[bool]{To: true}, Threepids: &api.Change[[]api.Threepid]{To: req.Threepids},
	})
	if err != nil || u.Begun != nil {
		t.Errorf("%+v, %v", u.Begun, err)
	}
}

// Of an edit that fails in the middle, what was done before it failed is left no more.
func TestGotBeforeItFailed(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	req := wish()
	req.ExternalIDs = nil
	refusing(b, "/user-emails", "/set-admin")
	if card, err := b.create(t.Context(), req); err != nil || len(card.Left) != 3 {
		t.Fatalf("%+v, %v", card, err)
	}
	b.sent.failing(nil)
	refusing(b, "/set-admin")
	_, err := b.update(t.Context(), api.UserUpdate{
		ID: id("alice"), Admin: &api.Change[bool]{To: true}, Threepids: &api.Change[[]api.Threepid]{To: req.Threepids},
	})
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Code != "partly_done" {
		t.Errorf("%v", err)
	}
	b.sent.failing(nil)
	u, err := b.get(t.Context(), api.UserRef{ID: id("alice")})
	if err != nil || u.Begun.Lacks("threepids") || !u.Begun.Lacks("admin") {
		t.Errorf("%+v, %v", u.Begun, err)
	}
}

// Of two who make one name at once at two gates, MAS tells the second what it says when it does not reach Synapse, or that the name is reserved
// there; it can see the first one's a little later.
func TestCreateTogether(t *testing.T) {
	for name, answer := range map[string]struct {
		status int
		body   string
		other  bool // somebody makes the account
		want   string
	}{
		"in MAS":           {500, `{"errors":[{"title":"database error"}]}`, true, "name_in_use localpart:name_in_use"},
		"at Synapse first": {409, `{"errors":[{"title":"Username is reserved by the homeserver"}]}`, true, "name_in_use localpart:name_in_use"},
		"Synapse is down":  {500, `{"errors":[{"title":"error sending request"}]}`, false, "mas_synapse_down"},
		"reserved":         {409, `{"errors":[{"title":"Username is reserved by the homeserver"}]}`, false, "name_refused localpart:name_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, fakemas.Options{})
			if _, err := b.keys.Own(t.Context()); err != nil {
				t.Fatal(err)
			}
			refused := false
			b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
				switch {
				case r.Method == http.MethodPost && r.URL.Path == "/api/admin/v1/users":
					refused = true
					return &http.Response{
						StatusCode: answer.status, Header: http.Header{"Content-Type": {"application/json"}}, Request: r, Body: io.NopCloser(strings.NewReader(answer.body)),
					}, nil, true
				case refused && answer.other && b.fake.User("alice") == nil: // the first look comes too early
					resp, err := http.DefaultTransport.RoundTrip(r)
					b.fake.AddUser("alice", nil)
					return resp, err, true
				}
				return nil, nil, false
			})
			if _, err := b.create(t.Context(), api.UserCreate{Localpart: "alice", Password: typed("correct horse battery")}); code(err) != answer.want {
				t.Errorf("%v, want %s", code(err), answer.want)
			}
		})
	}
}
