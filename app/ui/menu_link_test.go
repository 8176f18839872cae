// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"strings"
	"testing"
)

// The menu of a row is a link until the program opens it; then it has its items.
func TestLinkMenu(t *testing.T) {
	m := Menu{ID: "row-1", Label: "Actions", Dots: true, Href: "/account", Items: []MenuItem{{Label: "Open", Href: "/a"}, {Label: "Erase", Danger: true, Why: "Not **here**."}}}
	closed := HTML(m.Draw(Env{}))
	if strings.Contains(closed, "<li") || strings.Contains(closed, "popover") || !strings.Contains(closed, `href="/account"`) {
		t.Errorf("closed: %s", closed)
	}
	open := HTML(&linkMenu{Menu: m, opened: true})
	for _, part := range []string{`href="/account"`, `id="row-1"`, `popover="auto"`, `href="/a"`, "Erase", "<strong>here</strong>"} {
		if !strings.Contains(open, part) {
			t.Errorf("open: no %s in %s", part, open)
		}
	}
}
