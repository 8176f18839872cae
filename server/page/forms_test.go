// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/server/gate/gatetest"
)

const typedPassword = "a secret that was typed"

// The way without the program, for each write: open the screen, fill in its form, send it; it is done once, is recorded once, and the
// answer is another page or, where it holds a password, a page that is nowhere kept.
func TestEveryWriteByForm(t *testing.T) {
	for _, c := range []struct {
		operation, screen string
		fill              func(url.Values)
		card              string // the password that the answer shows
		next              string // where it leads, else
		sent              string // what reached the homeserver
	}{
		{"users.create", "/hs/accounts/create", func(v url.Values) {
			v.Set("localpart", "new")
			v.Set("display_name", "New")
			v.Set("password.mode", "typed")
			v.Set("password.password", typedPassword)
		}, typedPassword, "", `{"localpart":"new","display_name":"New","password":{"mode":"typed","password":"a secret that was typed"}}`},
		{"users.create", "/hs/accounts/create", func(v url.Values) {
			v.Set("localpart", "new")
			v.Set("password.mode", "random")
		}, gatetest.Generated, "", `{"localpart":"new","password":{"mode":"random"}}`},
		{"users.update", route.Account("hs", route.EditPath, ann), func(v url.Values) { v.Set("display_name.to", "Anna") },
			"", route.Account("hs", route.AccountPath, ann), `{"id":"@ann:example.org","display_name":{"from":"Ann","to":"Anna"}}`},
		{"users.reset_password", route.Account("hs", route.ResetPasswordPath, ann), func(v url.Values) { v.Set("password.mode", "random") },
			gatetest.Generated, "", `{"id":"@ann:example.org","password":{"mode":"random"},"sign_out":true}`},
		{"users.lock", route.Account("hs", route.LockPath, ann), nil, "", route.Account("hs", route.AccountPath, ann), `{"id":"@ann:example.org"}`},
		{"users.unlock", route.Account("hs", route.UnlockPath, "@locked:example.org"), nil, "", route.Account("hs", route.AccountPath, "@locked:example.org"), `{"id":"@locked:example.org"}`},
		{"users.deactivate", route.Account("hs", route.DeactivatePath, ann), nil, "", route.Account("hs", route.AccountPath, ann), `{"id":"@ann:example.org"}`},
		{"users.erase", route.Account("hs", route.ErasePath, ann), func(v url.Values) { v.Set("confirm_id", ann) },
			"", route.Account("hs", route.AccountPath, ann), `{"id":"@ann:example.org","confirm_id":"@ann:example.org"}`},
		{"users.reactivate", route.Account("hs", route.ReactivatePath, "@ended:example.org"), func(v url.Values) { v.Set("password.mode", "random") },
			gatetest.Generated, "", `{"id":"@ended:example.org","password":{"mode":"random"}}`},
		{"devices.sign_out", route.SignOut("hs", ann), nil, "", route.Account("hs", route.DevicesPath, ann), `{"id":"@ann:example.org","all":true}`},
		{"devices.sign_out", route.SignOut("hs", ann, "PHONE"), nil, "", route.Account("hs", route.DevicesPath, ann), `{"id":"@ann:example.org","devices":["PHONE"]}`},
	} {
		t.Run(c.operation, func(t *testing.T) {
			s := newSite(t, gatetest.Options{}).as(api.Owner)
			s.Stub.Put(api.User{ID: "@locked:example.org", Locked: true})
			s.Stub.Put(api.User{ID: "@ended:example.org", Deactivated: true})
			action, values := s.open(c.screen, c.operation)
			if values.Get("_key") == "" || values.Get("_screen") != c.screen {
				t.Fatalf("the form has the key %q and the screen %q", values.Get("_key"), values.Get("_screen"))
			}
			if c.fill != nil {
				c.fill(values)
			}
			rec := s.post(action, values)
			if c.card != "" {
				card(t, rec, c.card)
				if again := s.post(action, values); again.Code != 200 || !strings.Contains(again.Body.String(), c.card) {
					t.Errorf("a reload loses the card: %d", again.Code)
				}
			} else {
				if got := seeOther(t, rec); got != c.next {
					t.Errorf("leads to %q, want %q", got, c.next)
				}
				notice := s.cookies["__Host-gatehouse-notice"]
				if notice == nil || strings.Contains(notice.Value, "ann") {
					t.Errorf("the notice's cookie: %v", notice)
				}
				if page := s.get(c.next); page.Code != 200 || one(parse(t, page), "", "role", "status") == nil {
					t.Errorf("the next page, %d, does not say that it is done", page.Code)
				}
				if s.cookies["__Host-gatehouse-notice"] != nil {
					t.Error("the notice is shown for ever")
				}
				if got := seeOther(t, s.post(action, values)); got != c.next {
					t.Errorf("a reload leads to %q", got)
				}
			}
			calls := s.Stub.Calls(c.operation)
			if len(calls) != 1 {
				t.Fatalf("%d calls", len(calls))
			}
			data, err := api.EncodeWire(calls[0].Request)
			if err != nil || string(data) != c.sent {
				t.Errorf("sent %s, want %s", data, c.sent)
			}
			if diff := cmp.Diff([]string{"intent " + c.operation, "outcome " + c.operation + " done"}, s.Phases()); diff != "" {
				t.Error(diff)
			}
			s.Clock.Advance(time.Minute)
			s.Restart() // the answer is forgotten; that it was done is not
			if rec := s.post(action, values); rec.Code != 409 || strings.Contains(rec.Body.String(), typedPassword) {
				t.Errorf("after a restart: %d", rec.Code)
			}
			if n := len(s.Stub.Calls(c.operation)); n != 1 {
				t.Errorf("done %d times", n)
			}
		})
	}
}

