// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/table"
)

func TestGuess(t *testing.T) {
	t.Parallel()
	for columns, want := range map[string]string{
		// synapse-admin's example, its export, and Ketesa's documentation
		"id,displayname,password,is_guest,admin,deactivated":                              "id,display_name,password,guest,admin,deactivated",
		"id,name,displayname,user_type,avatar_url,is_guest,admin,deactivated,creation_ts": "id,,display_name,user_type,avatar_url,guest,admin,deactivated,",
		"id,displayname,password,admin,is_guest,deactivated,avatar_url,threepids":         "id,display_name,password,admin,guest,deactivated,avatar_url,threepids",
		// our own export
		"id,display_name,admin,user_type,emails,phones,sso,avatar_url,locked,deactivated,guest,created": "id,display_name,admin,user_type,emails,phones,sso,avatar_url,locked,deactivated,guest,",
		// what register_new_matrix_user asks for
		"user,password,user_type,admin":                                                         "id,password,user_type,admin",
		"Benutzername;Anzeigename;Kennwort;E-Mail":                                              "id;display_name;password;emails",
		"Nutzername;Voller Name;Passwort;E-Mail-Adresse;Telefonnummer;Gesperrt;Räume;Raum;Gast": "id;display_name;password;emails;phones;locked;rooms;;guest",
		"Login name,Real name,E-mail addresses,Phone numbers,Mobile":                            "id,display_name,emails,phones,",
		"Display Name,MXID,matrix_id,email,threepids":                                           "display_name,id,,emails,",
		"threepids,email,whatever,password,PASSWORD":                                            "threepids,,,password,",
	} {
		sep := ","
		if strings.Contains(columns, ";") {
			sep = ";"
		}
		if got := strings.Join(Guess(strings.Split(columns, sep)), sep); got != want {
			t.Errorf("%s\n got %s\nwant %s", columns, got, want)
		}
	}
}

// wishes reads a file with the columns as they are guessed.
func wishes(t *testing.T, file string, p api.ImportPlan) []Wish {
	t.Helper()
	var look table.Sniffer
	_, _ = look.Write([]byte(file))
	f, err := look.Format()
	if err != nil {
		t.Fatal(err)
	}
	for i, field := range Guess(f.Columns) {
		p.Columns = append(p.Columns, api.ColumnChoice{Column: i + 1, Field: field})
	}
	r, err := newReader(p, f, "example.org")
	if err != nil {
		t.Fatal(err)
	}
	var list []Wish
	rows := table.NewReader(strings.NewReader(file), f)
	once := newOnce()
	for {
		row, err := rows.Next()
		if err != nil {
			return list
		}
		w := r.wish(row)
		once.check(&w)
		list = append(list, w)
	}
}

func TestWishes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, want string }{
		{"synapse-admin's", "id,displayname,password,is_guest,admin,deactivated\n@jane:example.org,Jane Doe,secretpassword,false,true,false\n,John Doe,,false,false,false\n",
			"2 @jane:example.org display_name=Jane Doe admin=true deactivated=false PASSWORD|3 import_field id missing"},
		{"Ketesa's", "id,displayname,threepids\nalice,Alice,\"email:Alice@Example.com,msisdn:+49 123-456\"\nbob,Bob,oops:1\n",
			"2 @alice:example.org display_name=Alice emails=alice@example.com phones=49123456|3 import_field threepids import_threepid"},
		{"an address without one", `{"id":"a","threepids":[{"medium":"email"}]}`, "1 import_field threepids import_threepid"},
		{"Synapse's JSON", `{"id":"@a:example.org","threepids":[{"medium":"email","address":"a@b.example"}],"external_ids":[{"auth_provider":"oidc","external_id":"x"}],"admin":false}`,
			"1 @a:example.org admin=false emails=a@b.example sso=oidc:x"},
		{"ours, from a spreadsheet", "id;display_name;admin;emails\n'@ann:example.org;'=1+1;WAHR;a@b.example, c@d.example\n",
			"2 @ann:example.org display_name==1+1 admin=true emails=a@b.example, c@d.example"},
		{"a password keeps its apostrophe", "user,password\nann,'=secret\n", "2 @ann:example.org PASSWORD"},
		{"short rows and empty cells ask for nothing", "id,display_name,locked\nann\nbob,,\n", "2 @ann:example.org|3 @bob:example.org"},
		{"of another homeserver", "id\n@ann:other.example\n", "2 not_local"},
		{"no Matrix ID", "id\n\"@a:b c\"\n", "2 import_field id invalid_user_id"},
		{"neither yes nor no", "id,admin\nann,perhaps\n", "2 import_field admin import_yes_no"},
		{"no identity", "id,sso\nann,oidc\n", "2 import_field sso import_sso"},
		{"twice", "id,emails\nann,a@b.example\n@ann:example.org,x@b.example\ncat,A@B.example\n", "2 @ann:example.org emails=a@b.example|3 import_twice id 2|4 import_twice emails 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, w := range wishes(t, c.file, api.ImportPlan{}) {
				got = append(got, short(w))
			}
			if text := strings.Join(got, "|"); text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
	for _, clear := range []bool{false, true} { // a list of nothing is as empty as an empty list
		w := wishes(t, `{"id":"ann","emails":[null],"phones":["", " "]}`, api.ImportPlan{Clear: clear})[0]
		if (w.Emails != nil) != clear || (w.Phones != nil) != clear {
			t.Errorf("lists of nothing, where they empty %t: %+v", clear, w)
		}
	}
	for _, clear := range []bool{false, true} { // an empty list is as empty as an empty cell
		w := wishes(t, `{"id":"ann","emails":[],"phones":[ ],"sso":[],"display_name":"[]"}`, api.ImportPlan{Clear: clear})[0]
		if (w.Emails != nil) != clear || (w.Phones != nil) != clear || (w.SSO != nil) != clear || *w.DisplayName != "[]" {
			t.Errorf("empty lists, where they empty %t: %+v", clear, w)
		}
	}
	cleared := wishes(t, "id,display_name,emails,admin,password\nann,,,,\n", api.ImportPlan{Clear: true})[0]
	if cleared.DisplayName == nil || *cleared.DisplayName != "" || cleared.Emails == nil || len(*cleared.Emails) != 0 || cleared.Admin != nil || !cleared.Password.IsZero() {
		t.Errorf("where empty cells empty: %+v", cleared)
	}
}

