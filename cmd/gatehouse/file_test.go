// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/config"
	"gatehouse/server/store"
)

// Of a file of which no job is made nothing is kept.
func TestRefusedFilesAreDropped(t *testing.T) {
	all := &commands{Config: written(t, func(*config.Homeserver) {})}
	file := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(file, []byte("who,what\nann,is locked\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := fileFlags{File: file, DryRun: true}
	otherwise := flags
	otherwise.Comma = ",,"
	for name, c := range map[string]interface {
		Run(context.Context, *commands) error
	}{
		"no column with accounts": applyCommand{Operation: "users.lock", fileFlags: flags},
		"no such column":          applyCommand{Operation: "users.lock", fileFlags: flags, Column: "whose"},
		"no such operation":       applyCommand{Operation: "users.nonsense", fileFlags: flags, Column: "who"},
		"no such separator":       applyCommand{Operation: "users.lock", fileFlags: otherwise, Column: "who"},
		"an import of nobody":     importCommand{Mode: "create", Passwords: "random", fileFlags: flags},
		"a column that is not":    importCommand{Mode: "create", Passwords: "random", fileFlags: flags, Column: map[string]string{"whose": "id"}},
	} {
		if err := c.Run(t.Context(), all); err == nil {
			t.Errorf("%s: it is planned", name)
		}
	}
	h := opened(t, all.Config, "")
	defer h.close()
	if kept, err := h.store.StaleUploads(t.Context(), time.Now().Add(48*time.Hour)); err != nil || len(kept) > 0 {
		t.Errorf("%d files are kept (%v)", len(kept), err)
	}
}

// Where the passwords cannot go, nothing is begun.
func TestNowhereToHandOut(t *testing.T) {
	all := &commands{Config: written(t, func(*config.Homeserver) {})}
	dir := t.TempDir()
	there := filepath.Join(dir, "there.csv")
	if err := os.WriteFile(there, []byte("who\nann\n"), 0o600); err != nil { // it would be refused, and end at once
		t.Fatal(err)
	}
	for path, want := range map[string]error{there: fs.ErrExist, filepath.Join(dir, "no", "folder.csv"): fs.ErrNotExist} {
		c := importCommand{Mode: "create", Passwords: "random", fileFlags: fileFlags{File: there, Watch: true, Handout: path}}
		if _, err := piped(t, "", func() error { return c.Run(t.Context(), all) }); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	early := importCommand{Mode: "create", Passwords: "random", fileFlags: fileFlags{File: there, Handout: filepath.Join(dir, "early.csv")}}
	if _, err := piped(t, "", func() error { return early.Run(t.Context(), all) }); err == nil || !strings.Contains(err.Error(), "--watch") {
		t.Errorf("before the job has ended: %v", err)
	}
	h := opened(t, all.Config, "")
	defer h.close()
	if kept, err := h.store.StaleUploads(t.Context(), time.Now().Add(48*time.Hour)); err != nil || len(kept) > 0 {
		t.Errorf("%d files were sent (%v)", len(kept), err)
	}
	flags := fileFlags{Handout: filepath.Join(dir, "new.csv")}
	if err := flags.writable(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(flags.Handout); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("asking leaves something: %v", err)
	}
}

// piped runs work with a text as standard input, and returns what it says.
func piped(t *testing.T, input string, work func() error) (said string, err error) {
	t.Helper()
	in, out := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "out")
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(in, []byte(input), 0o600))
	stdin, err := os.Open(in)
	must(err)
	stdout, err := os.Create(out)
	must(err)
	defer func(a, b, c *os.File) { os.Stdin, os.Stdout, os.Stderr = a, b, c }(os.Stdin, os.Stdout, os.Stderr)
	os.Stdin, os.Stdout, os.Stderr = stdin, stdout, stdout
	failed := work()
	must(errors.Join(stdin.Close(), stdout.Close()))
	text, err := os.ReadFile(out)
	must(err)
	return string(text), failed
}

func TestFileFromStandardInput(t *testing.T) {
	all := &commands{Config: written(t, func(*config.Homeserver) {})}
	said, err := piped(t, "localpart,what\nann,is new\n", func() error {
		return importCommand{Look: true, Mode: "create", Passwords: "random", fileFlags: fileFlags{File: "-"}}.Run(t.Context(), all)
	})
	if err != nil || !strings.Contains(said, `"localpart"`) || !strings.Contains(said, `"stdin"`) {
		t.Errorf("%v\n%s", err, said)
	}
}

// A command that is interrupted says what becomes of its job: one that was not started is cancelled, and the passwords of others can still be had.
func TestLeave(t *testing.T) {
	all := &commands{Config: written(t, func(*config.Homeserver) {})}
	h := opened(t, all.Config, "")
	f := filing{way: h.corridor("main")}
	f.way.homeserver = "main"
	j := emptyImport(t, f.way)
	made := withPasswords(t, f.way, 1)
	over, stop := context.WithCancel(t.Context())
	stop()
	for id, want := range map[string]string{j.ID: "is cancelled", made: "gatehouse job handout " + made + " FILE"} {
		said, err := piped(t, "", func() error { return f.carryOut(over, api.Job{ID: id}) })
		if err == nil || !strings.Contains(said, want) {
			t.Errorf("%v\n%s", err, said)
		}
	}
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, again := filepath.Join(dir, "passwords.csv"), filepath.Join(dir, "again.csv")
	if err := (jobHandoutCommand{ID: made, File: file}).Run(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), "'@n1:example.org,=1 is a password,done") {
		t.Errorf("%v\n%s", err, text)
	}
	if _, err := piped(t, "", func() error { return jobHandoutCommand{ID: made, File: again}.Run(t.Context(), all) }); err == nil {
		t.Error("they are handed out twice")
	}
	if _, err := os.Stat(again); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file without passwords is left: %v", err)
	}
}

