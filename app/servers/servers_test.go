// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"context"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

var _ = flag.Bool("update", false, "write the golden files anew")

// outside is an environment of no homeserver, with these.
func outside(homeservers ...ui.Homeserver) ui.Env {
	env := screentest.Env()
	env.Homeserver, env.Homeservers = "", homeservers
	return env
}

func four() []ui.Homeserver {
	return []ui.Homeserver{
		{Name: "uni", ServerName: "uni-lindau.example", Kind: "synapse"}, {Name: "schule", ServerName: "schule-am-see.example", Kind: "synapse"},
		{Name: "verein", ServerName: "verein-seefreunde.example", Kind: "dendrite"}, {Name: "archiv", ServerName: "archiv.uni-lindau.example", Kind: "synapse"},
	}
}

func page(n int64) api.UserPage { return api.UserPage{Total: &n} }

var down = api.NewProblem(api.StatusBadGateway, "homeserver_down")

// answers are those of four homeservers: one well, one with a dead token, one without its database, one down.
func answers() screentest.Answers {
	return screentest.Answers{
		"uni server.info":    api.Server{Name: "uni", ServerName: "uni-lindau.example", Kind: "synapse", Version: "1.163.2", State: "up", LatencyMS: 38, UserTypes: []string{"bot", "teacher"}},
		"uni users.list":     page(12481),
		"schule server.info": api.Server{ServerName: "schule-am-see.example", Kind: "synapse", Version: "1.158.0", State: "slow", LatencyMS: 1940},
		"schule users.list":  api.NewProblem(api.StatusBadGateway, "homeserver_token_dead"),
		"verein server.info": api.Server{
			ServerName: "verein-seefreunde.example", Kind: "dendrite", Version: "0.15.2", State: "up", LatencyMS: 21,
			Unavailable: map[string]string{"users.update": "dendrite_needs_database", "users.lock": "dendrite_no_lock", "users.create.user_type": "dendrite_no_user_type"},
		},
		"verein users.list":  api.UserPage{},
		"archiv server.info": api.Server{ServerName: "archiv.uni-lindau.example", Kind: "synapse", State: "down", Problem: down},
		"archiv users.list":  down,
		"uni jobs.list":      api.JobPage{Jobs: []api.Job{{ID: "abc", Note: "class 7b.csv", WipeMS: screentest.Now.Add(20 * time.Hour).UnixMilli()}}},
		"schule jobs.list":   api.JobPage{},
		"verein jobs.list":   api.NewProblem(api.StatusUnavailable, "store_unavailable"),
		"archiv jobs.list":   api.JobPage{},
	}
}

func report(kind string) api.Report {
	return api.Report{Server: answers()[kind+" server.info"].(api.Server), Checks: []api.Check{
		{Code: "one", State: api.CheckPassed}, {Code: "two", State: api.CheckWarning, Params: map[string]string{"n": "3"}}, {Code: "three", State: api.CheckFailed},
	}}
}

func TestGolden(t *testing.T) {
	in := func(name string) ui.Env {
		env := outside(four()...)
		env.Homeserver = name
		return env
	}
	all := answers()
	for _, c := range []struct {
		name, address string
		open          func() screen.Screen
		env           ui.Env
		answers       screentest.Answers
	}{
		{"overview", "/", NewOverview, outside(four()...), all},
		{"overview-auditor", "/", NewOverview, screentest.As(outside(four()...), api.Auditor), all},
		{"overview-german", "/", NewOverview, screentest.In(outside(four()...), "de"), all},
		{"overview-one", "/", NewOverview, outside(four()[:1]...), all},
		{"overview-none", "/", NewOverview, outside(), all},
		{"list", "/servers", NewList, outside(four()...), all},
		{"list-none", "/servers", NewList, outside(), all},
		{"server", "/uni/server", NewServer, in("uni"), screentest.Answers{"server.info": all["uni server.info"]}},
		{"server-lacks", "/verein/server", NewServer, in("verein"), screentest.Answers{"server.info": all["verein server.info"]}},
		{"server-down", "/archiv/server", NewServer, in("archiv"), screentest.Answers{"server.info": all["archiv server.info"]}},
		{"server-checked", "/uni/server?check=1", NewServer, in("uni"), screentest.Answers{"server.check": report("uni")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			screentest.Golden(t, c.name, screentest.Draw(t, c.open, c.env, screentest.NewCaller(c.answers), c.address))
		})
	}
}

