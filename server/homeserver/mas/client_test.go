// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"errors"
	"io"
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

// count counts the requests that begin so.
func count(list []string, prefix string) int {
	return len(slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !strings.HasPrefix(s, prefix) }))
}

// A token is got once, used until it is about to end, and renewed before it does; each leaves a session, which is ended.
func TestTokenIsReusedAndRenewed(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := b.version(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := count(b.fake.Requests(), "POST /oauth2/token"); n != 1 {
		t.Errorf("%d tokens were got", n)
	}
	b.clock.advance(260 * time.Second)
	if _, err := b.version(t.Context()); err != nil || count(b.fake.Requests(), "POST /oauth2/token") != 1 {
		t.Errorf("renewed too early, or %v", err)
	}
	b.clock.advance(15 * time.Second) // 25 s before its end
	if _, err := b.version(t.Context()); err != nil || count(b.fake.Requests(), "POST /oauth2/token") != 2 {
		t.Errorf("not renewed before its end, or %v", err)
	}
	if n := b.fake.ClientSessions(); n != 1 {
		t.Errorf("%d sessions of the client are left", n)
	}
	(&Server{own: b.adapter}).Close(t.Context())
	if n := b.fake.ClientSessions(); n != 0 {
		t.Errorf("%d sessions of the client are left at the end", n)
	}
}

// A token that MAS does not take any more is replaced once, and the call sent again.
func TestTokenThatIsRefused(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	if _, err := b.version(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.mas.revoke(t.Context(), b.mas.token)
	if _, err := b.version(t.Context()); err != nil {
		t.Error(err)
	}
	b.mas.ends = b.clock.Now().Add(time.Hour) // as if MAS's clock went ahead of ours
	b.clock.advance(10 * time.Minute)
	if _, err := b.version(t.Context()); err != nil {
		t.Error(err)
	}
}

// What can be wrong with MAS is told in codes that have sentences, and nothing secret is in them.
func TestProblems(t *testing.T) {
	answer := func(status int, body string) func(*http.Request) (*http.Response, error, bool) {
		return func(r *http.Request) (*http.Response, error, bool) {
			if !strings.Contains(r.URL.Path, "version") || strings.HasPrefix(r.URL.Path, "/_synapse") {
				return nil, nil, false
			}
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}, nil, body == "" || body == "empty"
		}
	}
	for name, tt := range map[string]struct {
		options fakemas.Options
		prepare func(*bench)
		want    string
	}{
		"down":               {prepare: func(b *bench) { b.fake.Down(true) }, want: "mas_down"},
		"no admin API":       {options: fakemas.Options{NoAdminAPI: true}, want: "mas_no_adminapi"},
		"not in the policy":  {options: fakemas.Options{NotAdminClient: true}, want: "mas_not_admin_client"},
		"wrong secret":       {prepare: func(b *bench) { b.mas.basic.Password = api.NewSecret("wrong") }, want: "mas_client_refused"},
		"no OAuth there":     {prepare: func(b *bench) { b.mas.oauth = matrix.New(b.fake.Synapse.URL, 0) }, want: "mas_no_oauth"},
		"nobody listens":     {prepare: func(b *bench) { b.mas.oauth = matrix.New("http://127.0.0.1:1", 0) }, want: "mas_down"},
		"a redirect":         {prepare: func(b *bench) { b.sent.failing(answer(302, "")) }, want: "mas_unknown_answer"},
		"a proxy's error":    {prepare: func(b *bench) { b.sent.failing(answer(503, "")) }, want: "mas_down"},
		"a body it dislikes": {prepare: func(b *bench) { b.sent.failing(answer(422, "")) }, want: "mas_unknown_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, tt.options)
			if tt.prepare != nil {
				tt.prepare(b)
			}
			_, err := b.version(t.Context())
			if p := problem(err); p.Code != tt.want {
				t.Errorf("%v is %s, want %s", err, p.Code, tt.want)
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("a secret is in %v", err)
			}
		})
	}
}

// A list is read by the ID of the last item, page by page, to its end; MAS's own links lead in circles.
func TestPages(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		b.fake.AddUser(name, nil)
	}
	path := matrix.At("/api/admin/v1/users")
	all, whole, err := readAll[user](t.Context(), b.mas, path, 2, 100)
	if err != nil || !whole || len(all) != 5 || all[4].Attributes.Username != "e" {
		t.Errorf("%v, %t, %v", all, whole, err)
	}
	some, whole, err := readAll[user](t.Context(), b.mas, path, 2, 3)
	if err != nil || whole || len(some) != 4 {
		t.Errorf("bounded: %d, %t, %v", len(some), whole, err)
	}
	admins, _, err := readAll[user](t.Context(), b.mas, path, 2, 100, administrators())
	if err != nil || len(admins) != 0 {
		t.Errorf("filtered: %v, %v", admins, err)
	}
}

func TestULID(t *testing.T) {
	for text, want := range map[ulid]bool{"01J44RKQYM4G3TNVANTMTDYTX6": true, "01j44rkqym4g3tnvantmtdytx6": true, "": false, "../users": false, "01J44RKQYM4G3TNVANTMTDYTXU": false} {
		if text.valid() != want {
			t.Errorf("%q: %t", text, text.valid())
		}
	}
}

// The table has every operation once, and nothing of MAS is asked before the first call.
func TestTable(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	if err := b.table.Complete(); err != nil {
		t.Error(err)
	}
	for _, op := range api.All() {
		if e, _ := b.table.Find(op.Info().Name); e.Why() == reasonOfSynapse {
			t.Errorf("%s is missing because of MAS, on MAS", op.Info().Name)
		}
	}
	if list := b.fake.Requests(); len(list) > 0 {
		t.Errorf("MAS was asked: %v", list)
	}
}

// reasonOfSynapse is why Synapse alone cannot do something under MAS.
const reasonOfSynapse = "mas"

func TestCancelled(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
		<-r.Context().Done()
		return nil, errors.Join(r.Context().Err()), true
	})
	b.mas.oauth = matrix.New(b.fake.URL, 20*time.Millisecond, matrix.WithTransport(b.sent))
	if _, err := b.version(t.Context()); code(err) != "mas_down" && code(err) != "mas_timeout" {
		t.Errorf("%v", err)
	}
}

var _ homeserver.Keeper = (*memory)(nil)

// A list that does not move on, as MAS's own of user sessions does for whoever follows its links, ends in a problem, in both directions.
func TestListThatDoesNotMoveOn(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	path := matrix.At("/api/admin/v1/user-sessions")
	for name, read := range map[string]func() error{
		"oldest first": func() error { _, _, err := readAll[wireSession](t.Context(), b.mas, path, 2, 100); return err },
		"newest first": func() error { _, _, err := readLatest[wireSession](t.Context(), b.mas, path, 100); return err },
	} {
		asked := 0
		b.sent.failing(func(r *http.Request) (*http.Response, error, bool) {
			if r.URL.Path != "/api/admin/v1/user-sessions" {
				return nil, nil, false
			}
			if asked++; asked > 5 {
				t.Fatalf("%s: asked for ever", name)
			}
			body := `{"meta":{"count":9},"data":[{"id":"01J44RKQYM4G3TNVANTMTDYTX6","attributes":{}},{"id":"01J44RKQYM4G3TNVANTMTDYTX7","attributes":{}}],"links":{"next":"/x","prev":"/x"}}`
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil, true
		})
		if err := read(); code(err) != "mas_unknown_answer" || asked != 2 {
			t.Errorf("%s: %v after %d pages", name, err, asked)
		}
	}
}
