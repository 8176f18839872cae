// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
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

	// The button goes down first and the page is asked for then, by a script: after 300 ms placeholders would come.
	gate := d.stop("*/api/*")
	release := d.hold("main a[href$='/accounts/create']")
	d.clicks("tbody .gh-account__link")
	gate.arrived()
	// Neither lets go of the button.
	d.press(kb.Control)
	eval[bool](d.page, `window.dispatchEvent(new Event("blur"))`)
	gate.lift()
	d.until(`performance.getEntriesByType("resource").some(e => e.name.includes("/api/synapse/users.get?") && e.responseEnd > 0)`)
	eval[chromedp.Void](d.page, `new Promise(done => { let frames = 5; const next = () => frames-- ? requestAnimationFrame(next) : done(); next() })`)
	release()
	d.heading("Create account")
	d.until(`location.pathname.endsWith("/accounts/create")`)

	// Without a click that leads elsewhere the page comes as soon as the button is let go.
	d.back()
	d.until(`document.querySelector("tbody .gh-account__link")`)
	gate = d.stop("*/api/*")
	release = d.hold("main h1")
	d.clicks("tbody .gh-account__link")
	gate.arrived()
	gate.lift()
	release()
	d.until(`location.pathname.endsWith("/account") && document.querySelector("main dl")`)
	same()
}

// hold presses the mouse's button down on an element. The function that it returns lets go of it there.
func (p *page) hold(selector string) (release func()) {
	p.t.Helper()
	at := p.middle(selector)
	mouse := func(kind input.DispatchMouseEventType) {
		p.t.Helper()
		send(p, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: kind, X: at[0], Y: at[1], Button: input.MouseButtonLeft, ClickCount: 1,
		})
	}
	mouse(input.DispatchMouseEventTypeMousePressed)
	return func() { p.t.Helper(); mouse(input.DispatchMouseEventTypeMouseReleased) }
}

// clicks clicks an element as a script does: what the mouse is at plays no part.
func (p *page) clicks(selector string) {
	p.t.Helper()
	p.exists(selector)
	eval[chromedp.Void](p, find(selector)+`.click()`)
}
