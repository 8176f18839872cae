// SPDX-License-Identifier: Apache-2.0

package panel

import (
	"net/url"
	"regexp"
	"slices"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
	"gatehouse/app/route"
	"gatehouse/app/ui"
	"gatehouse/web/languages"
)

var hrefs = regexp.MustCompile(`href="([^"]*)"`)

// From a card that is no longer shown there is a way to a new password, and to the form.
func TestWayOnFromACard(t *testing.T) {
	env := ui.Env{Homeserver: "hs"}.WithPrinter(i18n.Format{Printer: languages.Printer("en")})
	form, err := url.Parse("/hs/accounts/create?copy=%40bob%3Aexample.org")
	if err != nil {
		t.Fatal(err)
	}
	card := func(account api.UserID) *url.URL {
		u, err := url.Parse(route.Card(form, account))
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	again, reset, see := form.String(), "/hs/account/reset-password?id=%40ann%3Aexample.org", "/hs/account?id=%40ann%3Aexample.org"
	for _, c := range []struct {
		code string
		at   *url.URL
		want []string
	}{
		{"already_done_secret", card("@ann:example.org"), []string{reset, see, again, "/"}},
		{"answer_gone", card("@ann:example.org"), []string{reset, see, again, "/"}},
		{"already_done_token", card(""), []string{again, "/"}},
		{"answer_gone", form, []string{again, "/"}},
		{"key_reused", form, []string{"/"}},
	} {
		var got []string
		for _, way := range WayOn(env, api.NewProblem(api.StatusConflict, c.code), c.at) {
			got = append(got, hrefs.FindStringSubmatch(ui.HTML(way))[1])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s at %s: %q, want %q", c.code, c.at, got, c.want)
		}
	}
}
