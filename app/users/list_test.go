// SPDX-License-Identifier: Apache-2.0

package users

import (
	"flag"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

func init() {
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "write the golden files anew")
	}
}

const day = 24 * 60 * 60 * 1000

func ago(days int64) int64 { return screentest.Now.UnixMilli() - days*day }

// mix is one account of each sort that there is.
func mix() []api.User {
	return []api.User{
		{ID: "@nadia.okafor:uni-lindau.example", DisplayName: "Nadia Okafor", Admin: true, CreatedMS: ago(1724), LastSeenMS: screentest.Now.UnixMilli() - 120_000},
		{ID: "@misaki.tanaka:uni-lindau.example", DisplayName: "田中 美咲", Locked: true, CreatedMS: ago(798), LastSeenMS: ago(3)},
		{ID: "@f.benyoussef:uni-lindau.example", DisplayName: "فاطمة الزهراء بن يوسف", CreatedMS: ago(681), LastSeenMS: ago(1)},
		{ID: "@maximilian-alexander.von-und-zu-hohenberg-waldstein.the-third:uni-lindau.example", DisplayName: "Maximilian-Alexander von und zu Hohenberg-Waldstein", CreatedMS: ago(2579)},
		{ID: "@Alice/Phone_2016=old!x:uni-lindau.example", CreatedMS: ago(3936)},
		{ID: "@supp0rt-9981:uni-lindau.example", DisplayName: "Crypto Support 24/7 — claim now", Suspended: true, ShadowBanned: true, CreatedMS: ago(1), LastSeenMS: ago(0)},
		{ID: "@whatsappbot:uni-lindau.example", DisplayName: "WhatsApp bridge", AppService: "whatsapp", CreatedMS: ago(1299), LastSeenMS: ago(0)},
		{ID: "@_notices:uni-lindau.example", System: true, CreatedMS: ago(1299)},
		{ID: "@guest-48213:uni-lindau.example", Guest: true, CreatedMS: ago(5), LastSeenMS: ago(5)},
		{ID: "@jonas.weiss:uni-lindau.example", DisplayName: "Jonas Weiß", Deactivated: true, CreatedMS: ago(1877), LastSeenMS: ago(250)},
		{ID: "@k.lindqvist:uni-lindau.example", Deactivated: true, Erased: true, CreatedMS: ago(2328), LastSeenMS: ago(800)},
		{ID: "@half:uni-lindau.example", DisplayName: "Half way", Step: "password_replaced", CreatedMS: ago(90)},
		{ID: "@helpdesk:uni-lindau.example", DisplayName: "Support desk", UserType: "support", CreatedMS: ago(1724), LastSeenMS: ago(0)},
		{ID: "@faq:uni-lindau.example", DisplayName: "FAQ", UserType: "bot", CreatedMS: ago(1724), LastSeenMS: ago(0)},
		{ID: "@anna:uni-lindau.example", DisplayName: "Anna", UserType: "teacher", CreatedMS: ago(12), LastSeenMS: ago(0)},
		{ID: "@gatehouse:uni-lindau.example", DisplayName: "Gatehouse", Admin: true, Own: true, CreatedMS: ago(100), LastSeenMS: ago(0)},
	}
}

func number(n int64) *int64 { return &n }

func unable(env ui.Env, reasons map[string]string) ui.Env {
	env.Unavailable = reasons
	return env
}

// dendrite is a Dendrite without its database.
func dendrite() (ui.Env, api.UserPage) {
	env := screentest.Env()
	env.Homeservers[0].Kind = "dendrite"
	env = unable(env, map[string]string{
		"users.lock": "dendrite_no_lock", "users.unlock": "dendrite_no_lock", "users.erase": "dendrite_no_erase", "users.update": "dendrite_needs_database",
		"users.list.locked": "dendrite_no_lock", "users.list.admins": "dendrite_needs_database",
		"users.list.deactivated": "dendrite_needs_database", "users.list.sort.last_seen": "dendrite_needs_database",
	})
	return env, api.UserPage{
		Users: []api.User{
			{ID: "@ana:uni-lindau.example", DisplayName: "Ana", Unknown: []string{"deactivated", "created_ms"}},
			{ID: "@ben:uni-lindau.example", Unknown: []string{"deactivated"}, CreatedMS: ago(2)},
		},
		Next: "b3Vy", Previous: "dm9y",
		Unknown: []string{"admin", "guest", "last_seen_ms"}, Limits: []string{"dendrite_no_list"},
	}
}

