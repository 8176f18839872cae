// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"slices"
	"strings"
	"testing"
)

// In the program a row's menu has no items until it is opened, and then those that the server writes.
func TestLazyMenu(t *testing.T) {
	m := Menu{ID: "row-1", Label: "Actions", Dots: true, Items: []MenuItem{{Label: "Open", Href: "/a"}, {Label: "Erase", Danger: true, Why: "Not **here**."}}}
	l := &lazyMenu{Menu: m}
	closed := HTML(l)
	if strings.Contains(closed, "<li") || !strings.Contains(closed, `popovertarget="row-1"`) || !strings.Contains(closed, `id="row-1"`) {
		t.Errorf("closed: %s", closed)
	}
	l = &lazyMenu{Menu: m, opened: true}
	if got, want := sorted(HTML(l)), sorted(HTML(m.Draw(Env{}))); got != want {
		t.Errorf("open:\n got %s\nwant %s", got, want)
	}
}

// sorted puts the pieces of HTML in order: go-app writes attributes in any.
func sorted(html string) string {
	pieces := strings.FieldsFunc(html, func(r rune) bool { return r == '<' || r == '>' || r == ' ' })
	slices.Sort(pieces)
	return strings.Join(pieces, " ")
}
