// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes the page as its elements, attributes in the order of their names, and
// texts, one a line. Left out is what means the same to a browser: what was filled in
// and ticked is written as it is now, because a page has it in attributes and a program
// in properties; of an attribute that is on by being there only the name; a text
// without a character; and the data block, which nobody sees.
const tree = `(() => {
	const lines = []
	const flags = ["autofocus", "disabled", "formnovalidate", "novalidate", "open", "readonly", "required"]
	const walk = (node, depth) => {
		const pad = "  ".repeat(depth)
		if (node.nodeType === Node.TEXT_NODE) { if (node.data) lines.push(pad + JSON.stringify(node.data)); return }
		if (node.nodeType !== Node.ELEMENT_NODE || node.id === "data") return
		const names = node.getAttributeNames().filter(n => !["value", "checked", "selected"].includes(n)).sort()
		let line = pad + node.localName
		for (const n of names) line += " " + n + (flags.includes(n) ? "" : "=" + JSON.stringify(node.getAttribute(n)))
		if (["input", "select", "textarea", "option", "button"].includes(node.localName)) line += " now=" + JSON.stringify(node.value)
		if (node.checked || node.selected) line += " on"
		lines.push(line)
		for (const child of node.childNodes) walk(child, depth + 1)
	}
	walk(document.documentElement, 0)
	return lines.join("\n")
})()`

// TestProgramTakesOver shows that the page that the server wrote and the one that the
// program draws are the same tree, on every screen, and that nobody notices when the
// one takes the place of the other.
func TestProgramTakesOver(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs, dendrite(t)))
	d := atProgram(t, g, hs)
	_, id, _ := d.account("taken", "a password of theirs")
	about := []string{"id", id}
	screens := []struct {
		path  string
		query []string
	}{
		{"accounts", nil}, {"accounts", []string{"search", "taken", "deactivated", "only", "sort", "created"}}, {"accounts/create", nil}, {"account", about},
		{"account/devices", about}, {"account/edit", about}, {"account/reset-password", about}, {"account/lock", about}, {"account/deactivate", about},
		{"account/sign-out", about}, {"server", nil},
	}
	addresses := []string{g.URL + "/", g.URL + "/servers", g.URL + "/" + hs.Kind + "/account?id=@nobody:" + hs.ServerName}
	for _, s := range screens {
		addresses = append(addresses, d.address(s.path, s.query...))
	}
	asked := d.requests()
	for _, address := range addresses {
		wasm := d.stop("*.wasm")
		d.open(address)
		before := eval[string](d.page, tree)
		eval[bool](d.page, `(window.shifts = [], new PerformanceObserver(l => shifts.push(...l.getEntries().map(e => e.value))).observe({type: "layout-shift", buffered: true}), true)`)
		wasm.arrived()
		wasm.lift()
		d.until(`window.gatehouse.running`)
		// The program has drawn twice by then, and the browser as well.
		eval[bool](d.page, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
		if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(eval[string](d.page, tree), "\n")); diff != "" {
			t.Errorf("%s (-server +program):\n%.3000s", address, diff)
		}
		if moved := eval[float64](d.page, `shifts.reduce((a, b) => a + b, 0)`); moved > 0.001 {
			t.Errorf("%s: a layout shift of %f", address, moved)
		}
	}
	for _, request := range asked() {
		if strings.Contains(request, "/api/") {
			t.Errorf("a first screen asked for %s", request)
		}
	}
}