// card demands a page that shows a password once: 200, not to be kept by anything, the password in what people read and not in what the
// program reads (SETTLED 1 and 3).
func card(t *testing.T, rec *httptest.ResponseRecorder, password string) {
	t.Helper()
	if rec.Code != 200 || rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("Location") != "" {
		t.Fatalf("status %d, Cache-Control %q: %.2000s", rec.Code, rec.Header().Get("Cache-Control"), rec.Body)
	}
	doc := parse(t, rec)
	main := one(doc, "main", "", "")
	if !strings.Contains(content(main), password) && one(main, "input", "value", password) == nil {
		t.Error("the password is not shown")
	}
	data := content(one(doc, "script", "id", "data"))
	if data == "" || strings.Contains(data, password) || !strings.Contains(data, `"keep":true`) {
		t.Errorf("the data block: %s", data)
	}
	for _, n := range all(doc, "", "href", "") {
		if strings.Contains(attr(n, "href"), url.QueryEscape(password)) {
			t.Errorf("the password is in the address %s", attr(n, "href"))
		}
	}
}

// Bad input: the form comes back with the mistakes at their fields and all that was typed, but no password.
func TestMistakes(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	hostile := `"><b>&'` + "\u202e"
	action, values := s.open("/hs/accounts/create", "users.create")
	old := values.Get("_key")
	values.Set("localpart", "Not Good")
	values.Set("display_name", hostile)
	values.Set("password.mode", "typed")
	values.Set("password.password", "short!7")
	rec := s.post(action, values)
	if rec.Code != 422 {
		t.Fatalf("status %d", rec.Code)
	}
	doc := parse(t, rec)
	for field, wrong := range map[string]bool{"localpart": true, "password.password": true, "display_name": false} {
		n := one(doc, "input", "name", field)
		if n == nil || (attr(n, "aria-invalid") == "true") != wrong {
			t.Errorf("%s: %v", field, n)
			continue
		}
		if wrong {
			described := ""
			for _, id := range strings.Fields(attr(n, "aria-describedby")) {
				described += content(one(doc, "", "id", id))
			}
			if described == "" {
				t.Errorf("what is wrong with %s is not said at it", field)
			}
		}
	}
	_, again := form(t, rec, action)
	if again.Get("localpart") != "Not Good" || again.Get("display_name") != hostile || again.Get("password.mode") != "typed" || again.Get("password.password") != "" {
		t.Errorf("came back as %v", again)
	}
	if again.Get("_key") == old || again.Get("_key") == "" {
		t.Error("the corrected form has the key of the wrong one")
	}
	if strings.Contains(rec.Body.String(), "short!7") {
		t.Error("the password is in the page")
	}
	if len(all(doc, "b", "", "")) > 0 {
		t.Error("what was typed became an element")
	}
	if len(s.Stub.Calls("users.create")) > 0 || s.Intents() > 0 {
		t.Error("it was sent all the same")
	}
	// Corrected, it goes through.
	again.Set("localpart", "good")
	again.Set("password.password", typedPassword)
	card(t, s.post(action, again), typedPassword)
}

// What the homeserver refuses stands at its field, too.
func TestRefusedByTheServer(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	action, values := s.open("/hs/accounts/create", "users.create")
	values.Set("localpart", "ann")
	values.Set("password.mode", "typed")
	values.Set("password.password", typedPassword)
	rec := s.post(action, values)
	if rec.Code != 409 || strings.Contains(rec.Body.String(), typedPassword) {
		t.Fatalf("status %d, or the password is in the page", rec.Code)
	}
	if n := one(parse(t, rec), "input", "name", "localpart"); attr(n, "aria-invalid") != "true" || attr(n, "value") != "ann" {
		t.Errorf("%v", n)
	}
}

