// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/operator"
	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
	"gatehouse/server/table"
)

// leftOf is what is left of a job, as somebody downloads it.
func leftOf(t *testing.T, w *gatetest.World, p operator.Person, job, format string) string {
	t.Helper()
	return exported(t, w, p, api.ListExport{Operation: "imports.left", Query: "id=" + job, Format: format})
}

// again sends a file and plans it as an earlier one was.
func again(t *testing.T, w *gatetest.World, p operator.Person, file string, plan api.ImportPlan) []api.JobItem {
	t.Helper()
	second := upload(t, w, p, file)
	plan.ID, plan.Columns, plan.Format = second.ID, second.Columns, api.FileFormat{}
	_, items := planned(t, w, p, plan)
	return items
}

// says is what is wrong with rows, without where they stand.
func says(items []api.JobItem) (list []string) {
	for _, i := range items {
		list = append(list, strings.TrimSpace(fmt.Sprint(i.Target, " ", i.State, " ", i.Code, " ", i.Params["field"], " ", i.Params["code"])))
	}
	return list
}

func TestLeft(t *testing.T) { storetest.Each(t, testLeft) }

// Whatever a plan refuses comes back as it was sent, cell by cell, and is refused again for the same reason: nothing of it is taken for something
// else. Once its cells are mended, it is done.
func testLeft(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	w.Stub.Put(api.User{ID: "@bob:example.org", DisplayName: "Bob"})
	rows := []string{
		"id,display_name,password,admin,threepids,sso,locked,rooms,notice,is_guest",
		"yesno,Y,a good password,perhaps,,,,,,",
		"address,A,,,fax:1,,,,,",
		"sso,S,,,,nobody,,,,",
		"Upper,'=1+1,=1+1 is a password,false,email:u@b.example,oidc:u,true,#a:example.org,Hello,",
		"weak,W,short,,,,,,,",
		"bee,once,,,,,,,,",
		"bee,twice,,,,,,,,",
		"@x:elsewhere.example,X,,,,,,,,",
		",Nobody,-a password-,,,,,,,",
		"not an id!,N,,,,,,,,",
		"bob,Mallory,a stolen password,true,,,,,,",
		"guest,G,,,,,,,,true",
		"long,L,,,,,,," + strings.Repeat("x", table.MaxCell+1) + ",",
		"redacted,R,[redacted],,,,,,,",
	}
	file := strings.Join(rows, "\n") + "\n"
	plan := upload(t, w, p, file)
	plan.Passwords = api.PasswordRandom
	job, items := planned(t, w, p, plan)
	if job.Count.Failed != int64(len(rows)-2) || job.RowsMS == 0 {
		t.Fatalf("%+v %q", job, short(items))
	}
	var left string
	for _, format := range []string{"jsonl", "csv"} {
		left = leftOf(t, w, p, job.ID, format)
		if diff := cmp.Diff(says(items), says(again(t, w, p, left, plan))); diff != "" {
			t.Errorf("%s: what was refused is not refused again in the same way:\n%s\n%s", format, diff, left)
		}
	}
	sent := cells(t, file)
	for i, row := range cells(t, left) {
		if diff := cmp.Diff(sent[i], row[:len(sent[i])]); i > 0 && (diff != "" || row[13] == "failed" && row[15] == "") {
			t.Errorf("row %d: %.200q %s", i, row, diff)
		}
	}
	for from, to := range map[string]string{"perhaps": "true", "fax:1": "email:a@b.example", "nobody": "oidc:nobody"} {
		left = strings.Replace(left, from, to, 1)
	}
	for i, item := range again(t, w, p, left, plan)[:3] {
		if item.State != api.ItemWaiting || item.Target != items[i].Target {
			t.Errorf("mended: %q", short([]api.JobItem{item}))
		}
	}
	nowhere(t, w, "a stolen password")
}

// cells reads a file as a spreadsheet does, without what it was made harmless with.
func cells(t *testing.T, file string) (rows [][]string) {
	t.Helper()
	var look table.Sniffer
	_, _ = look.Write([]byte(file))
	f, err := look.Format()
	if err != nil {
		t.Fatal(err)
	}
	f.Headless = true
	r := table.NewReader(strings.NewReader(file), f)
	for {
		row, err := r.Next()
		if err != nil {
			return rows
		}
		var texts []string
		for _, c := range row.Cells {
			texts = append(texts, table.Undo(c.Text))
		}
		rows = append(rows, texts)
	}
}

