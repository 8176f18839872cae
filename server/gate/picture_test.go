// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/store/storetest"
)

const thumbnailAddress = "/api/hs/media.thumbnail?id=%40ann%3Aexample.org&media=Picture"

// A picture is answered as one, and as nothing else: it runs nothing, loads nothing, and nobody keeps it.
func TestPicture(t *testing.T) { storetest.Each(t, testPicture) }

func testPicture(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	rec := w.Serve(w.Request("GET", thumbnailAddress, "", w.Session(w.Person(api.Moderator))))
	for name, want := range map[string]string{
		"Content-Type": "image/png", "Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff",
		"Cache-Control": "private, no-store", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := rec.Header().Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if rec.Code != 200 || !bytes.Equal(rec.Body.Bytes(), gatetest.Pixel()) {
		t.Errorf("status %d, %d bytes", rec.Code, rec.Body.Len())
	}
	if len(w.Log()) != 0 {
		t.Error("a look is recorded")
	}
}

// What an adapter hands over is looked at again: its type, its bytes and its size.
func TestPictureThatIsNone(t *testing.T) { storetest.Each(t, testPictureThatIsNone) }

func testPictureThatIsNone(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	for name, p := range map[string]api.Picture{
		"svg":       {Type: "image/svg+xml", Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)},
		"page":      {Type: "image/png", Data: []byte("<html><script>alert(1)</script>")},
		"other":     {Type: "image/jpeg", Data: gatetest.Pixel()},
		"parameter": {Type: "image/png; charset=utf-7", Data: gatetest.Pixel()},
		"large":     {Type: "image/png", Data: append(gatetest.Pixel(), make([]byte, api.MaxPicture)...)},
		"empty":     {Type: "image/png"},
	} {
		gatetest.On(w.Stub, api.GetThumbnail, func(context.Context, api.ThumbnailQuery) (api.Picture, error) { return p, nil })
		rec := w.Serve(w.Request("GET", thumbnailAddress, "", cookie))
		refused(t, rec, http.StatusBadGateway, "no_picture")
		if strings.Contains(rec.Body.String(), "script") {
			t.Errorf("%s: %s", name, rec.Body)
		}
	}
}

// Where a picture cannot be had, the element that asks for one gets an icon, with the status that says why; whoever can read it gets the problem.
func TestNoPicture(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	gatetest.On(w.Stub, api.GetThumbnail, func(context.Context, api.ThumbnailQuery) (api.Picture, error) {
		return api.Picture{}, api.NewProblem(api.StatusNotFound, "no_thumbnail", "name", "<secret>")
	})
	moderator := w.Session(w.Person(api.Moderator))
	for _, c := range []struct {
		dest          string
		cookie        *http.Cookie
		address, kind string
		status        int
	}{
		{"image", moderator, thumbnailAddress, "image/svg+xml", 404},
		{"image", moderator, "/api/hs/media.thumbnail?id=x", "image/svg+xml", 422},
		{"image", nil, thumbnailAddress, "image/svg+xml", 401},
		{"empty", moderator, thumbnailAddress, "application/problem+json", 404},
		{"", moderator, thumbnailAddress, "application/problem+json", 404},
	} {
		r := w.Request("GET", c.address, "", c.cookie)
		r.Header.Set("Sec-Fetch-Dest", c.dest)
		rec := w.Serve(r)
		if rec.Code != c.status || rec.Header().Get("Content-Type") != c.kind || rec.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%+v: %d %v", c, rec.Code, rec.Header())
		}
		if c.kind == "image/svg+xml" && (rec.Header().Get("Content-Security-Policy") != "default-src 'none'; sandbox" || strings.Contains(rec.Body.String(), "secret") || !strings.HasPrefix(rec.Body.String(), "<svg ")) {
			t.Errorf("%+v: %v\n%s", c, rec.Header(), rec.Body)
		}
	}
}

// The audit log tells what of a notice was not sent, and the homeserver hears the request key.
func TestNoticeInTheAuditLog(t *testing.T) { storetest.Each(t, testNoticeInTheAuditLog) }

func testNoticeInTheAuditLog(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Owner))
	rec := w.Call(cookie, "users.notice", gate.NewKey(), `{"ids":["@ann:example.org","@nobody:example.org"],"text":"Tonight"}`)
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), "not_found") {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	rows := w.Log()
	if len(rows) != 2 || rows[1].String() != "outcome users.notice failed partly_done" || !strings.Contains(rows[0].Targets, "@nobody:example.org") {
		t.Errorf("%+v", rows)
	}
}

// What a registration token reads is in the answers that show it, and nowhere else.
func TestRegistrationTokensAreKept(t *testing.T) { storetest.Each(t, testRegistrationTokensAreKept) }

func testRegistrationTokensAreKept(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	cookie := w.Session(w.Person(api.Registrar))
	const own = "Lx-the-token-of-the-school"
	answers := map[string]*httptest.ResponseRecorder{
		"list":   w.Serve(w.Request("GET", "/api/hs/tokens.list", "", cookie)),
		"update": w.Call(cookie, "tokens.update", gate.NewKey(), `{"id":"Kw~1","uses":{"to":5}}`),
		"delete": w.Call(cookie, "tokens.delete", gate.NewKey(), `{"id":"Kw~1"}`),
	}
	for name, rec := range answers {
		if rec.Code != 200 || strings.Contains(rec.Body.String(), gatetest.RegistrationToken) {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
	}
	for text, rec := range map[string]*httptest.ResponseRecorder{
		gatetest.RegistrationToken: w.Call(cookie, "tokens.show", gate.NewKey(), `{"id":"Kw~1"}`),
		own:                        w.Call(cookie, "tokens.create", gate.NewKey(), `{"token":"`+own+`"}`),
	} {
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), `"text":"`+text+`"`) {
			t.Errorf("%s: %d %s", text, rec.Code, rec.Body)
		}
	}
	seen := w.Logs()
	for _, row := range w.Log() {
		seen += row.Request + row.Targets
	}
	for _, text := range []string{own, gatetest.RegistrationToken} {
		if strings.Contains(seen, text) {
			t.Errorf("%s is in a log:\n%s", text, seen)
		}
	}
	if n := w.Intents(); n != 4 {
		t.Errorf("%d writes are recorded, want 4: showing a token is one", n)
	}
	// A second click hears where the token can be seen, once its answer is forgotten.
	key := gate.NewKey()
	w.Call(cookie, "tokens.show", key, `{"id":"Kw~1"}`)
	w.Restart()
	refused(t, w.Call(cookie, "tokens.show", key, `{"id":"Kw~1"}`), http.StatusConflict, "already_done_token")
}
