// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
)

// reads fails the test unless screen readers find a text on the page.
func (p *page) reads(text string) {
	p.t.Helper()
	var all strings.Builder
	for _, n := range send(p, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		if n.Role != nil && string(n.Role.Value) == `"StaticText"` && n.Name != nil {
			all.WriteString(strings.Trim(string(n.Name.Value), `"`))
		}
	}
	if !strings.Contains(all.String(), text) {
		p.t.Errorf("nobody is told %q:\n%s", text, all.String())
	}
}

// TestNoscriptOffers does to many accounts what the list's bar has no button for: settings, with a mistake at its field, rights, and what cannot be undone.
func TestNoscriptOffers(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	prefix := unique("offer")
	makePeople(t, hs, 3, func(i int) string { return fmt.Sprintf("%s-%d", prefix, i) })
	id := func(i int) string { return hs.UserID(fmt.Sprintf("%s-%d", prefix, i)) }
	alter(t, hs, id(1), map[string]any{"admin": true})
	d := signedIn(t, g, hs)
	plan := func(offer string) {
		t.Helper()
		d.visit("jobs/plan", "ids", id(0), "ids", id(1))
		d.link(offer)
	}
	end := func(text string) { t.Helper(); d.until(fmt.Sprintf(`document.body.innerText.includes(%q)`, text)) }
	planned := func(text string) {
		t.Helper()
		if status := d.submit(); status != http.StatusOK {
			t.Fatalf("status %d\n%s", status, d.whereabouts())
		}
		end(text)
	}

	plan("Set rate limit")
	d.fill(`#f-with-0-value`, "5")
	d.fill(`#f-with-1-value`, "0")
	d.refused(http.StatusUnprocessableEntity, "f-with-1-value", "could send nothing at all")
	d.fill(`#f-with-1-value`, "10")
	planned("2 accounts would be changed")
	d.done("The job is started.")
	end("2 of 2")
	var limit struct {
		MessagesPerSecond int `json:"messages_per_second"`
		BurstCount        int `json:"burst_count"`
	}
	for i := range 2 {
		if err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v1/users/"+url.PathEscape(id(i))+"/override_ratelimit", nil, &limit); err != nil || limit.MessagesPerSecond != 5 || limit.BurstCount != 10 {
			t.Errorf("%s has the limit %+v, %v", id(i), limit, err)
		}
	}

	plan("Make administrators")
	planned("1 account would be changed")
	for _, text := range []string{"It is so already.", "Administrator \nbefore:\nNo\nafter:\nYes"} {
		end(text) // a row has no text before it is drawn
	}
	d.done("The job is started.")
	end("2 of 2")
	if !lookUp(t, hs, id(0)).Admin {
		t.Errorf("%s is no administrator", id(0))
	}

	hall := publicRoom(t, hs)
	plan("Let into rooms")
	d.fill("#f-with-0-value", hall)
	planned("2 accounts would be changed")
	d.done("The job is started.")
	end("2 of 2")
	for i := range 2 {
		var in struct {
			Rooms []string `json:"joined_rooms"`
		}
		if err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v1/users/"+id(i)+"/joined_rooms", nil, &in); err != nil || !slices.Contains(in.Rooms, hall) {
			t.Errorf("%s is in %v, %v", id(i), in.Rooms, err)
		}
	}

	plan("Redact all messages")
	planned("2 accounts would be changed")
	d.refused(http.StatusConflict, "f-confirm", "type the number of accounts: 2")
	d.fill("#f-confirm", "2")
	d.done("The job is started.")
	end("2 of 2")
	if page := d.text("main"); strings.Contains(page, "Failed") {
		t.Errorf("the report says\n%s", page)
	}
}

// TestAccessibleJobs tries with axe what TestAccessible does not come to: a selection, and a job from its plan to its passwords.
func TestAccessibleJobs(t *testing.T) {
	t.Parallel()
	script := axe(t)
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs)+"    jobs_per_second: 1\n")
	prefix := unique("axe")
	makePeople(t, hs, 30, func(i int) string { return fmt.Sprintf("%s-%02d", prefix, i) })
	id := func(i int) string { return hs.UserID(fmt.Sprintf("%s-%02d", prefix, i)) }
	d := atProgram(t, g, hs)
	check := func(what string) { t.Helper(); d.accessible(script, what) }

	d.start("accounts", "search", prefix)
	d.click("thead .gh-check")
	check("a selection")
	d.click(`#selected a[href*="all=true"]`)
	d.wait(`a[href*="operation=limits.set"]`)
	check("the choice of what to do")
	d.start("jobs/plan", "ids", id(0), "operation", "limits.set")
	d.click(mainButton)
	d.wait("[aria-invalid=true]")
	check("a plan with mistakes")

	plan := func(operation string, query ...string) {
		t.Helper()
		d.start("jobs/plan", append([]string{"operation", operation}, query...)...)
		d.click(mainButton)
		d.until(`document.body.innerText.includes("would be changed")`)
	}
	plan("users.erase", "ids", id(0))
	check("the plan of what cannot be undone")
	plan("users.lock", "all", "true", "filter.search", prefix)
	d.click(mainButton)
	d.until(`document.querySelector("progress")?.value > 0`)
	check("a job at work")
	d.click(`form[data-operation="jobs.pause"] button`)
	d.wait(`form[data-operation="jobs.resume"]`)
	check("a paused job")
	d.ask("Cancel the job…", "Cancel this job?")
	check("the question before a job is cancelled")
	d.click(`dialog form[data-operation="jobs.cancel"] button[type=submit]`)
	d.until(`!document.querySelector('form[data-operation="jobs.cancel"]') && !document.querySelector('a[href*="jobs/cancel"]')`)
	check("a cancelled job")
	plan("users.reset_password", "ids", id(28), "ids", hs.UserID("nobody-at-all"))
	d.click(mainButton)
	d.wait(`form[data-operation="jobs.passwords"]`)
	d.click("details > summary")
	check("a job with passwords")
	d.clickAndLoad(`form[data-operation="jobs.passwords"] button`)
	g.keepSecret(id(28), d.text("#handout-password-0"))
	check("the passwords of a job")

	var j jobState
	g.call(t, "jobs.plan", object{"operation": "users.unlock", "ids": []string{id(0), id(1)}}, &j)
	g.jobIs(t, j.ID, "planned")
	d.start("jobs/job", "id", j.ID)
	check("the plan of somebody else")
	g.call(t, "jobs.start", object{"id": j.ID, "at": "2126-11-21T10:30"}, &j)
	d.start("jobs/job", "id", j.ID)
	check("a job that waits for its time")
	d.start("jobs")
	check("the list of jobs")
}
