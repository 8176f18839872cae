// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Forms and queries carry a request as dotted paths of its JSON names: `display_name.to`, `threepids.to.0.address`.
//
//   - A key that is absent leaves its field absent; a key that is empty makes it empty (an optional number or yes-or-no
//     that is empty is absent: a menu's "any"). Another number must not be empty: nobody means 0 by that, but where a
//     Change takes a number away.
//   - Of several values of one yes-or-no any "true" counts, so that a hidden "false" stands behind a check box.
//   - A list is numbered from any number; rows with nothing in them are left out. The list's own name, empty, says that it is there
//     even without rows. A list of plain values may also repeat its name.
//   - Keys that lead nowhere are refused. Keys that begin with `_` belong to the page and must be taken out before.
//
// JSON and forms decode into the same values (form_test.go).

const (
	maxFormKeys  = 1000
	maxFormIndex = 500
	maxFormValue = 64 << 10
)

func decodeForm(values url.Values, into any) error {
	if len(values) > maxFormKeys {
		return NewProblem(StatusTooLarge, "too_large")
	}
	f := &form{values: values, used: make(map[string]bool, len(values))}
	for key, list := range values {
		for _, v := range list {
			if len(v) > maxFormValue {
				f.wrong.Add(key, "too_long", "max", strconv.Itoa(maxFormValue))
			}
		}
	}
	f.decode("", reflect.ValueOf(into).Elem())
	unknown := make([]string, 0)
	for key := range values {
		if !f.used[key] {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	for _, key := range unknown {
		f.wrong.Add(key, "unknown_field", "field", key)
	}
	return f.wrong.Err()
}

type form struct {
	values url.Values
	used   map[string]bool
	wrong  Invalid
}

// has reports whether the path or anything below it was sent.
func (f *form) has(path string) bool {
	if _, ok := f.values[path]; ok {
		return true
	}
	for key := range f.values {
		if strings.HasPrefix(key, path+".") {
			return true
		}
	}
	return false
}

// empty reports whether the path was sent with nothing in it.
func (f *form) empty(path string) bool {
	list, ok := f.values[path]
	return ok && strings.Join(list, "") == ""
}

func (f *form) last(path string) string {
	list := f.values[path]
	f.used[path] = true
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

func (f *form) decode(path string, v reflect.Value) {
	if path != "" && !f.has(path) {
		return
	}
	switch {
	case v.Type() == secretType:
		v.Set(reflect.ValueOf(NewSecret(f.last(path))))
	case v.Kind() == reflect.Pointer:
		f.pointer(path, v)
	case v.Kind() == reflect.Struct:
		d, change := v.Addr().Interface().(interface{ demands() string })
		if change && !f.has(join(path, d.demands())) {
			f.wrong.Add(join(path, d.demands()), "missing")
		}
		for name, i := range fields(v.Type()) {
			at := join(path, name)
			if v.Field(i).CanInt() && !change && !strings.Contains(v.Type().Field(i).Tag.Get("json"), ",omit") && f.empty(at) {
				f.wrong.Add(at, "missing")
			}
			f.decode(at, v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		f.slice(path, v)
	case v.Kind() == reflect.String:
		v.SetString(f.last(path))
	case v.Kind() == reflect.Bool:
		f.used[path] = true
		for _, text := range f.values[path] {
			switch text {
			case "true":
				v.SetBool(true)
			case "false", "":
			default:
				f.wrong.Add(path, "invalid_choice")
			}
		}
	case v.CanInt():
		text := f.last(path)
		n, err := strconv.ParseInt(text, 10, 64)
		if text != "" && err != nil {
			f.wrong.Add(path, "invalid_number")
		}
		v.SetInt(n)
	}
}

// pointer decodes an optional value. Nothing chosen in a number or a yes-or-no means that it is absent.
func (f *form) pointer(path string, v reflect.Value) {
	kind := v.Type().Elem().Kind()
	scalar := kind == reflect.Bool || (kind >= reflect.Int && kind <= reflect.Int64)
	if scalar && strings.Join(f.values[path], "") == "" {
		f.used[path] = true
		return
	}
	v.Set(reflect.New(v.Type().Elem()))
	f.decode(path, v.Elem())
}

func (f *form) slice(path string, v reflect.Value) {
	rows := reflect.MakeSlice(v.Type(), 0, 0)
	if list, ok := f.values[path]; ok {
		f.used[path] = true
		if v.Type().Elem().Kind() == reflect.String {
			for _, text := range list {
				if text != "" {
					rows = reflect.Append(rows, reflect.ValueOf(text).Convert(v.Type().Elem()))
				}
			}
		}
	}
	for _, i := range f.indexes(path) {
		row := reflect.New(v.Type().Elem()).Elem()
		f.decode(path+"."+strconv.Itoa(i), row)
		if !row.IsZero() {
			rows = reflect.Append(rows, row)
		}
	}
	v.Set(rows)
}

func (f *form) indexes(path string) []int {
	var found []int
	for key := range f.values {
		rest, ok := strings.CutPrefix(key, path+".")
		if !ok {
			continue
		}
		number, _, _ := strings.Cut(rest, ".")
		i, err := strconv.Atoi(number)
		if err == nil && i >= 0 && i <= maxFormIndex && strconv.Itoa(i) == number && !slices.Contains(found, i) {
			found = append(found, i)
		}
	}
	slices.Sort(found)
	return found
}

// EncodeForm writes a request as a query; DecodeForm reads it back. Secrets are written in clear, so it is for bodies, and for
// requests of reads, which hold none.
func EncodeForm(request any) url.Values {
	values := url.Values{}
	encodeForm(values, "", reflect.ValueOf(request))
	return values
}

func encodeForm(values url.Values, path string, v reflect.Value) {
	switch {
	case v.Type() == secretType:
		if s := v.Interface().(Secret); !s.IsZero() {
			values.Set(path, s.Reveal())
		}
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			if v.Elem().IsZero() && v.Elem().Kind() == reflect.String {
				values.Set(path, "")
			}
			encodeForm(values, path, v.Elem())
			if (v.Elem().Kind() == reflect.Bool || v.Elem().CanInt()) && v.Elem().IsZero() {
				values.Set(path, scalar(v.Elem()))
			}
		}
	case v.Kind() == reflect.Struct:
		for name, i := range fields(v.Type()) {
			encodeForm(values, join(path, name), v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		if !v.IsNil() && v.Len() == 0 {
			values.Set(path, "")
		}
		for i := range v.Len() {
			encodeForm(values, path+"."+strconv.Itoa(i), v.Index(i))
		}
	default:
		if !v.IsZero() {
			values.Set(path, scalar(v))
		}
	}
}

func scalar(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	}
	return v.String()
}

// fields yields the JSON names of a struct's fields with their positions.
func fields(t reflect.Type) func(func(string, int) bool) {
	return func(yield func(string, int) bool) {
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			if name == "" || name == "-" || !t.Field(i).IsExported() {
				continue
			}
			if !yield(name, i) {
				return
			}
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// SecretPaths returns the names that an operation's secrets have in forms. Lists hold none.
func SecretPaths(op Op) map[string]bool {
	req, _ := op.Types()
	paths := map[string]bool{}
	secretPaths(paths, "", reflect.TypeOf(req))
	return paths
}

func secretPaths(paths map[string]bool, path string, t reflect.Type) {
	switch {
	case t == secretType:
		paths[path] = true
	case t.Kind() == reflect.Pointer:
		secretPaths(paths, path, t.Elem())
	case t.Kind() == reflect.Struct:
		for name, i := range fields(t) {
			secretPaths(paths, join(path, name), t.Field(i).Type)
		}
	}
}
