// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"net/url"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/server/gate/gatetest"
)

// The address of a card that the program has shown holds nothing but whose it is. A reload leaves it to the program to ask for the card; without
// scripts the browser goes on to the form.
func TestCardIsLoadedAgain(t *testing.T) {
	who := newSite(t, gatetest.Options{}).as(api.Owner)
	form := route.At("hs", route.CreatePath, nil)
	u, err := url.Parse(form)
	if err != nil {
		t.Fatal(err)
	}
	page := who.get(route.Card(u, ann)).Body.String()
	if !strings.Contains(page, `"loading":true`) || !strings.Contains(page, `"url":"/hs/accounts/create?_card=%40ann%3Aexample.org"`) {
		t.Errorf("the program is not told to load it: %.300s", page)
	}
	_, next, ok := strings.Cut(page, `<noscript><meta http-equiv="refresh" content="0;url=`)
	next, _, _ = strings.Cut(next, `"`)
	if !ok {
		t.Fatal("without scripts there is no way on")
	}
	_, values := who.open(strings.ReplaceAll(next, "&amp;", "&"), "users.create")
	if got := values.Get("_screen"); got != form {
		t.Errorf("the form leads back to %q, want %q", got, form)
	}
}
