// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// History is the tab of an account's page with all that was done to it here, or refused.
type History struct {
	screen.Base
	User    api.User         `json:"user"`
	Devices *api.DeviceList  `json:"devices,omitempty"`
	Page    *api.HistoryPage `json:"page,omitempty"`  // nil where the person's role has it not
	Later   bool             `json:"later,omitempty"` // it is not the first page
}

// NewHistory returns the page of an account's history.
func NewHistory() screen.Screen { return &History{} }

// Title implements screen.Screen.
func (h *History) Title() string { return h.Env().T("history.title_of", "name", called(h.User)) }

// Load implements screen.Screen. It costs three calls, at the same time.
func (h *History) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	id, err := idOf(u)
	if err != nil {
		return err
	}
	cursor := u.Query().Get("cursor")
	h.Later = cursor != ""
	page := begin(ctx, env, call, api.UserHistory, api.HistoryQuery{ID: id, Cursor: cursor})
	if h.User, h.Devices, _, err = loadAccount(ctx, env, call, id); err != nil {
		return err
	}
	var problem *api.Problem
	if h.Page, problem = page(); problem != nil {
		return problem
	}
	return nil
}

// Render implements app.Composer.
func (h *History) Render() app.UI {
	env := h.Env()
	parts := head{user: h.User, devices: h.Devices, path: route.HistoryPath}.draw(env)
	switch {
	case h.Page == nil:
		parts = append(parts, ui.Empty{Icon: ui.IconHistory, Title: env.T("history.unknown"), Text: env.WhyNot(api.UserHistory.Info().Name)}.Draw(env))
	case len(h.Page.Events) == 0:
		parts = append(parts, ui.Empty{Icon: ui.IconHistory, Title: env.T("history.empty"), Text: env.T("history.empty_help")}.Draw(env))
	default:
		parts = append(parts, ui.Section{Title: env.T("history.title"), Note: env.T("history.note"), Body: []app.UI{timeline(env, h.Page.Events), h.pager(), ui.Downloads(env, len(h.Page.Events), route.Export(env.Homeserver, api.UserHistory, api.HistoryQuery{ID: h.User.ID}))}}.Draw(env))
	}
	return app.Div().Body(parts...)
}

// pager leads to what happened before; there is nothing to draw where that is all.
func (h *History) pager() app.UI {
	env := h.Env()
	if h.Page.Next == "" && !h.Later {
		return nil
	}
	p := ui.Pager{}
	if h.Later {
		p.First = here(env, route.HistoryPath, h.User)
	}
	if h.Page.Next != "" {
		p.Next = route.At(env.Homeserver, route.HistoryPath, url.Values{"id": {string(h.User.ID)}, "cursor": {h.Page.Next}})
	}
	return p.Draw(env)
}

// timeline draws events, the latest first.
func timeline(env ui.Env, events []api.HistoryEvent) app.UI {
	list := make([]ui.Event, len(events))
	for i, e := range events {
		list[i] = ui.Event{Tone: eventTone(e.Outcome), Title: eventTitle(env, e), By: byText(env, e), Detail: eventDetail(env, e), When: ui.Time(env, e.AtMS)}
	}
	return ui.Timeline(list...)
}

func eventTone(outcome string) ui.Tone {
	switch outcome {
	case "failed", "refused":
		return ui.Bad
	case "unknown":
		return ui.Warn
	}
	return ui.Neutral
}

// eventTitle says what was done; where it was not, or nobody knows, what it was to be.
func eventTitle(env ui.Env, e api.HistoryEvent) string {
	for _, key := range []string{"did." + e.Operation, "operation." + e.Operation} {
		if (e.Outcome == "done" || !strings.HasPrefix(key, "did.")) && env.Format().Has(key) {
			return env.T(key)
		}
	}
	return e.Operation
}

// byText says who did it: oneself, an administrator, somebody whom only this panel knows, or somebody at the command line.
func byText(env ui.Env, e api.HistoryEvent) string {
	kind, name, ok := strings.Cut(e.Actor, ":")
	switch {
	case e.Actor == env.Person.ID:
		return env.T("history.by_you")
	case ok && kind == "local":
		return env.T("history.by_local", "who", name)
	case ok && kind == "operator":
		return env.T("history.by_operator", "who", name)
	}
	return env.T("history.by", "who", e.Actor)
}

// tokenEnds reads when a token ends from what its making noted (api.Impersonation.Noted).
func tokenEnds(e api.HistoryEvent) (time.Time, bool) {
	if e.Operation != api.SignInAs.Info().Name {
		return time.Time{}, false
	}
	words := strings.Fields(strings.TrimSuffix(e.Note, "."))
	if len(words) == 0 {
		return time.Time{}, false
	}
	ends, err := time.Parse(time.RFC3339, words[len(words)-1])
	return ends, err == nil
}

// eventDetail says why it was done, what was changed, what the answer noted, and how it ended where it was not done.
func eventDetail(env ui.Env, e api.HistoryEvent) app.UI {
	var lines []app.UI
	if e.Reason != "" {
		lines = append(lines, ui.Text(env.T("history.reason", "reason", e.Reason)))
	}
	if e.Operation == api.UpdateUser.Info().Name {
		var names []string
		for _, f := range e.Fields {
			if name := ui.FieldName(env, f); name != "" {
				names = append(names, name)
			}
		}
		if len(names) > 0 {
			lines = append(lines, ui.Text(env.Format().List(names...)))
		}
	}
	if ends, ok := tokenEnds(e); ok {
		lines = append(lines, ui.Text(env.T("history.token_ends", "when", env.Format().DateTime(ends))))
	}
	if key := "history.outcome_" + e.Outcome; e.Outcome != "done" {
		outcome := env.T("history.outcome_open")
		if env.Format().Has(key) {
			outcome = env.T(key)
		}
		if e.Code != "" {
			lines = append(lines, ui.Join(ui.Text(outcome+" "), ui.Mono(e.Code)))
		} else {
			lines = append(lines, ui.Text(outcome))
		}
	}
	return stack(lines)
}
