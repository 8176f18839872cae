// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// both tells what MAS and Synapse say of an account, like "active | locked admin".
func (w *masWorld) both(name string) string {
	w.t.Helper()
	told := func(locked, deactivated, erased, admin bool, emails []string) string {
		var words []string
		for _, one := range []struct {
			word string
			is   bool
		}{{"locked", locked}, {"deactivated", deactivated}, {"erased", erased}, {"admin", admin}} {
			if one.is {
				words = append(words, one.word)
			}
		}
		slices.Sort(emails)
		return cmp.Or(strings.Join(append(words, emails...), " "), "active")
	}
	here, there := "none", "none"
	if status, answer := w.try(http.MethodGet, w.url+"/api/admin/v1/users/by-username/"+name, w.token, nil); status == http.StatusOK {
		var u masUser
		decode(w.t, answer, &u)
		var list struct {
			Data []struct {
				Attributes struct{ Email string } `json:"attributes"`
			} `json:"data"`
		}
		w.mas(http.MethodGet, "user-emails?filter[user]="+u.Data.ID, nil, &list)
		var emails []string
		for _, e := range list.Data {
			emails = append(emails, e.Attributes.Email)
		}
		of := u.Data.Attributes
		here = told(of.Locked != nil, of.Deactivated != nil, false, of.Admin, emails)
	}
	if status, answer := w.try(http.MethodGet, w.synapse+"/_synapse/admin/v2/users/@"+name+":localhost", w.admin, nil); status == http.StatusOK {
		var u struct {
			Locked, Deactivated, Erased, Admin bool
			Threepids                          []struct{ Address string }
		}
		decode(w.t, answer, &u)
		var emails []string
		for _, t := range u.Threepids {
			emails = append(emails, t.Address)
		}
		there = told(u.Locked, u.Deactivated, u.Erased, u.Admin, emails)
	}
	return here + " | " + there
}

// becomes waits until both sides say something of an account: MAS tells Synapse by jobs of its own.
func (w *masWorld) becomes(name, want string) {
	w.t.Helper()
	eventually(w.t, limit, func() bool { return w.both(name) == want }, func() string { return name + " is " + w.both(name) + ", want " + want })
}

