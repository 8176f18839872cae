// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

// Whatever one character separates cells, and however it was found out.
func TestSeparators(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, comma, want string }{
		{"names and passwords", "ann:a:b\nbob:c\n", "", ": 1 2 3"},
		{"names and passwords, two cells", "ann:secret\nbob:word\n", "", ": 1=id 2=password"},
		{"with names", "user:password\nann:secret\n", "", ": user=id password=password"},
		{"Matrix IDs are one cell", "@ann:example.org\n@bob:example.org\n", "", ", @ann:example.org"},
		{"Matrix IDs below a name", "id\n@ann:example.org\n", "", ", id=id"},
		{"told", "id^name\nann^A:B\n", "^", "^ id=id name"},
		{"a letter of another script", "id§displayname\nann§Ann\n", "§", "§ id=id displayname=display_name"},
		{"the file says", "sep=~\nid~displayname\nann~Ann\n", "", "~ id=id displayname=display_name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := gatetest.New(t, gatetest.Options{})
			p := w.Person(api.Owner)
			id, err := w.Take(p, "list.txt", strings.NewReader(c.file))
			if err != nil {
				t.Fatal(err)
			}
			seen := gatetest.Must[api.Import](t, w, p, "imports.look", api.ImportLook{ID: id, Format: api.FileFormat{Comma: c.comma}})
			got := seen.Format.Comma
			for _, column := range seen.Columns {
				got += " " + column.Name
				if column.Field != "" {
					got += "=" + column.Field
				}
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	w := gatetest.New(t, gatetest.Options{})
	for _, comma := range []string{"\"", "\n", "\r", "ab", "\x00", "\ufffd"} {
		if _, err := gatetest.Try[api.Import](t, w, w.Person(api.Owner), "imports.look", api.ImportLook{ID: "any", Format: api.FileFormat{Comma: comma}}); gatetest.Code(err) != "invalid_request" {
			t.Errorf("%q: %v", comma, err)
		}
	}
}

// A key that the first objects have not is a column like all others.
func TestLateKeys(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	var file strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&file, `{"id":"n%04d","what":"%s"}`+"\n", i, strings.Repeat("x", 40))
	}
	file.WriteString("no object\n" + `{"id":"last","display_name":"Last"}` + "\n")
	plan := upload(t, w, p, file.String())
	_, items := planned(t, w, p, plan)
	if got := short(items[len(items)-1:])[0]; len(plan.Columns) != 3 || got != "3002 @last:example.org waiting users.create display_name:→Last password:→••••••••" {
		t.Errorf("%+v %q", plan.Columns, got)
	}
	var many strings.Builder
	for i := range 200 {
		fmt.Fprintf(&many, `{"id":"n","%s%d":1}`+"\n", strings.Repeat("k", 1000), i)
	}
	if _, err := w.Take(p, "many.jsonl", strings.NewReader(many.String())); gatetest.Code(err) != "file_too_many_columns" {
		t.Error(err)
	}
}

// A row that asks for a guest is refused, and makes no ordinary account; guests that are there stay what they are.
func TestGuests(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t, gatetest.Options{})
	p := w.Person(api.Owner)
	w.Stub.Put(api.User{ID: "@guest:example.org", Guest: true})
	w.Stub.Put(api.User{ID: "@bob:example.org"})
	plan := upload(t, w, p, "id,is_guest\nnew,true\nordinary,false\nempty,\nguest,1\nbob,yes\nodd,perhaps\n")
	plan.Mode = api.ImportBoth
	_, items := planned(t, w, p, plan)
	want := []string{
		"2 @new:example.org failed import_guest", "3 @ordinary:example.org waiting users.create password:→••••••••", "4 @empty:example.org waiting users.create password:→••••••••",
		"5 @guest:example.org skipped import_same", "6 @bob:example.org failed import_guest", "7 @odd:example.org failed import_field guest import_yes_no",
	}
	if diff := cmp.Diff(want, short(items)); diff != "" {
		t.Error(diff)
	}
}
