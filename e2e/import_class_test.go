// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/homeserver"
)

// A class is the accounts of TestImportFields. In its files, and in what is said of them, ~ stands for the beginning of their names, and #~hall, !lab
// and !den for rooms.
type class struct {
	t      *testing.T
	hs     *homeserver.Server
	g      *gatehouse
	prefix string
	rooms  map[string]string // what they are called here, by ID
	write  *strings.Replacer // of what is sent
	read   *strings.Replacer // of what is said; it takes the homeserver's name out
	made   map[string]string // passwords that were handed out, by short names
	now    map[string]pupil  // what the accounts are to be at Synapse
}

func newClass(t *testing.T, hs *homeserver.Server) *class {
	t.Helper()
	if _, err := hs.AdminToken(timeout(t)); err != nil { // else the one that is imported may be the last administrator
		t.Fatal(err)
	}
	c := &class{t: t, hs: hs, g: startGatehouse(t, homeservers(hs)), prefix: unique("class") + "-", rooms: map[string]string{}, made: map[string]string{}, now: map[string]pupil{}}
	phone := fmt.Sprintf("75419%04d", names.Add(1))
	write, read := []string{"~", c.prefix, "PHONE", "+49 " + phone}, []string{"49" + phone, "PHONE"}
	if hs.Kind == homeserver.Synapse {
		var hall struct {
			ID string `json:"room_id"`
		}
		if err := hs.Admin(timeout(t), http.MethodPost, "/_matrix/client/v3/createRoom", object{"preset": "public_chat", "room_alias_name": c.prefix + "hall"}, &hall); err != nil {
			t.Fatal(err)
		}
		c.rooms = map[string]string{hall.ID: "#~hall", publicRoom(t, hs): "!lab", publicRoom(t, hs): "!den"}
		write = append([]string{"#~hall", "#" + c.prefix + "hall:" + hs.ServerName}, write...)
	}
	for id, name := range c.rooms {
		if read = append(read, id, name); name != "#~hall" {
			write = append(write, name, id)
		}
	}
	c.write, c.read = strings.NewReplacer(write...), strings.NewReplacer(append(read, c.prefix, "~", ":"+hs.ServerName, "")...)
	return c
}

func (c *class) id(name string) string { return c.hs.UserID(c.prefix + name) }

// password is what a file gives an account. It is looked for in everything from then on.
func (c *class) password(name, which string) string {
	password := "the " + which + " password of " + c.prefix + name
	c.g.keepSecret(c.id(name), password)
	return password
}

// imports plans a file, and then does it. The plan has to say want of its rows, and the report the same of what was "to do". Where accounts are
// deactivated it says how many, without which nothing is started.
func (c *class) imports(file string, flags []string, want ...string) {
	c.t.Helper()
	path, handed := writeFile(c.t, c.write.Replace(file)), filepath.Join(c.t.TempDir(), "passwords.csv")
	run := func(how ...string) (out, errs string, code int) {
		c.t.Helper()
		return c.g.command("", slices.Concat([]string{"import", path}, flags, how)...)
	}
	ends := strings.Count(strings.Join(want, "\n"), `deactivated="true"`) + strings.Count(strings.Join(want, "\n"), `deactivated="false"→"true"`)
	number := fmt.Sprint("--confirm ", ends)
	says := func(state string, how ...string) {
		c.t.Helper()
		out, errs, code := run(how...)
		var refused bool
		expected := make([]string, len(want))
		for i, row := range want {
			expected[i] = strings.Replace(row, " to do ", " "+state+" ", 1)
			refused = refused || strings.Contains(row, " failed ")
		}
		if diff := cmp.Diff(expected, c.rowsOf(out)); diff != "" || refused != (code == 1) {
			c.t.Fatalf("%s: status %d (-want +got)\n%s\n%s", how, code, diff, errs)
		}
		if state == "waiting" && strings.Contains(out, number+".") != (ends > 0) {
			c.t.Errorf("%d accounts are deactivated, and the plan says\n%s", ends, out)
		}
	}
	says("waiting", "--dry-run")
	for _, row := range want {
		if name := strings.Fields(row)[1]; strings.Contains(row, "users.create") && isThere(c.t, c.hs, c.id(strings.TrimPrefix(name, "@~"))) {
			c.t.Errorf("%s is there before anything was started", name)
		}
	}
	if ends > 0 {
		if out, errs, code := run("--watch"); code != 1 || !strings.Contains(errs, "confirm_count") || !strings.Contains(errs, "was not started, and is cancelled") {
			c.t.Errorf("without the number: status %d\n%s\n%s", code, out, errs)
		}
	}
	says("done", append(strings.Fields(number), "--watch", "--handout", handed)...)
	c.takes(handed)
}

// rowsOf are the lines about rows of what an import prints.
func (c *class) rowsOf(out string) (rows []string) {
	for line := range strings.Lines(c.read.Replace(out)) {
		if fields := strings.Fields(line); len(fields) > 3 && strings.Trim(fields[0], "0123456789") == "" {
			rows = append(rows, strings.Join(fields, " "))
		}
	}
	return rows
}