func TestListGolden(t *testing.T) {
	plainEnv := screentest.Env()
	dendriteEnv, dendritePage := dendrite()
	for _, c := range []struct {
		name, address string
		env           ui.Env
		page          api.UserPage
	}{
		{"full", "/uni/accounts", plainEnv, api.UserPage{Users: mix(), Total: number(12481), Next: "bmV4dA"}},
		{"helpdesk", "/uni/accounts?limit=2", screentest.As(plainEnv, api.Helpdesk), api.UserPage{Users: mix()[:2], Total: number(2)}},
		{"german", "/uni/accounts?admins=only&search=okafor", screentest.In(plainEnv, "de"), api.UserPage{Users: mix()[:1], Total: number(1)}},
		{"filtered", "/uni/accounts?locked=only&system=with&guests=without&sort=last_seen&descending=true&cursor=abc", plainEnv,
			api.UserPage{Users: mix()[1:2], Total: number(101), Offset: 100, Previous: "cHJldg"}},
		{"scanning", "/uni/accounts?locked=only", plainEnv, api.UserPage{Users: mix()[1:2], Scanned: 5000, Of: 12481, Next: "bW9yZQ"}},
		{"dendrite", "/uni/accounts?cursor=abc", dendriteEnv, dendritePage},
		{"empty", "/uni/accounts", plainEnv, api.UserPage{Total: number(0)}},
		{"no-match", "/uni/accounts?search=okafro&locked=only", plainEnv, api.UserPage{Total: number(0), Scanned: 12481, Of: 12481}},
		{"no-match-yet", "/uni/accounts?search=okafro", plainEnv, api.UserPage{Scanned: 5000, Of: 12481, Next: "bW9yZQ"}},
		{"all-hidden-yet", "/uni/accounts", plainEnv, api.UserPage{Scanned: 5000, Of: 12481, Next: "bW9yZQ"}},
		{"past-end", "/uni/accounts?cursor=abc", plainEnv, api.UserPage{Total: number(100), Offset: 100, Previous: "cHJldg"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := screentest.NewCaller(screentest.Answers{"users.list": c.page})
			screentest.Golden(t, "list-"+c.name, screentest.Draw(t, NewList, c.env, call, c.address))
		})
	}
}

// What the gate is asked for is what the screen says, whatever the address leaves out; and it is asked once.
func TestListAsks(t *testing.T) {
	for _, c := range []struct {
		address string
		want    api.UserQuery
	}{
		{"/uni/accounts", api.UserQuery{Admins: "with", Deactivated: "with", Locked: "with", Guests: "with", Drift: "with", System: "without", Sort: "name", Limit: 100}},
		{"/uni/accounts?search=&admins=&system=&_wait=1", api.UserQuery{Admins: "with", Deactivated: "with", Locked: "with", Guests: "with", Drift: "with", System: "without", Sort: "name", Limit: 100}},
		{"/uni/accounts?search=a%20b&admins=only&deactivated=without&locked=only&guests=without&system=with&sort=created&descending=true&limit=20&cursor=xyz",
			api.UserQuery{Search: "a b", Admins: "only", Deactivated: "without", Locked: "only", Guests: "without", Drift: "with", System: "with", Sort: "created", Descending: true, Limit: 20, Cursor: "xyz"}},
	} {
		call := screentest.NewCaller(screentest.Answers{"users.list": api.UserPage{Users: mix(), Total: number(12481), Next: "n"}})
		screentest.Draw(t, NewList, screentest.Env(), call, c.address)
		want := []screentest.Call{{Homeserver: "uni", Operation: "users.list", Request: c.want}}
		if diff := cmp.Diff(want, call.Made()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.address, diff)
		}
	}
}

func TestListProblems(t *testing.T) {
	forbidden := api.NewProblem(api.StatusForbidden, "forbidden", "role", "auditor", "permission", "users.read")
	down := api.NewProblem(api.StatusBadGateway, "homeserver_down")
	for _, c := range []struct {
		address string
		answer  any
		want    string
	}{
		{"/uni/accounts", forbidden, "forbidden"},
		{"/uni/accounts", down, "homeserver_down"},
		{"/uni/accounts?sort=shoe_size", api.UserPage{}, "invalid_request"},
		{"/uni/accounts?colour=red", api.UserPage{}, "invalid_request"},
		{"/uni/accounts?limit=501", api.UserPage{}, "invalid_request"},
		{"/uni/accounts?admins=yes", api.UserPage{}, "invalid_request"},
	} {
		err := screentest.Load(NewList(), screentest.Env(), screentest.NewCaller(screentest.Answers{"users.list": c.answer}), c.address)
		if err == nil || client.AsProblem(err).Code != c.want {
			t.Errorf("%s: %v, want %s", c.address, err, c.want)
		}
	}
}

