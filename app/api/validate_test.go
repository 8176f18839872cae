// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mistakes returns field: code of every mistake of a request, in their order.
func mistakes(err error) string {
	if err == nil {
		return ""
	}
	p, ok := errors.AsType[*Problem](err)
	if ok && p.Code == "nothing_changed" && p.Status == StatusUnprocessable && len(p.Fields) == 0 {
		return p.Code
	}
	if !ok || p.Status != StatusUnprocessable || p.Code != "invalid_request" || p.Type != "about:blank#invalid_request" {
		return "no problem of a request: " + err.Error()
	}
	var list []string
	for _, f := range p.Fields {
		list = append(list, f.Field+": "+f.Code)
	}
	return strings.Join(list, ", ")
}

func typed(password string) PasswordChoice {
	return PasswordChoice{Mode: PasswordTyped, Password: NewSecret(password)}
}

func change[T any](to T) *Change[T] { return &Change[T]{To: to} }

// Every mistake stands at its field, and all of them are told at once.
func TestValidate(t *testing.T) {
	const id = "@ann:example.org"
	random := PasswordChoice{Mode: PasswordRandom}
	long := strings.Repeat("é", 257)
	email := func(a string) []Threepid { return []Threepid{{Medium: "email", Address: a}} }
	phone := func(a string) []Threepid { return []Threepid{{Medium: "msisdn", Address: a}} }
	for _, c := range []struct {
		request Request
		want    string
	}{
		{UserRef{id}, ""},
		{UserRef{"ann"}, "id: invalid_user_id"},
		{UserRef{}, "id: missing"},
		{NameQuery{"ann"}, ""},
		{NameQuery{"Ann"}, "localpart: localpart_upper"},
		{ServerQuery{}, ""},
		{Credentials{Name: "ann", Password: NewSecret("x")}, ""},
		{Credentials{}, "name: missing, password: missing"},
		{Credentials{Name: strings.Repeat("a", 256), Password: NewSecret("x")}, "name: too_long"},
		{Credentials{Name: "a\x00", Password: NewSecret("x")}, "name: invalid_text"},

		{UserQuery{}, ""},
		{UserQuery{Search: strings.Repeat("é", 255), Admins: With, Deactivated: Only, Locked: Without, Guests: With, System: Only, Sort: SortLastSeen, Limit: 500}, ""},
		{UserQuery{Search: strings.Repeat("é", 256), Admins: "x", Deactivated: "x", Locked: "x", Guests: "x", System: "x", Sort: "x", Limit: 501, Cursor: strings.Repeat("c", 4097)},
			"search: too_long, admins: invalid_choice, deactivated: invalid_choice, locked: invalid_choice, guests: invalid_choice, system: invalid_choice, sort: invalid_choice, limit: out_of_range, cursor: invalid_cursor"},
		{UserQuery{Limit: -1}, "limit: out_of_range"},
		{UserQuery{Search: "a\xff"}, "search: invalid_text"},

		{UserCreate{Localpart: "ann", Password: random}, ""},
		{UserCreate{Localpart: "ann", Password: PasswordChoice{Mode: PasswordNone}}, ""},
		{UserCreate{}, "localpart: missing, password.mode: missing"},
		{UserCreate{Localpart: "ann", Password: PasswordChoice{Mode: "sesame"}}, "password.mode: invalid_choice"},
		{UserCreate{Localpart: "ann", Password: typed("")}, "password.password: missing"},
		{UserCreate{Localpart: "ann", Password: typed("1234567")}, "password.password: weak_password"},
		{UserCreate{Localpart: "ann", Password: typed("12345678")}, ""},
		{UserCreate{Localpart: "ann", Password: typed(strings.Repeat("a", 512))}, ""},
		{UserCreate{Localpart: "ann", Password: typed(strings.Repeat("a", 513))}, "password.password: password_too_long"},
		{UserCreate{Localpart: "ann", Password: typed("1234\x005678")}, "password.password: password_nul"},
		{UserCreate{Localpart: "ann", Password: random, DisplayName: long, UserType: strings.Repeat("t", 65), AvatarURL: "x", Threepids: email("x"), ExternalIDs: []ExternalID{{}}},
			"display_name: too_long, user_type: too_long, threepids.0.address: invalid_email, external_ids.0.auth_provider: missing, external_ids.0.external_id: missing, avatar_url: invalid_mxc"},
		{UserCreate{Localpart: "ann", Password: random, DisplayName: strings.Repeat("é", 256)}, ""},
		{UserCreate{Localpart: "ann", Password: random, DisplayName: `"><b>` + "\u202e"}, ""},

		{UserUpdate{ID: id}, "nothing_changed"},
		{UserUpdate{}, "id: missing"},
		{UserUpdate{ID: "x", DisplayName: change(long), AvatarURL: change(MXC("x")), UserType: change(long), Threepids: change(phone("1")), ExternalIDs: change([]ExternalID{{"a", strings.Repeat("b", 256)}})},
			"id: invalid_user_id, display_name.to: too_long, avatar_url.to: invalid_mxc, user_type.to: too_long, threepids.to.0.address: invalid_phone, external_ids.to.0.external_id: too_long"},
		{UserUpdate{ID: id, Threepids: change(email("a@b.example"))}, ""},
		{UserUpdate{ID: id, Threepids: change(email("a@localhost"))}, "threepids.to.0.address: email_no_ending"},
		{UserUpdate{ID: id, Threepids: change(email("a@b.example."))}, ""},
		{UserUpdate{ID: id, Threepids: change(email("@b.example"))}, "threepids.to.0.address: invalid_email"},
		{UserUpdate{ID: id, Threepids: change(email("a@"))}, "threepids.to.0.address: invalid_email"},
		{UserUpdate{ID: id, Threepids: change(email("a@b@c.example"))}, "threepids.to.0.address: invalid_email"},
		{UserUpdate{ID: id, Threepids: change(email("a b@c.example"))}, "threepids.to.0.address: invalid_email"},
		{UserUpdate{ID: id, Threepids: change(phone("49301234"))}, ""},
		{UserUpdate{ID: id, Threepids: change(phone("1234567890123456"))}, "threepids.to.0.address: invalid_phone"},
		{UserUpdate{ID: id, Threepids: change(phone("49x"))}, "threepids.to.0.address: invalid_phone"},
		{UserUpdate{ID: id, Threepids: change([]Threepid{{Medium: "fax", Address: "1"}})}, "threepids.to.0.medium: invalid_choice"},
		{UserUpdate{ID: id, Threepids: change(append(email("a@b.example"), email("a@b.example")...))}, "threepids.to.1.address: twice"},
		{UserUpdate{ID: id, Threepids: change(make([]Threepid, 51))}, "threepids.to: too_many"},
		{UserUpdate{ID: id, ExternalIDs: change(make([]ExternalID, 51))}, "external_ids.to: too_many"},

		{PasswordReset{ID: id, Password: random}, ""},
		{PasswordReset{ID: id, Password: PasswordChoice{Mode: PasswordNone}}, "password.mode: invalid_choice"},
		{PasswordReset{}, "id: missing, password.mode: missing"},
		{UserReactivation{ID: id, Password: PasswordChoice{Mode: PasswordNone}}, ""},
		{UserReactivation{}, "id: missing, password.mode: missing"},
		{UserDeed{ID: id, Reason: strings.Repeat("é", 500)}, ""},
		{UserDeed{ID: id, Reason: strings.Repeat("é", 501)}, "reason: too_long"},
		{UserDeed{Reason: "\x00"}, "id: missing, reason: invalid_text"},
		{UserErasure{ID: id, ConfirmID: id}, ""},
		{UserErasure{ID: id, ConfirmID: "@Ann:example.org"}, "confirm_id: confirm_id"},
		{UserErasure{ID: id}, "confirm_id: confirm_id"},
		{UserErasure{ID: "", ConfirmID: ""}, "id: missing"},
		{DeedQuery{ID: id, Operation: "users.lock"}, ""},
		{DeedQuery{Operation: "users.fly"}, "id: missing, operation: invalid_choice"},
		{DeedQuery{ID: id, Operation: "media.delete", Media: "a/b"}, "media: invalid_media_id"},
		{TokenCreate{}, ""},
		{TokenCreate{Token: NewSecret("Az09._~-"), Uses: 3, Expires: "2026-12-31"}, ""},
		{TokenCreate{Expires: "2026-12-31T10:00:00+01:00"}, ""},
		{TokenCreate{Token: NewSecret(strings.Repeat("a", 65)), Uses: -1, Expires: "31.12.2026"}, "token: too_long, uses: out_of_range, expires: invalid_day"},
		{TokenCreate{Token: NewSecret("a b")}, "token: invalid_token"},
		{TokenCreate{Token: NewSecret("..")}, "token: invalid_token"},
		{TokenRef{}, "id: missing"},
		{TokenRef{ID: "a/b"}, "id: invalid_token_id"},
		{TokenUpdate{ID: "Kw~1", Uses: change(int64(-1)), Expires: change("x")}, "uses.to: out_of_range, expires.to: invalid_day"},
		{MediaQuery{ID: id, Sort: "x", Limit: 501, Cursor: long}, "sort: invalid_choice, limit: out_of_range, cursor: invalid_cursor"},
		{MediaRef{ID: id, Media: "abcXYZ_-09"}, ""},
		{MediaRef{ID: id, Media: "../x"}, "media: invalid_media_id"},
		{MediaDeed{ID: id}, "media: missing"},
		{MediaDeletion{ID: id, Before: "2026-01-31", Larger: 5}, ""},
		{MediaDeletion{ID: id, Before: "yesterday", Larger: -1}, "before: invalid_day, larger: out_of_range"},
		{ThumbnailQuery{ID: id}, "media: missing"},
		{Notice{ID: id, Text: "x"}, ""},
		{Notice{IDs: []UserID{id, "@bob:example.org"}, Text: "x"}, ""},
		{Notice{}, "id: missing, text: missing"},
		{Notice{ID: id, IDs: []UserID{id}, Text: "x"}, "ids: one_or_several"},
		{Notice{IDs: []UserID{id, id}, Text: "x"}, "ids.1: twice"},
		{Notice{IDs: []UserID{id, "x"}, Text: strings.Repeat("x", 10001)}, "ids.1: invalid_user_id, text: too_long"},
		{DevicePrune{ID: id, Days: 1}, ""},
		{DevicePrune{ID: id, Days: 3650, Never: true}, ""},
		{DevicePrune{ID: id}, "days: out_of_range"},
		{DevicePrune{Days: 3651}, "id: missing, days: out_of_range"},
		{DeviceRename{ID: id, Device: "A", Name: strings.Repeat("é", 100)}, ""},
		{DeviceRename{ID: id, Device: "..", Name: ""}, ""},
		{DeviceRename{ID: id, Name: strings.Repeat("é", 101)}, "device: missing, name: too_long"},
		{DeviceCreate{ID: id}, ""},
		{DeviceCreate{ID: id, Device: "..", Name: strings.Repeat("é", 101)}, "device: unnameable_device, name: too_long"},
		{DeviceCreate{ID: id, Device: DeviceID(strings.Repeat("d", 513))}, "device: too_long"},
		{RateLimitChange{ID: id}, ""},
		{RateLimitChange{ID: id, MessagesPerSecond: 1, Burst: 1_000_000}, ""},
		{RateLimitChange{ID: id, MessagesPerSecond: 1}, "burst: rate_mutes"},
		{RateLimitChange{ID: id, Burst: 1}, "messages_per_second: rate_one_alone"},
		{RateLimitChange{MessagesPerSecond: -1, Burst: 1_000_001}, "id: missing, messages_per_second: out_of_range, burst: out_of_range"},
		{FeatureChange{ID: id, Name: "msc1"}, ""},
		{FeatureChange{Name: ""}, "id: missing, name: missing"},
		{FeatureChange{ID: id, Name: strings.Repeat("m", 65)}, "name: too_long"},
		{UserRenewal{ID: id}, ""},
		{UserRenewal{ID: id, Until: "2028-02-29"}, ""},
		{UserRenewal{Until: "2027-02-29"}, "id: missing, until: invalid_date"},
		{UserRenewal{ID: id, Until: "31.12.2027"}, "until: invalid_date"},
		{SignInAsUser{ID: id, Minutes: 1, Reason: "a ticket"}, ""},
		{SignInAsUser{ID: id, Minutes: 1440, Reason: strings.Repeat("é", 500)}, ""},
		{SignInAsUser{ID: id, Minutes: 1441, Reason: strings.Repeat("é", 501)}, "minutes: out_of_range, reason: too_long"},
		{SignInAsUser{Minutes: -1}, "id: missing, minutes: out_of_range, reason: missing"},
		{HistoryQuery{ID: id, Limit: 200, Cursor: "7"}, ""},
		{HistoryQuery{Limit: 201, Cursor: "-7"}, "id: missing, limit: out_of_range, cursor: invalid_cursor"},
		{JobPlan{Operation: "users.lock", IDs: []UserID{id}}, ""},
		{JobPlan{Operation: "users.lock", All: true, Filter: UserQuery{Search: "spam"}}, ""},
		{JobPlan{Operation: "users.lock", All: true, Filter: UserQuery{Admins: "some"}}, "filter: invalid_request"},
		{JobPlan{Operation: "users.sign_in_as"}, "operation: not_for_many, ids: missing"},
		{JobPlan{Operation: "users.lock", IDs: slices.Repeat([]UserID{id}, 501)}, "ids: too_many"},
		{JobPlan{Operation: "users.lock", IDs: []UserID{id, "ann"}, Note: strings.Repeat("n", 501)}, "ids.1: invalid_user_id, note: too_long"},
		{JobStart{ID: "a", At: "2026-11-25T18:30"}, ""},
		{JobStart{At: "tonight"}, "id: missing, at: invalid_time"},
		{JobRef{ID: "a b"}, "id: job_not_found"},
		{JobQuery{State: "asleep", Limit: 501, Cursor: strings.Repeat("1", 101)}, "state: invalid_choice, limit: out_of_range, cursor: invalid_cursor"},
		{JobItemQuery{ID: "a", State: "failed"}, ""},
		{JobItemQuery{ID: "a", Does: "change"}, ""},
		{JobItemQuery{ID: "a", Does: "users.create"}, "does: invalid_choice"},
		{JobItemQuery{State: "paused"}, "state: invalid_choice, id: missing"},
		{DeviceSignOut{ID: id, All: true}, ""},
		{DeviceSignOut{ID: id, Devices: []DeviceID{"any text é"}}, ""},
		{DeviceSignOut{ID: id}, "devices: missing"},
		{DeviceSignOut{ID: id, Devices: []DeviceID{"A"}, All: true}, "all: devices_or_all"},
		{DeviceSignOut{ID: id, Devices: make([]DeviceID, 1001)}, "devices: too_many"},
		{DeviceSignOut{ID: id, Devices: []DeviceID{"A", DeviceID(strings.Repeat("d", 513))}}, "devices.1: too_long"},
	} {
		if got := mistakes(c.request.Validate()); got != c.want {
			t.Errorf("%T %+.300v\n got %s\nwant %s", c.request, c.request, got, c.want)
		}
	}
}

