// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/server/config"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store/storetest"
)

// headers are what every answer carries, as SETTLED 16 has them; written here again, so that none is weakened by the way.
var headers = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob:; font-src 'self'; " +
		"connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
		"object-src 'none'; require-trusted-types-for 'script'; trusted-types gatehouse",
	"Referrer-Policy":              "same-origin",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cache-Control":                "no-store",
	"Strict-Transport-Security":    "max-age=31536000; includeSubDomains",
}

func TestHeadersOnEveryAnswer(t *testing.T) { storetest.Each(t, testHeadersOnEveryAnswer) }

func testHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{Pages: func(*gatetest.World) func(*echo.Echo) {
		return func(e *echo.Echo) { e.GET("/panic", func(echo.Context) error { panic("boom") }) }
	}})
	cookie := w.Session(w.Person(api.Owner))
	foreign := w.Request("POST", "/api/hs/users.lock", "{}", cookie)
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	large := w.Request("POST", "/api/hs/users.lock", strings.Repeat(" ", 1<<20+1), cookie)
	for name, c := range map[string]struct {
		request *http.Request
		status  int
	}{
		"health":        {w.Request("GET", "/healthz", ""), 200},
		"ready":         {w.Request("GET", "/readyz", ""), 200},
		"api":           {w.Request("GET", "/api/hs/users.list", "", cookie), 200},
		"openapi":       {w.Request("GET", "/api/openapi.json", ""), 200},
		"signed out":    {w.Request("GET", "/api/hs/users.list", ""), 401},
		"not found":     {w.Request("GET", "/nowhere", ""), 404},
		"api not found": {w.Request("GET", "/api/x", ""), 404},
		"method":        {w.Request("DELETE", "/healthz", ""), 405},
		"panic":         {w.Request("GET", "/panic", ""), 500},
		"cross-site":    {foreign, 403},
		"too large":     {large, 413},
	} {
		t.Run(name, func(t *testing.T) {
			rec := w.Serve(c.request)
			if rec.Code != c.status {
				t.Fatalf("status %d, want %d: %s", rec.Code, c.status, rec.Body)
			}
			for header, want := range headers {
				if got := rec.Header().Get(header); got != want {
					t.Errorf("%s: %q, want %q", header, got, want)
				}
			}
			if features := rec.Header().Get("Permissions-Policy"); !strings.Contains(features, "clipboard-write=(self)") || !strings.Contains(features, "camera=()") ||
				strings.Count(features, "(self)") != 1 {
				t.Errorf("Permissions-Policy: %q", features)
			}
			if rec.Header().Get("X-Request-Id") == "" || rec.Header().Get("Gatehouse-Version") != "test" {
				t.Error("no request ID or version")
			}
			if rec.Code >= 400 {
				problem(t, rec)
			}
			if len(rec.Result().Cookies()) > 0 {
				t.Errorf("cookies: %v", rec.Result().Cookies())
			}
		})
	}
	if logs := w.Logs(); !strings.Contains(logs, "boom") || strings.Contains(logs, cookie.Value) {
		t.Error("the panic is not logged, or the cookie is")
	}
}

// HSTS would keep a browser from http on this machine for a year.
func TestPlainHTTPHasNoHSTS(t *testing.T) { storetest.Each(t, testPlainHTTPHasNoHSTS) }

func testPlainHTTPHasNoHSTS(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{Public: "http://localhost:8765"})
	if got := w.Serve(w.Request("GET", "/healthz", "")).Header().Get("Strict-Transport-Security"); got != "" {
		t.Error(got)
	}
}

// A client's own request ID is not believed: it goes into the log.
func TestRequestIDIsOurs(t *testing.T) { storetest.Each(t, testRequestIDIsOurs) }

func testRequestIDIsOurs(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	r := w.Request("GET", "/healthz", "")
	r.Header.Set("X-Request-Id", "forged")
	if got := w.Serve(r).Header().Get("X-Request-Id"); got == "forged" || got == "" {
		t.Error(got)
	}
}

