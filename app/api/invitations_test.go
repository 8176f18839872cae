// SPDX-License-Identifier: Apache-2.0

package api

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestInvitationRequests(t *testing.T) {
	ok := InvitationCreate{Uses: 1, Days: 7}
	with := func(change func(*InvitationCreate)) InvitationCreate {
		c := ok
		change(&c)
		return c
	}
	zero, many, long := 0, 1001, strings.Repeat("n", 501)
	for _, c := range []struct {
		request Request
		want    string
	}{
		{ok, ""},
		{InvitationCreate{}, "uses: out_of_range, days: out_of_range"},
		{InvitationCreate{Uses: 1001, Days: 367}, "uses: out_of_range, days: out_of_range"},
		{InvitationCreate{Uses: -1, Days: -1}, "uses: out_of_range, days: out_of_range"},
		{InvitationCreate{Uses: 1000, Days: 366, Localpart: "class-*"}, ""},
		{with(func(c *InvitationCreate) { c.Localpart = "Ann" }), "localpart: localpart_upper"},
		{with(func(c *InvitationCreate) { c.Localpart = "_*" }), "localpart: localpart_underscore"},
		{with(func(c *InvitationCreate) { c.Localpart = "*" }), "localpart: pattern_anything"},
		{with(func(c *InvitationCreate) { c.Localpart = "a*b*" }), "localpart: pattern_stars"},
		{with(func(c *InvitationCreate) { c.Localpart = "a b*" }), "localpart: invalid_localpart"},
		{with(func(c *InvitationCreate) { c.Localpart, c.Uses = "ann", 2 }), "localpart: invitation_one_name"},
		{with(func(c *InvitationCreate) { c.Email, c.Uses = "ann@example.org", 2 }), "email: invitation_one_email"},
		{with(func(c *InvitationCreate) { c.Email = "ann@example.org" }), ""},
		{with(func(c *InvitationCreate) { c.Email = "ann" }), "email: invalid_email"},
		{with(func(c *InvitationCreate) { c.Note = long }), "note: too_long"},
		{with(func(c *InvitationCreate) { c.DisplayName = "\x00" }), "display_name: invalid_text"},
		{with(func(c *InvitationCreate) {
			c.Rooms = []string{"#hall:example.org", "!abc:example.org", "!v12-without-a-server"}
		}), ""},
		{with(func(c *InvitationCreate) { c.Rooms = []string{"hall"} }), "rooms: invalid_room"},
		{with(func(c *InvitationCreate) { c.Rooms = []string{"#hall"} }), "rooms: invalid_room"},
		{with(func(c *InvitationCreate) { c.Rooms = []string{"#"} }), "rooms: invalid_room"},
		{with(func(c *InvitationCreate) { c.Rooms = []string{"!a b:c"} }), "rooms: invalid_room"},
		{with(func(c *InvitationCreate) { c.Rooms = []string{"!a:b c"} }), "rooms: invalid_room"},
		{with(func(c *InvitationCreate) { c.Rooms = []string{"!a", "!a"} }), "rooms: twice"},
		{with(func(c *InvitationCreate) { c.Rooms = slices.Repeat([]string{"!a"}, 21) }), "rooms: too_many, rooms: twice"},
		{InvitationRef{}, "id: missing"},
		{InvitationRef{ID: "../x"}, "id: invitation_not_found"},
		{InvitationRef{ID: "abc_DEF-9"}, ""},
		{InvitationUpdate{ID: "a"}, ""},
		{InvitationUpdate{ID: "a", Uses: &zero, Days: &many, Note: &long}, "uses: out_of_range, days: out_of_range, note: too_long"},
		{InvitationQuery{State: "new"}, "state: invalid_choice"},
		{InvitationQuery{Limit: 501, Cursor: strings.Repeat("x", 101)}, "limit: out_of_range, cursor: invalid_cursor"},
		{InvitationQuery{State: "used_up"}, ""},
		{RoomsJoin{ID: "@a:b", Rooms: []string{"x"}}, "rooms: invalid_room"},
	} {
		if got := mistakes(c.request.Validate()); got != c.want {
			t.Errorf("%T %+.200v\n got %s\nwant %s", c.request, c.request, got, c.want)
		}
	}
}

