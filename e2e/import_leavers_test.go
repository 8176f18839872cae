// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestNoscriptImportOfLeavers imports a file that deactivates two accounts and changes three, without scripts: it is not started without their number,
// nor with another one.
func TestNoscriptImportOfLeavers(t *testing.T) { importsLeavers(t, false) }

// TestProgramImportOfLeavers does the same with the program.
func TestProgramImportOfLeavers(t *testing.T) { importsLeavers(t, true) }

func importsLeavers(t *testing.T, program bool) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	h := hands{signedInWith(t, g, hs, program), program}
	prefix, file := unique("leaver"), "id,displayname,deactivated\r\n"
	for name, row := range map[string]string{"-a": ",,yes", "-b": ",,yes", "-c": ",Cat,", "-d": ",Dan,", "-e": ",Eve,no"} {
		register(t, hs, prefix+name, "a password of theirs", false)
		file += prefix + name + row + "\r\n"
	}
	h.open(g.URL + "/import/" + hs.Kind)
	h.choosesFile(writeFile(t, file))
	h.submit()
	h.tick("#f-mode-1", true)
	h.submit()
	h.until(`document.body.innerText.includes("2 accounts would be deactivated")`)
	h.until(`document.body.innerText.includes("This import deactivates 2 accounts. Type 2 to go on.")`)
	if program {
		h.running()
	}
	for i, number := range []string{"", "5", "two"} {
		h.fill("#f-confirm", number)
		if program { // a form that waits for its answer is not sent again; what is no number is not sent at all
			h.click(mainButton)
			h.until(fmt.Sprintf(`performance.getEntriesByType("resource").filter(e => e.name.endsWith("/jobs.start")).length == %d`, min(i+1, 2)))
			h.wait("form:not([aria-busy]) #f-confirm[aria-invalid=true]")
		} else if status := h.submit(); status != http.StatusConflict && status != http.StatusUnprocessableEntity {
			t.Errorf("with %q: %d\n%s", number, status, h.whereabouts())
		}
		if got := h.value("#f-confirm"); got != number || h.count("#f-confirm[aria-invalid=true]") != 1 {
			t.Errorf("with %q the field has %q\n%s", number, got, h.whereabouts())
		}
		h.has("#f-confirm")
		if said := strings.Count(h.text("main"), "To confirm, type the number of accounts: 2."); number != "two" && said != 1 {
			t.Errorf("with %q it is said %d times\n%s", number, said, h.whereabouts())
		}
	}
	for _, name := range []string{"-a", "-b"} {
		if lookUp(t, hs, hs.UserID(prefix+name)).Deactivated {
			t.Errorf("%s is deactivated before it was confirmed", name)
		}
	}
	h.fill("#f-confirm", "2")
	if program {
		h.click(mainButton)
	} else if status := h.submit(); status != http.StatusOK {
		t.Fatalf("with the number: %d\n%s", status, h.whereabouts())
	}
	h.until(`document.body.innerText.includes("5 of 5")`)
	for name, want := range map[string]bool{"-a": true, "-b": true, "-c": false, "-d": false, "-e": false} {
		if got := lookUp(t, hs, hs.UserID(prefix+name)).Deactivated; got != want {
			t.Errorf("%s is deactivated: %t", name, got)
		}
	}
}
