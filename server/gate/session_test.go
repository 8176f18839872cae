// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
	"gatehouse/server/store/storetest"
)

// doors adds the two doors that the pages have, without the pages.
func doors(w *gatetest.World) func(*echo.Echo) {
	return func(e *echo.Echo) {
		e.POST("/in", func(c echo.Context) error {
			_, err := w.Web.SignIn(c, operator.Attempt{Homeserver: "hs", Name: c.QueryParam("name"), Password: api.NewSecret(c.QueryParam("password"))})
			if err != nil {
				return err
			}
			return c.NoContent(http.StatusNoContent)
		})
		e.POST("/out", func(c echo.Context) error {
			if err := w.Web.SignOut(c); err != nil {
				return err
			}
			return c.NoContent(http.StatusNoContent)
		})
	}
}

func signIn(w *gatetest.World, name, password string) *httptest.ResponseRecorder {
	return w.Serve(w.Request("POST", "/in?name="+name+"&password="+strings.ReplaceAll(password, " ", "+"), ""))
}

// SETTLED 15: only the public address decides about the cookie, whatever the listener and the headers say.
func TestCookies(t *testing.T) { storetest.Each(t, testCookies) }

func testCookies(t *testing.T) {
	t.Parallel()
	for public, c := range map[string]struct {
		name   string
		secure bool
	}{
		"https://gate.example":      {"__Host-gatehouse", true},
		"https://gate.example:8443": {"__Host-gatehouse", true},
		"http://localhost:8765":     {"gatehouse", false},
		"http://127.0.0.1:8765":     {"gatehouse", false},
		"http://[::1]:8765":         {"gatehouse", false},
	} {
		t.Run(public, func(t *testing.T) {
			w := gatetest.New(t, gatetest.Options{Public: public, Pages: doors})
			r := w.Request("POST", "/in?name=admin&password="+strings.ReplaceAll(gatetest.Password, " ", "+"), "")
			r.Header.Set("X-Forwarded-Proto", map[bool]string{true: "http", false: "https"}[c.secure])
			rec := w.Serve(r)
			cookies := rec.Result().Cookies()
			if rec.Code != 204 || len(cookies) != 1 {
				t.Fatalf("status %d, cookies %v: %s", rec.Code, cookies, rec.Body)
			}
			got := cookies[0]
			if got.Name != c.name || got.Secure != c.secure || !got.HttpOnly || got.SameSite != http.SameSiteStrictMode || got.Path != "/" || got.Domain != "" ||
				got.MaxAge != 9*60*60 {
				t.Errorf("%v", got)
			}
			if rec := w.Serve(w.Request("GET", "/api/hs/users.list", "", got)); rec.Code != 200 {
				t.Errorf("the cookie opens nothing: %d", rec.Code)
			}
			// A cookie of the other name is none: without the prefix a subdomain could set it.
			other := &http.Cookie{Name: map[bool]string{true: "gatehouse", false: "__Host-gatehouse"}[c.secure], Value: got.Value}
			refused(t, w.Serve(w.Request("GET", "/api/hs/users.list", "", other)), 401, "signed_out")
		})
	}
}

// Signing out ends the session on the server: the cookie is worth nothing any more, even to somebody who kept it.
func TestSignOut(t *testing.T) { storetest.Each(t, testSignOut) }

func testSignOut(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{Pages: doors})
	cookie := signIn(w, "admin", gatetest.Password).Result().Cookies()[0]
	other := signIn(w, "admin", gatetest.Password).Result().Cookies()[0]
	rec := w.Serve(w.Request("POST", "/out", "", cookie))
	if rec.Code != 204 || rec.Header().Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("status %d, Clear-Site-Data %q", rec.Code, rec.Header().Get("Clear-Site-Data"))
	}
	gone := rec.Result().Cookies()
	if len(gone) != 1 || gone[0].Name != w.CookieName() || gone[0].Value != "" || gone[0].MaxAge >= 0 || !gone[0].Secure || gone[0].Path != "/" {
		t.Errorf("%v", gone)
	}
	refused(t, w.Serve(w.Request("GET", "/api/hs/users.list", "", cookie)), 401, "signed_out")
	w.Restart()
	refused(t, w.Serve(w.Request("GET", "/api/hs/users.list", "", cookie)), 401, "signed_out")
	if rec := w.Serve(w.Request("GET", "/api/hs/users.list", "", other)); rec.Code != 200 {
		t.Errorf("another session of the same person ended, too: %d", rec.Code)
	}
	for name, c := range map[string]*http.Cookie{"without a cookie": nil, "with rubbish": {Name: w.CookieName(), Value: "x"}, "twice": cookie} {
		if rec := w.Serve(w.Request("POST", "/out", "", c)); rec.Code != 204 {
			t.Errorf("%s: %d", name, rec.Code)
		}
	}
	// If the session cannot be ended, the person must not believe that it was.
	must(t, w.Store.Close())
	refused(t, w.Serve(w.Request("POST", "/out", "", other)), 503, "store_unavailable")
}

// A session ends when nobody uses it, and at the latest after its absolute time; what the program asks by itself is no use of it (SETTLED 20).
func TestSessionEnds(t *testing.T) { storetest.Each(t, testSessionEnds) }