// SETTLED 6: every operation names its targets, exactly those that its request has an ID of.
func TestTargets(t *testing.T) {
	const id = UserID("@ann:example.org")
	requests := map[string]Request{
		"users.get": UserRef{id}, "users.unlock": UserRef{id}, "devices.list": UserRef{id}, "users.update": UserUpdate{ID: id},
		"users.reset_password": PasswordReset{ID: id}, "users.lock": UserDeed{ID: id}, "users.deactivate": UserDeed{ID: id},
		"users.erase": UserErasure{ID: id}, "users.reactivate": UserReactivation{ID: id}, "users.preview": DeedQuery{ID: id},
		"users.join_rooms": RoomsJoin{ID: id, Rooms: []string{"#hall:example.org"}},
		"media.list":       MediaQuery{ID: id}, "media.get": MediaRef{ID: id}, "media.thumbnail": ThumbnailQuery{ID: id},
		"users.connections": UserRef{id}, "users.pushers": UserRef{id}, "users.activity": UserRef{id},
		"users.account_data": UserRef{id}, "users.rooms": RoomQuery{ID: id}, "users.redact": UserRedaction{ID: id}, "users.redaction": RedactionQuery{ID: id},
		"media.quarantine": MediaDeed{ID: id}, "media.unquarantine": MediaRef{ID: id}, "media.protect": MediaRef{ID: id},
		"media.unprotect": MediaRef{ID: id}, "media.delete": MediaDeed{ID: id}, "media.quarantine_all": UserDeed{ID: id},
		"media.delete_all": MediaDeletion{ID: id}, "users.notice": Notice{ID: id},
		"devices.sign_out": DeviceSignOut{ID: id}, "devices.prune": DevicePrune{ID: id}, "devices.rename": DeviceRename{ID: id},
		"devices.create": DeviceCreate{ID: id}, "users.suspend": UserDeed{ID: id}, "users.unsuspend": UserRef{id},
		"users.shadow_ban": UserDeed{ID: id}, "users.unshadow_ban": UserRef{id}, "limits.get": UserRef{id}, "limits.set": RateLimitChange{ID: id},
		"limits.remove": UserRef{id}, "features.list": UserRef{id}, "features.set": FeatureChange{ID: id}, "users.renew": UserRenewal{ID: id},
		"users.allow_key_reset": UserDeed{ID: id}, "users.sign_in_as": SignInAsUser{ID: id}, "users.history": HistoryQuery{ID: id},
		"users.repair": UserRepair{ID: id}, "personal.create": PersonalCreate{Actor: id}, "personal.renew": PersonalRenewal{Actor: id}, "personal.revoke": PersonalRevocation{Actor: id}, "personal.list": PersonalQuery{Actor: id},
		"lists.export": ListExport{Operation: "devices.list", Query: "id=" + url.QueryEscape(string(id)), Format: FormatCSV},
		"jobs.plan":    JobPlan{IDs: []UserID{id}},
		// The server's name is added by the gate.
		"users.create": UserCreate{Localpart: "ann"},
	}
	none := []string{"operators.verify", "server.check", "server.info", "users.available", "users.find", "users.list", "providers.list",
		"clients.list", "clients.get", "site.get", "policy.get", "personal.get",
		"tokens.create", "tokens.delete", "tokens.list", "tokens.revoke", "tokens.show", "tokens.unrevoke", "tokens.update",
		"invitations.create", "invitations.get", "invitations.list", "invitations.revoke", "invitations.show", "invitations.update",
		"imports.abandon", "imports.left", "imports.look", "imports.plan", "imports.upload",
		"jobs.cancel", "jobs.cards", "jobs.get", "jobs.items", "jobs.list", "jobs.passwords", "jobs.pause", "jobs.resume", "jobs.retry", "jobs.start", "jobs.wipe"}
	for _, op := range All() {
		name := op.Info().Name
		req, listed := requests[name]
		if !listed {
			if !slices.Contains(none, name) {
				t.Errorf("%s is in neither list", name)
			}
			req, _ = op.Types()
			if len(req.Targets()) != 0 {
				t.Errorf("%s names %v", name, req.Targets())
			}
			continue
		}
		want := id
		if name == "users.create" {
			want = "@ann"
		}
		if got := req.Targets(); len(got) != 1 || got[0] != want {
			t.Errorf("%s names %v, want %v", name, got, want)
		}
	}
}

