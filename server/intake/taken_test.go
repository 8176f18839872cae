// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/intake"
)

// Addresses and identities that other accounts have are refused in the plan, and so is what stands in the file twice. What an account has itself is not
// asked for.
func TestTaken(t *testing.T) {
	t.Parallel()
	const file = "id,emails,phones,sso\n" +
		"new,bob@b.example,,\n" +
		"two,free@b.example,49754112,\n" +
		"three,,,oidc:bob\n" +
		"four,Free@B.example,,\n" + // as line 3
		"bob,\"bob@b.example, own@b.example\",,oidc:bob\n" +
		"cat,own2@b.example,,nobody:cat\n"
	owners := map[string]api.UserID{"bob@b.example": "@bob:example.org", "oidc bob": "@bob:example.org", "49754112": "@bob:example.org"}
	world := func(t *testing.T, answer func(api.UserFind) (api.Found, error)) (*gatetest.World, []api.JobItem) {
		w := gatetest.New(t, gatetest.Options{})
		p := w.Person(api.Owner)
		w.Stub.Put(api.User{
			ID: "@bob:example.org", Threepids: []api.Threepid{{Medium: "email", Address: "bob@b.example"}}, ExternalIDs: []api.ExternalID{{AuthProvider: "oidc", ExternalID: "bob"}},
		})
		w.Stub.Put(api.User{ID: "@cat:example.org"})
		gatetest.On(w.Stub, api.FindUser, func(_ context.Context, q api.UserFind) (api.Found, error) { return answer(q) })
		plan := upload(t, w, p, file)
		plan.Mode = api.ImportBoth
		_, items := planned(t, w, p, plan)
		return w, items
	}
	said := func(items []api.JobItem) (list []string) {
		for _, i := range items {
			list = append(list, strings.TrimSpace(fmt.Sprint(i.Line, " ", i.State, " ", i.Code, " ", i.Params["field"], i.Params["code"], " ", i.Params["value"], " ", i.Params["owner"], i.Params["line"], i.Params["have"])))
		}
		return list
	}
	t.Run("told", func(t *testing.T) {
		t.Parallel()
		w, items := world(t, func(q api.UserFind) (api.Found, error) {
			if q.Provider == "nobody" {
				return api.Found{}, api.NewProblem(api.StatusUnprocessable, "no_such_provider", "have", "oidc").At("auth_provider")
			}
			return api.Found{ID: owners[strings.TrimSpace(q.Provider+" "+q.Value)]}, nil
		})
		want := []string{
			"2 failed import_taken emails bob@b.example @bob:example.org",
			"3 failed import_taken phones 49754112 @bob:example.org",
			"4 failed import_taken sso bob @bob:example.org",
			"5 failed import_twice emails  3",
			"6 failed import_twice emails  2",
			"7 failed import_field ssono_such_provider  oidc",
		}
		if diff := cmp.Diff(want, said(items)); diff != "" {
			t.Error(diff)
		}
		for _, c := range w.Stub.Calls("users.find") {
			if q := c.Request.(api.UserFind); q.Value == "own@b.example" {
				t.Errorf("%+v was asked for a row that is refused already", q)
			}
		}
	})
	t.Run("nobody can tell", func(t *testing.T) {
		t.Parallel()
		_, items := world(t, func(api.UserFind) (api.Found, error) {
			return api.Found{}, api.NewProblem(api.StatusNotSupported, "not_supported", "reason", "synapse_version")
		})
		want := []string{"2 waiting", "3 waiting", "4 waiting", "5 failed import_twice emails  3", "6 failed import_twice emails  2", "7 waiting"}
		if diff := cmp.Diff(want, said(items)); diff != "" {
			t.Error(diff)
		}
	})
}

// A homeserver that cannot tell who has an address is not asked for each: only those ask that did so before the first answer.
func TestNobodyCanTell(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	gatetest.On(w.Stub, api.FindUser, func(context.Context, api.UserFind) (api.Found, error) {
		return api.Found{}, api.NewProblem(api.StatusNotSupported, "not_supported", "reason", "synapse_version")
	})
	var file strings.Builder
	file.WriteString("id,emails\n")
	for i := range 100 {
		fmt.Fprintf(&file, "n%d,n%d@b.example\n", i, i)
	}
	p := w.Person(api.Owner)
	if job, _ := planned(t, w, p, upload(t, w, p, file.String())); job.Count.Waiting != 100 {
		t.Errorf("%+v", job.Count)
	}
	if n := len(w.Stub.Calls("users.find")); n == 0 || n > rowsAtOnce {
		t.Errorf("it was asked %d times", n)
	}
}