// The query is not logged: it may hold names.
func TestQueriesAreNotLogged(t *testing.T) { storetest.Each(t, testQueriesAreNotLogged) }

func testQueriesAreNotLogged(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	w.Serve(w.Request("GET", "/api/hs/users.get?id=@somebody:example.org", "", w.Session(w.Person(api.Owner))))
	if logs := w.Logs(); !strings.Contains(logs, "/api/hs/users.get") || strings.Contains(logs, "somebody") {
		t.Error(logs)
	}
}

// Where a write may come from (SETTLED 15): Sec-Fetch-Site, Origin → allowed or not. Behind a proxy the Host is another one.
func TestCrossSiteWrites(t *testing.T) { storetest.Each(t, testCrossSiteWrites) }

func testCrossSiteWrites(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		site, origin, host string
		api                bool // a write on the API gets through
		form               bool // a form gets through
	}{
		"the browser says same-origin":           {site: "same-origin", origin: "https://gate.example", api: true, form: true},
		"same-origin, the proxy changed Host":    {site: "same-origin", origin: "https://gate.example", host: "10.0.0.7:8765", api: true, form: true},
		"old browser":                            {origin: "https://gate.example", api: true, form: true},
		"old browser, the proxy changed Host":    {origin: "https://gate.example", host: "10.0.0.7:8765", api: true, form: true},
		"cross-site":                             {site: "cross-site", origin: "https://evil.example"},
		"same-site":                              {site: "same-site", origin: "https://other.gate.example"},
		"typed into the address bar":             {site: "none", api: true},
		"old browser, other site":                {origin: "https://evil.example"},
		"old browser, other scheme":              {origin: "http://gate.example", host: "10.0.0.7:8765"},
		"sandboxed frame":                        {origin: "null"},
		"sandboxed frame, new browser":           {site: "cross-site", origin: "null"},
		"no browser":                             {api: true},
		"an origin that begins like ours":        {origin: "https://gate.example.evil.example"},
		"an unknown word":                        {site: "same-origin ", origin: "https://evil.example"},
		"evil origin that is the Host it claims": {origin: "https://evil.example", host: "evil.example", api: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := gatetest.New(t, gatetest.Options{})
			cookie := w.Session(w.Person(api.Owner))
			r := w.Request("POST", "/api/hs/users.lock", `{"id":"@ann:example.org"}`, cookie)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set(gate.KeyHeader, gate.NewKey())
			if c.site != "" {
				r.Header.Set("Sec-Fetch-Site", c.site)
			}
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if c.host != "" {
				r.Host = c.host
			}
			rec := w.Serve(r)
			if c.api && rec.Code != 200 {
				t.Errorf("status %d: %s", rec.Code, rec.Body)
			}
			if !c.api {
				refused(t, rec, 403, "cross_site")
				if len(w.Stub.Calls()) > 0 {
					t.Errorf("calls %v", w.Stub.Calls())
				}
			}
			if err := w.Web.FormOrigin(r); (err == nil) != c.form {
				t.Errorf("as a form: %v", err)
			}
		})
	}
}

// Only JSON is taken on /api: a form of another site could send anything else without asking first.
func TestOnlyJSON(t *testing.T) { storetest.Each(t, testOnlyJSON) }

func testOnlyJSON(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	for kind, status := range map[string]int{
		"application/json": 200, "application/json; charset=utf-8": 200, "": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415,
		"multipart/form-data; boundary=x": 415, "application/jsonp": 415, "application/json/x": 415, "text/json": 415,
	} {
		w.Stub.Forget()
		r := w.Request("POST", "/api/hs/users.lock", `{"id":"@ann:example.org"}`, cookie)
		r.Header.Set(gate.KeyHeader, gate.NewKey())
		if kind != "" {
			r.Header.Set("Content-Type", kind)
		}
		rec := w.Serve(r)
		if status == 415 {
			refused(t, rec, 415, "unsupported_media_type")
			if len(w.Stub.Calls()) > 0 {
				t.Errorf("%s: calls %v", kind, w.Stub.Calls())
			}
		} else if rec.Code != status {
			t.Errorf("%q: status %d", kind, rec.Code)
		}
	}
}

