// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"gatehouse/tools/homeserver"
)

// A roll is a file of accounts, and what is to become of each row.
type roll struct {
	hs     *homeserver.Server
	prefix string
	text   strings.Builder
	rows   []rollRow
	given  map[string]string // passwords that the file has, by Matrix ID
}

// A rollRow is what is to be reported of a line: that it is done, or a part of the sentence why not.
type rollRow struct {
	id  string // "" where the line names nobody of this homeserver
	why string
}

func (r *roll) add(line, id, why string) {
	r.text.WriteString(line + "\r\n")
	r.rows = append(r.rows, rollRow{id, why})
}

// made is how many rows make an account.
func (r *roll) made() (n int) {
	for _, row := range r.rows {
		if row.why == "" {
			n++
		}
	}
	return n
}

// newRoll writes a file of 24 accounts, half of them with a password, and of rows that are refused for all the reasons that there are. There is an
// account already, and it has an e-mail address where the homeserver has those.
func newRoll(t *testing.T, g *gatehouse, hs *homeserver.Server) *roll {
	t.Helper()
	r := &roll{hs: hs, prefix: unique("roll"), given: map[string]string{}}
	there := r.prefix + "-there"
	register(t, hs, there, "a password of theirs", false)
	r.text.WriteString("user;Anzeigename;Kennwort;is_admin;mail\r\n")
	for i := range 24 {
		name, password := fmt.Sprintf("%s-%02d", r.prefix, i), ""
		id := hs.UserID(name)
		if i%2 == 0 {
			password = fmt.Sprintf("the password of row %d", i)
			r.given[id] = password
		}
		if i < 4 && password != "" {
			g.keepSecret(id, password)
		}
		r.add(fmt.Sprintf("%s;Zoë %d;%s;0;", name, i, password), id, "")
	}
	r.add(there+";Not overwritten;a password of ours;0;", hs.UserID(there), "There is such an account already")
	r.add(r.prefix+"-Upper;Upper;;0;", hs.UserID(r.prefix+"-Upper"), "Capital letters cannot be used")
	r.add(r.prefix+"-00;Again;;0;", hs.UserID(r.prefix+"-00"), "the same stands in line 2")
	r.add(r.prefix+"-weak;Weak;short;0;", hs.UserID(r.prefix+"-weak"), "too weak")
	r.add("@x:elsewhere.example;X;;0;", "@x:elsewhere.example", "Only accounts of")
	r.add(r.prefix+"-bool;B;;perhaps;", hs.UserID(r.prefix+"-bool"), "neither yes nor no")
	r.add(";Nobody;;0;", "", "Account: ")
	mail := r.prefix + "@school.example"
	if why := "no e-mail addresses"; hs.Kind == homeserver.Synapse {
		alter(t, hs, hs.UserID(there), emails(mail))
		why = mail + " belongs to " + hs.UserID(there)
		r.add(r.prefix+"-mail;M;;0;"+mail, hs.UserID(r.prefix+"-mail"), why)
	} else {
		r.add(r.prefix+"-mail;M;;0;"+mail, hs.UserID(r.prefix+"-mail"), why)
	}
	return r
}

// reports fails the test unless the table of the page names each row of the file: its line, its account, its state and why.
func (r *roll) reports(d *desk, done, refused string) {
	d.t.Helper()
	d.until(fmt.Sprintf(`document.querySelectorAll("main tbody tr").length == %d`, len(r.rows)))
	rows := eval[[]string](d.page, `[...document.querySelectorAll("main tbody tr")].map(r => r.textContent)`) // also of those that are not on screen
	plain := strings.NewReplacer("\u2068", "", "\u2069", "", "\u200b", "")
	for i, row := range r.rows {
		text, state := plain.Replace(rows[i]), done
		if row.why != "" {
			state = refused
		}
		for _, part := range []string{fmt.Sprintf("Line %d", i+2), row.id, state, row.why} {
			if !strings.Contains(text, part) {
				d.t.Errorf("of line %d, %s, the page says %q, without %q", i+2, row.id, text, part)
			}
		}
		if strings.Contains(text, "the password of row") {
			d.t.Errorf("line %d shows its password", i+2)
		}
	}
}