// rowsAtOnce is how many rows are compared at the same time.
const rowsAtOnce = 16

// A file that cannot be read to its end is not done in part: of its rows only those stay that say what else is wrong, and no password.
func TestBrokenInTheMiddle(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	var file strings.Builder
	file.WriteString("id,password\nbob,a good password\n")
	for i := range 1200 {
		fmt.Fprintf(&file, "n%04d,the password of %d\n", i, i)
	}
	file.WriteString("last,\"no end\n")
	job, items := planned(t, w, p, upload(t, w, p, file.String()))
	if job.State != api.JobFailed || job.Code != "file_quotes" || len(items) != 1 || items[0].Code != "import_exists" || job.Count.Total() != 1 {
		t.Errorf("%s %s %+v: %d items", job.State, job.Code, job.Count, len(items))
	}
	for _, operation := range []string{"jobs.start", "jobs.retry"} {
		if _, err := gatetest.Try[api.Job](t, w, p, operation, api.JobRef{ID: job.ID}); err == nil {
			t.Errorf("%s went on", operation)
		}
	}
}

// leaving is a file whose sender goes while it is read.
type leaving struct {
	gone func()
	io.Reader
}

func (l leaving) Read(p []byte) (int, error) {
	l.gone()
	return l.Reader.Read(p)
}

