// SPDX-License-Identifier: Apache-2.0

package api

import (
	"slices"
	"testing"
)

func TestPersonalValidate(t *testing.T) {
	good := PersonalCreate{Actor: "@robot:example.org", Name: "x", Scope: ScopeMatrix, Days: 1, Reason: "y"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*PersonalCreate){
		"actor invalid_user_id":      func(c *PersonalCreate) { c.Actor = "robot" },
		"name missing":               func(c *PersonalCreate) { c.Name = "" },
		"reason missing":             func(c *PersonalCreate) { c.Reason = "" },
		"scope missing":              func(c *PersonalCreate) { c.Scope = "" },
		"scope invalid_scope":        func(c *PersonalCreate) { c.Scope = "urn:\"x" },
		"scope scope_without_matrix": func(c *PersonalCreate) { c.Scope = ScopeSynapse },
		"scope scope_devices": func(c *PersonalCreate) {
			c.Scope = ScopeMatrix + " urn:matrix:client:device:ABCDEFGHIJ urn:matrix:client:device:BBCDEFGHIJ"
		},
		"days out_of_range": func(c *PersonalCreate) { c.Days = MaxPersonalDays + 1 },
	} {
		c := good
		change(&c)
		p, ok := c.Validate().(*Problem)
		if !ok || len(p.Fields) != 1 || p.Fields[0].Field+" "+p.Fields[0].Code != want {
			t.Errorf("%s: %v", want, p)
		}
	}
	for text, ok := range map[string]bool{"01J44RKQYM4G3TNVANTMTDYTX6": true, "01j44rkqym4g3tnvantmtdytx6": true, "": false, "01J44RKQYM4G3TNVANTMTDYTX": false, "../../../../users/01J44RKQ": false} {
		if err := (PersonalRef{ID: text}).Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestPersonalSettle(t *testing.T) {
	c := PersonalCreate{Name: " x ", Scope: " a   b "}
	c.settle()
	if c.Name != "x" || c.Scope != "a b" || c.Days != PersonalDays {
		t.Errorf("%+v", c)
	}
}

// Whoever makes personal sessions is signed in as anybody, with any right.
func TestWhoWritesPersonalSessions(t *testing.T) {
	for _, r := range Roles() {
		if r.May(WritePersonal) && !(r.May(SignInAsUsers) && r.May(SetAdmins)) {
			t.Errorf("the role %s makes personal sessions, and may not sign in as accounts or set administrators", r)
		}
	}
}

// What the gate says loudly names an account and a reason.
func TestLoudSaysWhy(t *testing.T) {
	loud := map[string]Request{
		"users.sign_in_as": SignInAsUser{ID: "@a:b", Reason: "x"}, "personal.create": PersonalCreate{Actor: "@a:b", Reason: "x"}, "personal.renew": PersonalRenewal{Actor: "@a:b", Reason: "x"},
	}
	for _, op := range All() {
		if !op.Info().Loud {
			continue
		}
		req := loud[op.Info().Name]
		if r, ok := req.(Reasoned); !ok || r.Why() != "x" || !slices.Equal(req.Targets(), []UserID{"@a:b"}) {
			t.Errorf("%s: %v", op.Info().Name, req)
		}
	}
}
