// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"database/sql"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakedendrite"
	"gatehouse/server/homeserver/matrix"
)

// lost is a way to a homeserver that answers until it has taken a write to a path, and nothing but after from then on.
type lost struct {
	path  atomic.Value // a string, "" for none yet
	after func(*http.Request) (*http.Response, error)
	taken atomic.Bool
}

func (l *lost) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.taken.Load() {
		return l.after(r)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	path, _ := l.path.Load().(string)
	if path != "" && r.Method != http.MethodGet && strings.Contains(r.URL.Path, path) && err == nil && resp.StatusCode/100 == 2 {
		l.taken.Store(true)
	}
	return resp, err
}

func answer(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Request: r, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ProtoMajor: 1, ProtoMinor: 1}, nil
	}
}

// Every write of the table is taken by the homeserver, or by its database ("database"), which are gone then in one way or another. It is done,
// or may be, or says how far it got; never does a sentence say that nothing was changed.
func TestTakenAndLost(t *testing.T) {
	const database = "database"
	alice, gone := api.UserID("@alice:localhost"), api.UserID("@gone:localhost")
	another := api.UserReactivation{ID: gone, Password: typed("new password")}
	calls := map[string][]struct {
		path string
		req  api.Request
	}{
		"users.create":         {{"/register", api.UserCreate{Localpart: "new", Password: typed("a password")}}},
		"users.update":         {{database, api.UserUpdate{ID: alice, Admin: change(false, true)}}},
		"users.reset_password": {{"/resetPassword/", api.PasswordReset{ID: alice, Password: typed("new password")}}},
		"users.deactivate":     {{"/resetPassword/", api.UserDeed{ID: alice}}, {"/login", api.UserDeed{ID: alice}}, {"/account/deactivate", api.UserDeed{ID: alice}}},
		"users.reactivate":     {{"/resetPassword/", another}, {database, another}},
		"users.notice":         {{"/send_server_notice/", api.Notice{ID: alice, Text: "x"}}},
		"operators.verify":     nil, // changes nothing that stays
	}
	after := map[string]func(*http.Request) (*http.Response, error){
		"cut off": func(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset") },
		"proxy":   answer(502, "<html>"),
		"broken":  answer(500, `{"Err":""}`),
		"limited": answer(429, `{"errcode":"M_LIMIT_EXCEEDED","error":"x","retry_after_ms":500}`),
	}
	start := func(t *testing.T, withDatabase bool, way *lost) *world {
		w := fakeWorldOver(t, withDatabase, way)
		for _, name := range []api.Localpart{"alice", "gone"} {
			must(t, w, api.CreateUser, api.UserCreate{Localpart: name, Password: typed("a password")})
		}
		if withDatabase {
			must(t, w, api.DeactivateUser, api.UserDeed{ID: gone})
		}
		must(t, w, api.GetUser, api.UserRef{ID: alice})
		return w
	}
	for kind, withDatabase := range map[string]bool{"without database": false, "with database": true} {
		for _, entry := range start(t, withDatabase, &lost{}).adapter {
			name := entry.Op.Info().Name
			list, known := calls[name]
			switch {
			case entry.Op.Info().Kind != api.KindWrite || entry.Why() != "":
				continue
			case !known:
				t.Errorf("%s is in no row", name)
			}
			for _, c := range list {
				for how, fail := range after {
					t.Run(kind+" "+name+" "+c.path+" "+how, func(t *testing.T) {
						way := &lost{after: fail}
						w := start(t, withDatabase, way)
						if c.path == database {
							writer := w.db.writer
							w.db.writer = func() (*sql.DB, error) {
								way.taken.Store(true)
								_ = w.db.read.Close()
								return writer()
							}
						}
						way.path.Store(c.path)
						entry, _ := w.adapter.Find(name)
						_, err := entry.Call(t.Context(), c.req)
						if !way.taken.Load() {
							t.Fatalf("it was not taken: %v", err)
						}
						if p, ok := errors.AsType[*api.Problem](err); err != nil && (!ok || !p.Unclear() && !strings.Contains(p.Code, "unfinished")) {
							t.Errorf("told %v", err)
						}
					})
				}
			}
		}
	}
}

func fakeWorldOver(t *testing.T, database bool, way http.RoundTripper) *world {
	t.Helper()
	fake := fakedendrite.New(t)
	return build(t, settingsOf(fake.URL, fake.Secret, fake.Database, database), fake, matrix.WithTransport(way))
}
