// SPDX-License-Identifier: Apache-2.0

package users

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

func hostileRooms() api.RoomPage {
	return api.RoomPage{Joined: 2, Total: 205, Offset: 100, Next: "200", Previous: "0", Limits: []string{"synapse_room_names"}, Rooms: []api.Room{
		{ID: "!zebra:uni-lindau.example", Membership: "join", Name: `Zebra <b>"crossing"</b>`},
		{ID: "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", Membership: "join"},
		{ID: "!alias:uni-lindau.example", Membership: "invite", Alias: "#hall:uni-lindau.example"},
		{ID: "!knock:x.example", Membership: "knock"}, {ID: "!ban:x.example", Membership: "ban"}, {ID: "!left:x.example", Membership: "leave"}, {ID: "!odd", Membership: "odd"},
	}}
}

func lately() api.Activity {
	return api.Activity{Periods: []api.ActivityPeriod{{Hours: 24, Invites: 0, Joins: 1}, {Hours: 168, Invites: 12, Joins: 3}, {Hours: 720, Invites: 1234, Joins: 20}}}
}

func pushers() api.PusherList {
	return api.PusherList{Pushers: []api.Pusher{
		{Kind: "http", AppName: "Element <X>", AppID: "io.element.ios", Device: "GHTYAJCE", Name: "A phone", Gateway: "push.example", Key: "a-pu…tify"},
		{Kind: "email", AppName: "Email Notifications", AppID: "m.email", Key: "f…@uni-lindau.example", Disabled: true},
		{Kind: "smoke", Key: "…", Device: "NAMELESS"},
	}}
}

func connections() api.ConnectionList {
	return api.ConnectionList{Total: 600, Unknown: []string{"device", "device_name"}, Connections: []api.Connection{
		{IP: "203.0.113.47", UserAgent: `ElementX/26.11 (<iPhone>; iOS 19.1)`, LastSeenMS: ago(3)}, {IP: "2001:db8::17", LastSeenMS: ago(4000)},
	}}
}

func accountData() api.AccountData {
	return api.AccountData{
		Global: []api.Datum{{Type: "m.direct", Content: "{\n  \"@a:b\": [\n    \"</pre><script>\"\n  ]\n}", Size: 40}, {Type: "org.example.big", Content: "[1,", Size: 123456, Cut: true}},
		Rooms:  []api.RoomDatum{{Room: "!zebra:uni-lindau.example", Data: []api.Datum{{Type: "m.tag", Content: "{}", Size: 2}}}}, Left: 3,
	}
}