func testSessionEnds(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	get := func(c *http.Cookie, poll bool) int {
		r := w.Request("GET", "/api/hs/users.list", "", c)
		if poll {
			r.Header.Set("Gatehouse-Poll", "true")
		}
		return w.Serve(r).Code
	}
	t.Run("idle", func(t *testing.T) {
		c := w.Session(w.Person(api.Owner))
		w.Clock.Advance(15*time.Minute - time.Second)
		if get(c, false) != 200 {
			t.Error("ended too early")
		}
		w.Clock.Advance(15*time.Minute - time.Second)
		if get(c, false) != 200 {
			t.Error("activity did not prolong it")
		}
		w.Clock.Advance(15 * time.Minute)
		if get(c, false) != 401 {
			t.Error("idle, and still open")
		}
	})
	t.Run("polling", func(t *testing.T) {
		c := w.Session(w.Person(api.Owner))
		for range 14 {
			w.Clock.Advance(time.Minute)
			if get(c, true) != 200 {
				t.Fatal("ended too early")
			}
		}
		w.Clock.Advance(time.Minute)
		if get(c, true) != 401 {
			t.Error("polling kept it open")
		}
	})
	t.Run("absolute", func(t *testing.T) {
		c := w.Session(w.Person(api.Owner))
		for range 8*60/10 - 1 {
			w.Clock.Advance(10 * time.Minute)
			if get(c, false) != 200 {
				t.Fatal("ended too early")
			}
		}
		w.Clock.Advance(10 * time.Minute)
		if get(c, false) != 401 {
			t.Error("open after its absolute end")
		}
	})
}

// Signing in is limited by name and address: the sixth wrong password in fifteen minutes is 429, says when to try again, and
// reaches no homeserver; the right password does not help then, and another address is not kept out.
func TestSignInLimits(t *testing.T) { storetest.Each(t, testSignInLimits) }

func testSignInLimits(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{Pages: doors})
	for _, name := range []string{"admin", "Admin", "+admin+", "@admin:example.org", "@ADMIN:example.org"} {
		refused(t, signIn(w, name, "wrong password"), 401, "sign_in_wrong")
	}
	w.Stub.Forget()
	rec := signIn(w, "admin", gatetest.Password)
	p := refused(t, rec, 429, "sign_in_limited")
	if after := rec.Header().Get("Retry-After"); after == "" || after == "0" || p.RetryMS <= 0 || p.RetryMS > 15*60*1000 {
		t.Errorf("Retry-After %q, %+v", after, p)
	}
	if len(w.Stub.Calls()) > 0 || len(rec.Result().Cookies()) > 0 {
		t.Errorf("calls %v, cookies %v", w.Stub.Calls(), rec.Result().Cookies())
	}
	r := w.Request("POST", "/in?name=admin&password="+strings.ReplaceAll(gatetest.Password, " ", "+"), "")
	r.RemoteAddr = "198.51.100.7:1"
	if rec := w.Serve(r); rec.Code != 204 {
		t.Errorf("the administrator is locked out by somebody else's failures: %d", rec.Code)
	}
	w.Clock.Advance(time.Duration(p.RetryMS) * time.Millisecond)
	if rec := signIn(w, "admin", gatetest.Password); rec.Code != 204 {
		t.Errorf("after the time that was told: %d", rec.Code)
	}
}

// The session of somebody who is no administrator is never opened.
func TestOnlyAdministrators(t *testing.T) { storetest.Each(t, testOnlyAdministrators) }

func testOnlyAdministrators(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{Pages: doors})
	rec := signIn(w, "ann", gatetest.Password)
	refused(t, rec, 403, "sign_in_not_admin")
	if len(rec.Result().Cookies()) > 0 {
		t.Error("a cookie")
	}
}

// Without a record of the sign-in there is no session.
func TestSignInFailsClosed(t *testing.T) { storetest.Each(t, testSignInFailsClosed) }

func testSignInFailsClosed(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{Pages: doors})
	mend := w.Break("audit", "INSERT", "true")
	for _, password := range []string{gatetest.Password, "wrong"} {
		rec := signIn(w, "admin", password)
		refused(t, rec, 503, "store_unavailable")
		if len(rec.Result().Cookies()) > 0 {
			t.Error("a cookie")
		}
	}
	mend()
	mend = w.Break("sessions", "INSERT", "true")
	refused(t, signIn(w, "admin", gatetest.Password), 503, "store_unavailable")
	mend()
	if rec := signIn(w, "admin", gatetest.Password); rec.Code != 204 {
		t.Errorf("%d", rec.Code)
	}
}

// The session's actor, address and homeserver are the person's own in the log.
func TestSignInIsRecorded(t *testing.T) { storetest.Each(t, testSignInIsRecorded) }

func testSignInIsRecorded(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{Pages: doors})
	signIn(w, "admin", "wrong")
	signIn(w, "admin", gatetest.Password)
	signIn(w, "Admin", "wrong") // by now it is known who that is
	rows := w.Log()
	if len(rows) != 3 || rows[0].String() != "event operators.sign_in refused sign_in_wrong" || rows[0].Actor != audit.UnknownActor ||
		rows[1].String() != "event operators.sign_in done" || rows[1].Actor != "@admin:example.org" || rows[1].Role != "owner" || rows[1].Address != "192.0.2.1" ||
		rows[2].String() != rows[0].String() || rows[2].Actor != "@admin:example.org" || rows[2].Role != "" {
		t.Errorf("%+v", rows)
	}
	for _, c := range w.Stub.Calls("operators.verify") {
		if c.Request.(api.Credentials).Address != "192.0.2.1" {
			t.Errorf("the homeserver is not told the person's address: %v", c)
		}
	}
	// The catalogue's own operation has no address: nobody can prove passwords past the limits.
	cookie := w.Session(w.Person(api.Owner))
	refused(t, w.Call(cookie, "operators.verify", gate.NewKey(), `{"name":"admin","password":"x"}`), 404, "no_such_operation")
}