// Every homeserver is asked, each at its own address; the accounts only where the person may see them; and the report only where the
// address asks for it.
func TestCalls(t *testing.T) {
	made := func(open func() screen.Screen, env ui.Env, address string) []string {
		a := answers()
		a["uni server.check"] = report("uni")
		call := screentest.NewCaller(a)
		screentest.Draw(t, open, env, call, address)
		var list []string
		for _, c := range call.Made() {
			list = append(list, c.Homeserver+" "+c.Operation)
		}
		slices.Sort(list)
		return list
	}
	both := slices.DeleteFunc(slices.Sorted(maps.Keys(answers())), func(s string) bool { return s == "" })
	info := slices.DeleteFunc(slices.Clone(both), func(s string) bool { return !strings.HasSuffix(s, "server.info") })
	looks := slices.DeleteFunc(slices.Clone(both), func(s string) bool { return strings.HasSuffix(s, "jobs.list") })
	blind := outside(four()...)
	blind.Permissions = map[string]bool{string(api.ReadServers): true}
	inside := screentest.Env()
	for _, c := range []struct {
		name, address string
		open          func() screen.Screen
		env           ui.Env
		want          []string
	}{
		{"overview", "/", NewOverview, outside(four()...), both},
		{"overview of an auditor", "/", NewOverview, screentest.As(outside(four()...), api.Auditor), looks},
		{"overview without accounts", "/", NewOverview, blind, info},
		{"list", "/servers", NewList, outside(four()...), info},
		{"server", "/uni/server", NewServer, inside, []string{"uni server.info"}},
		{"server, not checked", "/uni/server?check=0", NewServer, inside, []string{"uni server.info"}},
		{"server, checked", "/uni/server?check=1", NewServer, inside, []string{"uni server.check"}},
	} {
		if diff := cmp.Diff(c.want, made(c.open, c.env, c.address)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// What waits is sorted with the worst first, and nothing is made up.
func TestTodo(t *testing.T) {
	env := outside(four()...)
	problem := func(code string) *api.Problem { return api.NewProblem(api.StatusBadGateway, code) }
	server := func(name, state string) api.Server {
		return api.Server{Name: name, ServerName: name + ".example", State: state}
	}
	lacking := func(reason string, op string) api.Server {
		s := server("lacking", "up")
		s.Unavailable = map[string]string{op: reason}
		return s
	}
	for _, c := range []struct {
		name string
		list []Status
		want []string
	}{
		{"well", []Status{{Server: server("a", "up")}, {Server: server("b", "slow")}}, nil},
		{"order", []Status{
			{Server: lacking("dendrite_needs_database", "users.update")}, {Server: lacking("synapse_no_secret", "users.create")},
			{Server: server("odd", "up"), Counted: problem("homeserver_unknown_answer")}, {Server: server("busy", "up"), Wiping: []api.Job{{ID: "a", Operation: "users.reset_password"}, {ID: "b"}}}, {Server: server("key", "up"), Counted: problem("homeserver_token_dead")},
			{Server: server("gone", "down"), Problem: problem("homeserver_down")},
		}, []string{
			"gone.example does not answer", "key.example refuses the admin token of Gatehouse", "Passwords of a job on busy.example are about to be wiped",
			"Passwords of a job on busy.example are about to be wiped", "odd.example could not be checked",
			"lacking.example has no registration shared secret", "lacking.example is used without its database",
		}},
		{"not an administrator", []Status{{Server: server("a", "up"), Problem: problem("homeserver_not_admin")}}, []string{"a.example does not take the account of Gatehouse for an administrator"}},
		{"wrong secret", []Status{{Server: server("a", "up"), Problem: problem("homeserver_secret_wrong")}}, []string{"a.example refuses the registration shared secret"}},
		{"MAS is away", []Status{{Server: server("a", "down"), Problem: problem("mas_down")}}, []string{"Matrix Authentication Service of a.example does not answer"}},
		{"MAS takes no key", []Status{{Server: server("b", "down"), Problem: problem("homeserver_down")}, {Server: server("a", "down"), Problem: problem("mas_client_refused")}},
			[]string{"b.example does not answer", "a.example could not be checked: Matrix Authentication Service does not know Gatehouse: the client or its secret is wrong."}},
		{"no list there", []Status{{Server: server("a", "up"), Counted: problem("not_supported")}}, nil},
		{"nothing to give", []Status{{Server: lacking("dendrite_no_lock", "users.lock")}}, nil},
		{"its choice", []Status{{Server: lacking("dendrite_needs_database_writes", "users.update")}}, nil},
	} {
		var got []string
		for _, i := range todo(env, c.list) {
			text := i.Title
			if i.Icon == ui.IconKey && strings.HasSuffix(text, "could not be checked") {
				text += ": " + i.Detail
			}
			got = append(got, strings.NewReplacer("\u2066", "", "\u2068", "", "\u2069", "").Replace(text))
			if i.Action == nil {
				t.Errorf("%s: %s: nothing to do about it", c.name, i.Title)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// A homeserver is down where nobody answered, it or MAS beside it; else it told why it tells nothing.
func TestDown(t *testing.T) {
	for code, want := range map[string]string{
		"homeserver_down": "down", "homeserver_timeout": "down", "mas_down": "down", "mas_timeout": "down", "mas_down_at_synapse": "down", "mas_synapse_down": "down",
		"homeserver_token_dead": "", "mas_client_refused": "", "forbidden": "", "internal": "",
	} {
		list, err := survey(t.Context(), outside(four()[:1]...), screentest.NewCaller(screentest.Answers{"uni server.info": api.NewProblem(api.StatusBadGateway, code)}), false)
		if err != nil || list[0].Server.State != want || list[0].Problem.Code != code {
			t.Errorf("%s: %+v, %v; want %q", code, list, err, want)
		}
	}
}

// stuck answers when its time is over, as a call in the browser does.
func stuck(ctx context.Context, _ api.Request) (any, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// A homeserver that does not answer costs the page five seconds, and not the others.
func TestSurveySlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := answers()
		a["archiv server.info"], a["archiv users.list"] = stuck, stuck
		begin := time.Now()
		list, err := survey(t.Context(), outside(four()...), screentest.NewCaller(a), true)
		if err != nil || time.Since(begin) != answerTime {
			t.Fatalf("after %v: %v", time.Since(begin), err)
		}
		if list[0].Accounts == nil || *list[0].Accounts != 12481 || list[3].Server.State != "down" || list[3].Problem.Code != "homeserver_timeout" || list[3].Counted.Code != "homeserver_timeout" || list[3].Server.Kind != "synapse" {
			t.Errorf("%+v", list)
		}
	})
}

// Where the page's own time ends first, the page says so, and asks again with more of it.
func TestSurveyOutOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := answers()
		a["archiv server.info"] = stuck
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		list, err := survey(ctx, outside(four()...), screentest.NewCaller(a), true)
		if list != nil || err == nil || client.AsProblem(err).Code != "homeserver_timeout" {
			t.Errorf("%v, %v", list, err)
		}
	})
}

// The page of a homeserver fails as its call does.
func TestServerProblem(t *testing.T) {
	call := screentest.NewCaller(screentest.Answers{"server.info": api.NewProblem(api.StatusForbidden, "forbidden"), "server.check": down})
	for address, want := range map[string]string{"/uni/server": "forbidden", "/uni/server?check=1": "homeserver_down"} {
		err := screentest.Load(NewServer(), screentest.Env(), call, address)
		if err == nil || client.AsProblem(err).Code != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// Each operation is shown once, its missing fields below it; the gate's own are not shown.
func TestCapabilities(t *testing.T) {
	list := capabilities(map[string]string{"users.create.user_type": "no", "users.create.admin": "no", "users.lock": "no", "users.lock.reason": "no"})
	want := 0
	for _, op := range api.All() {
		if !op.Info().Internal {
			want++
		}
	}
	names := map[string]capability{}
	for i, c := range list {
		if _, twice := names[c.name]; twice {
			t.Errorf("%s is there twice", c.name)
		}
		names[c.name] = c
		if c.name == "users.create" && (list[i+1].name != "users.create.admin" || list[i+2].name != "users.create.user_type" || !list[i+1].field) {
			t.Errorf("after users.create: %v", list[i+1:i+3])
		}
	}
	if len(list) != want+2 || names["users.lock"].missing != "no" || names["users.create"].missing != "" {
		t.Errorf("%d lines, want %d: %v", len(list), want+2, list)
	}
	if _, shown := names[api.VerifyOperator.Info().Name]; shown {
		t.Error("the gate's own operation is shown")
	}
}

// No name, version, reason or text of a homeserver changes the elements of a page or their attributes.
func TestHostile(t *testing.T) {
	draw := func(text string) string {
		env := outside(ui.Homeserver{Name: "uni", ServerName: text, Kind: text}, ui.Homeserver{Name: "b", ServerName: text, Kind: text})
		p := api.NewProblem(api.StatusBadGateway, "homeserver_refused", "error", text, "errcode", text)
		p.RequestID = text
		info := api.Server{
			ServerName: text, Kind: text, Version: text, State: text, Problem: p, UserTypes: []string{text}, Unavailable: map[string]string{"users.lock": text},
		}
		call := screentest.NewCaller(screentest.Answers{
			"server.info": info, "users.list": p,
			"server.check": api.Report{Server: info, Checks: []api.Check{{Code: text, State: text, Params: map[string]string{"error": text}}}},
		})
		all := screentest.Draw(t, NewOverview, env, call, "/") + screentest.Draw(t, NewList, env, call, "/servers")
		env.Homeserver = "uni"
		return all + screentest.Draw(t, NewServer, env, call, "/uni/server") + screentest.Draw(t, NewServer, env, call, "/uni/server?check=1")
	}
	want := screentest.Skeleton(t, draw("plain"))
	for _, text := range []string{
		`"><b onmouseover="alert(1)">x</b>`, `' onfocus='alert(1)`, `</span></td><script>alert(1)</script>`, `<!--`, `true`, "**bold** `code`",
		"\u202eetavirp\u2066\u200f", "&quot;&#34;&lt;", strings.Repeat("x", 10_000), "javascript:alert(1)",
	} {
		if got := screentest.Skeleton(t, draw(text)); got != want {
			t.Errorf("%.40q changes the page: %s", text, cmp.Diff(want, got))
		}
	}
}