// The catalogue itself: names that addresses and texts can be made of, each once, each with a permission that some role has.
func TestCatalogue(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)
	seen := map[string]bool{}
	for i, op := range All() {
		info := op.Info()
		if !name.MatchString(info.Name) || seen[info.Name] {
			t.Errorf("the name %q", info.Name)
		}
		seen[info.Name] = true
		if i > 0 && All()[i-1].Info().Name > info.Name {
			t.Errorf("%s is out of order", info.Name)
		}
		if !slices.Contains(Permissions(), info.Permission) || !Owner.May(info.Permission) {
			t.Errorf("%s takes the permission %q", info.Name, info.Permission)
		}
		if info.Kind == KindRead && (info.Destructive || info.Reveals) {
			t.Errorf("%s reads and is %+v", info.Name, info)
		}
		if info.Kind == KindWrite && (info.Recorded || !info.Audited()) {
			t.Errorf("%s writes, which is always recorded, and is %+v", info.Name, info)
		}
		if found, ok := Find(info.Name); !ok || found != op {
			t.Errorf("%s is not found", info.Name)
		}
	}
	if _, ok := Find("users.fly"); ok {
		t.Error("users.fly is found")
	}
	if Role("no such").May(ReadServers) || Role("").May(ReadServers) {
		t.Error("a role that is none may something")
	}
	for _, role := range Roles() {
		for _, p := range role.Permissions() {
			if !slices.Contains(Permissions(), p) {
				t.Errorf("%s has the permission %q", role, p)
			}
		}
	}
}

