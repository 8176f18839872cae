// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store/storetest"
)

// ask asks for the answer to a write that was sent before, as a page does that is loaded again.
func ask(w *gatetest.World, cookie *http.Cookie, operation, key string) *httptest.ResponseRecorder {
	r := w.Request(http.MethodPost, "/api/hs/"+operation, "", cookie)
	r.Header.Set(gate.KeyHeader, key)
	r.Header.Set("Gatehouse-Again", "1")
	return w.Serve(r)
}

// The answer is there for a minute, by its key alone, for its session alone, and nothing is done or recorded for it.
func TestAnswerAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		cookie := w.Session(w.Person(api.Owner))
		refused(t, ask(w, cookie, "users.create", key), 404, "answer_gone")
		first := w.Call(cookie, "users.create", key, create)
		for range 2 {
			if again := ask(w, cookie, "users.create", key); again.Code != 200 || again.Body.String() != first.Body.String() {
				t.Errorf("%d %s", again.Code, again.Body)
			}
		}
		refused(t, ask(w, cookie, "users.create", ""), 400, "request_key_missing")
		refused(t, ask(w, cookie, "users.reset_password", key), 409, "key_reused")
		refused(t, ask(w, cookie, "users.list", key), 405, "method_not_allowed")
		refused(t, ask(w, w.Session(w.Person(api.Owner)), "users.create", key), 404, "answer_gone")
		refused(t, ask(w, nil, "users.create", key), 401, "signed_out")
		time.Sleep(gate.AnswerLife)
		synctest.Wait()
		refused(t, ask(w, cookie, "users.create", key), 409, "already_done_secret")
		done(t, w, "users.create")
		refused(t, ask(w, w.Session(w.Person(api.Auditor)), "users.create", key), 403, "forbidden")
	})
}

// A page that is loaded again before its answer has come waits for it, as whoever asks with the whole form does.
func TestAnswerAgainWhileItIsMade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := gatetest.New(t, gatetest.Options{})
		arrived, goOn := make(chan struct{}), make(chan struct{})
		gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, c api.UserCreate) (api.Handout, error) {
			close(arrived)
			<-goOn
			return api.Handout{User: api.User{ID: "@new:example.org"}, Password: c.Password.Password}, nil
		})
		cookie := w.Session(w.Person(api.Owner))
		go w.Call(cookie, "users.create", key, create)
		<-arrived
		var again *httptest.ResponseRecorder
		go func() { again = ask(w, cookie, "users.create", key) }()
		synctest.Wait()
		if again != nil {
			t.Errorf("answered before there was an answer: %d %s", again.Code, again.Body)
		}
		close(goOn)
		synctest.Wait()
		if again.Code != 200 || !strings.Contains(again.Body.String(), "a secret of her own") {
			t.Errorf("%d %s", again.Code, again.Body)
		}
		done(t, w, "users.create")
	})
}

// Where the answer is not in this gate's memory, the store says what is known of it.
func TestAnswerAgainFromTheStore(t *testing.T) { storetest.Each(t, testAnswerAgainFromTheStore) }

func testAnswerAgainFromTheStore(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	w.Call(cookie, "users.create", key, create)
	w.Call(cookie, "users.lock", key+"2", `{"id":"@nobody:example.org"}`)
	w.Restart()
	refused(t, ask(w, cookie, "users.create", key), 409, "already_done_secret")
	refused(t, ask(w, cookie, "users.lock", key+"2"), 404, "not_found")
	refused(t, ask(w, cookie, "users.lock", key), 409, "key_reused")
	refused(t, ask(w, cookie, "users.create", key+"3"), 404, "answer_gone")
}
