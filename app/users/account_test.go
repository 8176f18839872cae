// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

func showing(u api.User) screentest.Caller {
	return screentest.NewCaller(screentest.Answers{
		"users.get": u, "devices.list": devices(), "users.history": history(), "limits.get": api.RateLimit{ID: u.ID}, "features.list": featureList(u.ID),
	})
}

// history is one of every kind of event.
func history() api.HistoryPage {
	at := func(days int64, e api.HistoryEvent) api.HistoryEvent {
		e.AtMS, e.Number = ago(days), 100-days
		return e
	}
	const nadia = "@nadia.okafor:uni-lindau.example"
	return api.HistoryPage{Next: "7", Events: []api.HistoryEvent{
		at(0, api.HistoryEvent{Actor: nadia, Role: "owner", Operation: "users.sign_in_as", Outcome: "done", Reason: "Ticket 4711", Note: "The token ends by itself at 2026-11-21T10:00:00Z."}),
		at(1, api.HistoryEvent{Actor: "@tom.hale:uni-lindau.example", Role: "helpdesk", Operation: "users.erase", Outcome: "refused", Code: "forbidden"}),
		at(3, api.HistoryEvent{Actor: "operator:marta", Role: "admin", Operation: "users.update", Outcome: "done", Fields: []string{"display_name", "threepids"}}),
		at(3, api.HistoryEvent{Actor: "local:root", Role: "owner", Operation: "users.lock", Outcome: "unknown", Code: "outcome_unknown"}),
		at(30, api.HistoryEvent{Actor: nadia, Role: "owner", Operation: "devices.sign_out"}),
		at(400, api.HistoryEvent{Actor: nadia, Role: "owner", Operation: "media.delete", Outcome: "done"}),
	}}
}

func featureList(id api.UserID) api.FeatureList {
	return api.FeatureList{ID: id, Features: []api.Feature{{Name: "msc3575", On: true}, {Name: "msc3881"}, {Name: "msc9999"}}}
}

// bareUser is an account of a Dendrite without its database, of which little is known.
func bareUser() api.User {
	return api.User{ID: "@ana:uni-lindau.example", Unknown: []string{
		"admin", "deactivated", "locked", "created_ms", "last_seen_ms", "threepids", "external_ids", "user_type", "appservice_id", "avatar_url",
	}}
}

func dendriteEnv() ui.Env {
	env, _ := dendrite()
	return env
}

func TestAccountGolden(t *testing.T) {
	env := screentest.Env()
	several := rich()
	several.Locked, several.Suspended, several.ShadowBanned = true, true, true
	for _, c := range []struct {
		name string
		env  ui.Env
		user api.User
	}{
		{"full", env, rich()},
		{"plain", env, mix()[2]},
		{"differs", env, differs()},
		{"only-on-mas", env, api.User{ID: "@new:uni-lindau.example", Drift: []string{api.DriftMASOnly}, Unknown: []string{"display_name", "avatar_url", "last_seen_ms"}}},
		{"nameless", env, mix()[4]},
		{"locked", env, mix()[1]},
		{"several-states", env, several},
		{"deactivated", env, mix()[9]},
		{"erased", env, mix()[10]},
		{"half", env, mix()[11]},
		{"bridge", env, mix()[6]},
		{"service", env, mix()[15]},
		{"self", env, mix()[0]},
		{"dendrite", dendriteEnv(), bareUser()},
		{"helpdesk", screentest.As(env, api.Helpdesk), mix()[1]},
		{"helpdesk-administrator", screentest.As(env, api.Helpdesk), rich()},
		{"registrar", screentest.As(env, api.Registrar), mix()[9]},
		{"auditor", screentest.As(env, api.Auditor), mix()[1]},
		{"german", screentest.In(env, "de"), mix()[1]},
	} {
		t.Run(c.name, func(t *testing.T) {
			screentest.Golden(t, "account-"+c.name, screentest.Draw(t, NewAccount, c.env, showing(c.user), about("account", c.user)))
		})
	}
}

