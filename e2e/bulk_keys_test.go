// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestBulkKeys does an import to its end by keys alone: the plan and its views, what failed again, the passwords as a file and on paper, what is left,
// and, of another one, the passwords wiped unseen. Each time the focus is to be seen, and after each action on the title.
func TestBulkKeys(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	var fails atomic.Bool
	front := troubled(t, hs, func(n int64, w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if fails.Load() && n%2 == 0 {
			says(w, http.StatusBadRequest, `{"errcode":"M_UNKNOWN","error":"Not now"}`)
			return
		}
		pass.ServeHTTP(w, r)
	})
	g := startGatehouse(t, strings.Replace(homeservers(hs), hs.URL, front.URL, 1)+"    jobs_at_once: 1\n")
	d := atProgram(t, g, hs)
	// to goes to what matches; it can be seen there.
	to := func(selector string) {
		t.Helper()
		d.tabTo(selector)
		if seen := eval[string](d.page, `(e => {
			const s = getComputedStyle(e), r = e.getBoundingClientRect()
			if (s.outlineStyle === "none" || parseFloat(s.outlineWidth) < 2) return "no ring: " + s.outline
			return r.top >= 0 && r.bottom <= innerHeight ? "" : "out of sight at " + r.top
		})(document.activeElement)`); seen != "" {
			t.Errorf("the focus on %s: %s", selector, seen)
		}
	}
	enter := func(selector, then string) {
		t.Helper()
		to(selector)
		d.press(kb.Enter)
		d.wait(then)
	}
	imports := func() {
		t.Helper()
		var file strings.Builder
		file.WriteString("id,displayname\n")
		for n := range 6 {
			fmt.Fprintf(&file, "%s,Key %d\n", unique("by-key"), n)
		}
		file.WriteString("Not A Name,Refused\n")
		d.open(g.URL + "/import/" + hs.Kind)
		d.choosesFile(writeFile(t, file.String()))
		enter(mainButton, "#f-columns-0-field")
		enter(mainButton, `form[data-operation="jobs.cancel"]`)
		d.running()
		d.until(`document.querySelectorAll("main tbody tr").length == 7`)
	}
	view := func(query, rows string) {
		t.Helper()
		d.tabTo(`nav a[href*="` + query + `"]`)
		d.press(kb.Enter)
		d.until(`document.querySelectorAll("main tbody tr").length == ` + rows)
		d.until(`document.querySelector("nav a[aria-current=page][href*='` + query + `']")`)
		d.has("nav a[href*='" + query + "']")
		if top := eval[float64](d.page, `document.activeElement.getBoundingClientRect().top`); top < 0 || top > 800 {
			t.Errorf("the view %s is out of sight at %g", query, top)
		}
	}
	const retry, hand, wipe = `form[data-operation="jobs.retry"] button`, `form[data-operation="jobs.passwords"] button`, `form[data-operation="jobs.wipe"] button`

	fails.Store(true)
	imports()
	view("does=create", "6")
	view("state=failed", "1")
	enter(mainButton, retry)
	d.has("#title")
	view("state=failed", "4")
	fails.Store(false)
	enter(retry, `form[data-operation="jobs.pause"]`)
	d.wait(hand)
	d.has("#title")
	to(`a[href*="imports.left"]`)
	enter(hand, `a[download="passwords.csv"]`)
	to(`a[download="passwords.csv"]`)
	eval[bool](d.page, `window.print = () => { window.printed = true }, true`)
	to(`[data-print] button`)
	d.press(kb.Enter)
	d.until(`window.printed`)
	enter(`main a[href*="/jobs/job"]`, "main tbody tr")

	imports()
	enter(mainButton, hand)
	d.has("#title")
	to("summary")
	d.press(kb.Enter)
	enter(wipe, "main tbody tr")
	d.until(`!document.querySelector(` + quote(hand) + `)`)
	d.has("#title")
}