// TestNoscriptImports goes the whole way of an import through the panel, without scripts: the file, its columns, the plan, the job and its report,
// the passwords, and what is left.
func TestNoscriptImports(t *testing.T) { importsWhole(t, false) }

// TestProgramImports goes the same way with the program.
func TestProgramImports(t *testing.T) { importsWhole(t, true) }

func importsWhole(t *testing.T, program bool) {
	for name, start := range map[string]func(*testing.T) *homeserver.Server{"synapse": synapse, "dendrite": dendrite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hs := start(t)
			g := startGatehouse(t, homeservers(hs)+"    jobs_per_second: 8\n    client_url: https://chat.example\n")
			h := hands{signedInWith(t, g, hs, program), program}
			r := newRoll(t, g, hs)
			h.sendsRoll(r)
			h.plansRoll(r)
			h.runsRoll(r)
			passwords := h.handsOutRoll(r)
			for id, password := range r.given {
				passwords[id] = password
			}
			if len(passwords) != r.made() {
				t.Fatalf("%d passwords are known of %d accounts", len(passwords), r.made())
			}
			signInAll(t, hs, passwords)
			canSignIn(t, hs, r.prefix+"-there", "a password of theirs")
			h.importsWhatIsLeft(r)
		})
	}
}

func signedInWith(t *testing.T, g *gatehouse, hs *homeserver.Server, program bool) *desk {
	t.Helper()
	if program {
		return atProgram(t, g, hs)
	}
	return signedIn(t, g, hs)
}

// sendsRoll goes from the list of accounts to the columns of a file.
func (h hands) sendsRoll(r *roll) {
	h.t.Helper()
	h.goes("accounts")
	if status := h.link("Import"); status != http.StatusOK {
		h.t.Fatalf("the import: %d\n%s", status, h.whereabouts())
	}
	h.shot("imports-upload")
	h.choosesFile(writeFile(h.t, r.text.String()))
	if status := h.submit(); status != http.StatusOK {
		h.t.Fatalf("the columns: %d\n%s", status, h.whereabouts())
	}
	if h.value("#f-columns-2-field") != "password" || strings.Contains(h.html(), "the password of row") {
		h.t.Errorf("the third column is taken for %q, or shown", h.value("#f-columns-2-field"))
	}
}

func (p *page) choosesFile(path string) {
	p.t.Helper()
	result(p, "choose the file", chromedp.SetUploadFiles("#f-file", []string{path}))
}

// plansRoll makes a mistake with the columns, mends it, and reads the plan.
func (h hands) plansRoll(r *roll) {
	h.t.Helper()
	h.choose("#f-columns-0-field", "")
	if status := h.submit(); status != http.StatusUnprocessableEntity || !strings.Contains(h.text("main"), "No column says which accounts") {
		h.t.Fatalf("without the column of names: %d\n%s", status, h.whereabouts())
	}
	h.shot("imports-columns-mistake")
	h.choose("#f-columns-0-field", "id")
	if status := h.submit(); status != http.StatusOK {
		h.t.Fatalf("the job: %d\n%s", status, h.whereabouts())
	}
	h.until(`document.body.innerText.includes("24 accounts would be made or changed")`)
	if h.program {
		h.running()
	}
	r.reports(h.desk, "Create", "Refused")
	h.shot("imports-plan")
}

