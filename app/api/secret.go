// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"unique"
)

// Redacted stands wherever a Secret would be shown.
const Redacted = "[redacted]"

// Secret is a text that must never be seen: a password, a token, a key. However it is printed, logged or encoded it
// comes out as Redacted; only Reveal and EncodeWire give the text itself.
type Secret struct {
	// text is a handle: fmt calls no method of what stands in an unexported field of another struct, and prints an address then.
	text unique.Handle[string]
	// wire is set on the copies that EncodeWire makes, and nowhere else.
	wire bool
}

// NewSecret wraps a text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: unique.Make(text)}
}

// Reveal returns the text. Callers hand it to the homeserver or to the person it was made for, and to nothing else.
func (s Secret) Reveal() string {
	if s.IsZero() {
		return ""
	}
	return s.text.Value()
}

// IsZero reports whether the text is empty.
func (s Secret) IsZero() bool { return s.text == unique.Handle[string]{} }

// String implements fmt.Stringer.
func (s Secret) String() string { return s.shown() }

// GoString implements fmt.GoStringer.
func (s Secret) GoString() string { return s.shown() }

// Format implements fmt.Formatter, so that no verb reaches the fields.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.shown())) }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.shown()), nil }

// MarshalJSON writes Redacted, or "" where there is nothing to hide. It is needed beside String: slog's JSON handler
// prints the fields of a nested value in clear otherwise.
func (s Secret) MarshalJSON() ([]byte, error) {
	if s.wire {
		return json.Marshal(s.Reveal())
	}
	return json.Marshal(s.shown())
}

// UnmarshalJSON reads a JSON string. It refuses Redacted, which is never a real secret but a redacted one come back.
func (s *Secret) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("a secret is a JSON string")
	}
	if text == Redacted {
		return fmt.Errorf("a redacted secret cannot be read back")
	}
	*s = NewSecret(text)
	return nil
}

func (s Secret) shown() string {
	if s.IsZero() {
		return ""
	}
	return Redacted
}

// EncodeWire encodes a value as JSON with its secrets in clear. The client uses it for requests, the gate for the
// results of operations that are declared to reveal; everything else uses json.Marshal, which redacts.
func EncodeWire(value any) ([]byte, error) {
	if value == nil {
		return []byte("null"), nil
	}
	open := reflect.New(reflect.TypeOf(value)).Elem()
	open.Set(opened(reflect.ValueOf(value)))
	return json.Marshal(open.Interface())
}

var secretType = reflect.TypeFor[Secret]()

// opened copies a value and marks every Secret in the copy for the wire. Unexported fields are copied as they are.
func opened(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == secretType {
			s := v.Interface().(Secret)
			s.wire = true
			return reflect.ValueOf(s)
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(opened(v.Field(i)))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(opened(v.Elem()))
		}
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(opened(v.Elem()))
		}
	case reflect.Slice:
		if !v.IsNil() {
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				out.Index(i).Set(opened(v.Index(i)))
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			out.Index(i).Set(opened(v.Index(i)))
		}
	case reflect.Map:
		if !v.IsNil() {
			out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
			for _, key := range v.MapKeys() {
				out.SetMapIndex(key, opened(v.MapIndex(key)))
			}
		}
	}
	return out
}
