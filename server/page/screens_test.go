// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/labstack/echo/v4"
	"golang.org/x/net/html"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/server/config"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store"
)

const ann = "@ann:example.org"

// screens are the addresses of all screens, with the permission that each is of no use without.
var screens = map[string]api.Permission{
	route.Overview: api.ReadServers,
	route.Servers:  api.ReadServers,
	route.Keys:     api.ReadServers,
	"/hs/server":   api.ReadServers,
	"/hs/accounts": api.ReadUsers,
	"/hs/accounts?search=a&admins=with&sort=name&limit=50": api.ReadUsers,
	"/hs/accounts/create":                             api.CreateUsers,
	route.Account("hs", route.AccountPath, ann):       api.ReadUsers,
	route.Account("hs", route.DevicesPath, ann):       api.ReadDevices,
	route.Account("hs", route.EditPath, ann):          api.EditUsers,
	route.Account("hs", route.ResetPasswordPath, ann): api.ResetPasswords,
	route.Account("hs", route.LockPath, ann):          api.LockUsers,
	route.Account("hs", route.UnlockPath, ann):        api.LockUsers,
	route.Account("hs", route.DeactivatePath, ann):    api.DeactivateUsers,
	route.Account("hs", route.ErasePath, ann):         api.EraseUsers,
	route.Account("hs", route.ReactivatePath, ann):    api.DeactivateUsers,
	route.SignOut("hs", ann):                          api.SignOutDevices,
	"/hs/invitations":                                 api.ReadInvitations,
	"/hs/invitations?state=open":                      api.ReadInvitations,
	"/hs/invitations/create":                          api.WriteInvitations,
	"/hs/invitation?id=" + gatetest.Invitation:        api.ReadInvitations,
	"/hs/invitation/edit?id=" + gatetest.Invitation:   api.ReadInvitations,
	"/hs/invitation/revoke?id=" + gatetest.Invitation: api.ReadInvitations,
	route.SignOut("hs", ann, "PHONE"):                 api.SignOutDevices,
	route.Account("hs", route.ConnectionsPath, ann):   api.ReadDevices,
	route.Account("hs", route.RoomsPath, ann):         api.ReadRooms,
	route.Account("hs", route.DataPath, ann):          api.ReadAccountData,
	route.Redact("hs", ann):                           api.RedactUsers,
	route.Redact("hs", ann, "!a", "!b:c"):             api.RedactUsers,
	route.Redaction("hs", ann, "r1"):                  api.RedactUsers,
	route.Find("hs", ""):                              api.ReadUsers,
	route.Find("hs", "ann@example.org"):               api.ReadUsers,
}

// Every screen as every role: a whole page, in the frame, that asks nothing of the homeserver but reads; and for whom it is meant, 200.
func TestEveryScreenAsEveryRole(t *testing.T) {
	s := newSite(t, gatetest.Options{})
	s.Invite(store.Invitation{})
	for _, role := range append(api.Roles(), "no such") {
		who := s.as(role)
		for target, permission := range screens {
			t.Run(string(role)+target, func(t *testing.T) {
				s.Stub.Forget()
				rec := who.get(target)
				if want := role.May(permission); want && rec.Code != 200 || !want && rec.Code != 200 && rec.Code != 403 {
					t.Fatalf("status %d: %.300s", rec.Code, rec.Body)
				}
				doc := parse(t, rec)
				if n := len(all(doc, "h1", "", "")); n != 1 {
					t.Errorf("%d headings of the first rank", n)
				}
				if n := len(all(doc, "main", "", "")); n != 1 {
					t.Errorf("%d main parts", n)
				}
				if one(doc, "form", "action", "/sign-out") == nil {
					t.Error("no way to sign out")
				}
				ids := map[string]bool{}
				for _, n := range all(doc, "", "id", "") {
					if ids[attr(n, "id")] {
						t.Errorf("the id %q is twice in the page", attr(n, "id"))
					}
					ids[attr(n, "id")] = true
				}
				for _, c := range s.Stub.Calls() {
					if op, _ := api.Find(c.Operation); op.Info().Kind != api.KindRead {
						t.Errorf("drawing a page called %v", c)
					}
					if op, _ := api.Find(c.Operation); !role.May(op.Info().Permission) {
						t.Errorf("%s reached the homeserver for a %s", c.Operation, role)
					}
				}
				if calls := s.Stub.Calls(); len(calls) > 3 && target != route.Overview {
					t.Errorf("%d requests to the homeserver: %v", len(calls), calls)
				}
				if rec.Header().Get("Cache-Control") != "no-store" {
					t.Error("a cache may keep the page")
				}
			})
		}
	}
	if rows := s.Phases(); len(rows) > 0 {
		t.Errorf("looking at pages left %v", rows)
	}
}

