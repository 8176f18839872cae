// SPDX-License-Identifier: Apache-2.0

// Package servers holds the screens about homeservers: the overview, the list, and the page of one.
package servers

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/ui"
)

// answerTime is how long a page about several homeservers waits for one of them.
const answerTime = 5 * time.Second

// Status is what is known of a homeserver: what it told, or the problem why it did not.
type Status struct {
	Server   api.Server   `json:"server"`
	Problem  *api.Problem `json:"problem,omitempty"`
	Accounts *int64       `json:"accounts,omitempty"` // how many it has, where it can tell
	Counted  *api.Problem `json:"counted,omitempty"`  // why they could not be counted
	Wiping   []api.Job    `json:"wiping,omitempty"`   // of the person, whose passwords are about to be wiped
}

// survey asks every homeserver at once what it is, and, for the overview, how many accounts it has, and which of the person's jobs there cannot wait. One
// that fails does not keep the others from the page: its status has the problem. Its error is that the page's own time is over, or that the
// gate itself does not answer, or not this person any more.
func survey(ctx context.Context, env ui.Env, call client.Caller, overview bool) ([]Status, error) {
	list := make([]Status, len(env.Homeservers))
	var all sync.WaitGroup
	for i, h := range env.Homeservers {
		list[i].Server = api.Server{Name: h.Name, ServerName: h.ServerName, Kind: h.Kind}
		at := call.At(h.Name)
		all.Go(func() { list[i].ask(ctx, at) })
		if overview && env.Allowed(string(api.ReadUsers)) {
			all.Go(func() { list[i].count(ctx, at) })
			if env.Allowed(string(api.RunJobs)) {
				all.Go(func() { list[i].hurry(ctx, at) })
			}
		}
	}
	all.Wait()
	if ctx.Err() != nil {
		return nil, api.NewProblem(api.StatusTimeout, "homeserver_timeout")
	}
	for _, s := range list {
		if p := s.Problem; p != nil && (p.Code == "signed_out" || p.Code == "offline") {
			return nil, p
		}
	}
	return list, nil
}

// states are what a survey found, by the names of homeservers.
func states(list []Status) map[string]string {
	found := map[string]string{}
	for _, s := range list {
		found[s.Server.Name] = s.Server.State
	}
	return found
}

func (s *Status) ask(ctx context.Context, call client.Caller) {
	info, problem := within(ctx, call, api.ServerInfo, api.ServerQuery{})
	if problem != nil {
		s.fail(problem)
		return
	}
	info.Name = s.Server.Name
	s.Server, s.Problem = info, info.Problem
}

// within calls an operation for as long as a homeserver has time. In the browser it is then the call that is given up, which says nothing of the
// homeserver by itself.
func within[Req api.Request, Res any](ctx context.Context, call client.Caller, op *api.Operation[Req, Res], req Req) (Res, *api.Problem) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	res, err := client.Call(ctx, call, op, req)
	if err != nil && ctx.Err() != nil {
		return res, api.NewProblem(api.StatusTimeout, "homeserver_timeout")
	}
	return res, client.AsProblem(err)
}

// fail notes why a homeserver told nothing of itself, and whether it is down: it did not answer, or what is beside it.
func (s *Status) fail(problem *api.Problem) {
	s.Problem = problem
	if problem.Passing() {
		s.Server.State = "down"
	}
}

// count asks for a page of one account, for the total that comes with it.
func (s *Status) count(ctx context.Context, call client.Caller) {
	page, problem := within(ctx, call, api.ListUsers, api.UserQuery{System: api.With, Limit: 1})
	s.Accounts, s.Counted = page.Total, problem
}

// hurry asks for the person's jobs whose passwords are about to be wiped. Where that cannot be had, the overview has more to tell.
func (s *Status) hurry(ctx context.Context, call client.Caller) {
	if page, problem := within(ctx, call, api.ListJobs, api.JobQuery{Wiping: true}); problem == nil {
		s.Wiping = page.Jobs
	}
}

// name is what a homeserver is called: the name in its Matrix IDs, else that of the configuration.
func (s Status) name() string {
	if s.Server.ServerName != "" {
		return s.Server.ServerName
	}
	return s.Server.Name
}

// kind is the product that runs there, in words.
func kind(env ui.Env, k string) string {
	key := "ui.kind." + k
	switch {
	case k == "":
		return env.T("ui.kind.unknown")
	case !env.Format().Has(key):
		return k
	}
	return env.T(key)
}

// health is the state of a homeserver, with what it took to ask it, or the problem below.
func health(env ui.Env, s Status) app.UI {
	latency := ""
	if s.Server.LatencyMS > 0 && s.Server.State != "down" {
		latency = env.Format().Millis(time.Duration(s.Server.LatencyMS) * time.Millisecond)
	}
	state := ui.Health(env, s.Server.State, latency)
	if s.Problem == nil {
		return state
	}
	return ui.TwoLines(state, ui.Text(sentence(env, s.Problem)))
}

// version is the version of a homeserver, or a dash.
func version(env ui.Env, s Status) app.UI {
	if s.Server.Version == "" {
		return ui.Unknown(env, env.T("ui.not_told"))
	}
	return ui.Text(s.Server.Version)
}

// sentence is the first sentence of a problem, what is the matter: nobody tried to change anything here.
func sentence(env ui.Env, p *api.Problem) string {
	first, _, found := strings.Cut(env.ProblemText(p), ". ")
	if found {
		first += "."
	}
	return first
}