func TestPrintable(t *testing.T) {
	if got := printable("@a\x1b[2J\tb\nc\u0085:example.org ü"); got != "@a�[2J�b�c�:example.org ü" {
		t.Errorf("%q", got)
	}
}

// Without --watch it is said which rows were refused, and whether somebody does the rest.
func TestLeftToPanel(t *testing.T) {
	all := &commands{Config: written(t, func(*config.Homeserver) {})}
	h := opened(t, all.Config, "")
	defer h.close()
	f := filing{way: h.corridor("main")}
	f.way.homeserver = "main"
	j := emptyImport(t, f.way)
	items := []store.JobItem{
		{Job: j.ID, N: 1, Line: 2, Target: "@ann:example.org", State: store.ItemFailed, Code: "import_exists"},
		{Job: j.ID, N: 2, Line: 3, Target: "@bob:example.org", State: store.ItemWaiting, Action: "users.create", Steps: `[{"operation":"users.create"}]`},
	}
	if err := h.store.AddJobItems(t.Context(), j.ID, items); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.ChangeJob(t.Context(), j.ID, []string{store.JobPlanning}, func(j *store.Job) error { j.State = store.JobPlanned; return nil }); err != nil {
		t.Fatal(err)
	}
	said, err := piped(t, "", func() error { return f.carryOut(t.Context(), api.Job{ID: j.ID}) })
	want := []string{"Job " + j.ID + ": 1 rows wait for the panel, which does not run, 1 were refused", "2     @ann:example.org  failed  There is such an account already"}
	for _, text := range want {
		if !strings.Contains(said, text) {
			t.Errorf("%q is not in\n%s", text, said)
		}
	}
	if !errors.Is(err, errSilent) || strings.Contains(said, "@bob") {
		t.Errorf("%v\n%s", err, said)
	}
}

