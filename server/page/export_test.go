// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

// A list's page leads to the file of that list, with its filter and without its page.
func TestListAsAFile(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	s.Stub.Put(api.User{ID: "@zoe:example.org", DisplayName: "Zoe"})
	links := all(parse(t, s.get("/hs/accounts?search=zoe")), "a", "", "")
	followed := 0
	for _, a := range links {
		href := attr(a, "href")
		if !strings.HasPrefix(href, "/export/hs/users.list?") {
			continue
		}
		followed++
		rec := s.get(href)
		if rec.Code != 200 || !strings.Contains(rec.Body.String(), "@zoe:example.org") || strings.Contains(rec.Body.String(), "@ann:example.org") ||
			!strings.HasPrefix(rec.Header().Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %d %v %s", href, rec.Code, rec.Header(), rec.Body)
		}
	}
	if followed != 2 {
		t.Errorf("%d links to files", followed)
	}
	if rec := s.get("/export/hs/users.get?_format=csv"); rec.Code != 422 || !strings.Contains(rec.Body.String(), "<main") {
		t.Errorf("what is no list: %d %.300s", rec.Code, rec.Body)
	}
	rec := newSite(t, gatetest.Options{}).get("/export/hs/users.list?_format=csv")
	if next := rec.Header().Get("Location"); rec.Code != 303 || next != "/sign-in" {
		t.Errorf("signed out: %d %s", rec.Code, next)
	}
}