func TestSettingsGolden(t *testing.T) {
	env := screentest.Env()
	down := api.NewProblem(api.StatusTimeout, "homeserver_timeout")
	for _, c := range []struct {
		name            string
		env             ui.Env
		limit, features any
	}{
		{"full", env, api.RateLimit{Own: true, MessagesPerSecond: 5, Burst: 20}, featureList("")},
		{"plain", env, api.RateLimit{}, featureList("")},
		{"free", env, api.RateLimit{Own: true}, featureList("")},
		{"failing", env, down, down},
		{"auditor", screentest.As(env, api.Auditor), api.RateLimit{}, featureList("")},
		{"dendrite", unable(env, map[string]string{
			"limits.get": "dendrite_no_rate_limit", "features.list": "dendrite_no_features", "users.renew": "dendrite_no_validity",
			"users.allow_key_reset": "dendrite_no_key_reset", "users.sign_in_as": "dendrite_no_sign_in_as",
		}), nil, nil},
		{"german", screentest.In(env, "de"), api.RateLimit{Own: true, MessagesPerSecond: 1, Burst: 20}, featureList("")},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := screentest.NewCaller(screentest.Answers{"users.get": mix()[2], "devices.list": devices(), "limits.get": c.limit, "features.list": c.features})
			screentest.Golden(t, "settings-"+c.name, screentest.Draw(t, NewSettings, c.env, call, about("account/settings", mix()[2])))
		})
	}
}

func TestHistoryGolden(t *testing.T) {
	env := screentest.Env()
	last := history()
	last.Next = ""
	for _, c := range []struct {
		name, query string
		env         ui.Env
		page        any
	}{
		{"full", "", env, history()},
		{"last", "&cursor=7", env, last},
		{"empty", "", env, api.HistoryPage{}},
		{"helpdesk", "", screentest.As(env, api.Helpdesk), nil},
		{"german", "", screentest.In(env, "de"), history()},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := screentest.NewCaller(screentest.Answers{"users.get": mix()[2], "devices.list": devices(), "users.history": c.page})
			screentest.Golden(t, "history-"+c.name, screentest.Draw(t, NewHistory, c.env, call, about("account/history", mix()[2])+c.query))
		})
	}
}

func TestDevicesGolden(t *testing.T) {
	env := screentest.Env()
	some := devices()
	some.Unknown = []string{"last_seen_ip", "user_agent"}
	many := api.DeviceList{Total: 2311, Devices: []api.Device{
		{ID: "oauth2/01J1", Kind: "oauth2", Client: "Element", Device: "PHONE12345"},
		{ID: "personal/01J2", Kind: "personal", DisplayName: "Statistics", Admin: true, ActsAs: "@robot:uni.example.org"},
	}}
	for _, c := range []struct {
		name    string
		env     ui.Env
		devices any
	}{
		{"full", env, devices()},
		{"auditor", screentest.As(env, api.Auditor), devices()},
		{"registrar", screentest.As(env, api.Registrar), devices()},
		{"unknown", unable(env, map[string]string{"devices.sign_out": "dendrite_no_devices_sign_out"}), some},
		{"empty", env, api.DeviceList{}},
		{"german", screentest.In(env, "de"), devices()},
		{"mas", env, many},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := screentest.NewCaller(screentest.Answers{"users.get": mix()[2], "devices.list": c.devices})
			screentest.Golden(t, "devices-"+c.name, screentest.Draw(t, NewDevices, c.env, call, about("account/devices", mix()[2])))
		})
	}
}

// An account costs three calls, one where neither its devices nor its history can be had.
func TestAccountAsks(t *testing.T) {
	for _, c := range []struct {
		env  ui.Env
		want string
	}{
		{screentest.Env(), "devices.list users.get users.history"},
		{screentest.As(screentest.Env(), api.Registrar), "users.get"},
		{screentest.As(screentest.Env(), api.Helpdesk), "devices.list users.get"},
		{unable(screentest.Env(), map[string]string{"devices.list": "mas"}), "users.get users.history"},
	} {
		for _, open := range []func() screen.Screen{NewAccount, NewHistory} {
			call := showing(rich())
			screentest.Draw(t, open, c.env, call, about("account", rich()))
			var names []string
			for _, made := range call.Made() {
				names = append(names, made.Operation)
			}
			slices.Sort(names)
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		}
	}
}

