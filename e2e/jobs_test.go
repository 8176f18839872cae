// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestNoscriptJobs changes accounts that are selected in the list, without scripts: the plan, its start and the report are pages, and the page
// of a job that goes on loads itself again.
func TestNoscriptJobs(t *testing.T) { eachStore(t, testNoscriptJobs) }

func testNoscriptJobs(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs)+"    jobs_per_second: 5\n")
	prefix := unique("bulk")
	makePeople(t, hs, 12, func(i int) string { return fmt.Sprintf("%s-%02d", prefix, i) })
	id := func(i int) string { return hs.UserID(fmt.Sprintf("%s-%02d", prefix, i)) }
	alter(t, hs, id(1), map[string]any{"locked": true})
	d := signedIn(t, g, hs)

	d.visit("accounts", "search", prefix)
	for _, i := range []int{0, 1, 2} {
		d.tick(fmt.Sprintf(`input[name=ids][value="%s"]`, id(i)), true)
	}
	d.reads("3 selected")
	d.shot("jobs-selection")
	if status := d.clickAndLoad(`#selected button[value="users.lock"]`); status != http.StatusOK {
		t.Fatalf("status %d\n%s", status, d.whereabouts())
	}
	d.fill(`#form input[name="with.0.value"]`, "they sell pills")
	d.fill("#f-note", "Pill sellers")
	d.shot("jobs-ask")
	if status := d.submit(); status != http.StatusOK {
		t.Fatalf("status %d\n%s", status, d.whereabouts())
	}
	d.until(`document.body.innerText.includes("2 accounts would be changed")`)
	for _, text := range []string{"Pill sellers", "It is locked already.", "Locked \nbefore:\nNo\nafter:\nYes"} {
		if page := d.text("main"); !strings.Contains(page, text) {
			t.Errorf("the plan does not say %q:\n%s", text, page)
		}
	}
	d.shot("jobs-plan")
	d.done("The job is started.")
	d.until(`document.body.innerText.includes("3 of 3")`)
	d.until(`!document.querySelector("meta[http-equiv=refresh]")`)
	d.shot("jobs-report")
	for _, i := range []int{0, 2} {
		if !lookUp(t, hs, id(i)).Locked {
			t.Errorf("%s is not locked", id(i))
		}
	}

	// All that match, and the list of jobs.
	d.visit("accounts", "search", prefix)
	d.tick(fmt.Sprintf(`input[name=ids][value="%s"]`, id(5)), true)
	d.link("All 12 that match")
	d.shot("jobs-choose")
	d.link("Unlock account")
	if status := d.submit(); status != http.StatusOK {
		t.Fatalf("status %d\n%s", status, d.whereabouts())
	}
	d.until(`document.body.innerText.includes("3 accounts would be changed")`)
	d.visit("jobs")
	if got := d.text("main"); !strings.Contains(got, "Pill sellers") || !strings.Contains(got, "Unlock account") {
		t.Errorf("the list of jobs says %q", got)
	}
	d.shot("jobs-list")
}

// TestProgramJobs resets the passwords of accounts with the program: the page of the job follows it in place, by events, and the passwords
// are handed out once.
func TestProgramJobs(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs)+"    jobs_per_second: 2\n")
	prefix := unique("lost")
	makePeople(t, hs, 12, func(i int) string { return fmt.Sprintf("%s-%02d", prefix, i) })
	d := atProgram(t, g, hs)
	d.start("accounts", "search", prefix)
	d.tick(`input[name=ids]`, true)
	d.until(`document.querySelector(".gh-list > [role=status]").textContent == "1 selected" && document.querySelector("thead .gh-check").indeterminate`)
	eval[bool](d.page, `(document.querySelector('a[href="#selected"]').focus(), true)`)
	d.press(kb.Enter) // from before the rows to the bar behind them
	d.until(`document.activeElement.id == "selected"`)
	d.click("thead .gh-check")
	d.until(`document.querySelector(".gh-list > [role=status]").textContent == "12 selected" && document.querySelectorAll("input[name=ids]:checked").length == 12`)
	d.reads("12 selected")
	d.click("thead .gh-check")
	d.until(`document.querySelector(".gh-list > [role=status]").textContent == "0 selected" && !document.querySelector("#selected").checkVisibility()`)
	d.tick(`input[name=ids]`, true)
	d.click(`#selected button[value="users.lock"]`) // the button that sends the form says what is asked
	d.until(`document.querySelector("#form input[name=operation]")?.value == "users.lock"`)
	d.start("accounts", "search", prefix)
	same := d.same()
	d.tick(`input[name=ids]`, true)
	d.click(`#selected a[href*="all=true"]`)
	d.wait(`a[href*="operation=users.reset_password"]`)
	d.click(`a[href*="operation=users.reset_password"]`)
	d.wait("#form")
	d.click(mainButton)
	d.until(`document.body.innerText.includes("12 accounts would be changed")`)
	d.click(mainButton)
	d.until(`document.querySelector("progress")?.value > 0`)
	d.shot("jobs-running")
	// A tab that nobody sees hears nothing, and then again.
	asked := d.requests()
	hears := func() bool {
		return slices.ContainsFunc(asked(), func(r string) bool { return strings.HasSuffix(r, "/events") })
	}
	hide := func(hidden bool) {
		eval[bool](d.page, fmt.Sprintf(`Object.defineProperty(document, "hidden", {value: %t, configurable: true}) && document.dispatchEvent(new Event("visibilitychange"))`, hidden))
	}
	hide(true)
	if hears() {
		t.Error("a tab that nobody sees has begun to listen")
	}
	hide(false)
	eventually(t, limit, hears, func() string { return "a tab that is seen again does not listen: " + d.whereabouts() })
	reloads := d.stop("*/jobs.items*") // of the rows; how far it is comes by itself
	d.until(`document.body.innerText.includes("12 of 12")`)
	reloads.lift()
	same()
	d.clickAndLoad(`form[data-operation="jobs.passwords"] button`) // many cards are the server's to write
	d.wait(`a[download="passwords.csv"]`)
	file := d.attribute(`a[download="passwords.csv"]`, "href")
	if !strings.HasPrefix(file, "data:text/csv") || strings.Count(file, prefix) != 12 {
		t.Errorf("the file is %.200q", file)
	}
	d.shot("jobs-passwords")
	rows := d.texts("tbody tr")
	if len(rows) != 12 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		cells := strings.Fields(row)
		id, password := cells[0], strings.TrimSpace(strings.TrimPrefix(row, cells[0]))
		g.keepSecret(id, password)
		canSignIn(t, hs, id, password)
	}
}
