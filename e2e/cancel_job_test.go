// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestNoscriptCancelJob cancels a job that has its time to start, without scripts: it is asked first, and can be kept.
func TestNoscriptCancelJob(t *testing.T) { cancelsJob(t, false) }

// TestProgramCancelJob does the same with the program, by keyboard.
func TestProgramCancelJob(t *testing.T) { cancelsJob(t, true) }

func cancelsJob(t *testing.T, program bool) {
	t.Parallel()
	hs := dendrite(t)
	g := startGatehouse(t, homeservers(hs))
	d := signedInWith(t, g, hs, program)
	_, id, _ := d.account("spared", "a password of theirs")
	var j jobState
	g.call(t, "jobs.plan", object{"operation": "users.notice", "ids": []string{id}, "with": []object{{"name": "text", "value": "Hello"}}}, &j)
	g.jobIs(t, j.ID, "planned")
	g.call(t, "jobs.start", object{"id": j.ID, "at": "2126-11-21T10:30"}, &j)
	d.visit("jobs/job", "id", j.ID)
	const ask, question = `main a[href*="/jobs/cancel"]`, "Cancel this job?"
	if program {
		d.running()
		for _, answer := range []string{kb.Escape, kb.Enter} {
			d.tabTo(ask)
			d.press(kb.Enter)
			d.dialog(question)
			if answer == kb.Enter {
				d.tabTo(`dialog form[data-operation="jobs.cancel"] button[type=submit]`)
			} else {
				g.jobIs(t, j.ID, "scheduled")
			}
			d.press(answer)
			d.until(`!document.querySelector("dialog[open]")`)
		}
	} else {
		for _, answer := range []string{"Keep the job", ""} {
			if status := d.clickAndLoad(ask); status != http.StatusOK || !strings.Contains(d.text("main"), question) {
				t.Fatalf("the question: %d\n%s", status, d.whereabouts())
			}
			if answer == "" {
				d.submit()
			} else if status := d.link(answer); status != http.StatusOK {
				t.Fatalf("keeping it: %d\n%s", status, d.whereabouts())
			} else {
				g.jobIs(t, j.ID, "scheduled")
			}
		}
	}
	d.until(`document.body.innerText.includes("The job is cancelled.")`)
	g.jobIs(t, j.ID, "cancelled")
}