// Nobody sees a screen without a session: they are asked to sign in, and go on to where they wanted to.
func TestScreensAskForASession(t *testing.T) {
	s := newSite(t, gatetest.Options{})
	for target := range screens {
		rec := s.get(target)
		location := seeOther(t, rec)
		if target == "/" {
			if location != "/sign-in" {
				t.Error(location)
			}
			continue
		}
		if !strings.HasPrefix(location, "/sign-in?next=") {
			t.Errorf("%s leads to %s", target, location)
		}
		action, values := form(t, s.get(location), "/sign-in")
		if values.Get("next") != target {
			t.Errorf("%s: next is %q", target, values.Get("next"))
		}
		values.Set("homeserver", "hs")
		values.Set("name", "admin")
		values.Set("password", gatetest.Password)
		if got := seeOther(t, s.post(action, values)); got != target {
			t.Errorf("after signing in: %q, want %q", got, target)
		}
		seeOther(t, s.post("/sign-out", nil))
	}
	if calls := s.Stub.Calls("users.get", "users.list", "server.info"); len(calls) > 0 {
		t.Errorf("%v", calls)
	}
}

// SETTLED 7: no request reaches Render. Two people's pages, in other languages, themes and roles, drawn at once, are those that each
// gets alone.
func TestPagesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the time that a page waits for does not pass while others are drawn
		s := newSite(t, gatetest.Options{})
		people := []*site{s.as(api.Owner), s.as(api.Auditor)}
		people[1].cookies["__Host-gatehouse-preferences"] = &http.Cookie{Name: "__Host-gatehouse-preferences", Value: "language=de&theme=dark&zone=Asia%2FTokyo"}
		targets := []string{"/", "/hs/accounts", route.Account("hs", route.AccountPath, ann), "/hs/accounts/create", "/hs/server"}
		get := func(who *site, target string) string {
			r := s.Request(http.MethodGet, target, "")
			for _, c := range who.cookies {
				r.AddCookie(c)
			}
			return canonical(t, s.Serve(r))
		}
		alone := map[string]string{}
		for i, who := range people {
			for _, target := range targets {
				alone[target+string(rune('0'+i))] = get(who, target)
			}
		}
		if alone["/hs/accounts0"] == alone["/hs/accounts1"] {
			t.Fatal("the two see the same")
		}
		var wg sync.WaitGroup
		for range 4 {
			for i, who := range people {
				for _, target := range targets {
					wg.Go(func() {
						if got := get(who, target); got != alone[target+string(rune('0'+i))] {
							t.Errorf("%s of person %d is another page when it is drawn beside others", target, i)
						}
					})
				}
			}
		}
		wg.Wait()
	})
}

// canonical writes a page with the attributes of each element in order, and without the request keys, which are random.
func canonical(t *testing.T, rec *httptest.ResponseRecorder) string {
	doc := parse(t, rec)
	each(doc, func(n *html.Node) {
		slices.SortFunc(n.Attr, func(a, b html.Attribute) int { return strings.Compare(a.Key, b.Key) })
	})
	var b strings.Builder
	if err := html.Render(&b, doc); err != nil {
		t.Error(err)
	}
	return requestKey.ReplaceAllString(b.String(), "$1=KEY")
}

var requestKey = regexp.MustCompile(`("key":|name="_key"[^>]* value=)"[A-Za-z0-9_-]{22}"`)

