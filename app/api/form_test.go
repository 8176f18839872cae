// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

func decode[Req Request, Res any](t *testing.T, op *Operation[Req, Res], query string) (Req, error) {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	r, err := op.DecodeForm(values)
	if err != nil {
		var none Req
		return none, err
	}
	return r.(Req), nil
}

// Nobody who leaves a number empty means 0 by it, which is no limit at all here.
func TestEmptyNumbers(t *testing.T) {
	for query, want := range map[string]string{
		"id=@ann:example.org&messages_per_second=5&burst=":  "invalid_request [burst: missing]",
		"id=@ann:example.org&messages_per_second=&burst=":   "invalid_request [messages_per_second: missing] [burst: missing]",
		"id=@ann:example.org&messages_per_second=0&burst=0": "<nil>",
		"id=@ann:example.org":                               "<nil>",
	} {
		if _, err := decode(t, SetRateLimit, query); fmt.Sprint(err) != want {
			t.Errorf("%s: %v, want %s", query, err, want)
		}
	}
}

// Unchanged, empty and absent are three things.
func TestUnchangedEmptyAbsent(t *testing.T) {
	const id = "id=@ann:example.org"
	for query, want := range map[string]string{
		id: `{"id":"@ann:example.org"}`,
		id + "&display_name.from=A&display_name.to=A":                                                  `{"id":"@ann:example.org"}`,
		id + "&display_name.from=A&display_name.to=+A+":                                                `{"id":"@ann:example.org"}`,
		id + "&display_name.from=A&display_name.to=":                                                   `{"id":"@ann:example.org","display_name":{"from":"A","to":""}}`,
		id + "&display_name.from=&display_name.to=":                                                    `{"id":"@ann:example.org"}`,
		id + "&display_name.to=":                                                                       `{"id":"@ann:example.org","display_name":{"to":""}}`,
		id + "&admin.from=false&admin.to=false&admin.to=true":                                          `{"id":"@ann:example.org","admin":{"from":false,"to":true}}`,
		id + "&admin.from=true&admin.to=false":                                                         `{"id":"@ann:example.org","admin":{"from":true,"to":false}}`,
		id + "&admin.from=true&admin.to=false&admin.to=true":                                           `{"id":"@ann:example.org"}`,
		id + "&admin.from=&admin.to=false":                                                             `{"id":"@ann:example.org","admin":{"to":false}}`,
		id + "&threepids.to=":                                                                          `{"id":"@ann:example.org","threepids":{"to":[]}}`,
		id + "&threepids.from=&threepids.to=":                                                          `{"id":"@ann:example.org"}`,
		id + "&external_ids.from.0.auth_provider=a&external_ids.from.0.external_id=b&external_ids.to=": `{"id":"@ann:example.org","external_ids":{"from":[{"auth_provider":"a","external_id":"b"}],"to":[]}}`,
		// Rows keep their order, whatever their numbers; empty ones are not there.
		id + "&threepids.to.7.medium=email&threepids.to.7.address=B@b.example&threepids.to.2.medium=email&threepids.to.2.address=a@b.example&threepids.to.3.address=": `{"id":"@ann:example.org","threepids":{"to":[{"medium":"email","address":"a@b.example"},{"medium":"email","address":"b@b.example"}]}}`,
		// An address that is only written otherwise is no change.
		id + "&threepids.from.0.medium=email&threepids.from.0.address=a@b.example&threepids.to.0.medium=email&threepids.to.0.address=+A@B.example+":   `{"id":"@ann:example.org"}`,
		id + "&threepids.from.0.medium=msisdn&threepids.from.0.address=49301234&threepids.to.0.medium=msisdn&threepids.to.0.address=%2B49+(30)+12-34": `{"id":"@ann:example.org"}`,
	} {
		got, err := decode(t, UpdateUser, query)
		if err != nil || wire(got) != want {
			t.Errorf("%s\n got %s, %v\nwant %s", query, wire(got), err, want)
		}
		if got.Empty() != (want == `{"id":"@ann:example.org"}`) {
			t.Errorf("%s: Empty is %t", query, got.Empty())
		}
	}
}

func TestResetStatesSigningOut(t *testing.T) {
	for query, want := range map[string]bool{
		"": true, "&sign_out=": true, "&sign_out=true": true, "&sign_out=false": false, "&sign_out=false&sign_out=true": true,
	} {
		got, err := decode(t, ResetPassword, "id=@ann:example.org&password.mode=random"+query)
		if err != nil || got.SignOut == nil || *got.SignOut != want {
			t.Errorf("%q: %v, %v", query, got.SignOut, err)
		}
	}
}