// An import that deactivates accounts is started with their number, which its plan says.
func TestConfirm(t *testing.T) {
	all := &commands{Config: written(t, func(*config.Homeserver) {})}
	h := opened(t, all.Config, "")
	defer h.close()
	const asked = "--confirm: Nothing was done yet. To confirm, type the number of accounts: 2. (confirm_count, "
	for _, c := range []struct {
		name  string
		flags fileFlags
		want  []string
	}{
		{"the plan", fileFlags{DryRun: true}, []string{
			"Accounts to create: 1, to change: 2, to leave alone: 1, to refuse: 1; to deactivate, of these: 2.", "This cannot be undone for 2 of them. To start it, add --confirm 2.",
		}},
		{"without the number", fileFlags{}, []string{asked, "was not started, and is cancelled"}},
		{"with another", fileFlags{Confirm: 3}, []string{asked, "was not started, and is cancelled"}},
		{"with the number", fileFlags{Confirm: 2}, []string{"3 rows wait for the panel"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := filing{flags: c.flags, way: h.corridor("main")}
			f.way.homeserver = "main"
			j := emptyImport(t, f.way)
			items := []store.JobItem{
				{N: 1, Target: "@a:example.org", State: store.ItemWaiting, Creates: true}, {N: 2, Target: "@b:example.org", State: store.ItemWaiting, Destroys: true},
				{N: 3, Target: "@c:example.org", State: store.ItemWaiting, Destroys: true}, {N: 4, State: store.ItemSkipped}, {N: 5, State: store.ItemFailed},
			}
			if err := h.store.AddJobItems(t.Context(), j.ID, items); err != nil {
				t.Fatal(err)
			}
			if _, err := h.store.ChangeJob(t.Context(), j.ID, []string{store.JobPlanning}, func(j *store.Job) error { j.State = store.JobPlanned; return nil }); err != nil {
				t.Fatal(err)
			}
			said, err := piped(t, "", func() error { return plain(f.carryOut(t.Context(), api.Job{ID: j.ID})) })
			if err == nil {
				t.Fatal("a row is refused, and it ends well")
			}
			said += err.Error()
			for _, text := range c.want {
				if !strings.Contains(said, text) {
					t.Errorf("%q is not in\n%s", text, said)
				}
			}
		})
	}
}

// What a job waits for is said when it begins to, and not again and again.
func TestWaits(t *testing.T) {
	all := &commands{Config: written(t, func(*config.Homeserver) {})}
	h := opened(t, all.Config, "")
	defer h.close()
	f := filing{way: h.corridor("main")}
	f.way.homeserver = "main"
	j := emptyImport(t, f.way)
	last := ""
	for _, c := range []struct{ code, want string }{
		{"", ""}, {"job_waits_away", "The homeserver does not answer. The job goes on by itself as soon as it does.\n"}, {"job_waits_away", ""}, {"", ""},
		{"job_waits_away", "The homeserver does not answer. The job goes on by itself as soon as it does.\n"},
	} {
		if _, err := h.store.ChangeJob(t.Context(), j.ID, []string{store.JobPlanning}, func(j *store.Job) error { j.Code = c.code; return nil }); err != nil {
			t.Fatal(err)
		}
		said, _ := piped(t, "", func() error { last = f.waits(t.Context(), j.ID, last); return nil })
		if said != c.want || last != c.code {
			t.Errorf("%q: %q, then %q", c.code, said, last)
		}
	}
}

// What of a file does not count is said, unless somebody has said so.
func TestColumnsLeftOut(t *testing.T) {
	seen := api.Import{Columns: []api.ImportColumn{{Name: "id", Field: api.FieldID}, {Name: "threepids", Field: api.FieldThreepids}, {Name: "emails"}, {Name: "shoe size"}}}
	said, err := piped(t, "", func() error {
		_, err := importing{importCommand: importCommand{Column: map[string]string{"shoe size": ""}}}.plan(seen)
		return err
	})
	if want := "These columns are not imported: emails. Say what they are with --column.\n"; err != nil || said != want {
		t.Errorf("%q, %v", said, err)
	}
}