func TestActivityGolden(t *testing.T) {
	env, u := screentest.Env(), mix()[2]
	german := screentest.In(env, "de")
	byDevice := api.ConnectionList{Total: 2, Connections: []api.Connection{{Device: "PHONE", DeviceName: "Élise’s phone", IP: "192.0.2.1", UserAgent: "x", LastSeenMS: ago(1)}, {Device: "NEVER"}}}
	noName := byDevice
	noName.Unknown = []string{"device_name"}
	none := api.NewProblem(api.StatusTimeout, "homeserver_timeout")
	noPushers := unable(env, map[string]string{"users.pushers": "dendrite_no_pushers"})
	rooms := func(page, activity any) screentest.Answers {
		return screentest.Answers{"users.get": u, "users.rooms": page, "users.activity": activity}
	}
	for _, c := range []struct {
		name    string
		env     ui.Env
		open    func() screen.Screen
		address string
		answers screentest.Answers
	}{
		{"connections-full", env, NewConnections, about("account/connections", u), screentest.Answers{"users.get": u, "users.connections": connections(), "users.pushers": pushers()}},
		{"connections-german", german, NewConnections, about("account/connections", u), screentest.Answers{"users.get": u, "users.connections": connections(), "users.pushers": pushers()}},
		{"connections-empty", env, NewConnections, about("account/connections", u), screentest.Answers{"users.get": u, "users.connections": api.ConnectionList{}, "users.pushers": api.PusherList{}}},
		{"connections-dendrite", noPushers, NewConnections, about("account/connections", u), screentest.Answers{"users.get": u, "users.connections": byDevice}},
		{"connections-nameless", noPushers, NewConnections, about("account/connections", u), screentest.Answers{"users.get": u, "users.connections": noName}},
		{"connections-failing", env, NewConnections, about("account/connections", u), screentest.Answers{"users.get": u, "users.connections": none, "users.pushers": none}},
		{"rooms-full", env, NewRooms, about("account/rooms", u) + "&cursor=100", rooms(hostileRooms(), lately())},
		{"rooms-german", german, NewRooms, about("account/rooms", u), rooms(hostileRooms(), lately())},
		{"rooms-empty", env, NewRooms, about("account/rooms", u), rooms(api.RoomPage{Limits: []string{"synapse_joined_only"}}, lately())},
		{"rooms-past-end", env, NewRooms, about("account/rooms", u) + "&cursor=900", rooms(api.RoomPage{Total: 3}, none)},
		{"rooms-failing", env, NewRooms, about("account/rooms", u), rooms(none, lately())},
		{"rooms-auditor", screentest.As(env, api.Auditor), NewRooms, about("account/rooms", u), rooms(hostileRooms(), lately())},
		{"rooms-dendrite", unable(env, map[string]string{"users.rooms": "dendrite_no_rooms", "users.activity": "dendrite_no_rooms"}), NewRooms, about("account/rooms", u), rooms(none, none)},
		{"data-warning", env, NewData, about("account/data", u), screentest.Answers{"users.get": u}},
		{"data-full", env, NewData, about("account/data", u) + "&look=1", screentest.Answers{"users.get": u, "users.account_data": accountData()}},
		{"data-german", german, NewData, about("account/data", u) + "&look=1", screentest.Answers{"users.get": u, "users.account_data": accountData()}},
		{"data-empty", env, NewData, about("account/data", u) + "&look=1", screentest.Answers{"users.get": u, "users.account_data": api.AccountData{}}},
		{"data-failing", env, NewData, about("account/data", u) + "&look=1", screentest.Answers{"users.get": u, "users.account_data": none}},
		{"data-moderator", screentest.As(env, api.Moderator), NewData, about("account/data", u) + "&look=1", screentest.Answers{"users.get": u}},
	} {
		t.Run(c.name, func(t *testing.T) {
			screentest.Golden(t, c.name, screentest.Draw(t, c.open, c.env, screentest.NewCaller(c.answers), c.address))
		})
	}
}

// Nobody reads account data by opening its tab: only who looks does, once.
func TestDataIsReadWhenSomebodyLooks(t *testing.T) {
	u := mix()[2]
	for look, want := range map[string]int{"": 0, "&look=1": 1} {
		call := screentest.NewCaller(screentest.Answers{"users.get": u, "users.account_data": accountData()})
		screentest.Draw(t, NewData, screentest.Env(), call, about("account/data", u)+look)
		n := len(slices.DeleteFunc(call.Made(), func(c screentest.Call) bool { return c.Operation != "users.account_data" }))
		if n != want {
			t.Errorf("%q: read %d times", look, n)
		}
	}
}

func TestRedactionGolden(t *testing.T) {
	state := func(change func(*api.RedactionState)) api.RedactionState {
		s := api.RedactionState{ID: mix()[2].ID, RedactID: "r1", State: api.RedactionActive}
		change(&s)
		return s
	}
	for name, s := range map[string]api.RedactionState{
		"scheduled": state(func(s *api.RedactionState) { s.State = api.RedactionScheduled }),
		"active":    state(func(*api.RedactionState) {}),
		"complete":  state(func(s *api.RedactionState) { s.State = api.RedactionComplete }),
		"partly": state(func(s *api.RedactionState) {
			s.State, s.Total, s.Failed = api.RedactionComplete, 300, []api.FailedRedaction{{Event: "$abc", Error: `403: <b>not</b> in room`}}
		}),
		"failed": state(func(s *api.RedactionState) {
			s.State, s.Error = api.RedactionFailed, "404: Could not find room_version"
		}),
		"foreign": state(func(s *api.RedactionState) { s.ID, s.State = "@spam:elsewhere.example", api.RedactionComplete }),
	} {
		t.Run(name, func(t *testing.T) {
			address := "/uni/account/redaction?" + url.Values{"id": {string(s.ID)}, "redact_id": {"r1"}}.Encode()
			call := screentest.NewCaller(screentest.Answers{"users.redaction": s})
			screentest.Golden(t, "redaction-"+name, screentest.Draw(t, NewRedaction, screentest.Env(), call, address))
			screentest.Golden(t, "redaction-"+name+"-german", screentest.Draw(t, NewRedaction, screentest.In(screentest.Env(), "de"), call, address))
			page := NewRedaction().(*Redaction)
			if err := screentest.Load(page, screentest.Env(), call, address); err != nil {
				t.Fatal(err)
			}
			if going := s.State == api.RedactionScheduled || s.State == api.RedactionActive; (page.Refresh() > 0) != going {
				t.Errorf("it is loaded again after %s", page.Refresh())
			}
			older := &Redaction{}
			if older.Take(page); older.State.State != s.State {
				t.Errorf("what was loaded anew is not taken: %+v", older.State)
			}
		})
	}
}

