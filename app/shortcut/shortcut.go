// SPDX-License-Identifier: Apache-2.0

// Package shortcut is the list of keys: the program does what it says, and the screen that explains the keys is drawn from it, so that no
// key is explained that does nothing.
package shortcut

import (
	"gatehouse/app/api"
	"gatehouse/app/route"
	"gatehouse/app/ui"
)

// Key is one shortcut.
type Key struct {
	Name  string   // what it is for: the text keys.<name>
	Press []string // keys that are pressed one after another
	Hold  string   // a key that is held down meanwhile: Control, Shift
	// Letter says that it is a character, which can be switched off: it gets in the way of speech input.
	Letter bool
	// To returns the address that the key leads to, "" where there is none. Nil where it does something else.
	To func(p Place) string
}

// Place is where a key is pressed.
type Place struct {
	Env        ui.Env
	Homeserver string     // the one that keys lead to
	Account    api.UserID // that the page is about, if any
}

// Keys are all of them, in the order in which they are explained.
func Keys() []Key {
	return []Key{
		{Name: "help", Press: []string{"?"}, Letter: true, To: func(Place) string { return route.Keys }},
		{Name: "search", Press: []string{"/"}, Letter: true},
		{Name: "go_overview", Press: []string{"g", "o"}, Letter: true, To: func(Place) string { return route.Overview }},
		{Name: "go_accounts", Press: []string{"g", "a"}, Letter: true, To: accounts},
		{Name: "go_servers", Press: []string{"g", "s"}, Letter: true, To: func(Place) string { return route.Servers }},
		{Name: "create", Press: []string{"c"}, Letter: true, To: create},
		{Name: "edit", Press: []string{"e"}, Letter: true, To: edit},
		{Name: "next_row", Press: []string{"j"}, Letter: true},
		{Name: "previous_row", Press: []string{"k"}, Letter: true},
		{Name: "open", Press: []string{"Enter"}},
		{Name: "select", Press: []string{"x"}, Letter: true},
		{Name: "select_range", Press: []string{"Click"}, Hold: "Shift"},
		{Name: "send", Press: []string{"Enter"}, Hold: "Control"},
		{Name: "escape", Press: []string{"Escape"}},
	}
}

// Leads reports whether a key can lead anywhere for the person. Where an account is meant, any will do.
func (k Key) Leads(p Place) bool {
	if p.Account == "" {
		p.Account = "@a:b"
	}
	return k.To == nil || k.To(p) != ""
}

// Find returns the letters' shortcut of a key, after another one that was pressed just before, if any; more tells that the key itself
// is the first of two.
func Find(before, key string) (found Key, ok, more bool) {
	for _, k := range Keys() {
		switch {
		case !k.Letter:
		case before == "" && len(k.Press) == 1 && k.Press[0] == key, len(k.Press) == 2 && k.Press[0] == before && k.Press[1] == key:
			return k, true, false
		case before == "" && len(k.Press) == 2 && k.Press[0] == key:
			more = true
		}
	}
	return Key{}, false, more
}

func accounts(p Place) string {
	if p.Homeserver == "" || !p.Env.Allowed(string(api.ReadUsers)) {
		return ""
	}
	return route.Accounts(p.Homeserver)
}

func create(p Place) string {
	if p.Homeserver == "" || !p.Env.At(p.Homeserver).Can(api.CreateUser.Info().Name) {
		return ""
	}
	return route.At(p.Homeserver, route.CreatePath, nil)
}

func edit(p Place) string {
	if p.Account == "" || p.Homeserver == "" || !p.Env.At(p.Homeserver).Can(api.UpdateUser.Info().Name) {
		return ""
	}
	return route.Account(p.Homeserver, route.EditPath, p.Account)
}