// A body that is too large is refused, whether it says its length or not.
func TestBodyTooLarge(t *testing.T) { storetest.Each(t, testBodyTooLarge) }

func testBodyTooLarge(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	body := `{"id":"@ann:example.org"}` + strings.Repeat(" ", 1<<20)
	refused(t, w.Call(cookie, "users.lock", gate.NewKey(), body), 413, "too_large")
	r := w.Request("POST", "/api/hs/users.lock", body, cookie)
	r.ContentLength = -1
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(gate.KeyHeader, gate.NewKey())
	refused(t, w.Serve(r), 413, "too_large")
	if len(w.Stub.Calls()) > 0 {
		t.Errorf("calls %v", w.Stub.Calls())
	}
}

// X-Forwarded-For is believed from trusted proxies alone, and only as far as the chain is theirs.
func TestForwardedFor(t *testing.T) { storetest.Each(t, testForwardedFor) }

func testForwardedFor(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct {
		proxies         []netip.Prefix
		remote, forward string
		want            string
	}{
		"no proxy":                   {nil, "192.0.2.9:1", "", "192.0.2.9"},
		"no proxy, forged":           {nil, "192.0.2.9:1", "198.51.100.1", "192.0.2.9"},
		"no proxy, from loopback":    {nil, "127.0.0.1:1", "198.51.100.1", "127.0.0.1"},
		"proxy":                      {proxies, "10.0.0.2:1", "198.51.100.1", "198.51.100.1"},
		"proxy, forged before it":    {proxies, "10.0.0.2:1", "203.0.113.5, 198.51.100.1", "198.51.100.1"},
		"two proxies":                {proxies, "10.0.0.2:1", "198.51.100.1, 10.0.0.3", "198.51.100.1"},
		"not through the proxy":      {proxies, "192.0.2.9:1", "198.51.100.1", "192.0.2.9"},
		"loopback is no proxy":       {proxies, "127.0.0.1:1", "198.51.100.1", "127.0.0.1"},
		"private nets are no proxy":  {proxies, "192.168.1.1:1", "198.51.100.1", "192.168.1.1"},
		"IPv6 proxy":                 {proxies, "[fd00::1]:1", "2001:db8::5", "2001:db8::5"},
		"proxy that says nonsense":   {proxies, "10.0.0.2:1", "what", "10.0.0.2"},
		"proxy that says nothing":    {proxies, "10.0.0.2:1", "", "10.0.0.2"},
		"X-Real-Ip is never heeded":  {proxies, "192.0.2.9:1", "", "192.0.2.9"},
		"IPv4 written as IPv6 proxy": {proxies, "[::ffff:10.0.0.2]:1", "198.51.100.1", "198.51.100.1"},
	} {
		t.Run(name, func(t *testing.T) {
			var got string
			w := gatetest.New(t, gatetest.Options{Proxies: c.proxies, Pages: func(*gatetest.World) func(*echo.Echo) {
				return func(e *echo.Echo) {
					e.GET("/address", func(c echo.Context) error { got = c.RealIP(); return c.NoContent(204) })
				}
			}})
			r := w.Request("GET", "/address", "")
			r.RemoteAddr = c.remote
			r.Header.Set("X-Real-Ip", "203.0.113.99")
			if c.forward != "" {
				r.Header.Set("X-Forwarded-For", c.forward)
			}
			w.Serve(r)
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// Only operations that are declared to reveal show a secret in their answer.
func TestSecretsInAnswers(t *testing.T) {
	t.Parallel()
	handout := api.Handout{Password: api.NewSecret("shown once")}
	for _, op := range api.All() {
		data, err := gate.Encode(op.Info().Name, handout)
		must(t, err)
		if shown := strings.Contains(string(data), "shown once"); shown != op.Info().Reveals {
			t.Errorf("%s: shown %t, declared %t", op.Info().Name, shown, op.Info().Reveals)
		}
	}
	if data, _ := gate.Encode("no such operation", handout); strings.Contains(string(data), "shown once") {
		t.Error("an unknown operation reveals")
	}
	// What is declared to reveal, in its answer or in the file of its list, is what has a secret to show.
	for _, op := range api.All() {
		_, res := op.Types()
		if holdsSecret(reflect.TypeOf(res)) != (op.Info().Reveals || op.Info().InFile) {
			t.Errorf("%s answers with %T and is declared to reveal: %t", op.Info().Name, res, op.Info().Reveals)
		}
	}
}

// holdsSecret reports whether a type has a secret in it.
func holdsSecret(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return t.Elem() != reflect.TypeFor[api.Problem]() && holdsSecret(t.Elem()) // a problem may hold itself
	case reflect.Struct:
		if t == reflect.TypeFor[api.Secret]() {
			return true
		}
		for i := range t.NumField() {
			if holdsSecret(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// The document of the API names every operation that has an address, by its method, with schemas that are all there.
func TestOpenAPI(t *testing.T) { storetest.Each(t, testOpenAPI) }

func testOpenAPI(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	rec := w.Serve(w.Request("GET", "/api/openapi.json", ""))
	var doc struct {
		OpenAPI    string                               `json:"openapi"`
		Paths      map[string]map[string]map[string]any `json:"paths"`
		Components struct{ Schemas map[string]any }     `json:"components"`
	}
	must(t, json.Unmarshal(rec.Body.Bytes(), &doc))
	if doc.OpenAPI != "3.1.0" {
		t.Error(doc.OpenAPI)
	}
	public := 0
	for _, op := range api.All() {
		path := doc.Paths["/api/{homeserver}/"+op.Info().Name]
		if op.Info().Internal {
			if path != nil {
				t.Errorf("%s is internal and has an address", op.Info().Name)
			}
			continue
		}
		public++
		method := map[api.Kind]string{api.KindRead: "get", api.KindWrite: "post"}[op.Info().Kind]
		if len(path) != 1 || path[method]["operationId"] != op.Info().Name {
			t.Errorf("%s: %v", op.Info().Name, path)
		}
	}
	if len(doc.Paths) != public {
		t.Errorf("%d paths for %d operations", len(doc.Paths), public)
	}
	for _, part := range strings.Split(rec.Body.String(), `"#/components/schemas/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		if _, ok := doc.Components.Schemas[name]; !ok {
			t.Errorf("the schema %q is not there", name)
		}
	}
	if strings.Contains(rec.Body.String(), "VerifyOperator") || strings.Contains(rec.Body.String(), "Credentials") {
		t.Error("the sign-in's types are in the document")
	}
}

// Every route of the gate is known here, and no homeserver can have the name that one begins with.
func TestRoutes(t *testing.T) { storetest.Each(t, testRoutes) }

func testRoutes(t *testing.T) {
	t.Parallel()
	var e *echo.Echo
	gatetest.New(t, gatetest.Options{Pages: func(*gatetest.World) func(*echo.Echo) { return func(made *echo.Echo) { e = made } }})
	known := []string{"/healthz", "/readyz", "/api/openapi.json", "/api/:homeserver/:operation", "/api/:homeserver/jobs/:id/events", "/api/*"}
	for _, r := range e.Routes() {
		if !slices.Contains(known, r.Path) {
			t.Errorf("the route %s %s is not known here", r.Method, r.Path)
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
		if !slices.Contains(config.ReservedNames(), first) {
			t.Errorf("a homeserver may be called %q, and %s begins so", first, r.Path)
		}
	}
}

// A Server has an end for everything that a stranger can keep open.
func TestTimeouts(t *testing.T) { storetest.Each(t, testTimeouts) }

func testTimeouts(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	s := w.Web.Server(w.Handler)
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes > 1<<20 {
		t.Errorf("%+v", s)
	}
}
