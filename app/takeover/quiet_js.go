// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"syscall/js"
	"time"
)

// waitForQuiet waits while taking over would be noticed: while a changed field has the focus, a composition runs, a key or button is held
// down, a menu or dialog is open, or a file is chosen. It reports false where the page is better left alone until the next one: its form was touched or sent.
func waitForQuiet() bool {
	for {
		switch look() {
		case takeNow:
			return true
		case leave:
			return false
		}
		js.Global().Get("gatehouse").Set("waits", true)
		time.Sleep(100 * time.Millisecond)
	}
}

type verdict int

const (
	takeNow verdict = iota
	wait
	leave
)

// look decides. A form that is posted holds what a person is doing; a list's own form (GET) is only waited for.
func look() verdict {
	early := js.Global().Get("gatehouse")
	document := js.Global().Get("document")
	if early.Get("sent").Bool() {
		return leave
	}
	verdict := takeNow
	if early.Get("composing").Bool() || early.Get("pressing").Bool() || document.Call("querySelector", ":popover-open, dialog[open]").Truthy() {
		verdict = wait
	}
	active := document.Get("activeElement")
	fields := document.Call("querySelectorAll", "form input:not([type=hidden]), form textarea, form select")
	for i := range fields.Length() {
		field := fields.Index(i)
		if !changed(field) {
			continue
		}
		if field.Get("form").Get("method").String() == "post" {
			return leave
		}
		if field.Equal(active) {
			verdict = wait
		}
	}
	return verdict
}

// changed reports whether a field holds something else than the page gave it.
func changed(field js.Value) bool {
	switch field.Get("type").String() {
	case "checkbox", "radio":
		return !field.Get("checked").Equal(field.Get("defaultChecked"))
	case "file":
		return field.Get("value").String() != ""
	case "select-one", "select-multiple":
		options := field.Get("options")
		given := 0 // without a marked one the first is shown
		for i := range options.Length() {
			if options.Index(i).Get("defaultSelected").Bool() {
				given = i
			}
		}
		return field.Get("selectedIndex").Int() != given
	}
	return !field.Get("value").Equal(field.Get("defaultValue"))
}