// The question about an account of another homeserver leads nowhere where that has no page.
func TestRedactForeign(t *testing.T) {
	u := api.User{ID: "@spam:elsewhere.example"}
	call := screentest.NewCaller(screentest.Answers{"users.preview": api.Effects{User: u, Happens: []api.Effect{{Code: "redacts_as_service", Params: map[string]string{"id": "@gate:uni-lindau.example"}}}}})
	page := screentest.Draw(t, NewRedact, screentest.Env(), call, about("account/redact", u))
	screentest.Golden(t, "redact-foreign", page)
	if strings.Contains(page, `"/uni/account?`) {
		t.Error("it leads to a page of the account, which is not there")
	}
}

// What is refused stands at its row, whichever rows were left empty.
func TestRedactRefused(t *testing.T) {
	u := mix()[2]
	p := api.NewProblem(api.StatusUnprocessable, "invalid_request")
	p.Fields = []api.FieldProblem{{Field: "rooms.1", Code: "no_such_room"}, {Field: "before", Code: "before_after"}}
	typed := url.Values{"scope": {"rooms"}, "rooms.0": {""}, "rooms.1": {"!one"}, "rooms.4": {"!two"}, "after": {"2026-11-21T09:00"}, "limit": {"7"}}
	call := asking(u, synapse())
	page := open(t, NewRedact(), screentest.Env(), call, about("account/redact", u), ui.FormState{Key: "k", Typed: typed, Problem: p})
	screentest.Golden(t, "redact-refused", page)
}

func TestFindGolden(t *testing.T) {
	env, u := screentest.Env(), mix()[2]
	dendrite := unable(env, map[string]string{"users.find": "dendrite_needs_database", "users.redact": "dendrite_no_redact"})
	for _, c := range []struct {
		name, query string
		env         ui.Env
		answers     screentest.Answers
		calls       int
	}{
		{"empty", "", env, nil, 0},
		{"email", "?value=Ann%40Example.org", env, screentest.Answers{"users.find": api.Found{ID: u.ID}, "users.get": u}, 2},
		{"nobody", "?value=%2B49+30+1234", env, screentest.Answers{"users.find": api.Found{}}, 1},
		{"identity", "?by=identity&auth_provider=oidc-x&value=ann", env, screentest.Answers{"users.find": api.Found{ID: u.ID}, "users.get": u}, 2},
		{"identity-half", "?by=identity&value=ann", env, nil, 0},
		{"wrong", "?value=ann", env, nil, 0},
		{"id", "?value=" + url.QueryEscape(string(u.ID)), env, screentest.Answers{"users.get": u}, 1},
		{"id-nobody", "?value=" + url.QueryEscape("@nobody:uni-lindau.example"), env, screentest.Answers{"users.get": api.NewProblem(api.StatusNotFound, "not_found")}, 1},
		{"foreign", "?value=" + url.QueryEscape("@spam:elsewhere.example"), env, nil, 0},
		{"failing", "?value=a%40b.example", env, screentest.Answers{"users.find": api.NewProblem(api.StatusTimeout, "homeserver_timeout")}, 1},
		{"dendrite", "?value=a%40b.example", dendrite, nil, 0},
		{"dendrite-foreign", "?value=" + url.QueryEscape("@spam:elsewhere.example"), dendrite, nil, 0},
		{"no-identities", "", unable(env, map[string]string{"users.find.identity": "dendrite_no_external_ids"}), nil, 0},
		{"german", "?value=a%40b.example", screentest.In(env, "de"), screentest.Answers{"users.find": api.Found{}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := screentest.NewCaller(c.answers)
			screentest.Golden(t, "find-"+c.name, screentest.Draw(t, NewFind, c.env, call, "/uni/accounts/find"+c.query))
			if n := len(call.Made()); n != c.calls {
				t.Errorf("it took %d calls", n)
			}
		})
	}
}