// Rows that cannot be read come back whole, under no account's name, so that they are refused until somebody has mended them.
func TestLeftUnread(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, encoding, code, whole string }{
		{"more cells than columns", "id,display_name\nann,Ann,\"a \"\"secret\"\"\"\n", "", "row_too_many_cells", `ann,Ann,"a ""secret"""`},
		{"no text", "id;display_name\nann;Zo\xeb\n", "utf-8", "row_encoding", "ann;Zoë"},
		{"no JSON", `{"id":"ann"}` + "\n" + `{"id":"bob","admin"` + "\n", "", "row_json", `{"id":"bob","admin"`},
		{"a key twice", `{"id":"ann"}` + "\n" + `{"id":"bob","id":"cat"}` + "\n", "", "row_key_twice", `{"id":"bob","id":"cat"}`},
		{"an object for a password", `{"id":"ann","password":""}` + "\n" + `{"id":"bob","password":{"old": 1}}` + "\n", "", "import_field", `{"id":"bob","password":{"old": 1}}`},
		{"a formula", "id,display_name\n=1+1,Ann,more\n", "", "row_too_many_cells", "=1+1,Ann,more"},
		{"too long to come back", "id,notice\nann," + strings.Repeat("x", table.MaxRow-100) + "\n", "", table.CellTooLong, "notice in line 2"},
		{"many quotation marks", `{"id":"ann"}` + "\n" + `{"id":"ann","id":"` + strings.Repeat(`\"`, table.MaxRow/2-20) + `"}` + "\n", "", "row_key_twice", "key id twice"},
	} {
		for _, format := range []string{"csv", "jsonl"} {
			t.Run(c.name+" "+format, func(t *testing.T) {
				t.Parallel()
				w := gatetest.New(t, gatetest.Options{})
				p := w.Person(api.Owner)
				w.Stub.Put(api.User{ID: "@ann:example.org"})
				plan := upload(t, w, p, c.file)
				plan.Mode, plan.Format.Encoding = api.ImportBoth, c.encoding
				job, items := planned(t, w, p, plan)
				if last := items[len(items)-1]; last.Code != c.code {
					t.Fatalf("%.200q", short(items))
				}
				left := leftOf(t, w, p, job.ID, format)
				if wrong := says(again(t, w, p, left, plan)); len(wrong) != 1 || wrong[0] != "failed import_field id missing" {
					t.Errorf("it is taken for %q", wrong)
				}
				if !strings.Contains(strings.NewReplacer(`""`, `"`, `\"`, `"`).Replace(left), c.whole) {
					t.Errorf("it is not whole: %.200q", left)
				}
			})
		}
	}
}

// What has not been done yet comes back with its passwords, new ones of accounts that are there, too, and with what was to be emptied. Others than its
// owner, and everybody once the rows are wiped, get what can be given without what is secret, and nothing is taken for less than it was.
func TestLeftUndone(t *testing.T) {
	t.Parallel()
	const refused = "failed import_field id missing"
	for _, c := range []struct {
		name, file   string
		reset, clear bool
		others       []string // what the rows are worth to others
	}{
		{"a new password", "id,password\nbob,=another password\n", true, false, []string{refused}},
		{"the password of a new account", "id,display_name,password\nnew,New,the password given\n", false, false, []string{"@new:example.org waiting"}},
		{"what is emptied", "id,display_name,user_type\nbob,,bot\n", false, true, []string{refused}},
		{"cells that cannot be read", "id,admin,threepids\nann,perhaps,\nbee,,fax:1\n", false, false, []string{refused, refused}},
		{"more cells than columns", "id,admin\nann,true,more\n", false, false, []string{refused}},
		{"all that the plan tells", "id,display_name\nbob,Robert\nUpper,Upper\n", false, false, []string{"@bob:example.org waiting", "@Upper:example.org failed import_field localpart localpart_upper"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			p := w.Person(api.Owner)
			other := w.Person(api.Owner)
			other.ID = string(w.Stub.ID("root"))
			w.Stub.Put(api.User{ID: "@bob:example.org", DisplayName: "Bob", UserType: "bot"})
			plan := upload(t, w, p, c.file)
			plan.Mode, plan.Reset, plan.Clear, plan.Passwords = api.ImportBoth, c.reset, c.clear, api.PasswordRandom
			job, items := planned(t, w, p, plan)
			whole := leftOf(t, w, p, job.ID, "csv")
			if c.name != "more cells than columns" {
				if diff := cmp.Diff(short(items), short(again(t, w, p, whole, plan))); diff != "" {
					t.Errorf("its owner: %s\n%s", diff, whole)
				}
			}
			page := gatetest.Must[api.LeftPage](t, w, p, "imports.left", api.LeftQuery{ID: job.ID})
			told, _ := json.Marshal(page)
			if all := fmt.Sprintf("%+v %s", page, told); strings.Contains(all, "another password") || strings.Contains(all, "given") {
				t.Errorf("the answer shows a password: %s", all)
			}
			theirs := func(who string, p operator.Person) {
				t.Helper()
				left := leftOf(t, w, p, job.ID, "csv")
				if diff := cmp.Diff(c.others, says(again(t, w, p, left, plan))); diff != "" {
					t.Errorf("%s: %s\n%s", who, diff, left)
				}
				for _, i := range items {
					if !strings.Contains(left, string(i.Target)) {
						t.Errorf("nothing says that it was %s", i.Target)
					}
				}
				if strings.Contains(left, "another password") || strings.Contains(left, "given") || strings.Contains(left, ",more") {
					t.Errorf("%s gets %s", who, left)
				}
			}
			theirs("somebody else", other)
			err := w.Store.WipeJobPasswords(t.Context(), job.ID, store.AtRest, func(*store.Job) error { return nil })
			if err != nil {
				t.Fatal(err)
			}
			if j := gatetest.Must[api.Job](t, w, p, "jobs.get", api.JobRef{ID: job.ID}); j.RowsMS != 0 {
				t.Error("it says that the rows are kept")
			}
			theirs("its owner, too late", p)
		})
	}
}

// Rows of one account are rows of their own, also where they are on other pages of the list.
func TestLeftOfOneAccount(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	const rows, first, again = 150, 60, 130
	file := "id,password\n"
	for i := range rows {
		if i == again {
			i = first
		}
		file += fmt.Sprintf("n%d,short\n", i)
	}
	job, _ := planned(t, w, p, upload(t, w, p, file))
	left := leftOf(t, w, p, job.ID, "csv")
	if n := strings.Count(left, "\n") - 1; n != rows || strings.Count(left, fmt.Sprintf("n%d,", first)) != 2 {
		t.Errorf("%d rows are left", n)
	}
}
