// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatehouse/tools/homeserver"
)

// writeFile writes a file to be imported, and returns its path.
func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// imported is the number of accounts of TestImport.
const imported = 1000

// watched says of how many passwords one is looked for by the canary: it reads all that there is anew for each.
const watched = 50

// TestImport makes a thousand accounts from one file, half of them with passwords of the
// file, on the real homeservers: each signs in, and each row is reported.
func TestImport(t *testing.T) {
	for _, kind := range []struct {
		name string
		hs   func(*testing.T) *homeserver.Server
	}{{"synapse", synapse}, {"dendrite", dendrite}} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			hs := kind.hs(t)
			g := startGatehouse(t, homeservers(hs)+"    registrations_per_second: 1000\n    registrations_at_once: 1000\n")
			prefix := unique("pupil")
			passwords := map[string]string{}
			var file strings.Builder
			file.WriteString("id;displayname;password\r\n")
			for i := range imported {
				name, password := fmt.Sprintf("%s-%04d", prefix, i), ""
				if i%2 == 0 {
					password = fmt.Sprintf("the password of pupil %d", i)
					passwords[hs.UserID(name)] = password
					if i%watched == 0 {
						g.keepSecret(hs.UserID(name), password)
					}
				}
				fmt.Fprintf(&file, "%s;Pupil number %d;%s\r\n", name, i, password)
			}
			out, errs, code := g.command("", "import", writeFile(t, file.String()))
			if code != 0 || !strings.HasPrefix(out, "Job ") {
				t.Fatalf("status %d\n%.2000s\n%.2000s", code, out, errs)
			}
			if hs.Kind == homeserver.Dendrite {
				g.keepServiceToken(t, hs)
			}
			id, _, _ := strings.Cut(strings.TrimPrefix(out, "Job "), ":")
			job := g.jobUntil(t, id, 5*time.Minute, func(j jobState) bool { return j.State != "running" })
			if job.State != "done" || job.Count.Done != imported {
				t.Fatalf("%+v", job)
			}
			for i, item := range jobItems(t, g, id) {
				if want := hs.UserID(fmt.Sprintf("%s-%04d", prefix, i)); item.Line != i+2 || item.Target != want || item.State != "done" {
					t.Errorf("the report says %+v of line %d, %s", item, i+2, want)
				}
			}
			var handout struct {
				Passwords []struct{ ID, Password string }
			}
			g.call(t, "jobs.passwords", ask(id), &handout)
			for i, p := range handout.Passwords {
				if i%watched == 0 {
					g.keepSecret(p.ID, p.Password)
				}
				if passwords[p.ID] != "" || p.Password == "" {
					t.Errorf("%s got the password %q", p.ID, p.Password)
				}
				passwords[p.ID] = p.Password
			}
			if len(passwords) != imported {
				t.Fatalf("%d passwords are known", len(passwords))
			}
			signInAll(t, hs, passwords)
			// A second time, nothing is overwritten: every row is refused.
			out, _, code = g.command("", "import", writeFile(t, file.String()), "--dry-run")
			if code != 1 || strings.Count(out, "There is such an account already") != imported {
				t.Errorf("again: status %d\n%.500s", code, out)
			}
		})
	}
}

// A jobRow is what is told of one row of it.
type jobRow struct {
	Line          int
	Target, State string
}

// jobItems are all rows of a job.
func jobItems(t *testing.T, g *gatehouse, id string) (all []jobRow) {
	t.Helper()
	for cursor := ""; ; {
		var page struct {
			Items []jobRow
			Next  string
		}
		g.call(t, "jobs.items", ask(id, "limit", 500, "cursor", cursor), &page)
		if all, cursor = append(all, page.Items...), page.Next; cursor == "" {
			return all
		}
	}
}

// signInAll signs in as everybody, some at a time.
func signInAll(t *testing.T, hs *homeserver.Server, passwords map[string]string) {
	t.Helper()
	slots := make(chan struct{}, 8)
	var all sync.WaitGroup
	for id, password := range passwords {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			name, _, _ := strings.Cut(strings.TrimPrefix(id, "@"), ":")
			canSignIn(t, hs, name, password)
		})
	}
	all.Wait()
}