// No name, ID, type, search or cursor changes the elements of the page or their attributes.
func TestListHostile(t *testing.T) {
	draw := func(text string) string {
		address := "/uni/accounts?cursor=" + url.QueryEscape(text[:min(len(text), 4000)]) + "&search=" + url.QueryEscape(text[:min(len(text), 200)])
		users := mix()
		for i := range users {
			users[i].ID = api.UserID("@" + text + ":uni-lindau.example")
			users[i].DisplayName, users[i].UserType, users[i].AppService = text, text, ""
		}
		env := screentest.Env()
		env.Homeservers[0].ServerName = text
		page := api.UserPage{Users: users, Next: text, Previous: text, Limits: []string{text}}
		full := screentest.Draw(t, NewList, env, screentest.NewCaller(screentest.Answers{"users.list": page}), address)
		page.Users = nil
		return full + screentest.Draw(t, NewList, env, screentest.NewCaller(screentest.Answers{"users.list": page}), address)
	}
	want := screentest.Skeleton(t, draw("plain"))
	for _, text := range []string{
		`"><b onmouseover="alert(1)">x</b>`, `' onfocus='alert(1)`, `</span></td><script>alert(1)</script>`, `<!--`, "`\\\n\t", `true`,
		"\u202eetavirp\u2066\u200f", "&quot;&#34;&lt;", "**bold** `code`", strings.Repeat("x", 10_000), strings.Repeat("عَ", 5_000), "javascript:alert(1)",
	} {
		if got := screentest.Skeleton(t, draw(text)); got != want {
			t.Errorf("%.40q changes the page: %s", text, cmp.Diff(want, got))
		}
	}
}

// The menu of a row offers what makes sense for the account as it is.
func TestRowMenu(t *testing.T) {
	env := screentest.Env()
	labels := func(env ui.Env, u api.User) string {
		var list []string
		for _, i := range menu(env, u) {
			label := strings.TrimSuffix(i.Label, "…")
			if i.Danger {
				label = "!" + label
			}
			if i.Why != "" {
				label += "(" + i.Why + ")"
			}
			list = append(list, label)
		}
		return strings.Join(list, ", ")
	}
	const own = "(This is the account that Gatehouse works with.)"
	for _, c := range []struct {
		name string
		env  ui.Env
		user api.User
		want string
	}{
		{"active", env, api.User{}, "Open, Edit, Reset password, Sign out devices, Lock, Suspend, Shadow-ban, !Deactivate, !Erase"},
		{"locked", env, api.User{Locked: true}, "Open, Edit, Reset password, Sign out devices, Unlock, Suspend, Shadow-ban, !Deactivate, !Erase"},
		{"suspended", env, api.User{Suspended: true, ShadowBanned: true},
			"Open, Edit, Reset password, Sign out devices, Lock, End suspension, End shadow-ban, !Deactivate, !Erase"},
		{"deactivated", env, api.User{Deactivated: true}, "Open, Reactivate, !Erase"},
		{"erased", env, api.User{Deactivated: true, Erased: true}, "Open, Reactivate"},
		{"half", env, api.User{Step: "password_replaced"}, "Open, Edit, Reset password, Sign out devices, Lock, Suspend, Shadow-ban, !Finish deactivation, !Erase"},
		{"own", env, api.User{Own: true}, "Open, Edit, Reset password" + own + ", Sign out devices" + own + ", Lock" + own + ", Suspend" + own + ", Shadow-ban" + own + ", !Deactivate" + own + ", !Erase" + own},
		{"no lock", unable(env, map[string]string{"users.lock": "dendrite_no_lock"}), api.User{},
			"Open, Edit, Reset password, Sign out devices, Lock(Dendrite has no lock.), Suspend, Shadow-ban, !Deactivate, !Erase"},
	} {
		c.user.ID = "@a:b.example"
		if got := labels(c.env, c.user); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	for _, i := range menu(screentest.As(env, api.Auditor), api.User{ID: "@a:b.example"}) {
		if (i.Why == "") != (i.Label == "Open") {
			t.Errorf("an auditor: %s: %q", i.Label, i.Why)
		}
	}
}

// One list has one address, in which what is understood does not stand.
func TestListAddress(t *testing.T) {
	l := &List{}
	l.Use(screentest.Env())
	for _, c := range []struct {
		query api.UserQuery
		want  string
	}{
		{api.UserQuery{}, "/uni/accounts"},
		{explicit(api.UserQuery{}), "/uni/accounts"},
		{api.UserQuery{Admins: api.Only, System: api.With, Guests: api.With}, "/uni/accounts?admins=only&system=with"},
		{api.UserQuery{Sort: api.SortName, Descending: true}, "/uni/accounts?descending=true&sort=name"},
		{api.UserQuery{Search: "a&b=c", Limit: 20}, "/uni/accounts?limit=20&search=a%26b%3Dc"},
	} {
		if got := l.address(c.query); got != c.want {
			t.Errorf("%+v: %s, want %s", c.query, got, c.want)
		}
	}
}
