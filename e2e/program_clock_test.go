// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	cdpage "github.com/chromedp/cdproto/page"
)

// wrongClock sets a browser's clock two hours ahead, for Date and for where performance counts from.
const wrongClock = `(() => {
	const Right = Date, ahead = 2 * 3600e3
	window.Date = class extends Right {
		constructor(...of) { of.length ? super(...of) : super(Right.now() + ahead) }
		static now() { return Right.now() + ahead }
	}
	Object.defineProperty(performance, "timeOrigin", {value: performance.timeOrigin + ahead})
})()`

// TestProgramClock: how long ago something was is told by the gate's clock, on pages that the program makes, too.
func TestProgramClock(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	_, id, _ := d.account("clock", "the owner's own")
	g.call(t, "users.lock", ask(id), &struct{}{})
	send(d.page, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: wrongClock})
	d.start("account", "id", id)
	same := d.same()
	d.click("main a[href*='/account/history?']")
	d.until(`location.pathname.endsWith("/account/history") && document.querySelector("main time")`)
	if ago := d.text("main time"); ago != "just now" && !strings.HasSuffix(ago, " min ago") {
		t.Errorf("what was done just now was done %q", ago)
	}
	same()
}