// That a file was sent is recorded, from wherever it comes: who, its name, its size, how it ended; and nothing of what is in it.
func TestUploadIsRecorded(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	if _, err := w.Take(w.Person(api.Owner), `C:\lists\class 7b.csv`, strings.NewReader("id,password\nann,canary-1234-passphrase\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Take(w.Person(api.Owner), "book.xlsx", strings.NewReader("PK\x03\x04canary-1234-passphrase")); gatetest.Code(err) != "file_workbook" {
		t.Error(err)
	}
	if _, err := w.Take(w.Person(api.Auditor), "users.csv", strings.NewReader("id\nann\n")); gatetest.Code(err) != "forbidden" {
		t.Error(err)
	}
	// It breaks off: by what the body says, or with the connection, which ends the request.
	begun := "id,password\nann,canary-1234-passphrase\nbo"
	if _, err := w.Take(w.Person(api.Owner), "body.csv", io.MultiReader(strings.NewReader(begun), iotest.ErrReader(io.ErrUnexpectedEOF))); gatetest.Code(err) != "file_cut_off" {
		t.Error(err)
	}
	ctx, gone := context.WithCancel(t.Context())
	_, err := w.Intake.Take(ctx, intake.Arrival{Person: w.Person(api.Owner), Homeserver: "hs", RequestID: "gone", Name: "gone.csv", Content: leaving{gone, strings.NewReader(begun)}})
	if gatetest.Code(err) != "file_cut_off" {
		t.Error(err)
	}
	if kept, err := w.Store.StaleUploads(t.Context(), w.Clock.Now().Add(48*time.Hour)); err != nil || len(kept) != 1 {
		t.Errorf("%d files are kept, %v", len(kept), err)
	}
	var got []string
	for _, r := range w.Log() {
		got = append(got, fmt.Sprint(r, " ", r.Request, " ", r.Detail))
		if r.Phase != "outcome" && r.Actor != "@admin:example.org" {
			t.Errorf("it was %q", r.Actor)
		}
	}
	want := []string{
		`intent imports.upload {"name":"class 7b.csv"} `,
		`outcome imports.upload done null 39 bytes.`,
		`intent imports.upload {"name":"book.xlsx"} `,
		`outcome imports.upload failed file_workbook null file_workbook`,
		`event imports.upload refused forbidden null `,
		`intent imports.upload {"name":"body.csv"} `,
		`outcome imports.upload failed file_cut_off null file_cut_off`,
		`intent imports.upload {"name":"gone.csv"} `,
		`outcome imports.upload failed file_cut_off null file_cut_off`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	nowhere(t, w, "canary-1234-passphrase")
}

// What the homeserver has not got is refused in the plan, field by field, also where nobody has looked at it before.
func TestLacking(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	w.Stub.Put(api.User{ID: "@bob:example.org", DisplayName: "Bob"})
	gatetest.On(w.Stub, api.ServerInfo, func(context.Context, api.ServerQuery) (api.Server, error) {
		return api.Server{State: "up", Unavailable: map[string]string{
			"users.create.threepids.phone": "mas_no_phones", "users.create.avatar_url": "dendrite_no_avatar", "users.update.display_name": "dendrite_no_display_name",
		}}, nil
	})
	plan := upload(t, w, p, "id,display_name,emails,phones,avatar_url,admin\nnew,New,n@b.example,,,false\ntwo,,,49754112,,\nthree,,,,mxc://example.org/a,\nbob,Robert,,,,\n")
	plan.Mode = api.ImportBoth
	_, items := planned(t, w, p, plan)
	var got []string
	for _, i := range items {
		got = append(got, strings.TrimSpace(fmt.Sprint(i.Line, " ", i.State, " ", i.Params["reason"])))
	}
	if diff := cmp.Diff([]string{"2 waiting", "3 failed mas_no_phones", "4 failed dendrite_no_avatar", "5 failed dendrite_no_display_name"}, got); diff != "" {
		t.Error(diff)
	}
}

// Of a file with more addresses than there are accounts the accounts are asked for theirs, once, and say the same: whoever has an address, written as it
// may be, keeps it.
func TestMoreAddressesThanAccounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		unknown        []string // what accounts do not tell
		rows, accounts int
		every          int // so many rows have one address
		find, get      int // calls, at most
	}{
		"accounts tell":         {nil, 400, 20, 1, 20 + 20, 20},
		"accounts do not tell":  {[]string{"threepids"}, 400, 20, 1, 400, 20},
		"told by its beginning": {nil, 2400, 1200, 1, 220, 1200},
		"few addresses":         {nil, 2400, 1200, 10, 250, 0},
	} {
		rows, accounts := c.rows, c.accounts
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			p := w.Person(api.Owner)
			have := map[string]api.UserID{}
			for i := range accounts {
				id, address := w.Stub.ID(fmt.Sprint("there-", i)), fmt.Sprintf("there-%d@b.example", i)
				u := api.User{ID: id, Unknown: c.unknown}
				if u.Knows("threepids") {
					u.Threepids = []api.Threepid{{Medium: "email", Address: address, ValidatedMS: 1}}
				}
				w.Stub.Put(u)
				have[address] = id
			}
			gatetest.On(w.Stub, api.FindUser, func(_ context.Context, q api.UserFind) (api.Found, error) { return api.Found{ID: have[q.Value]}, nil })
			var file strings.Builder
			file.WriteString("id,emails\n")
			for i := range rows {
				address := ""
				switch {
				case i >= rows-3 || i == 0:
					address = fmt.Sprintf("There-%d@B.example", i%accounts)
				case i%c.every == 0:
					address = fmt.Sprintf("new-%d@b.example", i)
				}
				fmt.Fprintf(&file, "new-%d,%s\n", i, address)
			}
			_, items := planned(t, w, p, upload(t, w, p, file.String()))
			var refused []string
			for _, i := range items {
				if i.State != api.ItemWaiting {
					refused = append(refused, fmt.Sprint(i.Line, " ", i.Code, " ", i.Params["owner"]))
				}
			}
			want := []string{"2 import_taken @there-0:example.org"}
			for i := rows - 3; i < rows; i++ {
				want = append(want, fmt.Sprintf("%d import_taken @there-%d:example.org", i+2, i%accounts))
			}
			if diff := cmp.Diff(want, refused); diff != "" {
				t.Error(diff)
			}
			existing := len(w.Stub.Calls("users.get"))
			if find := len(w.Stub.Calls("users.find")); find > c.find || existing > c.get+10 {
				t.Errorf("%d addresses and %d accounts were asked for", find, existing)
			}
		})
	}
}
