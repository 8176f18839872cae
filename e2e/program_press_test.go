// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// TestProgramPressed: a page that comes while a button is held down waits until it is let go, so that the click is not lost with the
// element that it began on.
func TestProgramPressed(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	_, id, _ := d.account("pressed", "the owner's own")
	d.start("accounts", "search", id)
	same := d.same()
	gate := d.stop("*/api/*")
	d.click("tbody .gh-account__link")
	gate.arrived()

	create := d.middle("main a[href$='/accounts/create']")
	mouse := func(kind input.DispatchMouseEventType) {
		send(d.page, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: kind, X: create[0], Y: create[1], Button: input.MouseButtonLeft, ClickCount: 1,
		})
	}
	mouse(input.DispatchMouseEventTypeMousePressed)
	gate.lift()
	d.until(`performance.getEntriesByType("resource").some(e => e.name.includes("/api/synapse/users.get?") && e.responseEnd > 0)`)
	eval[chromedp.Void](d.page, `new Promise(done => { let frames = 5; const next = () => frames-- ? requestAnimationFrame(next) : done(); next() })`)
	mouse(input.DispatchMouseEventTypeMouseReleased)
	d.heading("Create account")
	d.until(`location.pathname.endsWith("/accounts/create")`)

	// Without a click that leads elsewhere the page comes as soon as the button is let go.
	d.back()
	d.until(`document.querySelector("tbody .gh-account__link")`)
	gate = d.stop("*/api/*")
	d.click("tbody .gh-account__link")
	gate.arrived()
	create = d.middle("main h1")
	mouse(input.DispatchMouseEventTypeMousePressed)
	gate.lift()
	mouse(input.DispatchMouseEventTypeMouseReleased)
	d.until(`location.pathname.endsWith("/account") && document.querySelector("main dl")`)
	same()
}