// cliImport takes a file in from the command line, step by step.
func cliImport(g *gatehouse, hs *homeserver.Server) []cliStep {
	look := func(t *testing.T) string {
		t.Helper()
		out, errs, code := g.command("", "import", writeFile(t, "user,Kennwort\n"+unique("looked")+",\n"), "--look")
		var seen struct {
			ID      string
			Columns []struct{ Name, Field string }
		}
		decode(t, []byte(out), &seen)
		if code != 0 || len(seen.Columns) != 2 || seen.Columns[0].Field != "id" || seen.Columns[1].Field != "password" {
			t.Fatalf("status %d: %s\n%s", code, out, errs)
		}
		return seen.ID
	}
	var job struct{ ID, State, Kind string }
	handed := filepath.Join(g.Dir, "passwords.csv")
	return []cliStep{
		{"imports.look", func(t *testing.T) {
			var seen struct{ Name, Kind string }
			if g.call(t, "imports.look", ask(look(t)), &seen); seen.Name != "users.csv" || seen.Kind != "csv" {
				t.Errorf("%+v", seen)
			}
		}},
		{"imports.abandon", func(t *testing.T) {
			id := look(t)
			g.call(t, "imports.abandon", ask(id), &struct{ ID string }{})
			if p := g.callFails(t, "imports.look", ask(id)); p.Code != "import_not_found" {
				t.Errorf("%+v", p)
			}
		}},
		{"imports.plan", func(t *testing.T) {
			g.call(t, "imports.plan", ask(look(t), "mode", "create", "columns", []object{{"column": 1, "field": "id"}}), &job)
			if job.Kind != "import" || job.State != "planning" {
				t.Errorf("%+v", job)
			}
		}},
		{"jobs.start", func(t *testing.T) { // the command line works a job off by itself, and hands out
			name := unique("handed")
			out, errs, code := g.command("", "import", writeFile(t, "id\n"+name+"\n"), "--watch", "--handout", handed)
			data, err := os.ReadFile(handed)
			if err != nil || code != 0 || !strings.Contains(out, "done  ") {
				t.Fatalf("status %d, %v: %s\n%s", code, err, out, errs)
			}
			_ = os.Remove(handed)
			cells := strings.Split(strings.Split(string(data), "\r\n")[1], ",")
			canSignIn(t, hs, name, cells[2])
		}},
		{"imports.left", func(t *testing.T) {
			var left struct{ Rows []object }
			if g.call(t, "imports.left", ask(job.ID), &left); len(left.Rows) != 0 {
				t.Errorf("of a job that is yet to be planned %v is left", left)
			}
		}},
	}
}

// cliJoin lets an account into a room from the command line.
func cliJoin(g *gatehouse, hs *homeserver.Server) cliStep {
	return cliStep{"users.join_rooms", func(t *testing.T) {
		room := publicRoom(t, hs)
		guest := register(t, hs, unique("guest"), "a password of theirs", false)
		var joined struct{ Joined []string }
		g.call(t, "users.join_rooms", ask(guest.UserID, "rooms", []string{room}), &joined)
		if len(joined.Joined) != 1 || joined.Joined[0] != room {
			t.Errorf("%+v", joined)
		}
	}}
}

// publicRoom makes a room that everybody may join, and returns its ID.
func publicRoom(t *testing.T, hs *homeserver.Server) string {
	t.Helper()
	owner := register(t, hs, unique("host"), "a password of theirs", false)
	var room struct {
		RoomID string `json:"room_id"`
	}
	if err := hs.Call(timeout(t), http.MethodPost, "/_matrix/client/v3/createRoom", owner.AccessToken, object{"preset": "public_chat"}, &room); err != nil {
		t.Fatal(err)
	}
	return room.RoomID
}

// TestNoscriptImport takes a file from the list of accounts to passwords that sign in,
// without a script.
func TestNoscriptImport(t *testing.T) { eachStore(t, testNoscriptImport) }

func testNoscriptImport(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	importByHand(t, signedIn(t, g, hs))
}

// importByHand goes through all pages of an import.
func importByHand(t *testing.T, d *desk) {
	name, given := unique("pupil"), unique("given")
	d.g.keepSecret(d.hs.UserID(given), "the password of the file")
	path := writeFile(t, "user;Anzeigename;Kennwort\r\n"+name+";Zoë;\r\n"+given+";Given;the password of the file\r\n"+d.name+";Not overwritten;\r\n")
	d.visit("accounts")
	if status := d.link("Import"); status != http.StatusOK {
		t.Fatalf("the import: %d\n%s", status, d.whereabouts())
	}
	d.shot("import")
	result(d.page, "choose the file", chromedp.SetUploadFiles("#f-file", []string{path}))
	if status := d.submit(); status != http.StatusOK {
		t.Fatalf("the columns: %d\n%s", status, d.whereabouts())
	}
	d.shot("import-columns")
	if got := d.value("#f-columns-2-field"); got != "password" || strings.Contains(d.html(), "the password of the file") {
		t.Errorf("the third column is taken for %q", got)
	}
	if status := d.submit(); status != http.StatusOK {
		t.Fatalf("the job: %d\n%s", status, d.whereabouts())
	}
	d.until(`document.body.innerText.includes("@` + name + `")`)
	d.shot("import-plan")
	if text := d.text("main"); !strings.Contains(text, "There is such an account already") || strings.Contains(text, "the password of the file") {
		t.Errorf("the plan: %s", text)
	}
}
