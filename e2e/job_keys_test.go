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

// TestJobKeepsFocus follows a job by keys: whatever comes and goes on its page meanwhile, the focus stays where it is; where that is gone, and after each
// action, it is on the title.
func TestJobKeepsFocus(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	var asks atomic.Bool
	front := troubled(t, hs, func(_ int64, w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if asks.Load() {
			says(w, http.StatusTooManyRequests, `{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":6000}`)
			return
		}
		pass.ServeHTTP(w, r)
	})
	g := startGatehouse(t, strings.Replace(homeservers(hs), hs.URL, front.URL, 1)+"    jobs_at_once: 1\n    jobs_per_second: 2\n")
	d := atProgram(t, g, hs)
	var file strings.Builder
	file.WriteString("id\n")
	for range 40 {
		fmt.Fprintln(&file, unique("held"))
	}
	d.open(g.URL + "/import/" + hs.Kind)
	d.choosesFile(writeFile(t, file.String()))
	enter := func(selector, then string) {
		t.Helper()
		d.tabTo(selector)
		d.press(kb.Enter)
		d.wait(then)
	}
	const row, pause, resume = "tbody a", `form[data-operation="jobs.pause"] button`, `form[data-operation="jobs.resume"] button`
	enter(mainButton, "#f-columns-0-field")
	enter(mainButton, `form[data-operation="jobs.cancel"]`)
	d.running()
	d.until(`document.querySelectorAll("tbody tr").length == 40`)
	enter(mainButton, pause)
	d.answered("The job is started.")
	same := d.same()
	waits := func(on bool) {
		t.Helper()
		asks.Store(on)
		d.until(fmt.Sprintf(`document.querySelector("main").innerText.includes("asked Gatehouse to wait") == %t`, on))
	}
	d.wait(row)
	for _, at := range []string{pause, row} {
		d.tabTo(at)
		for _, on := range []bool{true, false} {
			waits(on)
			d.has(at)
		}
	}
	enter(pause, resume)
	d.answered("The job is paused.")
	enter(resume, pause)
	d.answered("The job goes on.")
	d.tabTo(pause)
	d.until(`!document.querySelector(` + quote(pause) + `)`) // the job has ended
	d.has("#title")
	same()
}
