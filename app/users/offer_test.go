// SPDX-License-Identifier: Apache-2.0

package users

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
)

// What the forms take for demanding is what the requests demand: each field of each request is filled in alone.
func TestFieldsThatDemandMore(t *testing.T) {
	want, have := map[string][]api.Permission{}, map[string][]api.Permission{}
	for _, op := range api.All() {
		if op.Info().Kind == api.KindRead {
			continue // no form
		}
		plain, err := op.DecodeJSON([]byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := plain.(api.Demanding); !ok {
			continue
		}
		typ := reflect.TypeOf(plain)
		for i := range typ.NumField() {
			request := reflect.New(typ).Elem()
			if password := request.FieldByName("Password"); password.IsValid() {
				password.Set(reflect.ValueOf(api.PasswordChoice{Mode: api.PasswordNone}))
			}
			fillIn(request.Field(i))
			if list := request.Interface().(api.Demanding).Demands(); len(list) > 0 {
				name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
				want[op.Info().Name+"."+name] = list
			}
		}
	}
	for field, request := range demands {
		have[field] = request.Demands()
	}
	if diff := cmp.Diff(want, have); diff != "" || len(want) == 0 {
		t.Errorf("the requests' own (-) and the forms' (+):\n%s", diff)
	}
}

// fillIn gives a field a value that is not nothing.
func fillIn(v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		v.SetString("x")
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Struct:
		v.SetZero() // a choice of a password that is not none
	}
}
