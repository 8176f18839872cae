// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/homeserver"
	"gatehouse/server/store"
)

// letters are what a page is made of, whatever order attributes are written in.
func letters(rec *httptest.ResponseRecorder) string {
	all := strings.Split(rec.Body.String(), "")
	slices.Sort(all)
	return strings.Join(all, "")
}

// fill is what somebody types who has a password made.
func fill(values url.Values, name string) url.Values {
	values.Set("localpart", name)
	values.Set("password.mode", "passphrase")
	return values
}

// Somebody with a link and nothing else makes an account: no session, no cookie, no script.
func TestJoin(t *testing.T) {
	t.Parallel()
	s := newSite(t, gatetest.Options{Terms: []homeserver.Term{{Name: "Terms of use", URL: "https://example.org/terms"}}})
	token := s.Invite(store.Invitation{Localpart: "class-*"}).Reveal()
	address := "/join/" + token
	// A link that is followed from another site opens at once.
	r := s.Request(http.MethodGet, address, "")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Referer", "https://mail.example/")
	rec := s.send(r)
	if rec.Code != 200 || len(rec.Result().Cookies()) > 0 || rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("Referrer-Policy") != "same-origin" {
		t.Fatalf("status %d, cookies %v, %v", rec.Code, rec.Result().Cookies(), rec.Header())
	}
	doc := parse(t, rec)
	if found := all(doc, "script", "", ""); len(found) != 1 || !strings.HasPrefix(attr(found[0], "src"), "/assets/join.") {
		t.Errorf("scripts: %v", found)
	}
	if n := one(doc, "a", "href", "https://example.org/terms"); attr(n, "rel") != "noopener noreferrer" {
		t.Errorf("the terms: %v", n)
	}
	action, values := form(t, rec, address)
	// Without consent nothing is done, and what was typed stays, but for the passwords.
	values.Set("localpart", "class-zoe")
	values.Set("password.mode", "typed")
	values.Set("password.password", "a long secret")
	values.Set("again", "a long secreT")
	rec = s.post(action, values)
	if text := rec.Body.String(); rec.Code != 422 || strings.Contains(text, "a long secre") || !strings.Contains(text, "The two passwords are not the same") || !strings.Contains(text, "Read them, and tick the box") {
		t.Errorf("status %d: %s", rec.Code, text)
	}
	_, again := form(t, rec, address)
	if again.Get("localpart") != "class-zoe" || again.Get("_key") == values.Get("_key") || again.Get("password.mode") != "typed" {
		t.Errorf("came back as %v", again)
	}
	if calls := s.Stub.Calls(); len(calls) > 0 {
		t.Errorf("the homeserver was asked: %v", calls)
	}
	again.Set("password.password", "a long secret")
	again.Set("again", "a long secret")
	again.Add("accepted", "true")
	rec = s.post(action, again)
	text := rec.Body.String()
	if rec.Code != 200 || !strings.Contains(text, "Your account is ready") || !strings.Contains(text, "@class-zoe:example.org") || strings.Contains(text, "a long secret") ||
		rec.Header().Get("Cache-Control") != "no-store" || len(rec.Result().Cookies()) > 0 {
		t.Errorf("status %d, %v: %s", rec.Code, rec.Header(), text)
	}
	one(parse(t, rec), "a", "href", "https://client.example/#/login")
	// Reload and Back send the same form again and see the card again; it is one account.
	if rec = s.post(action, again); rec.Code != 200 || !strings.Contains(rec.Body.String(), "Your account is ready") {
		t.Errorf("again: %d", rec.Code)
	}
	if n := len(s.Stub.Calls("users.create")); n != 1 {
		t.Errorf("%d accounts were asked for", n)
	}
	// The link is dead.
	if rec = s.get(address); rec.Code != 404 || !strings.Contains(rec.Body.String(), "This invitation cannot be used") {
		t.Errorf("after: %d %s", rec.Code, rec.Body)
	}
	if strings.Contains(s.Logs(), token) {
		t.Error("the log has the token")
	}
	for _, row := range s.Log() {
		if strings.Contains(row.Request+row.Targets, token) || strings.Contains(row.Request, "a long secret") {
			t.Errorf("the audit log: %+v", row)
		}
	}
}

// A password that is made is on the card, once.
func TestJoinWithAMadePassword(t *testing.T) {
	t.Parallel()
	s := newSite(t, gatetest.Options{})
	address := "/join/" + s.Invite(store.Invitation{}).Reveal()
	action, values := form(t, s.get(address), address)
	rec := s.post(action, fill(values, "zoe"))
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), gatetest.Generated) {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	s.Restart()
	rec = s.post(action, values)
	if text := rec.Body.String(); rec.Code != 409 || strings.Contains(text, gatetest.Generated) || !strings.Contains(text, "was made already") {
		t.Errorf("later: %d %s", rec.Code, text)
	}
}

