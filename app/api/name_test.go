// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/url"
	"testing"
)

// A form that is sent as it was opened changes no name, whatever the name holds.
func TestUnchangedNames(t *testing.T) {
	for _, tt := range []struct{ from, to string }{
		{"Bob", "Bob"}, {" Bob ", " Bob "}, {" Bob ", "Bob"}, {"a\r\nb", "ab"}, {"", ""},
	} {
		req, err := UpdateUser.DecodeForm(url.Values{"id": {"@b:c"}, "display_name.from": {tt.from}, "display_name.to": {tt.to}})
		if err != nil {
			t.Fatal(err)
		}
		if !req.(UserUpdate).Empty() {
			t.Errorf("%q → %q counts as a change", tt.from, tt.to)
		}
	}
	req, err := UpdateUser.DecodeForm(url.Values{"id": {"@b:c"}, "display_name.from": {"a\r\nb"}, "display_name.to": {" Carl "}})
	if err != nil {
		t.Fatal(err)
	}
	if c := req.(UserUpdate).DisplayName; c == nil || *c.From != "a\nb" || c.To != "Carl" {
		t.Errorf("the change is %+v", c)
	}
}