func TestNamePattern(t *testing.T) {
	for _, c := range []struct {
		pattern NamePattern
		name    Localpart
		want    bool
	}{
		{"", "anything", true},
		{"ann", "ann", true},
		{"ann", "anna", false},
		{"class-*", "class-anna", true},
		{"class-*", "class-", false}, // the star stands for something
		{"class-*", "xclass-a", false},
		{"*.guest", "ann.guest", true},
		{"*.guest", ".guest", false},
		{"a*a", "aa", false},
		{"a*a", "aba", true},
		{"ab*ba", "aba", false}, // no character counts twice
	} {
		if got := c.pattern.Matches(c.name); got != c.want {
			t.Errorf("%q matches %q: %t", c.pattern, c.name, got)
		}
	}
}

// Rooms may be written into one field, one a line.
func TestInvitationForm(t *testing.T) {
	req, err := CreateInvitation.DecodeForm(url.Values{
		"uses": {"3"}, "days": {"7"}, "rooms": {"#a:b\r\n  #c:d "}, "note": {" for 7b "}, "email": {" Ann@Example.org "}, "localpart": {""},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := req.(InvitationCreate)
	if !slices.Equal(c.Rooms, []string{"#a:b", "#c:d"}) || c.Note != "for 7b" || c.Email != "ann@example.org" || c.Uses != 3 || c.Days != 7 {
		t.Errorf("%+v", c)
	}
}

// The link is in an answer of an operation that reveals, and nowhere else.
func TestInvitationCardKeepsItsLink(t *testing.T) {
	card := InvitationCard{Link: NewSecret("https://gate.example/join/abc")}
	if data, err := json.Marshal(card); err != nil || strings.Contains(string(data), "join/abc") {
		t.Errorf("%s, %v", data, err)
	}
	if data, err := EncodeWire(card); err != nil || !strings.Contains(string(data), "join/abc") {
		t.Errorf("%s, %v", data, err)
	}
}

func TestTakeUp(t *testing.T) {
	typed := func(a, b string) TakeUp {
		return TakeUp{Localpart: "ann", Password: PasswordChoice{Mode: PasswordTyped, Password: NewSecret(a)}, Again: NewSecret(b)}
	}
	for _, c := range []struct {
		take    TakeUp
		pattern NamePattern
		terms   bool
		want    string
	}{
		{typed("long enough", "long enough"), "", false, ""},
		{typed("long enough", "long enougn"), "", false, "again: passwords_differ"},
		{typed("short", "short"), "", false, "password.password: weak_password"},
		{typed("long enough", "long enough"), "class-*", false, "localpart: pattern_differs"},
		{typed("long enough", "long enough"), "", true, "accepted: terms_not_accepted"},
		{TakeUp{Localpart: "ann", Password: PasswordChoice{Mode: PasswordPassphrase}, Accepted: true}, "ann", true, ""},
		{TakeUp{Password: PasswordChoice{Mode: PasswordNone}}, "", false, "localpart: missing, password.mode: invalid_choice"},
		{TakeUp{}, "", true, "localpart: missing, password.mode: missing, accepted: terms_not_accepted"},
	} {
		if got := mistakes(c.take.Check(c.pattern, c.terms)); got != c.want {
			t.Errorf("%+v as %q: %s, want %s", c.take, c.pattern, got, c.want)
		}
	}
	take, err := DecodeTakeUp(url.Values{"localpart": {" ann "}, "password.mode": {"typed"}, "password.password": {" kept as it is "}, "again": {"x"}, "accepted": {"false", "true"}})
	if err != nil || take.Localpart != "ann" || take.Password.Password.Reveal() != " kept as it is " || take.Again.Reveal() != "x" || !take.Accepted {
		t.Errorf("%+v, %v", take, err)
	}
	if _, err := DecodeTakeUp(url.Values{"admin": {"true"}}); mistakes(err) != "admin: unknown_field" {
		t.Errorf("what is no field of it: %v", err)
	}
}