// The button that looks a name up does nothing else.
func TestJoinChecksTheName(t *testing.T) {
	t.Parallel()
	s := newSite(t, gatetest.Options{})
	address := "/join/" + s.Invite(store.Invitation{}).Reveal()
	action, values := form(t, s.get(address), address)
	values.Set("_check", "1")
	for name, want := range map[string]struct {
		status int
		text   string
	}{
		"zoe": {200, "@zoe:example.org is free."},
		"ann": {409, "This name is taken"},
		"Zoe": {422, "Capital letters cannot be used"},
		"":    {422, ""},
	} {
		values.Set("localpart", name)
		rec := s.post(action, values)
		text := strings.NewReplacer("\\u2068", "", "\\u2069", "", "\u2068", "", "\u2069", "").Replace(rec.Body.String())
		if rec.Code != want.status || !strings.Contains(text, want.text) {
			t.Errorf("%q: status %d, want %d with %q: %s", name, rec.Code, want.status, want.text, text)
		}
		if _, after := form(t, rec, address); after.Get("_key") != values.Get("_key") || after.Get("localpart") != name {
			t.Errorf("%q: came back as %v", name, after)
		}
	}
	if len(s.Stub.Calls("users.create")) > 0 || len(s.Log()) > 0 {
		t.Error("something was done")
	}
}

// An account that was begun keeps the invitation: its name is shown and cannot be typed over, in the answer as when the link is opened again.
func TestJoinGoesOn(t *testing.T) {
	t.Parallel()
	for _, uses := range []int{1, 2} {
		s := newSite(t, gatetest.Options{MAS: homeserver.MAS{AdminURL: "https://mas.example.org"}})
		gatetest.On(s.Stub, api.CreateUser, func(ctx context.Context, c api.UserCreate) (api.Handout, error) {
			left := []api.FieldProblem{{Field: "password", Code: "mas_weak_password", Params: map[string]string{"quality": "3"}}}
			u := api.User{ID: s.Stub.ID(string(c.Localpart)), Begun: &api.Begun{By: homeserver.Caller(ctx), Left: left}}
			s.Stub.Put(u)
			return api.Handout{User: u, Left: left}, nil
		})
		address := "/join/" + s.Invite(store.Invitation{Uses: uses}).Reveal()
		action, values := form(t, s.get(address), address)
		values.Set("localpart", "zoe")
		values.Set("password.mode", "typed")
		values.Set("password.password", "password1")
		values.Set("again", "password1")
		rec := s.post(action, values)
		name := one(parse(t, rec), "input", "name", "localpart")
		if rec.Code != 422 || attr(name, "value") != "zoe" || !has(name, "readonly") || !strings.Contains(rec.Body.String(), "too easy to guess") {
			t.Errorf("%d uses: %d, %v", uses, rec.Code, name)
		}
		_, values = form(t, rec, address)
		values.Set("localpart", "second") // by hand
		values.Set("password.mode", "typed")
		values.Set("password.password", "a password")
		rec = s.post(action, values) // the two passwords differ
		if name = one(parse(t, rec), "input", "name", "localpart"); rec.Code != 422 || has(name, "readonly") != (uses == 1) || attr(name, "value") != map[int]string{1: "zoe", 2: "second"}[uses] {
			t.Errorf("%d uses, typed over: %d, %v", uses, rec.Code, name)
		}
		if name = one(parse(t, s.get(address)), "input", "name", "localpart"); has(name, "readonly") != (uses == 1) {
			t.Errorf("%d uses, opened again: %v", uses, name)
		}
	}
}

// A fixed name is the invitation's, whatever is sent.
func TestJoinWithAFixedName(t *testing.T) {
	t.Parallel()
	s := newSite(t, gatetest.Options{})
	address := "/join/" + s.Invite(store.Invitation{Localpart: "zoe"}).Reveal()
	rec := s.get(address)
	if n := one(parse(t, rec), "input", "name", "localpart"); attr(n, "value") != "zoe" || !has(n, "readonly") || len(all(parse(t, rec), "script", "", "")) > 0 {
		t.Errorf("%v", n)
	}
	action, values := form(t, rec, address)
	rec = s.post(action, fill(values, "root"))
	if calls := s.Stub.Calls("users.create"); rec.Code != 200 || len(calls) != 1 || calls[0].Request.(api.UserCreate).Localpart != "zoe" {
		t.Errorf("status %d, %v", rec.Code, calls)
	}
}