func TestReportOK(t *testing.T) {
	for _, c := range []struct {
		states []string
		want   bool
	}{{nil, true}, {[]string{CheckPassed, CheckWarning}, true}, {[]string{CheckPassed, CheckFailed, CheckPassed}, false}} {
		var r Report
		for _, s := range c.states {
			r.Checks = append(r.Checks, Check{State: s})
		}
		if r.OK() != c.want {
			t.Errorf("%v: %t", c.states, r.OK())
		}
	}
}

// Devices are meant by when they were used last; what was never used only where that is asked for.
func TestMeant(t *testing.T) {
	const day, now = int64(24 * 60 * 60 * 1000), int64(1_800_000_000_000)
	list := []Device{{ID: "now", LastSeenMS: now}, {ID: "edge", LastSeenMS: now - 90*day}, {ID: "old", LastSeenMS: now - 90*day - 1}, {ID: "never"}}
	for _, c := range []struct {
		prune DevicePrune
		want  string
	}{
		{DevicePrune{Days: 90}, "old"},
		{DevicePrune{Days: 90, Never: true}, "old never"},
		{DevicePrune{Days: 1}, "edge old"},
		{DevicePrune{Days: 91}, ""},
	} {
		var got []string
		for _, d := range c.prune.Meant(list, now) {
			got = append(got, string(d.ID))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %q, want %q", c.prune, got, c.want)
		}
	}
}

// A token of another account always has an end: an hour where none is named.
func TestSignInAsSettles(t *testing.T) {
	req, err := SignInAs.DecodeJSON([]byte(`{"id":"@ann:example.org","reason":"x"}`))
	if s, ok := req.(SignInAsUser); err != nil || !ok || s.Minutes != 60 {
		t.Errorf("%+v, %v", req, err)
	}
	req, err = RenewUser.DecodeJSON([]byte(`{"id":"@ann:example.org","until":"2027-12-31"}`))
	r, ok := req.(UserRenewal)
	if err != nil || !ok || r.Mails == nil || !*r.Mails {
		t.Errorf("%+v, %v", req, err)
	}
	if end, err := r.End(); err != nil || end.Format("2006-01-02 15:04 MST") != "2028-01-01 00:00 UTC" {
		t.Errorf("%s, %v", end, err)
	}
	if need := r.Demands(); len(need) != 1 || need[0] != UserSettings {
		t.Errorf("with a date it takes %v", need)
	}
}