// The last administrator: the guard's question comes back in the form, and answered there it is done.
func TestConfirmation(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	s.Stub.Put(api.User{ID: "@root:example.org"})
	s.Stub.Put(api.User{ID: "@admin:example.org"})
	s.Stub.Put(api.User{ID: ann, Admin: true})
	action, values := s.open(route.Account("hs", route.LockPath, ann), "users.lock")
	rec := s.post(action, values)
	if rec.Code != 409 {
		t.Fatalf("status %d", rec.Code)
	}
	box := one(parse(t, rec), "input", "name", "confirm")
	if box == nil {
		t.Fatal("the question is not asked")
	}
	_, values = form(t, rec, action)
	values.Del("confirm")
	values.Set("confirm", "true")
	seeOther(t, s.post(action, values))
	if n := len(s.Stub.Calls("users.lock")); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// "Add another" and "Remove" only draw the form again; they do nothing, and lose nothing but passwords.
func TestRedraw(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	action, values := s.open("/hs/accounts/create", "users.create")
	rows := func(v url.Values) int {
		n := 0
		for name := range v {
			if strings.HasPrefix(name, "threepids.") && strings.HasSuffix(name, ".address") {
				n++
			}
		}
		return n
	}
	before := rows(values)
	values.Set("localpart", "new")
	values.Set("password.mode", "typed")
	values.Set("password.password", typedPassword)
	values.Set("_add", "threepids")
	rec := s.post(action, values)
	if rec.Code != 200 || strings.Contains(rec.Body.String(), typedPassword) {
		t.Fatalf("status %d, or the password is in the page", rec.Code)
	}
	_, more := form(t, rec, action)
	if rows(more) != before+1 || more.Get("localpart") != "new" || more.Get("_key") != values.Get("_key") || more.Has("_add") {
		t.Errorf("%d rows, before %d: %v", rows(more), before, more)
	}
	if n := len(all(parse(t, rec), "", "aria-invalid", "true")); n > 0 {
		t.Errorf("%d fields are called wrong, though nothing was sent yet", n)
	}
	more.Set("threepids.0.medium", "email")
	more.Set("threepids.0.address", "a@b.example")
	more.Set("_remove", "threepids.0")
	_, less := form(t, s.post(action, more), action)
	if rows(less) > before+1 || less.Get("threepids.0.address") == "a@b.example" {
		t.Errorf("the row is still there: %v", less)
	}
	if len(s.Stub.Calls("users.create")) > 0 || s.Intents() > 0 {
		t.Error("it was done")
	}
}

// What a form of ours never sends is refused before anything is done.
func TestForgedForms(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	action, values := s.open(route.Account("hs", route.LockPath, ann), "users.lock")
	change := func(f func(url.Values)) url.Values {
		v := url.Values{}
		for name, list := range values {
			v[name] = append([]string(nil), list...)
		}
		f(v)
		return v
	}
	for name, c := range map[string]struct {
		action string
		values url.Values
		status int
	}{
		"unknown field":           {action, change(func(v url.Values) { v.Set("colour", "red") }), 422},
		"no key":                  {action, change(func(v url.Values) { v.Del("_key") }), 400},
		"bad key":                 {action, change(func(v url.Values) { v.Set("_key", "x") }), 400},
		"no screen":               {action, change(func(v url.Values) { v.Del("_screen") }), 400},
		"a screen elsewhere":      {action, change(func(v url.Values) { v.Set("_screen", "//evil.example/") }), 400},
		"a screen without a form": {action, change(func(v url.Values) { v.Set("_screen", "/hs/accounts") }), 400},
		"another homeserver":      {"/do/other/users.lock", values, 400},
		"its own screen there":    {"/do/other/users.lock", change(func(v url.Values) { v.Set("_screen", "/other/account/lock?id=@ann:other.example") }), 403},
		"no operation":            {"/do/hs/users.fly", values, 404},
		"a read":                  {"/do/hs/users.get", values, 405},
		"internal":                {"/do/hs/operators.verify", values, 404},
	} {
		rec := s.post(c.action, c.values)
		if rec.Code != c.status {
			t.Errorf("%s: status %d, want %d: %.200s", name, rec.Code, c.status, rec.Body)
		}
		parse(t, rec)
	}
	if len(s.Stub.Calls("users.lock")) > 0 || s.Intents() > 0 || len(s.Other.Calls()) > 0 {
		t.Error("something was done")
	}
	// A form that says nothing of where it comes from.
	for _, headers := range []map[string]string{{}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}} {
		for _, target := range []string{action, "/sign-in", "/sign-out", "/preferences"} {
			r := s.Request("POST", target, values.Encode())
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for name, value := range headers {
				r.Header.Set(name, value)
			}
			if rec := s.send(r); rec.Code != 403 {
				t.Errorf("%s with %v: status %d", target, headers, rec.Code)
			}
		}
	}
	if len(s.Stub.Calls("users.lock", "operators.verify")) > 0 {
		t.Error("something was done")
	}
	// A write whose form belongs to another screen is done, and its end is a page.
	rec := s.post("/do/hs/users.lock", url.Values{"id": {ann}, "_key": {"0123456789abcdef"}, "_screen": {"/hs/accounts/create"}})
	if rec.Code >= 500 {
		t.Errorf("status %d: %.300s", rec.Code, rec.Body)
	}
}
