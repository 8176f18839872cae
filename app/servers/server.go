// SPDX-License-Identifier: Apache-2.0

package servers

import (
	"context"
	"net/url"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// checkMark is the query parameter that asks for the doctor's report.
const checkMark = "check"

// Server is the screen of one homeserver: what it is, what works on it, and, with ?check=1, the doctor's report.
type Server struct {
	screen.Base
	Status Status      `json:"status"`
	Checks []api.Check `json:"checks,omitempty"` // of the report, where it was asked for
}

// NewServer returns the page of a homeserver.
func NewServer() screen.Screen { return &Server{} }

// Title implements screen.Screen.
func (s *Server) Title() string { return s.Status.name() }

// Load implements screen.Screen. It costs one call; the report, which asks the homeserver many things, is only made where the address
// asks for it.
func (s *Server) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	if u.Query().Get(checkMark) == "1" {
		report, err := client.Call(ctx, call, api.CheckServer, api.ServerQuery{})
		if err != nil {
			return err
		}
		s.Status, s.Checks = Status{Server: report.Server, Problem: report.Server.Problem}, report.Checks
	} else {
		info, err := client.Call(ctx, call, api.ServerInfo, api.ServerQuery{})
		if err != nil {
			return err
		}
		s.Status = Status{Server: info, Problem: info.Problem}
	}
	s.Status.Server.Name = env.Homeserver
	return nil
}

// States implements screen.Witness.
func (s *Server) States() map[string]string { return states([]Status{s.Status}) }

// Render implements app.Composer.
func (s *Server) Render() app.UI {
	env := s.Env()
	var problem app.UI
	if s.Status.Problem != nil {
		problem = ui.ProblemNote(env, s.Status.Problem)
	}
	return app.Div().Body(
		ui.Crumbs(env, ui.Crumb{Label: env.T("servers.title"), Href: route.Servers}, ui.Crumb{Label: s.Title()}),
		ui.PageTitle{Title: s.Title(), Facts: s.state(), Actions: s.actions()}.Draw(env),
		problem,
		tabs(env, route.ServerPath),
		ui.Section{Title: env.T("servers.facts"), Body: []app.UI{s.facts()}}.Draw(env),
		s.report(),
		s.capabilities(),
	)
}

// state is the health without the problem, which stands in a box of its own.
func (s *Server) state() app.UI {
	status := s.Status
	status.Problem = nil
	return health(s.Env(), status)
}

func (s *Server) actions() []app.UI {
	env := s.Env()
	var actions []app.UI
	if env.Allowed(string(api.ReadUsers)) {
		actions = append(actions, ui.Button{Label: env.T("servers.open_accounts"), Icon: ui.IconUsers, Href: route.Accounts(env.Homeserver)}.Draw(env))
	}
	label := env.T("servers.check")
	if s.Checks != nil {
		label = env.T("servers.check_again")
	}
	return append(actions, ui.Button{Label: label, Icon: ui.IconRefresh, Href: checkURL(env.Homeserver), Why: env.WhyNot(api.CheckServer.Info().Name)}.Draw(env))
}

func (s *Server) facts() app.UI {
	env, server := s.Env(), s.Status.Server
	facts := []ui.Fact{
		{Label: env.T("servers.kind"), Value: ui.Text(kind(env, server.Kind))},
		{Label: env.T("servers.version"), Value: version(env, s.Status)},
		{Label: env.T("servers.name"), Value: ui.Mono(server.Name)},
	}
	types := make([]string, 0, len(server.UserTypes))
	for _, t := range server.UserTypes {
		if env.Format().Has("role." + t) {
			t = env.T("role." + t)
		}
		types = append(types, t)
	}
	value := ui.Text(strings.Join(types, env.T("format.list_comma")))
	if s.down() {
		value = ui.Unknown(env, env.T("ui.not_told"))
	}
	return ui.Facts(env, append(facts, ui.Fact{Label: env.T("servers.user_types"), Value: value})...)
}

// down reports whether the homeserver does not answer, so that nobody knows what it can do.
func (s *Server) down() bool { return s.Status.Server.State == "down" }

// report is the doctor's report, or what it would do.
func (s *Server) report() app.UI {
	env := s.Env()
	section := ui.Section{Title: env.T("servers.checks"), ID: "checks"}
	if s.Checks == nil {
		section.Body = []app.UI{ui.Help(env.T("servers.checks_help"))}
		return section.Draw(env)
	}
	if (api.Report{Checks: s.Checks}).OK() {
		section.Note = env.T("servers.checks_ok")
	}
	rows := make([]ui.Row, 0, len(s.Checks))
	for _, c := range s.Checks {
		rows = append(rows, ui.Row{Key: c.Code, Cells: []app.UI{ui.Text(checkText(env, c)), result(env, c.State)}})
	}
	section.Body = []app.UI{ui.Table{Caption: env.T("servers.checks"), Rows: rows, Columns: []ui.Column{
		{Title: env.T("servers.column.check"), Phone: ui.CardLead},
		{Title: env.T("servers.column.result"), Width: ui.Large},
	}}.Draw(env)}
	return section.Draw(env)
}

func checkText(env ui.Env, c api.Check) string {
	args := make([]any, 0, 2*len(c.Params))
	for name, value := range c.Params {
		args = append(args, name, value)
	}
	return env.T("check."+c.Code, args...)
}

func result(env ui.Env, state string) app.UI {
	chip := ui.Chip{Label: env.T("servers.result." + state), Icon: ui.IconCheck, Tone: ui.Good}
	switch state {
	case api.CheckWarning:
		chip.Icon, chip.Tone = ui.IconAlertTri, ui.Warn
	case api.CheckFailed:
		chip.Icon, chip.Tone = ui.IconClose, ui.Bad
	}
	return chip.Draw(env)
}
