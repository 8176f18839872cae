// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNoscriptAgain does each write that is answered by another page, without scripts,
// loads that page again, goes back to the form and sends it once more, and the same form
// again: it is done once.
// Those that are answered by a card are in TestNoscriptCreate and TestNoscriptReset.
func TestNoscriptAgain(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := signedIn(t, g, hs)
	for _, w := range []struct {
		operation, path, notice string
		fill                    func(id string)
	}{
		{"users.update", "account/edit", "The changes are saved", func(string) { d.fill("#f-display_name-to", "Another Name") }},
		{"users.lock", "account/lock", "is locked", func(string) { d.fill("#f-reason", "lost telephone") }},
		{"users.unlock", "account/unlock", "is unlocked", nil},
		{"devices.sign_out", "account/sign-out", "signed out", nil},
		{"users.suspend", "account/suspend", "is suspended", nil},
		{"users.deactivate", "account/deactivate", "is deactivated", nil},
		{"users.erase", "account/erase", "is erased", func(id string) { d.fill("#f-confirm_id", id) }},
	} {
		t.Run(w.operation, func(t *testing.T) {
			d.t = t
			_, id, _ := d.account("again", "the owner's own")
			if w.operation == "users.unlock" {
				alter(t, hs, id, map[string]any{"locked": true})
			}
			d.visit(w.path, "id", id)
			if w.fill != nil {
				w.fill(id)
			}
			sent := eval[string](d.page, `new URLSearchParams(new FormData(document.querySelector("#form"))).toString()`)
			d.done(w.notice)
			after := d.url()
			d.reload()
			// The form is another one by now, of the account as it is; if it can be sent, that changes nothing.
			d.back()
			d.wait("main h1")
			if d.count(mainButton) > 0 {
				if w.fill != nil {
					w.fill(id)
				}
				d.submit()
			}
			// A browser that had kept the page would send the same form.
			fields, err := url.ParseQuery(sent)
			if err != nil {
				t.Fatal(err)
			}
			resp, body := g.post(d, "/do/synapse/"+w.operation, pairs(fields)...)
			if resp.StatusCode != http.StatusSeeOther || g.URL+resp.Header.Get("Location") != after {
				t.Errorf("the same form again: %d to %q, want to %s\n%.300s", resp.StatusCode, resp.Header.Get("Location"), after, body)
			}
			if diff := cmp.Diff([]string{"intent", "outcome done"}, g.audit(w.operation, id)); diff != "" {
				t.Errorf("the audit log (-want +got):\n%s", diff)
			}
		})
	}
}

// pairs are the names and values of a form in turn.
func pairs(values url.Values) []string {
	var list []string
	for name, of := range values {
		for _, value := range of {
			list = append(list, name, value)
		}
	}
	return list
}
