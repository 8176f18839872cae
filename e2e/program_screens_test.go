// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"image/color"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/homeserver"
	"gatehouse/tools/screens"
)

// tree writes the page as its elements, attributes in the order of their names, and
// texts, one a line. Left out is what means the same to a browser: what was filled in
// and ticked is written as it is now, because a page has it in attributes and a program
// in properties; of an attribute that is on by being there only the name; a text
// without a character, and where one ends and the next begins; and the data block, which
// nobody sees.
const tree = `(() => {
	const lines = []
	const flags = ["autofocus", "disabled", "formnovalidate", "novalidate", "open", "readonly", "required"]
	const walk = (node, depth) => {
		const pad = "  ".repeat(depth)
		if (node.nodeType === Node.TEXT_NODE) {
			if (node.previousSibling?.nodeType === Node.TEXT_NODE) return
			let text = ""
			for (let n = node; n?.nodeType === Node.TEXT_NODE; n = n.nextSibling) text += n.data
			if (text) lines.push(pad + JSON.stringify(text))
			return
		}
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

// elements returns the lines of a tree without the words that say how long ago something
// was: between two pages a minute may have begun.
func elements(tree string) []string {
	var kept []string
	clock := -1 // how deep the time is that is being left out
	for line := range strings.Lines(tree) {
		depth := len(line) - len(strings.TrimLeft(line, " "))
		if clock >= 0 && depth > clock {
			continue
		}
		clock = -1
		if strings.HasPrefix(line[depth:], "time ") {
			clock = depth
		}
		kept = append(kept, line)
	}
	return kept
}

// TestProgramTakesOver shows that the page that the server wrote and the one that the
// program draws are the same tree, on every screen, and that nobody notices when the
// one takes the place of the other.
func TestProgramTakesOver(t *testing.T) {
	t.Parallel()
	s, d := synapse(t), dendrite(t)
	g := startGatehouse(t, homeservers(s, d))
	t.Run("of no homeserver", func(t *testing.T) {
		t.Parallel()
		atProgram(t, g, s).takesOver(screens.Global()...)
	})
	for _, hs := range []*homeserver.Server{s, d} {
		t.Run(hs.Kind, func(t *testing.T) {
			t.Parallel()
			at := atProgram(t, g, hs)
			rows := at.screens()
			if diff := cmp.Diff(screens.Local(), slices.Sorted(maps.Keys(rows))); diff != "" {
				t.Errorf("screens that the panel has, and those with a row (-panel +rows):\n%s", diff)
			}
			var addresses []string
			for _, path := range slices.Sorted(maps.Keys(rows)) {
				for _, query := range rows[path] {
					addresses = append(addresses, at.address(path, query...))
				}
			}
			at.takesOver(addresses...)
		})
	}
}

// takesOver loads pages and compares what the server wrote with what the program made
// of it.
func (d *desk) takesOver(addresses ...string) {
	d.t.Helper()
	asked := d.requests()
	for _, address := range addresses {
		if strings.HasPrefix(address, "/") {
			address = d.g.URL + address
		}
		const allowed = 0.001
		coming, over := d.takenOver(address)
		// A page that comes in pieces is painted in pieces, and moves without the program.
		for again := 0; again < 2 && coming > allowed; again++ {
			coming, over = d.takenOver(address)
		}
		if moved := coming + over; moved > allowed {
			d.t.Errorf("%s: a layout shift of %f, %f of it by the program", address, moved, over)
		}
	}
	for _, request := range asked() {
		if strings.Contains(request, "/api/") && !strings.Contains(request, "media.thumbnail") {
			d.t.Errorf("a first screen asked for %s", request)
		}
	}
}

// takenOver loads a page and compares what the server wrote with what the program made of
// it. It returns how much moved before the program was let go, and since.
func (d *desk) takenOver(address string) (coming, over float64) {
	d.t.Helper()
	wasm := d.stop("*.wasm")
	d.open(address)
	before := eval[string](d.page, tree)
	eval[bool](d.page, `(window.begun = performance.now(), window.shifts = [], new PerformanceObserver(l => shifts.push(...l.getEntries())).observe({type: "layout-shift", buffered: true}), true)`)
	wasm.arrived()
	wasm.lift()
	d.until(`window.gatehouse.running`)
	// The program has drawn twice by then, and the browser as well.
	eval[bool](d.page, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
	drawn := eval[string](d.page, tree)
	if untilTyped(address) {
		before, drawn = aboveFoot(before), aboveFoot(drawn)
	}
	if diff := cmp.Diff(elements(before), elements(drawn)); diff != "" {
		d.t.Errorf("%s (-server +program):\n%.3000s", address, diff)
	}
	moved := func(when string) float64 {
		return eval[float64](d.page, `shifts.filter(e => e.startTime `+when+` begun).reduce((a, e) => a + e.value, 0)`)
	}
	return moved("<"), moved(">=")
}

// untilTyped reports whether a screen's button waits for an ID that is typed, which only
// the program can see: the server's, for people without scripts, does not.
func untilTyped(address string) bool {
	return strings.Contains(address, "/account/erase?") || strings.Contains(address, "/account/redact?")
}

// aboveFoot returns a tree up to the buttons of a question.
func aboveFoot(tree string) string {
	above, _, _ := strings.Cut(tree, "gh-dialog__foot")
	return above
}

// A cast is what there is at a homeserver to be looked at: accounts in each state, and things of each kind. "none" is one that is not there.
type cast struct {
	id, locked, gone, media, token, invitation, job string
	others                                          []string // accounts in more states
}

// cast makes what the screens are looked at with.
func (d *desk) cast() cast {
	t, hs := d.t, d.hs
	t.Helper()
	on := []string{"--homeserver", hs.Kind}
	_, id, token := d.account("taken", "a password of theirs")
	account := func(state string) string {
		_, id, _ := d.account(state, "a password of theirs")
		return id
	}
	c := cast{id: id, locked: id, gone: account("gone"), media: "none", token: "none"}
	var made struct {
		ID    string `json:"id"`
		Token struct {
			ID string `json:"id"`
		} `json:"token"`
		Invitation struct {
			ID string `json:"id"`
		} `json:"invitation"`
	}
	d.g.call(t, "users.deactivate", ask(c.gone), &struct{}{}, on...)
	d.g.call(t, "invitations.create", object{"uses": 2, "days": 7, "note": "for <friends>"}, &made, on...)
	d.g.call(t, "jobs.plan", object{"operation": "users.reset_password", "ids": []string{id}, "with": []object{{"name": "password.mode", "value": "random"}}}, &made, on...)
	d.g.jobUntil(t, made.ID, limit, func(j jobState) bool { return j.State == "planned" }, on...)
	c.invitation, c.job = made.Invitation.ID, made.ID
	if hs.Kind != homeserver.Synapse {
		return c
	}
	c.locked = account("locked")
	erased, suspended := account("erased"), account("suspended")
	alter(t, hs, c.locked, map[string]any{"locked": true})
	d.g.call(t, "users.erase", ask(erased, "confirm_id", erased), &struct{}{}, on...)
	d.g.call(t, "users.suspend", ask(suspended, "reason", "a <reason>"), &struct{}{}, on...)
	c.others = []string{erased, suspended}
	c.media = upload(t, hs, token, "image/png", "red.png", painting(t, color.RGBA{180, 30, 30, 255}))
	d.g.call(t, "tokens.create", object{"uses": 2}, &made, on...)
	c.token = made.Token.ID
	return c
}

// screens are the queries with which each screen under the homeserver is looked at.
func (d *desk) screens() map[string][][]string {
	d.t.Helper()
	c := d.cast()
	one := func(query ...string) [][]string { return [][]string{query} }
	about := one("id", c.id)
	rows := map[string][][]string{
		"accounts":        {nil, {"search", "taken"}, {"search", "nobody at all"}},
		"accounts/create": {nil}, "accounts/find": {nil, {"value", c.id}},
		"account":        {{"id", c.id}, {"id", c.locked}, {"id", c.gone}, {"id", "@nobody:" + d.hs.ServerName}},
		"account/unlock": one("id", c.locked), "account/reactivate": one("id", c.gone), "account/edit": {{"id", c.id}, {"id", c.gone}},
		"account/sign-out": {{"id", c.id}, {"id", c.id, "device", "none"}}, "account/rename-device": one("id", c.id, "device", "none"),
		"account/data": {{"id", c.id}, {"id", c.id, "look", "1"}}, "account/redact": {{"id", c.id}, {"id", c.id, "room", "!a"}},
		"account/redaction": one("id", c.id, "redact_id", "none"), "account/repair": one("id", c.id, "drift", "locked"), "account/feature": one("id", c.id, "feature", "msc3881", "enabled", "true"),
		"server": {nil, {"check", "1"}}, "jobs": {nil}, "jobs/job": {{"id", c.job}, {"id", "none"}}, "jobs/cancel": {{"id", c.job}, {"id", "none"}}, "jobs/plan": {{"ids", c.id}, {"ids", c.id, "operation", "users.reset_password"}},
		"invitations": {nil}, "invitations/create": {nil}, "registration-tokens": {nil}, "registration-tokens/create": {nil},
		"server/configuration": {nil}, "server/clients": {nil}, "server/client": one("id", "none"), "server/personal-sessions": {nil}, "server/personal-sessions/create": {nil},
	}
	add := func(queries [][]string, under string, names ...string) {
		for _, name := range names {
			rows[under+name] = queries
		}
	}
	add(about, "account/", "devices", "reset-password", "lock", "deactivate", "erase", "notice", "connections", "rooms", "suspend", "unsuspend", "shadow-ban", "unshadow-ban",
		"prune-devices", "create-device", "settings", "limit", "remove-limit", "renew", "allow-key-reset", "sign-in-as", "history", "media", "media/quarantine-all", "media/delete-all")
	add(one("id", c.id, "media", c.media), "account/media/", "file", "quarantine", "unquarantine", "protect", "unprotect", "delete")
	add(one("id", c.token), "registration-tokens/", "token", "edit", "delete", "revoke", "unrevoke")
	add(one("id", c.invitation), "invitation", "", "/edit", "/revoke")
	add(one("id", "none"), "server/personal-session", "", "/renew", "/revoke")
	for _, id := range c.others {
		rows["account"] = append(rows["account"], []string{"id", id})
	}
	return rows
}