// A password is only taken where one was typed.
func TestPasswordChoice(t *testing.T) {
	for query, want := range map[string]string{
		"&password.password=long+enough":                          "typed long enough",
		"&password.mode=typed&password.password=long+enough":      "typed long enough",
		"&password.mode=random&password.password=left+over":       "random ",
		"&password.mode=passphrase":                               "passphrase ",
		"&password.mode=none&password.password=left+over":         "none ",
		"&password.mode=typed&password.password=%20+spaces+stay+": "typed   spaces stay ",
	} {
		got, err := decode(t, CreateUser, "localpart=ann"+query)
		if err != nil || got.Password.Mode+" "+got.Password.Password.Reveal() != want {
			t.Errorf("%q: %q %q, %v", query, got.Password.Mode, got.Password.Password.Reveal(), err)
		}
	}
}

// What leads nowhere is refused, all of it at once and by its name.
func TestUnknownFields(t *testing.T) {
	for query, want := range map[string]string{
		"id=@a:b&colour=red&b=1":                      "b colour",
		"id=@a:b&id.x=1":                              "id.x",
		"id=@a:b&display_name=x&display_name.to=":     "display_name",
		"id=@a:b&display_name.to=&display_name.two=x": "display_name.two",
		"id=@a:b&admin.to.0=true":                     "admin.to.0",
		"id=@a:b&threepids.to.x.address=1":            "threepids.to.x.address",
		"id=@a:b&threepids.to.00.address=1":           "threepids.to.00.address",
		"id=@a:b&threepids.to.-1.address=1":           "threepids.to.-1.address",
		"id=@a:b&threepids.to.501.address=1":          "threepids.to.501.address",
		"id=@a:b&threepids.to.0.colour=1":             "threepids.to.0.colour",
		"id=@a:b&threepids.to.0=1":                    "threepids.to.0",
		"id=@a:b&_key=x":                              "_key",
		"id=@a:b&=x":                                  "",
		"ID=@a:b":                                     "ID",
		"id=@a:b&threepids.to.0.validated_ms.x=1":     "threepids.to.0.validated_ms.x",
		"id=@a:b&password=x":                          "password",
		"id=@a:b&display_name.to=x&.display_name=":    ".display_name",
	} {
		_, err := decode(t, UpdateUser, query)
		p, ok := errors.AsType[*Problem](err)
		if !ok || p.Status != 422 || p.Code != "invalid_request" {
			t.Errorf("%s: %v", query, err)
			continue
		}
		var names []string
		for _, f := range p.Fields {
			if f.Code != "unknown_field" {
				t.Errorf("%s: %+v", query, f)
			}
			names = append(names, f.Field)
		}
		if strings.Join(names, " ") != want {
			t.Errorf("%s: %q, want %q", query, strings.Join(names, " "), want)
		}
	}
	for data, field := range map[string]string{
		`{"id":"@a:b","colour":1}`: "colour", `{"id":"@a:b","display_name":{"two":1}}`: "two", `{"id":"@a:b","_key":"x"}`: "_key",
	} {
		_, err := UpdateUser.DecodeJSON([]byte(data))
		p, ok := errors.AsType[*Problem](err)
		if !ok || len(p.Fields) != 1 || p.Fields[0].Code != "unknown_field" || p.Fields[0].Field != field {
			t.Errorf("%s: %v", data, err)
		}
	}
}

// A change that does not say to what changes nothing: it is refused, or a field that a form left out would be cleared.
func TestChangeWithoutTo(t *testing.T) {
	for _, field := range []string{"display_name", "avatar_url", "admin", "user_type", "threepids", "external_ids"} {
		for _, data := range []string{`{}`, `{"to":null}`, `{"from":null}`} {
			_, err := UpdateUser.DecodeJSON([]byte(`{"id":"@a:b","` + field + `":` + data + `}`))
			p, ok := errors.AsType[*Problem](err)
			if !ok || p.Status != 422 || len(p.Fields) != 1 || p.Fields[0].Field != field+".to" {
				t.Errorf("%s %s: %v", field, data, err)
			}
		}
	}
	for _, query := range []string{"display_name.from=A", "admin.from=true", "threepids.from=", "external_ids.from.0.auth_provider=a"} {
		_, err := decode(t, UpdateUser, "id=@a:b&"+query)
		field, _, _ := strings.Cut(query, ".")
		p, ok := errors.AsType[*Problem](err)
		if !ok || len(p.Fields) != 1 || p.Fields[0].Field != field+".to" || p.Fields[0].Code != "missing" {
			t.Errorf("%s: %v", query, err)
		}
	}
	// Where a type is wrong deep inside, the whole path is told.
	_, err := UpdateUser.DecodeJSON([]byte(`{"id":"@a:b","display_name":{"to":7}}`))
	if p, ok := errors.AsType[*Problem](err); !ok || len(p.Fields) != 1 || p.Fields[0].Field != "display_name.to" || p.Fields[0].Code != "invalid_type" {
		t.Errorf("%v", err)
	}
}