// TestMASRepairs makes each difference at one side, repairs it, and looks at both sides.
func TestMASRepairs(t *testing.T) {
	t.Parallel()
	w := newMAS(t)
	g := startGatehouse(t, w.config())
	at := func(w *masWorld, name string, put object) {
		w.t.Helper()
		w.send(http.MethodPut, w.synapse+"/_synapse/admin/v2/users/@"+name+":localhost", w.admin, put, nil)
	}
	deed := func(w *masWorld, name, deed string, body any) {
		w.t.Helper()
		w.mas(http.MethodPost, "users/"+w.user(name).Data.ID+"/"+deed, body, nil)
	}
	end := func(w *masWorld, name string) {
		w.t.Helper()
		w.send(http.MethodPost, w.synapse+"/_synapse/admin/v1/deactivate/@"+name+":localhost", w.admin, object{"erase": false}, nil)
	}
	for _, tt := range []struct {
		name, drift, before, after string
		make                       func(w *masWorld, name string)
	}{
		{"a lock at Synapse", "locked", "active | locked", "active | active", func(w *masWorld, name string) {
			w.make(name, "", false)
			at(w, name, object{"locked": true})
		}},
		{"a lock at MAS", "locked", "locked | active", "locked | locked", func(w *masWorld, name string) {
			w.make(name, "", false)
			deed(w, name, "lock", nil)
			w.becomes(name, "locked | locked")
			at(w, name, object{"locked": false})
		}},
		{"an administrator at Synapse", "admin", "active | admin", "active | active", func(w *masWorld, name string) {
			w.make(name, "", false)
			at(w, name, object{"admin": true})
		}},
		{"an administrator at MAS", "admin", "admin | active", "admin | admin", func(w *masWorld, name string) { w.make(name, "", true) }},
		{"ended at Synapse", "deactivated", "active | deactivated", "deactivated | deactivated", func(w *masWorld, name string) {
			w.make(name, "", false)
			end(w, name)
		}},
		{"ended at MAS", "deactivated", "deactivated | active", "deactivated | deactivated", func(w *masWorld, name string) {
			w.make(name, "", false)
			deed(w, name, "deactivate", object{"skip_erase": true})
			w.becomes(name, "deactivated | deactivated")
			at(w, name, object{"deactivated": false})
		}},
		{"at MAS alone", "mas_only", "active | none", "active | active", func(w *masWorld, name string) { w.onlyHere(name) }},
		{"at Synapse alone", "synapse_only", "none | active", "active | active", func(w *masWorld, name string) { w.onlyAtSynapse(name, false) }},
		{"at Synapse alone with addresses", "synapse_only", "none | NAME@example.org z-NAME@example.org", "NAME@example.org z-NAME@example.org | NAME@example.org z-NAME@example.org",
			func(w *masWorld, name string) {
				w.onlyAtSynapse(name, false, name+"@example.org", "z-"+name+"@example.org")
			}},
		{"at Synapse alone, locked", "synapse_only", "none | locked NAME@example.org", "locked NAME@example.org | locked NAME@example.org",
			func(w *masWorld, name string) { w.onlyAtSynapse(name, true, name+"@example.org") }},
		{"at Synapse alone, ended", "synapse_only", "none | deactivated", "deactivated | deactivated", func(w *masWorld, name string) {
			w.onlyAtSynapse(name, false)
			end(w, name)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := w.in(t)
			name := unique("differs")
			id := "@" + name + ":localhost"
			tt.make(w, name)
			w.becomes(name, strings.ReplaceAll(tt.before, "NAME", name))
			var u struct{ Drift []string }
			if g.call(t, "users.get", ask(id), &u); !slices.Equal(u.Drift, []string{tt.drift}) {
				t.Errorf("it differs in %v", u.Drift)
			}
			u.Drift = nil
			if g.call(t, "users.repair", object{"id": id, "drift": tt.drift, "confirm": true}, &u); len(u.Drift) != 0 {
				t.Errorf("it still differs in %v", u.Drift)
			}
			w.becomes(name, strings.ReplaceAll(tt.after, "NAME", name))
			if p := g.callFails(t, "users.repair", object{"id": id, "drift": tt.drift, "confirm": true}); p.Code != "no_drift" {
				t.Errorf("again: %+v", p)
			}
		})
	}
}

// TestMASAdopts takes an account over that Synapse alone has, without scripts: what it keeps, and what it loses, is said before, and it can be signed in
// to with a new password.
func TestMASAdopts(t *testing.T) {
	t.Parallel()
	w := newMAS(t)
	g := startGatehouse(t, w.config())
	d := w.desk(g)
	name, other := unique("adopted"), unique("other")
	id, kept, lost := "@"+name+":localhost", name+"@example.org", other+"@example.org"
	w.make(other, "", false)
	w.mas(http.MethodPost, "user-emails", object{"user_id": w.user(other).Data.ID, "email": lost}, nil)
	w.becomes(other, lost+" | "+lost)
	w.onlyAtSynapse(name, true, kept, lost)

	d.visit("account", "id", id)
	if text := d.text("main"); !strings.Contains(text, "Only on Synapse.") {
		t.Errorf("its page: %s", text)
	}
	d.shot("mas-synapse-only")
	d.link("Repair…")
	text := strings.NewReplacer("\u2068", "", "\u2069", "").Replace(d.text("main"))
	for _, want := range []string{"gets an account of this name", "gets the address " + kept, "loses the address " + lost, "@" + other, "locked there, too"} {
		if !strings.Contains(text, want) {
			t.Errorf("the question does not say %q: %s", want, text)
		}
	}
	d.shot("mas-adopt")
	d.done("is the same on both sides again")
	w.becomes(name, "locked "+kept+" | locked "+kept)
	d.shot("mas-adopted")

	d.visit("account/unlock", "id", id)
	d.done("is unlocked")
	d.visit("account/reset-password", "id", id)
	c := d.handOut(id)
	if token := w.signIn(name, c.password); token == "" || !w.lives(token) {
		t.Error("it does not sign in with its new password")
	}
	if at := w.atSynapse(name); at["displayname"] != name {
		t.Errorf("at Synapse: %v", at)
	}
}
