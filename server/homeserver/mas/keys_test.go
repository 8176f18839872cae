// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakemas"
	"gatehouse/server/homeserver/matrix"
)

// The personal session is made once, however many ask at once, and is kept for the next process.
func TestSessionIsMadeOnce(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := b.keys.Own(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	own, err := b.keys.Own(t.Context())
	if err != nil || !strings.HasPrefix(string(own), "@gatehouse-") {
		t.Fatalf("%s, %v", own, err)
	}
	if n := count(b.fake.Requests(), "POST /api/admin/v1/personal-sessions"); n != 1 {
		t.Errorf("%d sessions were made", n)
	}
	if u := b.fake.User(own.Localpart()); u == nil || u.Admin || u.Password != "" {
		t.Errorf("the account that Gatehouse acts as is %+v", u)
	}
	second, err := b.another().keys.Own(t.Context())
	if err != nil || second != own || count(b.fake.Requests(), "POST /api/admin/v1/personal-sessions") != 1 {
		t.Errorf("the next process acts as %s, %v", second, err)
	}
	if live := b.fake.Sessions(own.Localpart()); len(live) != 1 || live[0].Scope != scopesSynapse || live[0].Expires == nil {
		t.Errorf("%+v", live)
	}
}

// Of two gates that start together one makes the account and the session, and the other takes them.
func TestSessionOfTwoGates(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.keeper.once = true
	gates := []*keys{b.keys, b.another().keys}
	own := make([]api.UserID, len(gates))
	var all sync.WaitGroup
	for i, k := range gates {
		all.Go(func() {
			var err error
			if own[i], err = k.Own(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if own[0] == "" || own[0] != own[1] || count(b.fake.Requests(), "POST /api/admin/v1/users") != 1 {
		t.Errorf("%v, %v", own, b.fake.Requests())
	}
}

// Before it ends, the session is given another token, which keeps its end.
func TestSessionIsRenewed(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	if _, err := b.list(t.Context(), api.UserQuery{}); err != nil {
		t.Fatal(err)
	}
	first := b.keys.kept
	b.clock.advance(sessionLife - sessionSpare + time.Hour)
	if _, err := b.keys.Own(t.Context()); err != nil {
		t.Fatal(err)
	}
	next := b.keys.kept
	if next.Token == first.Token || next.Session != first.Session || next.id != first.id || !next.Expires.After(first.Expires) {
		t.Errorf("%+v after %+v", next, first)
	}
	if !strings.Contains(b.keeper.kept.Token.Reveal(), next.Token.Reveal()) {
		t.Error("the new token is not kept")
	}
	b.fake.Down(true)
	b.clock.advance(sessionLife - sessionSpare + time.Hour)
	if _, err := b.keys.Own(t.Context()); err != nil {
		t.Errorf("MAS is down while the token is good for days yet: %v", err)
	}
}

// A token that Synapse refuses is replaced: of a revoked session by a new one, of a deactivated account by another's.
func TestSessionThatIsGone(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil     func(t *testing.T, b *bench, own api.UserID)
		same      bool
		otherwise string
	}{
		"revoked": {func(t *testing.T, b *bench, own api.UserID) {
			if err := b.finish(t.Context(), kindPersonal, b.keys.kept.Session); err != nil {
				t.Fatal(err)
			}
		}, true, ""},
		"deactivated": {func(t *testing.T, b *bench, own api.UserID) {
			if _, err := b.deactivate(t.Context(), api.UserDeed{ID: own}); err != nil {
				t.Fatal(err)
			}
		}, false, ""},
		"locked": {func(t *testing.T, b *bench, own api.UserID) {
			p, err := b.mas.byName(t.Context(), own.Localpart())
			if err == nil {
				err = b.tell(t.Context(), pair{id: own, mas: &p}, matrix.At("/api/admin/v1/users/{}/lock", string(p.ID)), nil)
			}
			if err != nil {
				t.Fatal(err)
			}
		}, true, "mas_own_locked"},
		"renewed by another process": {func(t *testing.T, b *bench, own api.UserID) {
			other := b.another().keys
			if _, err := other.session(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := other.regenerate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, fakemas.Options{})
			b.fake.AddUser("alice", nil)
			own, err := b.keys.Own(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, b, own)
			_, err = homeserver.Call(t.Context(), b.synapse, api.GetUser, api.UserRef{ID: id("alice")})
			if code(err) != tt.otherwise {
				t.Fatalf("%v, want %q", err, tt.otherwise)
			}
			if tt.otherwise != "" {
				return
			}
			if now, _ := b.keys.Own(t.Context()); (now == own) != tt.same {
				t.Errorf("acts as %s, before as %s", now, own)
			}
		})
	}
}

// Whose key is lost makes another session for the same account; whose memory refuses keeps none.
func TestSessionThatCannotBeRead(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	own, err := b.keys.Own(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.keeper.kept.Token = api.Secret{}
	again := b.another()
	if now, err := again.keys.Own(t.Context()); err != nil || now != own {
		t.Errorf("%s, %v", now, err)
	}
	b.keeper.kept, b.keeper.refuses = homeserver.ServiceAccount{}, true
	if _, err := b.another().keys.Own(t.Context()); code(err) != "homeserver_token_dead" {
		t.Errorf("%v", err)
	}
	if n := count(b.fake.Requests(), "POST /api/admin/v1/personal-sessions/"); n != 1 || len(b.keeper.retired) != 1 {
		t.Errorf("%d sessions that nobody keeps were revoked and %v noted, want 1", n, b.keeper.retired)
	}
	if !slices.Contains(b.keeper.begun, b.keeper.retired[0]) {
		t.Errorf("noted before they were made: %v, and not %v", b.keeper.begun, b.keeper.retired)
	}
}

// A registration of the gate's own account that nobody answered is noted as one to end, and keeps nobody from trying again.
func TestOwnAccountWithoutAnAnswer(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.keeper.once = true
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		made := r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/api/admin/v1/users")
		return &http.Response{StatusCode: http.StatusGatewayTimeout, Header: http.Header{}, Body: http.NoBody, Request: r}, nil, made // of a proxy
	})
	if _, err := b.keys.Own(t.Context()); err == nil || len(b.keeper.retired) != 1 {
		t.Fatalf("%v, retired %v", err, b.keeper.retired)
	}
	b.sent.failing(nil)
	if own, err := b.keys.Own(t.Context()); err != nil || own == b.keeper.retired[0] {
		t.Errorf("%s, %v", own, err)
	}
}

// While MAS is down, Synapse can ask nobody about tokens and answers 503: the token is not taken for a dead one.
func TestIntrospectionFails(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("alice", nil)
	if _, err := b.get(t.Context(), api.UserRef{ID: id("alice")}); err != nil {
		t.Fatal(err)
	}
	before := b.keys.kept
	b.fake.Down(true)
	_, err := homeserver.Call(t.Context(), b.synapse, api.GetUser, api.UserRef{ID: id("alice")})
	if code(err) != "mas_down_at_synapse" {
		t.Errorf("%v", err)
	}
	if _, err := b.get(t.Context(), api.UserRef{ID: id("alice")}); code(err) != "mas_down" && code(err) != "mas_down_at_synapse" {
		t.Errorf("%v", err)
	}
	b.fake.Down(false)
	if _, err := b.get(t.Context(), api.UserRef{ID: id("alice")}); err != nil || b.keys.kept != before {
		t.Errorf("not the same session when MAS is back: %v", err)
	}
}

// A token of the configuration is used as it is, and nothing is made.
func TestGivenToken(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("root", nil)
	given := b.fake.AddSession("personal", "root", scopesSynapse, "")
	b.keys.given = api.NewSecret(given.Token())
	own, err := b.keys.Own(t.Context())
	if err != nil || own != id("root") {
		t.Fatalf("%s, %v", own, err)
	}
	if _, err := b.get(t.Context(), api.UserRef{ID: id("root")}); err != nil {
		t.Error(err)
	}
	if n := count(b.fake.Requests(), "POST /api/admin/v1/personal-sessions"); n != 0 {
		t.Errorf("%d sessions were made", n)
	}
}