// Sizes are bounded, and what is no number or no yes-or-no is refused at its field.
func TestFormBounds(t *testing.T) {
	many := url.Values{}
	for i := range 1001 {
		many.Set(strconv.Itoa(i), "")
	}
	_, err := ListUsers.DecodeForm(many)
	if p, ok := errors.AsType[*Problem](err); !ok || p.Status != 413 {
		t.Errorf("1001 fields: %v", err)
	}
	for query, want := range map[string]string{
		"search=" + strings.Repeat("a", 64<<10+1): "too_long",
		"limit=ten":                       "invalid_number",
		"limit=99999999999999999999":      "invalid_number",
		"limit=1.5":                       "invalid_number",
		"descending=yes":                  "invalid_choice",
		"descending=true&descending=what": "invalid_choice",
	} {
		_, err := decode(t, ListUsers, query)
		p, ok := errors.AsType[*Problem](err)
		if !ok || len(p.Fields) != 1 || p.Fields[0].Code != want {
			t.Errorf("%.40s: %v", query, err)
		}
	}
	for query, want := range map[string]UserQuery{
		"":                              {},
		"limit=":                        {},
		"descending=":                   {},
		"descending=false":              {},
		"descending=true":               {Descending: true},
		"limit=5&limit=7":               {Limit: 7},
		"search=a&search=b":             {Search: "b"},
		"admins=only&sort=name&cursor=": {Admins: Only, Sort: SortName},
	} {
		if got, err := decode(t, ListUsers, query); err != nil || got != want {
			t.Errorf("%s: %+v, %v", query, got, err)
		}
	}
}

func TestListsOfPlainValues(t *testing.T) {
	for query, want := range map[string]string{
		"devices=A&devices=B":                      "A B",
		"devices.1=B&devices.0=A":                  "A B",
		"devices=&devices=A":                       "A",
		"devices=A&devices.0=B":                    "A B",
		"devices=":                                 "",
		"devices.0=&devices.1=%0A+any+text+%C3%A9": "\n any text é",
	} {
		got, err := decode(t, SignOut, "id=@a:b&"+query)
		var list []string
		for _, d := range got.Devices {
			list = append(list, string(d))
		}
		if err != nil || strings.Join(list, " ") != want {
			t.Errorf("%s: %q, %v", query, list, err)
		}
	}
}

// The secrets of forms are known by their names, so that none is written into a page again.
func TestSecretPaths(t *testing.T) {
	want := map[string]string{
		"operators.verify": "password", "users.create": "password.password", "users.reactivate": "password.password",
		"users.reset_password": "password.password", "tokens.create": "token",
	}
	for _, op := range All() {
		var names []string
		for name := range SecretPaths(op) {
			names = append(names, name)
		}
		if got := strings.Join(names, " "); got != want[op.Info().Name] {
			t.Errorf("%s: %q, want %q", op.Info().Name, got, want[op.Info().Name])
		}
	}
	// What SecretPaths cannot see is not there: no request holds a secret in a list, in a map or behind an interface.
	for _, op := range All() {
		req, _ := op.Types()
		noSecretInLists(t, op.Info().Name, reflect.TypeOf(req), false)
	}
}

func noSecretInLists(t *testing.T, path string, typ reflect.Type, inList bool) {
	switch {
	case typ == secretType:
		if inList {
			t.Errorf("%s is a secret in a list", path)
		}
	case typ.Kind() == reflect.Pointer:
		noSecretInLists(t, path, typ.Elem(), inList)
	case typ.Kind() == reflect.Slice:
		noSecretInLists(t, path+"[]", typ.Elem(), true)
	case typ.Kind() == reflect.Struct:
		for name, i := range fields(typ) {
			noSecretInLists(t, path+"."+name, typ.Field(i).Type, inList)
		}
	case typ.Kind() == reflect.Map || typ.Kind() == reflect.Interface || typ.Kind() == reflect.Float64:
		t.Errorf("%s is a %s, which forms do not know", path, typ)
	}
}
