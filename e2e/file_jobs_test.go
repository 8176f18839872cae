// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatehouse/tools/homeserver"
)

// A named is a file that names accounts: two that are there, and rows of which nothing can be made.
type named struct {
	ids  []string
	text string
}

func newNamed(t *testing.T, hs *homeserver.Server) named {
	t.Helper()
	var c named
	var names []string
	for range 2 {
		name := unique("crowd")
		register(t, hs, name, "a password of theirs", false)
		names, c.ids = append(names, name), append(c.ids, hs.UserID(name))
	}
	c.text = fmt.Sprintf("Name;Account\r\nZoë;%s\r\nAnn;%s\r\nAgain;%s\r\nNobody;%s\r\nForeign;@x:elsewhere.example\r\nNone;\r\n", c.ids[0], names[1], names[0], unique("nobody"))
	return c
}

// refused are parts of the sentences why rows are refused, by their lines.
func (c named) refused(d *desk) {
	d.t.Helper()
	d.until(`document.querySelectorAll("main tbody tr").length == 6`)
	rows := eval[[]string](d.page, `[...document.querySelectorAll("main tbody tr")].map(r => r.textContent)`)
	plain := strings.NewReplacer("\u2068", "", "\u2069", "", "\u200b", "")
	for i, want := range []string{c.ids[0], c.ids[1], "the same stands in line 2", "There is no such account", "Only accounts of", "This is needed"} {
		if text := plain.Replace(rows[i]); !strings.Contains(text, fmt.Sprintf("Line %d", i+2)) || !strings.Contains(text, want) {
			d.t.Errorf("of line %d the page says %q, without %q", i+2, text, want)
		}
	}
}

// sendsNamed goes from the list of accounts to the plan of what is done to all accounts of a file.
func (h hands) sendsNamed(c named, choice string) {
	h.t.Helper()
	h.goes("accounts")
	if status := h.link("Import"); status != http.StatusOK {
		h.t.Fatalf("the import: %d\n%s", status, h.whereabouts())
	}
	h.choosesFile(writeFile(h.t, c.text))
	if status := h.submit(); status != http.StatusOK {
		h.t.Fatalf("the columns: %d\n%s", status, h.whereabouts())
	}
	if status := h.link("Do the same to all"); status != http.StatusOK || h.value("#f-file-column") != "2" {
		h.t.Fatalf("what to do: %d, the column %q\n%s", status, h.value("#f-file-column"), h.whereabouts())
	}
	h.shot("file-same")
	if status := h.clickAndLoad("#same button[type=submit]"); status != http.StatusOK {
		h.t.Fatalf("the choice: %d\n%s", status, h.whereabouts())
	}
	h.shot("file-choices")
	if h.program {
		h.running()
		h.click(`main a[href*="operation=` + choice + `"]`)
		h.wait(`#f-note`)
	} else if status := h.clickAndLoad(`main a[href*="operation=` + choice + `"]`); status != http.StatusOK {
		h.t.Fatalf("the question: %d\n%s", status, h.whereabouts())
	}
	h.shot("file-question")
	if !strings.Contains(h.text("main"), "Its other columns do not count: Name") {
		h.t.Errorf("it does not say which columns do not count: %s", h.text("main"))
	}
	if h.program {
		h.click(mainButton)
	} else if status := h.submit(); status != http.StatusOK {
		h.t.Fatalf("the job: %d\n%s", status, h.whereabouts())
	}
	h.until(`document.body.innerText.includes("2 accounts would be changed")`)
	c.refused(h.desk)
	h.shot("file-plan")
}

// starts starts the planned job and waits for its end.
func (h hands) starts() {
	h.t.Helper()
	if h.program {
		h.click(mainButton)
	} else if status := h.submit(); status != http.StatusOK {
		h.t.Fatalf("starting it: %d\n%s", status, h.whereabouts())
	}
	h.until(`document.body.innerText.includes("6 of 6")`)
}

// TestNoscriptFileJobs locks all accounts that a file names, without scripts; on the command line they are unlocked.
func TestNoscriptFileJobs(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	h := hands{signedIn(t, g, hs), false}
	c := newNamed(t, hs)
	h.sendsNamed(c, "users.lock")
	h.starts()
	for _, id := range c.ids {
		if !lookUp(t, hs, id).Locked {
			t.Errorf("%s is not locked", id)
		}
	}
	path := writeFile(t, c.text)
	out, errs, code := g.command("", "apply", "users.unlock", path, "--dry-run")
	if code != 1 || !strings.Contains(out, "2 waiting") || !strings.Contains(errs, `in the column "Account"`) || !lookUp(t, hs, c.ids[0]).Locked {
		t.Errorf("the plan: status %d\n%s\n%s", code, out, errs)
	}
	out, errs, code = g.command("", "apply", "users.unlock", path, "--watch", "--column", "Account")
	if code != 1 || !strings.Contains(out, "2 done") { // four rows are refused
		t.Errorf("status %d\n%s\n%s", code, out, errs)
	}
	for _, id := range c.ids {
		if lookUp(t, hs, id).Locked {
			t.Errorf("%s is still locked", id)
		}
	}
	path = writeFile(t, "id\r\n"+c.ids[0]+"\r\n")
	if _, errs, code = g.command("", "apply", "users.erase", path, "--watch"); code == 0 || !strings.Contains(errs, "confirm_count") {
		t.Errorf("what cannot be undone, without its number: status %d\n%s", code, errs)
	}
	if out, errs, code = g.command("", "apply", "users.erase", path, "--watch", "--confirm", "1"); code != 0 || !strings.Contains(out, "1 done") {
		t.Errorf("status %d\n%s\n%s", code, out, errs)
	}
}

// TestProgramFileJobs gives all accounts that a file names new passwords, with the program.
func TestProgramFileJobs(t *testing.T) {
	t.Parallel()
	hs := dendrite(t)
	g := startGatehouse(t, homeservers(hs))
	h := hands{atProgram(t, g, hs), true}
	c := newNamed(t, hs)
	h.sendsNamed(c, "users.reset_password")
	h.starts()
	h.click(`form[data-operation="jobs.passwords"] button`)
	h.wait(`a[download="passwords.csv"]`)
	passwords := map[string]string{}
	for _, row := range h.passwordFile() {
		passwords[row[0]] = row[1]
	}
	if len(passwords) != 2 {
		t.Errorf("%d passwords were made", len(passwords))
	}
	signInAll(t, hs, passwords)
}