// runsRoll starts the job, loads its page again in the middle, and reads the report.
func (h hands) runsRoll(r *roll) {
	h.t.Helper()
	if h.program {
		same := h.same()
		h.click(mainButton)
		h.until(`document.querySelector("progress")?.value > ` + fmt.Sprint(len(r.rows)-r.made()))
		same()
	} else if status := h.submit(); status != http.StatusOK {
		h.t.Fatalf("starting it: %d\n%s", status, h.whereabouts())
	}
	h.wait("progress")
	h.shot("imports-running")
	h.reload()
	h.until(fmt.Sprintf(`document.body.innerText.includes("%d of %d")`, len(r.rows), len(r.rows)))
	h.wait(`form[data-operation="jobs.passwords"] button`)
	if h.count(`form[data-operation="jobs.retry"]`) > 0 {
		h.t.Error("what the plan refused can be tried again")
	}
	h.until(`[...document.querySelectorAll("main tbody tr")].every(r => !/Under way|Waiting/.test(r.textContent))`)
	r.reports(h.desk, "Done", "Refused")
	h.shot("imports-done")
}

// handsOutRoll takes the passwords that were made, as the file and as cards say them. There is no second time.
func (h hands) handsOutRoll(r *roll) map[string]string {
	h.t.Helper()
	job := h.url()
	if button := `form[data-operation="jobs.passwords"] button`; h.program {
		h.click(button)
		h.wait(`a[download="passwords.csv"]`)
	} else if status := h.clickAndLoad(button); status != http.StatusOK {
		h.t.Fatalf("the passwords: %d\n%s", status, h.whereabouts())
	}
	rows := h.passwordFile()
	if len(rows) != r.made()-len(r.given) {
		h.t.Fatalf("%d passwords were made", len(rows))
	}
	passwords := map[string]string{}
	for i, row := range rows {
		id := row[0]
		passwords[id] = row[1]
		if on := eval[string](h.page, fmt.Sprintf(`document.querySelector("#handout-password-%d").textContent`, i)); on != row[1] {
			h.t.Errorf("the card of %s has another password than the file", id)
		}
	}
	if n := eval[int](h.page, `document.querySelectorAll("svg.gh-qr").length`); n != len(passwords) {
		h.t.Errorf("%d cards have a code", n)
	}
	h.shot("imports-passwords")
	h.open(job)
	h.wait("main tbody tr")
	if h.count(`form[data-operation="jobs.passwords"]`) > 0 {
		h.t.Error("they can be handed out again")
	}
	var kept int
	h.g.query(h.t, `SELECT COUNT(*) FROM job_items WHERE secret IS NOT NULL`, nil, &kept)
	if kept > 0 {
		h.t.Errorf("%d passwords are kept after they were handed out", kept)
	}
	return passwords
}

// passwordFile is the file on the page of passwords: each account and its password. From here on they are looked for elsewhere.
func (d *desk) passwordFile() [][]string {
	d.t.Helper()
	_, file, _ := strings.Cut(d.attribute(`a[download="passwords.csv"]`, "href"), ",")
	text, err := url.PathUnescape(file)
	if err != nil {
		d.t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		d.t.Fatalf("%v: %.100q", err, text)
	}
	for _, row := range rows[1:] {
		row[0] = strings.TrimPrefix(row[0], "'")
		d.g.keepSecret(row[0], row[1])
	}
	return rows[1:]
}