// The page of an account stands without its devices; their tab does not.
func TestDevicesFail(t *testing.T) {
	down := api.NewProblem(api.StatusTimeout, "homeserver_timeout")
	call := screentest.NewCaller(screentest.Answers{"users.get": rich(), "devices.list": down, "users.history": history()})
	if page := screentest.Draw(t, NewAccount, screentest.Env(), call, about("account", rich())); !strings.Contains(page, "did not answer in time") {
		t.Error("it is not said why the devices are not known")
	}
	if err := screentest.Load(NewDevices(), screentest.Env(), call, about("account/devices", rich())); client.AsProblem(err).Code != "homeserver_timeout" {
		t.Errorf("%v", err)
	}
	gone := screentest.NewCaller(screentest.Answers{"users.get": api.NewProblem(api.StatusNotFound, "not_found"), "devices.list": devices()})
	if err := screentest.Load(NewAccount(), screentest.Env(), gone, about("account", rich())); client.AsProblem(err).Code != "not_found" {
		t.Errorf("%v", err)
	}
}

// Nothing is offered that the gate refuses: whatever is a link to a deed can be done by this person to this account.
func TestOffersNothingDead(t *testing.T) {
	paths := map[string]api.Op{
		"account/edit": api.UpdateUser, "account/reset-password": api.ResetPassword, "account/lock": api.LockUser, "account/unlock": api.UnlockUser,
		"account/suspend": api.SuspendUser, "account/unsuspend": api.UnsuspendUser, "account/shadow-ban": api.ShadowBanUser,
		"account/unshadow-ban": api.UnshadowBanUser, "account/sign-in-as": api.SignInAs, "account/prune-devices": api.PruneDevices,
		"account/create-device": api.CreateDevice, "account/rename-device": api.RenameDevice, "account/limit": api.SetRateLimit,
		"account/remove-limit": api.RemoveRateLimit, "account/feature": api.SetFeature, "account/renew": api.RenewUser,
		"account/allow-key-reset": api.AllowKeyReset,
		"account/deactivate":      api.DeactivateUser, "account/erase": api.EraseUser, "account/reactivate": api.ReactivateUser, "account/sign-out": api.SignOut,
	}
	for _, role := range api.Roles() {
		for _, u := range append(mix(), rich(), bareUser()) {
			for _, missing := range []map[string]string{nil, {"users.lock": "dendrite_no_lock", "users.erase": "dendrite_no_erase"}} {
				env := unable(screentest.As(screentest.Env(), role), missing)
				page := screentest.Draw(t, NewAccount, env, showing(u), about("account", u))
				primary := strings.Count(page, "pf-m-primary")
				page += screentest.Draw(t, NewSettings, env, showing(u), about("account/settings", u)) + screentest.Draw(t, NewDevices, env, showing(u), about("account/devices", u))
				for path, op := range paths {
					offered := strings.Contains(page, `"/uni/`+path+"?")
					if offered && why(env, u, op) != "" {
						t.Errorf("%s, %s: %s is offered: %s", role, u.ID, path, why(env, u, op))
					}
				}
				if primary > 1 {
					t.Errorf("%s, %s: %d primary buttons", role, u.ID, primary)
				}
			}
		}
	}
}

