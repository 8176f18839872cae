// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"net/url"
	"strconv"
	"strings"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

// The buttons "Add another" and "Remove" of a list in a form submit it only to have it drawn again: _add names the list, _remove a row of it.

// Redraws reports whether a form was sent only to have it drawn again, with a row more or less.
func Redraws(values url.Values) bool { return values.Has(ui.FieldAdd) || values.Has(ui.FieldRemove) }

// Rows returns the form with a row more or less. A new row is there by its number alone: ui.FormState.Rows finds it.
func Rows(typed, values url.Values) url.Values {
	if list := values.Get(ui.FieldAdd); list != "" {
		typed.Set(list+"."+strconv.Itoa(count(typed, list))+"."+ui.NewRow, "")
	}
	if row := values.Get(ui.FieldRemove); row != "" {
		for name := range typed {
			if name == row || strings.HasPrefix(name, row+".") {
				typed.Del(name)
			}
		}
	}
	return typed
}

// count returns the highest number of a row in the list, plus one.
func count(typed url.Values, list string) int {
	n := 0
	for name := range typed {
		rest, ok := strings.CutPrefix(name, list+".")
		if !ok {
			continue
		}
		number, _, _ := strings.Cut(rest, ".")
		if i, err := strconv.Atoi(number); err == nil && i >= n {
			n = i + 1
		}
	}
	return n
}

// Own returns the fields of the request: those of the page itself begin with an underscore.
func Own(values url.Values) url.Values {
	out := url.Values{}
	for name, list := range values {
		if !strings.HasPrefix(name, "_") {
			out[name] = list
		}
	}
	return out
}

// Query reads the request that the address of a page asks for.
func Query[Req api.Request, Res any](op *api.Operation[Req, Res], u *url.URL) (Req, error) {
	var none Req
	req, err := op.DecodeForm(Own(u.Query()))
	if err == nil {
		err = req.Validate()
	}
	if err != nil {
		return none, err
	}
	return req.(Req), nil
}

// Shown returns what may be written into a form again: everything but secrets.
func Shown(operation string, typed url.Values) url.Values {
	op, ok := api.Find(operation)
	if !ok {
		return url.Values{}
	}
	out := url.Values{}
	secrets := api.SecretPaths(op)
	for name, list := range typed {
		if !secrets[name] {
			out[name] = list
		}
	}
	return out
}