// Links that do not work look the same, whatever is wrong with them, to the letter; and a form cannot be sent from elsewhere.
func TestJoinDeadLinks(t *testing.T) {
	t.Parallel()
	s := newSite(t, gatetest.Options{})
	revoked := s.Invite(store.Invitation{ID: "revoked"}).Reveal()
	expired := s.Invite(store.Invitation{ID: "expired", Expires: s.Clock.Now().Add(-time.Second)}).Reveal()
	if err := s.Store.RevokeInvitation(t.Context(), "hs", "revoked", "@admin:example.org", s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	good := s.Invite(store.Invitation{ID: "good"}).Reveal()
	first := ""
	for _, token := range []string{revoked, expired, gate.NewKey(), "x", "%2e%2e", "a%2Fb", strings.Repeat("y", 1000)} {
		rec := s.get("/join/" + token)
		if first == "" {
			first = letters(rec)
		}
		if rec.Code != 404 || letters(rec) != first || len(token) > 1 && strings.Contains(rec.Body.String(), token) {
			t.Errorf("%.40s: %d %s", token, rec.Code, rec.Body)
		}
		if rec := s.post("/join/"+token, fill(url.Values{"_key": {gate.NewKey()}}, "zoe")); rec.Code != 404 || letters(rec) != first {
			t.Errorf("a form to %.40s: %d", token, rec.Code)
		}
	}
	// Whoever is signed in sees the same: the address is kept in no page.
	if rec := s.as(api.Owner).get("/join/" + revoked); letters(rec) != first {
		t.Errorf("signed in: %s", rec.Body)
	}
	address := "/join/" + good
	_, values := form(t, s.get(address), address)
	r := s.Request(http.MethodPost, address, fill(values, "zoe").Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if rec := s.as(api.Owner).send(r); rec.Code != 403 || strings.Contains(rec.Body.String(), good) || len(s.Stub.Calls()) > 0 {
		t.Errorf("from another site: %d, calls %v", rec.Code, s.Stub.Calls())
	}
	limited := (*httptest.ResponseRecorder)(nil)
	for range 40 {
		if rec := s.get("/join/" + gate.NewKey()); rec.Code == 429 {
			limited = rec
		}
	}
	if limited == nil || limited.Header().Get("Retry-After") == "" || !strings.Contains(limited.Body.String(), "too many tries") {
		t.Error("guesses are not limited")
	}
}

// What is wrong at the homeserver is told without what is not for strangers.
func TestJoinProblems(t *testing.T) {
	t.Parallel()
	taken := api.NewProblem(api.StatusConflict, "invalid_request")
	taken.Fields = []api.FieldProblem{{Field: "threepids.0.address", Code: "threepid_taken", Params: map[string]string{"owner": "@boss:example.org"}}}
	for _, c := range []struct {
		name   string
		err    *api.Problem
		status int
		text   string
	}{
		{"somebody else's address", taken, 503, "no account can be made just now"},
		{"keys", api.NewProblem(api.StatusBadGateway, "homeserver_token_dead"), 503, "no account can be made just now"},
		{"nobody answers", api.NewProblem(api.StatusTimeout, "outcome_unknown", "id", "@zoe:example.org"), 504, "It is not known whether your account was made"},
		{"the name", api.NewProblem(api.StatusConflict, "name_in_use").At("localpart"), 409, "This name is taken"},
		{"the password", api.NewProblem(api.StatusUnprocessable, "weak_password", "min", "12").At("password.password"), 422, "too weak"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, gatetest.Options{})
			gatetest.On(s.Stub, api.CreateUser, func(context.Context, api.UserCreate) (api.Handout, error) { return api.Handout{}, c.err })
			address := "/join/" + s.Invite(store.Invitation{}).Reveal()
			action, values := form(t, s.get(address), address)
			rec := s.post(action, fill(values, "zoe"))
			if rec.Code != c.status || !strings.Contains(rec.Body.String(), c.text) || strings.Contains(rec.Body.String(), "boss") || strings.Contains(rec.Body.String(), "yaml") {
				t.Errorf("status %d: %s", rec.Code, rec.Body)
			}
		})
	}
}

// The page speaks the language that the browser asks for.
func TestJoinInGerman(t *testing.T) {
	t.Parallel()
	s := newSite(t, gatetest.Options{})
	r := s.Request(http.MethodGet, "/join/"+s.Invite(store.Invitation{}).Reveal(), "")
	r.Header.Set("Accept-Language", "de-AT,de;q=0.9")
	if rec := s.send(r); !strings.Contains(rec.Body.String(), `lang="de"`) || !strings.Contains(rec.Body.String(), "Konto anlegen") {
		t.Error(rec.Body)
	}
}