// short is a wish in short.
func short(w Wish) string {
	var b strings.Builder
	line, _ := json.Marshal(w.Line)
	b.Write(line)
	if p := w.Problem; p != nil {
		b.WriteString(" " + p.Code)
		for _, name := range []string{"field", "code", "line"} {
			if v := p.Params[name]; v != "" && (name != "line" || p.Code == "import_twice") {
				b.WriteString(" " + v)
			}
		}
		return b.String()
	}
	b.WriteString(" " + string(w.ID))
	for _, c := range w.given() {
		b.WriteString(" " + c.Field + "=" + c.To)
	}
	if !w.Password.IsZero() {
		b.WriteString(" PASSWORD")
	}
	return b.String()
}

func TestPasswordsAreTakenWordForWord(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"'=secret", " spaces around ", "a,b;c", "=1+1+1+1", `with "quotes"`} {
		var file bytes.Buffer
		file.WriteString("user,password\nann,\"" + strings.ReplaceAll(password, `"`, `""`) + "\"\n")
		if got := wishes(t, file.String(), api.ImportPlan{})[0].Password.Reveal(); got != password {
			t.Errorf("%q became %q", password, got)
		}
	}
}

// Hostile rows: whatever stands in them, a wish is made or refused, and what it comes to is a request that is valid or names what is not.
func FuzzWish(f *testing.F) {
	f.Add("id,displayname,password,admin,threepids,sso,rooms\n'@a:example.org,=x,secret,1,\"email:a@b.c,x:y\",oidc:x,#a:b\n")
	f.Add("{\"id\":[1],\"threepids\":{\"a\":1},\"admin\":\"ja\"}\n")
	f.Fuzz(func(t *testing.T, file string) { devour(t, file) })
}

func devour(t *testing.T, file string) {
	var look table.Sniffer
	_, _ = look.Write([]byte(file))
	format, err := look.Format()
	if err != nil {
		return
	}
	fields := slices.Clone(api.ImportFields())
	r := reader{fields: make([]string, len(format.Columns)), server: "example.org", clear: len(file)%2 == 0}
	for i := range r.fields {
		r.fields[i] = fields[i%len(fields)]
	}
	rows := table.NewReader(strings.NewReader(file), format)
	for {
		row, err := rows.Next()
		if err != nil {
			return
		}
		w := r.wish(row)
		if w.Problem != nil {
			continue
		}
		if w.ID.Validate() != nil || w.ID.Server() != "example.org" {
			t.Fatalf("%q: the row is about %q", file, w.ID)
		}
		for _, d := range []deed{creation(w, api.NewSecret("long enough")), update(w, api.User{ID: w.ID}, true)} {
			for _, c := range d.calls {
				if err := c.req.Validate(); err != nil {
					if _, ok := err.(*api.Problem); !ok {
						t.Fatalf("%q: %v", file, err)
					}
				}
			}
			steps, err := d.steps()
			if err != nil {
				t.Fatalf("%q: %v", file, err)
			}
			for _, s := range steps {
				if strings.Contains(string(s.Request), "long enough") {
					t.Fatalf("a password is kept in %s", s.Request)
				}
			}
		}
	}
}