// SETTLED 9: a homeserver that is slow does not keep the page: after a second it goes out with placeholders and fetches itself again.
func TestSlowLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, gatetest.Options{}).as(api.Owner)
		gatetest.On(s.Stub, api.ListUsers, func(ctx context.Context, _ api.UserQuery) (api.UserPage, error) {
			<-ctx.Done()
			return api.UserPage{}, api.NewProblem(api.StatusTimeout, "homeserver_timeout")
		})
		rec := s.get("/hs/accounts?search=ann&limit=50")
		if rec.Code != 200 {
			t.Fatalf("status %d", rec.Code)
		}
		doc := parse(t, rec)
		refresh := one(doc, "noscript", "", "")
		if text := content(refresh); !strings.Contains(text, `http-equiv="refresh"`) || !strings.Contains(text, `content="0;url=/hs/accounts?_wait=1&amp;limit=50&amp;search=ann"`) {
			t.Errorf("no refresh: %q", text)
		}
		if data := content(one(doc, "script", "id", "data")); !strings.Contains(data, `"loading":true`) || !strings.Contains(data, `"url":"/hs/accounts?search=ann\u0026limit=50"`) {
			t.Errorf("the program is not told to load: %s", data)
		}
		if one(doc, "script", "data-again", "/hs/accounts?_wait=1&limit=50&search=ann") == nil {
			t.Error("where scripts run, and the program does not, nobody loads what the page waits for")
		}
		// The refresh waits longer, and its address is not that of the page.
		rec = s.get("/hs/accounts?_wait=1&limit=50&search=ann")
		if rec.Code != 504 || len(all(parse(t, rec), "noscript", "", "")) > 0 && strings.Contains(rec.Body.String(), "http-equiv=\"refresh\"") || strings.Contains(rec.Body.String(), "data-again") {
			t.Errorf("status %d: it refreshes for ever", rec.Code)
		}
		gatetest.On[api.UserQuery, api.UserPage](s.Stub, api.ListUsers, nil)
		if rec := s.get("/hs/accounts?_wait=1&search=ann"); rec.Code != 200 || !strings.Contains(rec.Body.String(), ann) || strings.Contains(rec.Body.String(), "_wait") {
			t.Errorf("status %d, or the mark goes on in the page", rec.Code)
		}
	})
}

// SETTLED 14: what went wrong is a page too, with the status, in the frame for who is signed in and bare for others.
func TestErrorPages(t *testing.T) {
	s := newSite(t, gatetest.Options{})
	owner := s.as(api.Owner)
	withBody := func(method, target, body, kind string) *http.Request {
		r := s.Request(method, target, body)
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		return r
	}
	const formKind = "application/x-www-form-urlencoded"
	fails := func(p *api.Problem) func() {
		return func() {
			gatetest.On(s.Stub, api.GetUser, func(context.Context, api.UserRef) (api.User, error) { return api.User{}, p })
		}
	}
	account := route.Account("hs", route.AccountPath, ann)
	limited := api.NewProblem(429, "homeserver_limited", "wait", "90")
	limited.RetryMS = 90_000
	for name, c := range map[string]struct {
		request *http.Request
		before  func()
		status  int
		bare    bool // a stranger gets it, too, bare
	}{
		"400 no screen":        {withBody("POST", "/do/hs/users.lock", "_screen=nowhere", formKind), nil, 400, true},
		"400 no form":          {withBody("POST", "/preferences", "%zz=%zz", formKind), nil, 400, true},
		"403 from elsewhere":   {s.Request("POST", "/preferences", ""), nil, 403, true},
		"404 no page":          {s.Request("GET", "/nowhere/at/all", ""), nil, 404, false},
		"404 no homeserver":    {s.Request("GET", "/none/accounts", ""), nil, 404, false},
		"404 other homeserver": {s.Request("GET", "/other/accounts", ""), nil, 404, false},
		"404 no asset":         {s.Request("GET", "/assets/x.js", ""), nil, 404, true},
		"404 no account":       {s.Request("GET", route.Account("hs", route.AccountPath, "@no:example.org"), ""), nil, 404, false},
		"405":                  {withBody("PUT", "/hs/accounts", "", formKind), nil, 405, true},
		"413":                  {withBody("POST", "/preferences", strings.Repeat("a", 1<<20+1), formKind), nil, 413, true},
		"415":                  {withBody("POST", "/preferences", "{}", "application/json"), nil, 415, true},
		"422 no ID":            {s.Request("GET", "/hs/account?id=ann", ""), nil, 422, false},
		"429":                  {s.Request("GET", account, ""), fails(limited), 429, false},
		"500": {s.Request("GET", account, ""), func() {
			gatetest.On(s.Stub, api.GetUser, func(context.Context, api.UserRef) (api.User, error) { panic("boom") })
		}, 500, false},
		"502": {s.Request("GET", account, ""), fails(api.NewProblem(502, "homeserver_unknown_answer")), 502, false},
		"503": {s.Request("GET", account, ""), fails(api.NewProblem(503, "homeserver_down")), 503, false},
		"504": {s.Request("GET", account, ""), fails(api.NewProblem(504, "homeserver_timeout")), 504, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, who := range []*site{owner, s} {
				stranger := who == s
				if stranger && !c.bare {
					continue
				}
				s.Stub.Reset()
				if c.before != nil {
					c.before()
				}
				r := c.request.Clone(t.Context())
				if c.request.GetBody == nil && c.request.ContentLength > 0 {
					body := map[string]string{"400 no screen": "_screen=nowhere", "400 no form": "%zz=%zz", "413": strings.Repeat("a", 1<<20+1), "415": "{}"}[name]
					r.Body = http.NoBody
					r = withBody(r.Method, r.URL.String(), body, r.Header.Get("Content-Type"))
				}
				rec := who.send(r)
				if rec.Code != c.status {
					t.Fatalf("status %d, want %d: %.300s", rec.Code, c.status, rec.Body)
				}
				doc := parse(t, rec)
				if id := rec.Header().Get("X-Request-Id"); id == "" || !strings.Contains(content(one(doc, "body", "", "")), id) {
					t.Error("the page does not tell the request ID")
				}
				if framed := one(doc, "form", "action", "/sign-out") != nil; framed == stranger {
					t.Errorf("stranger %t, in the frame %t", stranger, framed)
				}
				title, heading := content(one(doc, "title", "", "")), content(one(doc, "h1", "id", "title"))
				if what, ok := strings.CutSuffix(title, " · Gatehouse"); !ok || what == "" || !stranger && what != heading {
					t.Errorf("the tab is called %q, the page %q", title, heading)
				}
				if c.status == 429 && rec.Header().Get("Retry-After") != "90" {
					t.Errorf("Retry-After %q", rec.Header().Get("Retry-After"))
				}
				if rec.Header().Get("Content-Security-Policy") == "" || rec.Header().Get("Cache-Control") != "no-store" {
					t.Error("headers are missing")
				}
			}
		})
	}
}

