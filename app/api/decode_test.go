// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// SETTLED 2: a form and JSON that say the same decode into the same value, for the request of every operation.
func TestFormAndJSONDecodeAlike(t *testing.T) {
	for _, op := range All() {
		t.Run(op.Info().Name, func(t *testing.T) {
			req, _ := op.Types()
			rapid.Check(t, func(t *rapid.T) {
				value := reflect.New(reflect.TypeOf(req)).Elem()
				draw(t, value, "")
				data, err := EncodeWire(value.Interface())
				if err != nil {
					t.Fatal(err)
				}
				var tree any
				if err := json.Unmarshal(data, &tree); err != nil {
					t.Fatal(err)
				}
				form := url.Values{}
				flatten(form, "", tree)
				fromJSON, err := op.DecodeJSON(data)
				if err != nil {
					t.Fatalf("%s: %v", data, err)
				}
				fromForm, err := op.DecodeForm(form)
				if err != nil {
					t.Fatalf("%v: %v", form, err)
				}
				if !reflect.DeepEqual(fromJSON, fromForm) {
					t.Fatalf("JSON %s: %s\nform %v: %s", data, wire(fromJSON), form, wire(fromForm))
				}
				// The same with the tree's own encoder, for the requests that travel in a query.
				if op.Info().Kind == KindRead {
					again, err := op.DecodeForm(EncodeForm(fromJSON))
					if err != nil || !reflect.DeepEqual(again, fromJSON) {
						t.Fatalf("%s came back from the query %v as %s, %v", wire(fromJSON), EncodeForm(fromJSON), wire(again), err)
					}
				}
				// What was settled stays as it is when it is settled again.
				twice, err := op.DecodeJSON([]byte(wire(fromJSON)))
				if err != nil || wire(twice) != wire(fromJSON) {
					t.Fatalf("%s became %s, %v", wire(fromJSON), wire(twice), err)
				}
				_ = fromJSON.Validate() // never panics
				_ = fromJSON.Targets()
			})
		})
	}
}

func wire(v any) string {
	data, err := EncodeWire(v)
	return fmt.Sprint(string(data), err)[:len(data)]
}

// flatten writes a JSON tree as a form, by the rules in form.go and not with its code.
func flatten(form url.Values, path string, tree any) {
	at := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch v := tree.(type) {
	case map[string]any:
		for name, value := range v {
			flatten(form, at(name), value)
		}
	case []any:
		if len(v) == 0 {
			form.Set(path, "")
		}
		for i, value := range v {
			flatten(form, at(strconv.Itoa(i)), value)
		}
	case string:
		form.Set(path, v)
	case bool:
		form.Add(path, "false") // the hidden companion
		if v {
			form.Add(path, "true")
		}
	case float64:
		form.Set(path, strconv.FormatInt(int64(v), 10))
	}
}

// draw fills a request with anything. Rows of lists are never empty: forms leave those out.
func draw(t *rapid.T, v reflect.Value, label string) {
	switch {
	case v.Type() == secretType:
		v.Set(reflect.ValueOf(NewSecret(rapid.SampledFrom([]string{"", "a", "a longer one", " ", "\x00", "päss", `"<>&`}).Draw(t, label))))
	case v.Kind() == reflect.Pointer:
		if rapid.Bool().Draw(t, label+"?") {
			v.Set(reflect.New(v.Type().Elem()))
			draw(t, v.Elem(), label)
			noNull(v.Elem())
		}
	case v.Kind() == reflect.Struct:
		for name, i := range fields(v.Type()) {
			draw(t, v.Field(i), join(label, name))
			if name == "to" {
				noNull(v.Field(i))
			}
		}
	case v.Kind() == reflect.Slice:
		n := rapid.IntRange(-1, 3).Draw(t, label+" length")
		if n < 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			row := join(label, strconv.Itoa(i))
			draw(t, v.Index(i), row)
			if v.Index(i).IsZero() {
				fill(v.Index(i))
			}
		}
		if n == 0 && !strings.Contains(label, ".") && label != "devices" {
			v.SetZero() // omitempty: an empty list outside of a Change is an absent one
		}
	case v.Kind() == reflect.String:
		v.SetString(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"", "@ann:example.org", "@Ann/B:example.org:8448", "ann", "email", "msisdn", "a@b.example", " +49 (30) 1234-5 ", "mxc://a/b", "typed", "random", "users.lock",
		})).Draw(t, label))
	case v.Kind() == reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, label))
	case v.CanInt():
		v.SetInt(rapid.Int64Range(-1<<50, 1<<50).Draw(t, label))
	}
}

// noNull makes a list that is not there an empty one: JSON's null is no list.
func noNull(v reflect.Value) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
}

func fill(v reflect.Value) {
	if v.Kind() == reflect.String {
		v.SetString("x")
		return
	}
	v.Field(0).SetString("x")
}

// A form that reads what a stranger sends: it ends, panics never, and what it takes it takes as JSON would.
func FuzzDecodeForm(f *testing.F) {
	for _, seed := range []string{
		"", "id=@a:b", "id=@a:b&display_name.from=A&display_name.to=B", "id=@a:b&threepids.to.0.medium=email&threepids.to.0.address=a@b.c",
		"localpart=ann&password.mode=typed&password.password=secret99&admin=false&admin=true", "limit=5&descending=true", "devices=&all=true",
		"id=@a:b&external_ids.to=", "a.b.c.d.e=1", ".=.", "id..to=1", "%00=%00", "threepids.to.500.medium=x", "id=%FF",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		values, err := url.ParseQuery(body)
		if err != nil || strings.Contains(body, "redacted") {
			return // no secret can be read back from it
		}
		text := true
		for name, list := range values {
			text = text && utf8.ValidString(name+strings.Join(list, ""))
		}
		for _, op := range All() {
			req, err := op.DecodeForm(values)
			if err != nil {
				if p, ok := errors.AsType[*Problem](err); !ok || p.Status < 400 {
					t.Fatalf("%s: %v is no problem", op.Info().Name, err)
				}
				continue
			}
			_ = req.Validate()
			_ = req.Targets()
			if !text {
				continue // JSON cannot say it
			}
			if again, err := op.DecodeJSON([]byte(wire(req))); err != nil || wire(again) != wire(req) {
				t.Fatalf("%s: %s came back as %s, %v", op.Info().Name, wire(req), wire(again), err)
			}
		}
	})
}

// The same for JSON.
func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `[]`, `{"id":"@a:b"}`, `{"id":"@a:b"}{}`, `{"id":"@a:b","display_name":{"from":"a","to":"b"}}`, `{"ID":"@a:b"}`,
		`{"localpart":"ann","password":{"mode":"typed","password":"secret99"}}`, `{"password":"[redacted]"}`, `{"id":null,"threepids":{"to":null}}`,
		`{"limit":1e3}`, `{"limit":9223372036854775808}`, `{"id":"\ud800"}`, `{"devices":["A",null]}`, "{\"id\":\"\xff\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, op := range All() {
			req, err := op.DecodeJSON(data)
			if err != nil {
				if p, ok := errors.AsType[*Problem](err); !ok || p.Status < 400 {
					t.Fatalf("%s: %v is no problem", op.Info().Name, err)
				}
				continue
			}
			_ = req.Validate()
			_ = req.Targets()
			if again, err := op.DecodeJSON([]byte(wire(req))); err != nil || wire(again) != wire(req) {
				t.Fatalf("%s: %s came back as %s, %v", op.Info().Name, wire(req), wire(again), err)
			}
		}
	})
}
