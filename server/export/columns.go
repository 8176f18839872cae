// SPDX-License-Identifier: Apache-2.0

package export

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/table"
)

// page is a page of any list.
type page struct {
	rows    reflect.Value // a slice
	next    string
	unknown []string // the JSON names of what the list cannot tell of any row
	reveals bool     // its file shows secrets
}

// pageOf finds the rows in the result of a list: its first field that is a slice of structs.
func pageOf(result any) (page, error) {
	v := reflect.ValueOf(result)
	var p page
	for i := range v.NumField() {
		f := v.Field(i)
		switch name := v.Type().Field(i).Name; {
		case !p.rows.IsValid() && f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Struct:
			p.rows = f
		case name == "Next":
			p.next = f.String()
		case name == "Unknown":
			p.unknown, _ = f.Interface().([]string)
		}
	}
	if !p.rows.IsValid() {
		return p, fmt.Errorf("export: %T has no rows", result)
	}
	return p, nil
}

// keyOf is what tells a row from the others; "" where nothing does.
func keyOf(row reflect.Value) string {
	for _, name := range []string{"N", "Number", "ID"} {
		if f := row.FieldByName(name); f.IsValid() {
			return fmt.Sprint(f.Interface())
		}
	}
	return ""
}

// column is a column of a file.
type column struct {
	name  string
	field string // the JSON name of what it is made of
	value func(row reflect.Value) table.Value
}

// columnsOf returns the columns of a list, without those that it cannot tell.
func columnsOf(p page) []column {
	list := fieldColumns(p.rows.Type().Elem(), p.reveals)
	if p.rows.Type().Elem() == reflect.TypeFor[api.User]() {
		list = userColumns()
	}
	return slices.DeleteFunc(list, func(c column) bool { return slices.Contains(p.unknown, c.field) })
}

// fieldColumns makes a column of each field. Times are written as people and spreadsheets read them, in UTC.
func fieldColumns(t reflect.Type, reveals bool) []column {
	var list []column
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" || name == "unknown" {
			continue
		}
		optional := strings.Contains(options, "omitempty")
		c := column{name: strings.TrimSuffix(name, "_ms"), field: name}
		if reveals && t.Field(i).Type == reflect.TypeFor[api.Secret]() {
			c.value = func(row reflect.Value) table.Value { return secret(name, row.Field(i).Interface().(api.Secret)) }
		} else if c.name != name {
			c.value = func(row reflect.Value) table.Value { return moment(row.Field(i).Int()) }
		} else {
			c.value = func(row reflect.Value) table.Value { return valueOf(row.Field(i), optional) }
		}
		list = append(list, c)
	}
	return list
}

// secret writes what nobody but the file may show. A password is written as it is: imports take passwords word for word.
func secret(field string, s api.Secret) table.Value {
	return table.Value{Text: s.Reveal(), Exact: field == api.FieldPassword, There: !s.IsZero()}
}

// valueOf writes a field. One that has nothing in it and may be left out is.
func valueOf(v reflect.Value, optional bool) table.Value {
	if v.IsZero() && optional && v.Kind() != reflect.Bool {
		return table.Value{}
	}
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return table.Value{}
	case v.Kind() == reflect.Pointer:
		return valueOf(v.Elem(), false)
	case v.Kind() == reflect.String:
		return table.Text(v.String())
	case v.Kind() == reflect.Bool:
		return table.Bool(v.Bool())
	case v.CanInt():
		return table.Value{Text: strconv.FormatInt(v.Int(), 10), Bare: true, There: true}
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String:
		list := make([]string, 0, v.Len())
		for i := range v.Len() {
			list = append(list, v.Index(i).String())
		}
		return table.List(list)
	}
	text, err := json.Marshal(v.Interface()) // redacts what is secret
	if err != nil {
		return table.Value{}
	}
	return table.Value{Text: string(text), Bare: true, There: true}
}

// moment writes a time, nothing where there is none.
func moment(ms int64) table.Value {
	if ms == 0 {
		return table.Value{}
	}
	return table.Text(time.UnixMilli(ms).UTC().Format(time.RFC3339))
}

// userColumns are the columns of accounts: first those that an import reads, by the names that it knows, then what there is to know besides.
func userColumns() []column {
	of := func(name, field string, value func(u api.User) table.Value) column {
		return column{name, field, func(row reflect.Value) table.Value {
			u := row.Interface().(api.User)
			if !u.Knows(field) {
				return table.Value{}
			}
			return value(u)
		}}
	}
	addresses := func(medium string) func(api.User) table.Value {
		return func(u api.User) table.Value {
			list := []string{}
			for _, t := range u.Threepids {
				if t.Medium == medium {
					list = append(list, t.Address)
				}
			}
			return table.List(list)
		}
	}
	return []column{
		of("id", "id", func(u api.User) table.Value { return table.Text(string(u.ID)) }),
		of("display_name", "display_name", func(u api.User) table.Value { return table.Text(u.DisplayName) }),
		of("admin", "admin", func(u api.User) table.Value { return table.Bool(u.Admin) }),
		of("user_type", "user_type", func(u api.User) table.Value { return table.Text(u.UserType) }),
		of("emails", "threepids", addresses("email")),
		of("phones", "threepids", addresses("msisdn")),
		of("sso", "external_ids", func(u api.User) table.Value {
			list := []string{}
			for _, e := range u.ExternalIDs {
				list = append(list, e.AuthProvider+":"+e.ExternalID)
			}
			return table.List(list)
		}),
		of("avatar_url", "avatar_url", func(u api.User) table.Value { return table.Text(string(u.AvatarURL)) }),
		of("locked", "locked", func(u api.User) table.Value { return table.Bool(u.Locked) }),
		of("deactivated", "deactivated", func(u api.User) table.Value { return table.Bool(u.Deactivated) }),
		of("guest", "guest", func(u api.User) table.Value { return table.Bool(u.Guest) }),
		of("suspended", "suspended", func(u api.User) table.Value { return table.Bool(u.Suspended) }),
		of("shadow_banned", "shadow_banned", func(u api.User) table.Value { return table.Bool(u.ShadowBanned) }),
		of("erased", "erased", func(u api.User) table.Value { return table.Bool(u.Erased) }),
		of("appservice_id", "appservice_id", func(u api.User) table.Value { return table.Text(u.AppService) }),
		of("created", "created_ms", func(u api.User) table.Value { return moment(u.CreatedMS) }),
		of("last_seen", "last_seen_ms", func(u api.User) table.Value { return moment(u.LastSeenMS) }),
	}
}