// importsWhatIsLeft downloads the rows that were refused, mends one, and imports the file again, from the command line.
func (h hands) importsWhatIsLeft(r *roll) {
	h.t.Helper()
	left := h.download(h.attribute(`a[href*="imports.left"]`, "href"))
	if n := strings.Count(left, "\r\n") - 1; n != len(r.rows)-r.made() {
		h.t.Errorf("%d rows are left: %s", n, left)
	}
	mended := r.prefix + "-upper"
	path, handed := writeFile(h.t, strings.Replace(left, r.prefix+"-Upper", mended, 1)), filepath.Join(h.t.TempDir(), "passwords.csv")
	out, errs, code := h.g.command("", "import", path, "--watch", "--handout", handed, "--homeserver", h.hs.Kind)
	data, err := os.ReadFile(handed)
	if code != 1 || err != nil { // most rows are refused again
		h.t.Fatalf("status %d, %v\n%s\n%s", code, err, out, errs)
	}
	rows, _ := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	at := slices.IndexFunc(rows, func(row []string) bool { return strings.HasSuffix(row[1], h.hs.UserID(mended)) })
	if at < 0 {
		h.t.Fatalf("%s was not made: %s", mended, out)
	}
	canSignIn(h.t, h.hs, mended, rows[at][2])
	if name, err := h.hs.DisplayName(timeout(h.t), h.hs.UserID(r.prefix+"-there")); err != nil || name == "Not overwritten" {
		h.t.Errorf("the account that was there is called %q (%v)", name, err)
	}
}

// download fetches a file as the browser of a desk does.
func (d *desk) download(path string) string {
	d.t.Helper()
	req, err := http.NewRequestWithContext(timeout(d.t), http.MethodGet, d.g.URL+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, c := range d.cookies() {
		req.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	resp, body := d.g.send(req)
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") {
		d.t.Fatalf("%s: %s", path, resp.Status)
	}
	return body
}

// TestAccessibleImports tries the pages of an import with axe, the job in each of its states.
func TestAccessibleImports(t *testing.T) {
	t.Parallel()
	script := axe(t)
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs)+"    jobs_per_second: 1\n    client_url: https://chat.example\n")
	h := hands{atProgram(t, g, hs), true}
	r := newRoll(t, g, hs)
	check := func(what string) { t.Helper(); h.accessible(script, what) }
	h.open(g.URL + "/import/" + hs.Kind)
	check("the upload")
	h.choosesFile(writeFile(t, "\x00\x01"))
	h.submit()
	check("a file that is none")
	h.sendsRoll(r)
	check("the columns")
	h.plansRoll(r)
	check("the plan")
	h.click(mainButton)
	h.until(`document.querySelector("progress")`)
	check("a job that runs")
	h.click(`form[data-operation="jobs.pause"] button`)
	h.wait(`form[data-operation="jobs.resume"] button`)
	check("a paused job")
	h.click(`form[data-operation="jobs.resume"] button`)
	h.wait(`form[data-operation="jobs.passwords"] button`)
	check("a job that is done, with failures")
	h.handsOutRoll(r)
	h.open(g.URL + "/import/" + hs.Kind)
	h.choosesFile(writeFile(t, r.text.String()))
	h.submit()
	h.tick("#f-stop", true)
	h.submit()
	h.until(`document.body.innerText.includes("Nothing is done, as it was chosen")`)
	check("a job that did nothing")
}

// TestImportByKeys goes from a file to the passwords without a mouse.
func TestImportByKeys(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	d.open(g.URL + "/import/" + hs.Kind)
	d.choosesFile(writeFile(t, "id,name\r\n"+unique("keyed")+",Zoë\r\n"+unique("keyed")+",Ann\r\n"))
	press := func(selector, then string) {
		t.Helper()
		d.tabTo(selector)
		d.press(kb.Enter)
		d.wait(then)
	}
	press(mainButton, "#f-columns-1-field")
	d.tabTo("#f-columns-1-field")
	d.press("Disp")
	if got := d.value("#f-columns-1-field"); got != "display_name" {
		t.Errorf("the second column is %q", got)
	}
	press(mainButton, `form[data-operation="jobs.cancel"]`)
	d.running()
	d.until(`document.querySelectorAll("main tbody tr").length == 2`)
	press(mainButton, `form[data-operation="jobs.passwords"] button`)
	press(`form[data-operation="jobs.passwords"] button`, `a[download="passwords.csv"]`)
	d.tabTo(`a[download="passwords.csv"]`)
	if n := len(d.passwordFile()); n != 2 {
		t.Errorf("%d passwords were made", n)
	}
}