// Without a store there is a page that says so, and nothing that looks like being signed out.
func TestStoreIsGone(t *testing.T) {
	s := newSite(t, gatetest.Options{})
	owner := s.as(api.Owner)
	if err := s.Store.Close(); err != nil {
		t.Fatal(err)
	}
	rec := owner.get("/hs/accounts")
	if rec.Code != 503 {
		t.Fatalf("status %d", rec.Code)
	}
	parse(t, rec)
}

// Every route is known here, and no homeserver can have a name that one of ours begins with.
func TestRoutes(t *testing.T) {
	var e *echo.Echo
	s := newSite(t, gatetest.Options{})
	s.Options.Pages(s.World)(echoOf(&e))
	known := []string{
		"GET /sign-in", "POST /sign-in", "POST /sign-out", "POST /preferences", "POST /do/:homeserver/:operation", "GET /join/:token", "POST /join/:token", "GET /manifest.webmanifest",
		"GET /sw.js", "GET /export/:homeserver/:operation",
		"GET /import/:homeserver", "POST /import/:homeserver", "POST /import/:homeserver/plan", "GET /assets/*", "GET /*",
	}
	for _, r := range e.Routes() {
		if !slices.Contains(known, r.Method+" "+r.Path) {
			t.Errorf("the route %s %s is not known here", r.Method, r.Path)
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
		if first != "*" && !slices.Contains(config.ReservedNames(), first) {
			t.Errorf("a homeserver may be called %q, and %s begins so", first, r.Path)
		}
	}
	for target := range screens {
		first, rest, _ := strings.Cut(strings.TrimPrefix(target, "/"), "/")
		if rest == "" && first != "" && !slices.Contains(config.ReservedNames(), first) {
			t.Errorf("a homeserver may be called %q, which is a screen", first)
		}
	}
}

func echoOf(into **echo.Echo) *echo.Echo {
	*into = echo.New()
	return *into
}

// TestHeadAgrees holds the head of a page to what the page itself was told of the homeserver, and what was said once holds on pages that ask nothing.
func TestHeadAgrees(t *testing.T) {
	t.Parallel()
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	state := "up"
	gatetest.On(s.Stub, api.ServerInfo, func(context.Context, api.ServerQuery) (api.Server, error) { return api.Server{State: state}, nil })
	for _, want := range []string{"up", "down", "slow"} {
		state = want
		for _, address := range []string{"/", "/hs/jobs", "/servers", "/hs/server"} {
			text := s.get(address).Body.String()
			_, head, _ := strings.Cut(text, "gh-switch")
			head, _, _ = strings.Cut(head, "</header>")
			if !strings.Contains(head, "gh-dot--"+want) || !strings.Contains(text, `"state":"`+want+`"`) {
				t.Errorf("%s while it is %s: %s", address, want, head)
			}
		}
	}
}
