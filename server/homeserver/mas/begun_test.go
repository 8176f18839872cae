// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

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

// Of several addresses and identities each is given whatever becomes of the others, and what is left is named one by one.
func TestLeftIsNamed(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddProvider("Keycloak", "https://sso.example.org")
	req := wish()
	req.Password = typed("correct horse battery")
	req.Threepids = []api.Threepid{{Medium: "email", Address: "first@example.org"}, {Medium: "email", Address: "no-domain@"}, {Medium: "email", Address: "third@example.org"}}
	req.ExternalIDs = []api.ExternalID{{AuthProvider: "Keycloak", ExternalID: "42"}, {AuthProvider: "Keycloak", ExternalID: "43"}}
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		taken := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/upstream-oauth-links") && strings.Contains(bodyOf(r), `"43"`)
		return &http.Response{StatusCode: http.StatusConflict, Header: http.Header{}, Body: http.NoBody, Request: r}, nil, taken
	})
	card, err := b.create(t.Context(), req)
	if err != nil || leftOf(card.Left) != "threepids:invalid_email external_ids:mas_taken" || card.Left[0].Params["value"] != "no-domain@" || card.Left[1].Params["value"] != "43" {
		t.Fatalf("%+v, %v", card.Left, err)
	}
	begun := card.User.Begun
	if len(card.User.Threepids) != 2 || len(begun.LeftThreepids()) != 1 || begun.LeftThreepids()[0].Address != "no-domain@" || len(begun.LeftExternalIDs()) != 1 || begun.LeftExternalIDs()[0].ExternalID != "43" {
		t.Errorf("has %v, left are %v and %v", card.User.Threepids, begun.LeftThreepids(), begun.LeftExternalIDs())
	}
}

// bodyOf reads what a request sends, and leaves it there.
func bodyOf(r *http.Request) string {
	if r.Body == nil {
		return ""
	}
	data, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(data))
	return string(data)
}

// A gate that is stopped before it hears that the account was made knows all the same what it was to be; an account that somebody else made of that
// name, long after, is not taken for it.
func TestIntended(t *testing.T) {
	stopped := func(b *bench, req api.UserCreate) {
		t.Helper()
		ctx, kill := context.WithCancel(t.Context())
		b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
			if r.Method != http.MethodPost || r.URL.Path != "/api/admin/v1/users" {
				return nil, nil, false
			}
			if resp, err := http.DefaultTransport.RoundTrip(r.Clone(t.Context())); err == nil {
				resp.Body.Close()
			}
			kill()
			b.keeper.deafen(errStopped) // nothing more is written down
			return nil, errStopped, true
		})
		_, _ = b.create(ctx, req)
		b.sent.failing(nil)
		b.keeper.deafen(nil)
	}
	b := newBench(t, fakemas.Options{})
	req := wish()
	req.ExternalIDs, req.Password = nil, typed("correct horse battery")
	if _, err := b.keys.Own(t.Context()); err != nil {
		t.Fatal(err)
	}
	stopped(b, req)
	next := b.another()
	u, err := next.get(t.Context(), api.UserRef{ID: id("alice")})
	if err != nil || u.Begun == nil || !u.Begun.Lacks("password") || !u.Begun.Lacks("threepids") {
		t.Fatalf("%+v, %v", u.Begun, err)
	}
	if _, err := next.create(t.Context(), req); code(err) != "name_begun localpart:name_begun" {
		t.Errorf("made again: %v", code(err))
	}
	req.Continue = true
	if card, err := next.create(t.Context(), req); err != nil || len(card.Left) > 0 || card.User.Begun != nil || !card.User.Admin {
		t.Errorf("%+v, %v", card, err)
	}

	// An intention that came to nothing is forgotten.
	b.fake.Alone(true)
	bob := api.UserCreate{Localpart: "bob", Password: typed("correct horse battery")}
	if _, err := b.create(t.Context(), bob); code(err) != "mas_synapse_down" {
		t.Errorf("%v", code(err))
	}
	b.fake.Alone(false)
	if _, err := b.keeper.Begun(t.Context(), "main", id("bob")); !errors.Is(err, homeserver.ErrNone) {
		t.Errorf("what came to nothing is remembered: %v", err)
	}
	// One whose account somebody else made later is none.
	_ = b.keeper.NoteBegun(t.Context(), "main", homeserver.Begun{ID: id("carol"), Begun: api.Begun{Left: []api.FieldProblem{{Field: "password", Code: "interrupted"}}}})
	b.clock.advance(time.Hour)
	b.fake.AddUser("carol", nil)
	if u, err := b.get(t.Context(), api.UserRef{ID: id("carol")}); err != nil || u.Begun != nil {
		t.Errorf("%+v, %v", u.Begun, err)
	}
}

var errStopped = errors.New("the gate was stopped")
