// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/server/gate/gatetest"
)

// SETTLED 15 to 17: whatever sets a cookie sets it for this host, every path and nobody else: strict, out of reach of scripts, and with https
// under the prefix that browsers hold to that. Every route is asked, and what is known to set cookies is done.
func TestEveryCookie(t *testing.T) {
	for public, secure := range map[string]bool{"https://gate.example": true, "http://localhost:8765": false} {
		t.Run(public, func(t *testing.T) {
			start := newSite(t, gatetest.Options{Public: public})
			var seen = map[string]bool{}
			look := func(what string, rec *httptest.ResponseRecorder) {
				for _, c := range rec.Result().Cookies() {
					name, prefixed := strings.CutPrefix(c.Name, "__Host-")
					seen[name] = true
					if prefixed != secure || c.Secure != secure || c.SameSite != http.SameSiteStrictMode || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.MaxAge == 0 {
						t.Errorf("%s sets %s", what, c)
					}
				}
			}
			credentials := url.Values{"homeserver": {"hs"}, "name": {"admin"}, "password": {gatetest.Password}}
			look("signing in", start.post("/sign-in", credentials))
			look("preferences", start.post("/preferences", url.Values{"theme": {"dark"}}))
			action, values := start.open(route.Account("hs", route.LockPath, ann), "users.lock")
			look("a write", start.post(action, values))
			look("the page after it", start.get(route.Account("hs", route.AccountPath, ann)))
			look("signing out", start.post("/sign-out", nil))
			for _, s := range []*site{start, start.as(api.Owner)} {
				for _, r := range s.routes {
					target := strings.NewReplacer(":homeserver", "hs", ":operation", "users.list", ":token", "none", ":id", "1", "*", "hs/accounts").Replace(r.Path)
					if r.Method == http.MethodPost {
						look(r.Method+" "+target, s.post(target, url.Values{}))
					} else if r.Method == http.MethodGet {
						look(r.Method+" "+target, s.get(target))
					}
				}
			}
			if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, []string{"gatehouse", "gatehouse-notice", "gatehouse-preferences"}) {
				t.Errorf("cookies %v", got)
			}
		})
	}
}
