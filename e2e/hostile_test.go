// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shape is what a page is made of: its elements and the names of their attributes,
// without any text.
const shape = `(() => {
	const lines = []
	const walk = (node, depth) => {
		if (node.nodeType !== Node.ELEMENT_NODE || node.id === "data") return
		lines.push("  ".repeat(depth) + node.localName + " " + node.getAttributeNames().filter(n => !["value", "checked", "selected"].includes(n)).sort().join(" "))
		for (const child of node.childNodes) walk(child, depth + 1)
	}
	walk(document.documentElement, 0)
	return lines.join("\n")
})()`

// TestHostileNames gives accounts display names that would break out of a page that is
// careless, and expects pages of the same shape as that of a harmless name, with the
// name in them as it is, from the server and from the program.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	plain := signedIn(t, g, hs)
	names := []string{
		`Harmless Name`, // the one to compare with
		`"><b onclick=hacked=1>bold</b>`,
		`' onmouseover='hacked=1' x='`,
		`</script><script>hacked=1</script>`,
		`<!--<script>hacked=1//--></title></textarea><img src=x onerror=hacked=1>`,
		`&quot;&gt;&lt;b&gt; &#34; &amp;`,
		"\u202eright to left\u202c \u2067isolated",
		`javascript:hacked=1//\u0022 ${hacked=1} {{hacked=1}} ` + "`x`",
		`**bold** ` + "`mono`",
		strings.Repeat("W", 256), // Synapse takes no longer ones
	}
	prefix := unique("hostile")
	type account struct{ id, name string }
	var accounts []account
	for i, name := range names {
		made := register(t, hs, fmt.Sprintf("%s.%d", prefix, i), "a password of theirs", false)
		alter(t, hs, made.UserID, map[string]any{"displayname": name})
		accounts = append(accounts, account{made.UserID, name})
	}
	want := map[string]string{}
	look := func(p *desk, what string, a account) {
		t.Helper()
		got := eval[string](p.page, shape)
		if a.name == names[0] {
			want[what] = got
		} else if diff := cmp.Diff(strings.Split(want[what], "\n"), strings.Split(got, "\n")); diff != "" {
			t.Errorf("%s of %q is another page (-harmless +hostile):\n%.1500s", what, a.name, diff)
		}
		if eval[bool](p.page, `typeof hacked !== "undefined"`) {
			t.Fatalf("%s of %q: a script ran", what, a.name)
		}
	}
	for _, a := range accounts {
		pages := []struct {
			path  string
			query []string
		}{
			{"accounts", []string{"search", strings.TrimSuffix(strings.TrimPrefix(a.id, "@"), ":"+hs.ServerName)}},
			{"account", []string{"id", a.id}}, {"account/edit", []string{"id", a.id}}, {"account/lock", []string{"id", a.id}},
			{"account/devices", []string{"id", a.id}},
		}
		for _, page := range pages {
			plain.visit(page.path, page.query...)
			look(plain, "the server's "+page.path, a)
			if page.path == "accounts" {
				if got := eval[string](plain.page, `document.querySelector("tbody .gh-name").textContent`); got != a.name {
					t.Errorf("the list says %q, want %q", got, a.name)
				}
			}
		}
		if got := plain.page.url(); !strings.Contains(got, "devices") {
			t.Fatalf("the browser is at %s", got)
		}
		d.start("accounts", pages[0].query...)
		same := d.same()
		look(d, "the list taken over", a)
		d.click("tbody .gh-dots")
		d.wait(":popover-open a")
		look(d, "the menu", a)
		d.follow(":popover-open a", "Lock")
		d.dialog("Lock this account?")
		look(d, "the dialog", a)
		if got := eval[string](d.page, `document.querySelector("dialog .gh-name").textContent`); got != a.name {
			t.Errorf("the dialog says %q, want %q", got, a.name)
		}
		d.press("\x1b")
		d.noDialog()
		d.click("tbody .gh-account__link")
		d.until(`location.pathname.endsWith("/account") && document.querySelector("main dl")`)
		look(d, "the account", a)
		title, cut := strings.CutSuffix(strings.TrimSuffix(eval[string](d.page, `document.title`), " · Gatehouse"), "…")
		if cut && !strings.HasPrefix(a.name, title) || !cut && title != strings.TrimSpace(a.name) { // a long name is cut there
			t.Errorf("the title is %q", title)
		}
		d.follow("main a", "Edit")
		d.heading("Edit account")
		look(d, "the form", a)
		if got := d.value("#f-display_name-to"); got != a.name {
			t.Errorf("the field holds %q, want %q", got, a.name)
		}
		same()
	}
}

// TestLongName has the program show an account whose display name has 10,000 characters,
// which Dendrite takes of anybody: nothing is wider than the window, in any place.
func TestLongName(t *testing.T) {
	t.Parallel()
	hs := dendrite(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	for _, name := range []string{strings.Repeat("W", 10_000), strings.Repeat("many <b>words</b> ", 600)[:10_000]} {
		local, id, token := d.account("long", "a password of theirs")
		if err := hs.Call(timeout(t), http.MethodPut, "/_matrix/client/v3/profile/"+id+"/displayname", token, object{"displayname": name}, nil); err != nil {
			t.Fatal(err)
		}
		fits := func(what string) {
			t.Helper()
			for _, width := range []int64{1280, 390, 320} {
				d.resize(width, 800)
				if over := eval[float64](d.page, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
					t.Errorf("%s is %.0f px wider than a window of %d px", what, over, width)
				}
				// Of the name no more than some lines are shown: what else there is stays in reach.
				if tall := eval[float64](d.page, `Math.max(0, ...[...document.querySelectorAll("h1, h2, .gh-name, .gh-notice, [role=status]")].map(e => e.getBoundingClientRect().height))`); tall > 200 {
					t.Errorf("%s: the name is %.0f px high in a window of %d px", what, tall, width)
				}
				d.shot(fmt.Sprintf("long-%s-%c-%d", what, name[1], width))
			}
			d.resize(1280, 800)
		}
		d.start("accounts", "search", local)
		same := d.same()
		if got := eval[string](d.page, `document.querySelector("tbody .gh-name").textContent`); got != name {
			t.Errorf("the list says %.50q of %d bytes", got, len(got))
		}
		fits("list")
		d.click("tbody .gh-dots")
		d.wait(":popover-open a")
		fits("menu")
		d.follow(":popover-open a", "Deactivate")
		d.dialog("Deactivate this account?")
		fits("dialog")
		d.press("\x1b")
		d.noDialog()
		d.click("tbody .gh-account__link")
		d.until(`location.pathname.endsWith("/account") && document.querySelector("main dl")`)
		fits("account")
		d.follow("main a", "Reset password…")
		d.dialog("Reset the password?")
		d.click(dialogButton)
		d.card()
		fits("card")
		same()
	}
}