// takes reads the passwords that were handed out, where some were.
func (c *class) takes(path string) {
	c.t.Helper()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	rows, bad := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err = errors.Join(err, bad); err != nil {
		c.t.Fatal(err)
	}
	for _, row := range rows[1:] {
		id := strings.TrimPrefix(row[1], "'")
		c.g.keepSecret(id, row[2])
		c.made[strings.TrimPrefix(c.read.Replace(id), "@~")] = row[2]
	}
}

// exported is the class's part of the list of accounts as a file, edited: each pair is what stands in it once, and what then does.
func (c *class) exported(edits ...string) string {
	c.t.Helper()
	out, errs, code := c.g.command("", "export", "users", "search="+c.prefix, "deactivated=with", "locked=with")
	for i := 0; i < len(edits); i += 2 {
		if strings.Count(out, edits[i]) != 1 {
			c.t.Fatalf("%q is not once in the export: status %d\n%s\n%s", edits[i], code, out, errs)
		}
		out = strings.Replace(out, edits[i], edits[i+1], 1)
	}
	return out
}

// meanwhile plans a file, has something happen at the homeserver, and then starts the job. want is what is reported of each row.
func (c *class) meanwhile(file string, happens func(), want ...string) {
	c.t.Helper()
	out, errs, _ := c.g.command("", "import", writeFile(c.t, c.write.Replace(file)), "--look")
	var seen struct {
		ID      string
		Columns []struct{ Field string }
	}
	decode(c.t, []byte(out), &seen)
	var columns []object
	for i, column := range seen.Columns {
		columns = append(columns, object{"column": i + 1, "field": column.Field})
	}
	var job jobState
	c.g.call(c.t, "imports.plan", ask(seen.ID, "mode", "both", "reset", true, "columns", columns), &job)
	if job = c.g.jobIs(c.t, job.ID, "planned"); job.Count.Waiting != len(want) {
		c.t.Fatalf("the plan is %+v\n%s", job, errs)
	}
	happens()
	c.g.call(c.t, "jobs.start", ask(job.ID), &job)
	c.g.jobIs(c.t, job.ID, "done")
	var report struct {
		Items []struct {
			Line                int
			Target, State, Code string
		}
	}
	c.g.call(c.t, "jobs.items", ask(job.ID), &report)
	var rows []string
	for _, i := range report.Items {
		rows = append(rows, strings.TrimSpace(c.read.Replace(fmt.Sprint(i.Line, " ", i.Target, " ", i.State, " ", i.Code))))
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		c.t.Errorf("the report (-want +got)\n%s", diff)
	}
}

// A pupil is an account as Synapse has it.
type pupil struct {
	DisplayName, UserType, Avatar string
	Admin, Locked, Deactivated    bool
	Addresses, Identities, Rooms  []string
}

// changes notes what is to be otherwise of an account.
func (c *class) changes(name string, change func(*pupil)) {
	p := c.now[name]
	change(&p)
	c.now[name] = p
}

// checks fails the test unless Synapse has all accounts as they are to be.
func (c *class) checks(when string) {
	c.t.Helper()
	got := map[string]pupil{}
	for name := range c.now {
		u := lookUp(c.t, c.hs, c.id(name))
		p := pupil{DisplayName: u.DisplayName, UserType: u.UserType, Avatar: u.Avatar, Admin: u.Admin, Locked: u.Locked, Deactivated: u.Deactivated}
		for _, address := range u.addresses() {
			p.Addresses = append(p.Addresses, c.read.Replace(address))
		}
		for _, e := range u.ExternalIDs {
			p.Identities = append(p.Identities, c.read.Replace(e["auth_provider"]+" "+e["external_id"]))
		}
		var in struct {
			Rooms []string `json:"joined_rooms"`
		}
		if err := c.hs.Admin(timeout(c.t), http.MethodGet, "/_synapse/admin/v1/users/"+url.PathEscape(c.id(name))+"/joined_rooms", nil, &in); err != nil {
			c.t.Fatal(err)
		}
		for _, room := range in.Rooms {
			if name := c.rooms[room]; name != "" { // that of the notices has none
				p.Rooms = append(p.Rooms, name)
			}
		}
		slices.Sort(p.Rooms)
		got[name] = p
	}
	if diff := cmp.Diff(c.now, got); diff != "" {
		c.t.Fatalf("%s, at the homeserver (-want +got)\n%s", when, diff)
	}
}

// signsIn signs an account in and returns its token.
func (c *class) signsIn(name, password string) string {
	c.t.Helper()
	account, err := c.hs.Login(timeout(c.t), c.prefix+name, password)
	if err != nil {
		c.t.Errorf("%s cannot sign in: %v", name, err)
	}
	return account.AccessToken
}

// hears fails the test unless an account has got these notices.
func (c *class) hears(token string, want ...string) {
	c.t.Helper()
	if got := noticesOf(c.t, c.hs, token); !slices.Equal(got, want) {
		c.t.Errorf("the notices are %q", got)
	}
}
