// SPDX-License-Identifier: Apache-2.0

package matrix

import (
	"reflect"
	"strings"
	"unicode"

	"gatehouse/app/api"
)

// maxText is how much of a server's words is kept, in characters.
const maxText = 300

// clean makes a server's words fit to be shown: one line, no control or direction marks, not longer than max characters.
func clean(s string, max int) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(s, "�") {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			r = ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			continue
		}
		if n == max {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimSpace(b.String())
}

// hide takes the secrets of the call out of what the server said, before it is cut: some validators quote what they were given.
func hide(s string, call Call) string {
	if s == "" {
		return ""
	}
	found := []api.Secret{call.Token, call.Basic.Password}
	collect(reflect.ValueOf(call.Body), &found)
	collect(reflect.ValueOf(call.Form), &found)
	for _, secret := range found {
		if secret.IsZero() {
			continue
		}
		s = strings.ReplaceAll(s, secret.Reveal(), api.Redacted)
		// As it stood in the body, too: with quotation marks and their like in it that is another text.
		if sent, err := api.EncodeWire(secret); err == nil {
			s = strings.ReplaceAll(s, string(sent[1:len(sent)-1]), api.Redacted)
		}
	}
	return s
}

var secretType = reflect.TypeFor[api.Secret]()

func collect(v reflect.Value, into *[]api.Secret) {
	if !v.IsValid() {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == secretType {
			*into = append(*into, v.Interface().(api.Secret))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				collect(v.Field(i), into)
			}
		}
	case reflect.Pointer, reflect.Interface:
		collect(v.Elem(), into)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			collect(v.Index(i), into)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			collect(v.MapIndex(key), into)
		}
	}
}