// No text of an account, a device or a request changes the elements of a page or their attributes.
func TestHostile(t *testing.T) {
	screens := map[string]struct {
		open func() screen.Screen
		path string
	}{
		"settings": {NewSettings, "account/settings"}, "history": {NewHistory, "account/history"}, "rename": {NewRenameDevice, "account/rename-device"},
		"prune": {NewPrune, "account/prune-devices"}, "sign-in-as": {NewSignInAs, "account/sign-in-as"}, "suspend": {NewSuspend, "account/suspend"},
		"account": {NewAccount, "account"}, "devices": {NewDevices, "account/devices"}, "edit": {NewEdit, "account/edit"},
		"reset": {NewReset, "account/reset-password"}, "lock": {NewLock, "account/lock"}, "erase": {NewErase, "account/erase"},
		"sign-out": {NewSignOut, "account/sign-out"},
	}
	for name, s := range screens {
		draw := func(text string) string {
			u := rich()
			u.ID, u.DisplayName, u.UserType, u.AvatarURL = api.UserID("@"+text+":uni-lindau.example"), text, text, api.MXC(text)
			u.AppService = text
			for i := range u.Threepids {
				u.Threepids[i].Address = text
			}
			u.ExternalIDs[0] = api.ExternalID{AuthProvider: text, ExternalID: text}
			list := api.DeviceList{Devices: []api.Device{{ID: api.DeviceID(text), DisplayName: text, LastSeenIP: text, UserAgent: text}}}
			effects := effectsOf(u)
			effects.Happens = append(effects.Happens, api.Effect{Code: text, Params: map[string]string{"server": text}})
			page := history()
			for i := range page.Events {
				e := &page.Events[i]
				e.Actor, e.Reason, e.Note, e.Code, e.Fields = text, text, text, text, []string{text}
			}
			page.Next = text
			call := screentest.NewCaller(screentest.Answers{
				"users.get": u, "devices.list": list, "users.preview": effects, "server.info": synapse(), "users.history": page,
				"limits.get": api.RateLimit{ID: u.ID}, "features.list": api.FeatureList{ID: u.ID, Features: []api.Feature{{Name: text}}},
			})
			loaded := s.open()
			// The address stands for one that is valid; what is drawn is what the homeserver answers.
			if err := screentest.Load(loaded, screentest.Env(), call, about(s.path, rich())); err != nil {
				t.Fatal(err)
			}
			return ui.HTML(loaded)
		}
		want := elements(t, draw("word"))
		for _, text := range []string{
			`"><b>x</b>`, `' onclick='x`, "`x`", `<script>alert(1)</script>`, "</textarea><b>", "\u202e\u2066evil\u2069", "&#34;&quot;", "javascript:alert(1)",
			strings.Repeat("x", 10_000), "true", "{name:iso}", "**b**",
		} {
			got := elements(t, draw(text))
			if text == "`x`" || text == "**b**" { // these set words of a sentence in mono and bold, and no more
				got = slices.DeleteFunc(got, func(s string) bool { return s == "code" || s == "strong" || s == "span" })
				plain := slices.DeleteFunc(slices.Clone(want), func(s string) bool { return s == "code" || s == "strong" || s == "span" })
				if !slices.Equal(got, plain) {
					t.Errorf("%s with %.30q (-want +got):\n%s", name, text, cmp.Diff(plain, got))
				}
				continue
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s with %.30q has other elements (-want +got):\n%s", name, text, cmp.Diff(want, got))
			}
		}
	}
}

// elements lists the elements of a page with the names of their attributes, but for <wbr>, which an ID may have anywhere, and for
// what every element may have.
func elements(t *testing.T, source string) []string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data != "wbr" {
			var names []string
			for _, a := range n.Attr {
				if a.Key != "class" {
					names = append(names, a.Key)
				}
			}
			slices.Sort(names)
			list = append(list, strings.Join(append([]string{n.Data}, names...), " "))
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	return list
}

// Two people's screens drawn at the same time are each their own.
func TestInParallel(t *testing.T) {
	want := map[string]string{}
	draw := func(i int) (string, string) {
		u := rich()
		u.DisplayName = fmt.Sprintf("Person %d", i%2)
		env := screentest.Env()
		if i%2 == 1 {
			env = screentest.In(screentest.As(env, api.Helpdesk), "de")
		}
		s := NewAccount()
		s.Use(env)
		if err := s.Load(context.Background(), env, showing(u), mustParse(about("account", u))); err != nil {
			t.Error(err)
		}
		return u.DisplayName, screentest.Normal(t, ui.HTML(s))
	}
	for i := range 2 {
		name, page := draw(i)
		want[name] = page
	}
	done := make(chan struct{})
	for i := range 8 {
		go func() {
			defer func() { done <- struct{}{} }()
			if name, page := draw(i); page != want[name] {
				t.Errorf("%s has another page", name)
			}
		}()
	}
	for range 8 {
		<-done
	}
}

// A tab that the server or the role has not is left out, but where the person is on its page.
func TestTabs(t *testing.T) {
	env := screentest.Env()
	env.Unavailable = map[string]string{"devices.list": "dendrite_needs_database"}
	u := mix()[2]
	if page := screentest.Draw(t, NewAccount, env, showing(u), about("account", u)); strings.Contains(page, route.Account("uni", route.DevicesPath, u.ID)) {
		t.Error("the account's page leads to devices that the server cannot list")
	}
	page := screentest.Draw(t, NewDevices, env, showing(u), about("account/devices", u))
	if !strings.Contains(screentest.Normal(t, page), `aria-current="page" href="/uni/account/devices?id=`) || !strings.Contains(page, env.WhyNot("devices.list")) {
		t.Error("the page of devices does not say where it is and why it is empty")
	}
}
