// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
)

// TestFieldsCoverConfig compares the table with the structs: a field in one of them only would be a setting that
// nobody can set, or one that does nothing.
func TestFieldsCoverConfig(t *testing.T) {
	var structs []string
	leaves("", reflect.TypeFor[Config](), &structs)
	var table []string
	for _, f := range Fields() {
		if f.FileOf == "" {
			table = append(table, strings.ReplaceAll(f.Path, "_", ""))
		}
	}
	slices.Sort(structs)
	slices.Sort(table)
	if !slices.Equal(structs, table) {
		t.Errorf("structs have %q,\ntable has %q", structs, table)
	}
}

// leaves collects the paths of a struct's fields, in lower case and without underscores.
func leaves(prefix string, typ reflect.Type, paths *[]string) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		path := prefix + strings.ToLower(f.Name)
		switch {
		case path == "file": // where it was read from
		case f.Type == reflect.TypeFor[map[string]Homeserver]():
			leaves(homeserverPath+".", reflect.TypeFor[Homeserver](), paths)
		case f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[api.Secret]():
			leaves(path+".", f.Type, paths)
		default:
			*paths = append(*paths, path)
		}
	}
}

func TestFieldsAreWhole(t *testing.T) {
	envs := map[string]string{}
	var sections []string
	for _, f := range Fields() {
		if other, taken := envs[f.Env]; taken {
			t.Errorf("%s and %s have the same variable %s", f.Path, other, f.Env)
		}
		envs[f.Env] = f.Path
		if f.About == "" || f.Type == "" || !strings.HasSuffix(f.About, ".") {
			t.Errorf("%s is not described", f.Path)
		}
		if !f.Required && (f.Default == "") == (f.Absent == "") {
			t.Errorf("%s: exactly one of Default and Absent says what applies without it", f.Path)
		}
		if f.Secret && f.Default != "" {
			t.Errorf("%s: a secret has no default", f.Path)
		}
		if f.Default == "" && !f.Secret && f.FileOf == "" && f.Example == "" {
			t.Errorf("%s has neither default nor example", f.Path)
		}
		if f.Secret {
			if twin, ok := fieldAt(f.Path + fileSuffix); !ok || twin.FileOf != f.Path {
				t.Errorf("%s cannot be read from a file", f.Path)
			}
		}
		if n := len(sections); n == 0 || sections[n-1] != f.section() {
			if slices.Contains(sections, f.section()) {
				t.Errorf("%s: the fields of %q do not stand together", f.Path, f.section())
			}
			sections = append(sections, f.section())
		}
	}
	if sections[0] != "" {
		t.Error("the fields in no section do not come first")
	}
}

// TestExamplesAreAccepted sets each field to its example.
func TestExamplesAreAccepted(t *testing.T) {
	for _, f := range Fields() {
		if f.Example == "" {
			continue
		}
		p := &place{config: Default(), homeserver: &Homeserver{}}
		if err := f.codec.set(p, f.Example); err != nil {
			t.Errorf("%s: the example %s %v", f.Path, f.Example, err)
		}
		if got := f.codec.get(p); len(got) != 1 || got[0] != f.Example {
			t.Errorf("%s: the example %s comes back as %q", f.Path, f.Example, got)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"listen", "public_url", "log", "tls", "store", "session", "homeservers", "url"}
	for wrong, want := range map[string]string{
		"listn": "listen", "lisetn": "listen", "Listen": "listen", "publicUrl": "public_url", "public-url": "public_url",
		"public_uri": "public_url", "homeserver": "homeservers", "lgo": "log", "lof": "log", "ur": "url", "colour": "",
		"x": "", "": "", "database": "", strings.Repeat("listen", 100): "",
	} {
		if got := nearest(wrong, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", wrong, got, want)
		}
	}
}

func TestReservedNames(t *testing.T) {
	for _, name := range ReservedNames() {
		if checkName(name) == "" {
			t.Errorf("%s is accepted as a homeserver's name", name)
		}
	}
	for _, name := range []string{"a", "main", "example.org", "our-school", "0", "apis", strings.Repeat("a", 63)} {
		if fault := checkName(name); fault != "" {
			t.Errorf("%s: %s", name, fault)
		}
	}
	for _, name := range []string{"", "A", "-a", ".", "..", "a/b", "a b", "a_b", "ä", "a\n", strings.Repeat("a", 64)} {
		if checkName(name) == "" {
			t.Errorf("%q is accepted as a homeserver's name", name)
		}
	}
}
