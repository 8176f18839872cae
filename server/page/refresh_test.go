// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/server/gate/gatetest"
)

var refreshes = regexp.MustCompile(`<noscript><meta http-equiv="refresh" content="3;url=([^"]*)"></noscript>`)

// A page that follows something has the browser load it again where scripts are off, until that has ended.
func TestRefresh(t *testing.T) {
	s := newSite(t, gatetest.Options{})
	who := s.as(api.Owner)
	address := route.Redaction("hs", "@a&b:example.org", "r1")
	for state, want := range map[string]bool{api.RedactionScheduled: true, api.RedactionActive: true, api.RedactionComplete: false, api.RedactionFailed: false} {
		gatetest.On(s.Stub, api.RedactionStatus, func(_ context.Context, q api.RedactionQuery) (api.RedactionState, error) {
			return api.RedactionState{ID: q.ID, RedactID: q.RedactID, State: state}, nil
		})
		page := who.get(address).Body.String()
		found := refreshes.FindStringSubmatch(page)
		if (found != nil) != want {
			t.Errorf("%s: refreshes %q", state, found)
		}
		if found == nil {
			continue
		}
		if !strings.Contains(found[1], "_poll=1") || !strings.Contains(found[1], "redact_id=r1") {
			t.Errorf("%s: it leads to %q", state, found[1])
		}
		again := who.get(strings.ReplaceAll(found[1], "&amp;", "&"))
		if again.Code != 200 || strings.Contains(again.Body.String(), `"url":"/hs/account/redaction?_poll`) {
			t.Errorf("%s: loaded again: %d", state, again.Code)
		}
	}
}

// SETTLED 20: a page that loads itself again keeps no session alive.
func TestRefreshIsNoActivity(t *testing.T) {
	for mark, want := range map[string]int{"": 200, "&_poll=1": 303} {
		s := newSite(t, gatetest.Options{})
		who := s.as(api.Owner)
		address := route.Redaction("hs", ann, "r1")
		for range 3 {
			who.get(address + mark)
			s.Clock.Advance(6 * time.Minute)
		}
		if rec := who.get(address); rec.Code != want {
			t.Errorf("%q: after 18 minutes the page is %d, want %d", mark, rec.Code, want)
		}
	}
}
