// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// TestNoRoom has the service worker fetch files that the browser has no room to keep: the page works all the same. Where there is room again, they
// are kept.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	d.until(`navigator.serviceWorker.controller`)
	kept := func() int {
		return eval[int](d.page, `caches.open("gatehouse-assets").then(c => c.keys()).then(l => l.length)`)
	}
	fill := `caches.open("gatehouse-assets").then(c => c.put("/assets/filler", new Response("x".repeat(1000000)))).then(() => "kept", e => e.name)`
	works := func() {
		t.Helper()
		d.start("accounts")
		if eval[string](d.page, `getComputedStyle(document.querySelector(".gh-head")).display`) != "flex" {
			t.Error("the page has no style")
		}
		if !eval[bool](d.page, `performance.getEntriesByType("resource").some(e => e.name.endsWith(".wasm") && e.workerStart > 0)`) {
			t.Errorf("the program did not come by the service worker: %s", eval[string](d.page, `JSON.stringify(performance.getEntriesByType("resource").map(e => [e.name, e.workerStart]))`))
		}
		d.click("tbody .gh-account__link")
		d.wait("main dl")
	}

	eval[bool](d.page, `caches.delete("gatehouse-assets")`)
	if _, err := chromedp.Call(d.ctx, storage.OverrideQuotaForOrigin, storage.OverrideQuotaForOriginParams{Origin: g.URL, QuotaSize: new(1.0)}); err != nil {
		t.Fatal(err)
	}
	if got := eval[string](d.page, fill); got != "QuotaExceededError" {
		t.Fatalf("there is room: %s", got)
	}
	works()
	if n := kept(); n != 0 {
		t.Errorf("%d files are kept without room", n)
	}

	if _, err := chromedp.Call(d.ctx, storage.OverrideQuotaForOrigin, storage.OverrideQuotaForOriginParams{Origin: g.URL}); err != nil {
		t.Fatal(err)
	}
	works()
	d.until(`window.files >= 2 || (caches.open("gatehouse-assets").then(c => c.keys()).then(l => window.files = l.length), false)`) // there is room again
}