// A search that is an address leads to whoever has it.
func TestListHint(t *testing.T) {
	for search, want := range map[string]bool{"ann@example.org": true, "+49 30 1234": true, "ann": false, "@ann": false, "@ann:b.example": false, "1234": false, "a@b": false} {
		call := screentest.NewCaller(screentest.Answers{"users.list": api.UserPage{Users: []api.User{}}})
		page := screentest.Draw(t, NewList, screentest.Env(), call, "/uni/accounts?"+url.Values{"search": {search}}.Encode())
		if got := strings.Contains(page, "accounts/find?value="); got != want {
			t.Errorf("%q: led on: %t", search, got)
		}
	}
	call := screentest.NewCaller(screentest.Answers{"users.list": api.UserPage{Users: []api.User{}}})
	page := screentest.Draw(t, NewList, unable(screentest.Env(), map[string]string{"users.find": "dendrite_needs_database"}), call, "/uni/accounts?search=ann%40example.org")
	if strings.Contains(page, "accounts/find") {
		t.Error("it leads to what the homeserver has not got")
	}
}

// What belongs to another account gets a box, which names that account, and what was ticked stays.
func TestEditMove(t *testing.T) {
	u := mix()[2]
	owner := "@other:uni-lindau.example"
	p := api.NewProblem(api.StatusConflict, "invalid_request")
	p.Fields = []api.FieldProblem{
		{Field: "threepids.to.0.address", Code: "threepid_taken", Params: map[string]string{"owner": owner}},
		{Field: "external_ids.to.0.external_id", Code: "identity_taken", Params: map[string]string{"owner": owner}},
	}
	call := screentest.NewCaller(screentest.Answers{"users.get": u, "server.info": synapse()})
	typed := url.Values{
		"id": {string(u.ID)}, "external_ids.from": {""}, "external_ids.to": {""}, "external_ids.to.0.auth_provider": {"oidc"}, "external_ids.to.0.external_id": {"x"},
	}
	page := open(t, NewEdit(), screentest.Env(), call, about("account/edit", u), ui.FormState{Key: "k", Typed: typed, Problem: p})
	screentest.Golden(t, "edit-move", page)
	if n := strings.Count(page, `value="`+owner+`"`); n != 1 {
		t.Errorf("there are %d boxes for one account", n)
	}
	typed.Set("move_from", owner)
	again := open(t, NewEdit(), screentest.Env(), call, about("account/edit", u), ui.FormState{Key: "k", Typed: typed, Problem: api.NewProblem(api.StatusTimeout, "homeserver_timeout")})
	req, ok := decode(t, api.UpdateUser, submit(t, again)).(api.UserUpdate)
	if !ok || !slices.Equal(req.MoveFrom, []api.UserID{api.UserID(owner)}) {
		t.Errorf("sent again it asks %+v", req)
	}
}

// What an account page lives on may be missing; the page then says so.
func TestActivityOfNobody(t *testing.T) {
	gone := screentest.NewCaller(screentest.Answers{
		"users.get": api.NewProblem(api.StatusNotFound, "not_found"), "users.rooms": api.RoomPage{}, "users.activity": lately(),
		"users.connections": connections(), "users.pushers": pushers(), "users.account_data": accountData(),
	})
	for path, open := range map[string]func() screen.Screen{"account/rooms": NewRooms, "account/connections": NewConnections, "account/data": NewData} {
		if err := screentest.Load(open(), screentest.Env(), gone, about(path, mix()[2])); client.AsProblem(err).Code != "not_found" {
			t.Errorf("%s: %v", path, err)
		}
	}
}
