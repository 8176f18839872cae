// SPDX-License-Identifier: Apache-2.0

package users

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

// Find is the screen that finds the account that has an e-mail address, a phone number or an identity at a sign-in service. Its address is
// the question, so it can be kept.
type Find struct {
	screen.Base
	Query   api.UserFind `json:"query"`
	Asked   bool         `json:"asked,omitempty"`
	User    *api.User    `json:"user,omitempty"`    // whoever has it
	Foreign api.UserID   `json:"foreign,omitempty"` // a Matrix ID of another homeserver was asked for
	Problem *api.Problem `json:"problem,omitempty"`
}

// NewFind returns the screen.
func NewFind() screen.Screen { return &Find{} }

// Title implements screen.Screen.
func (f *Find) Title() string { return f.Env().T("find.title") }

// guess is what a text is to be found by: Matrix IDs have a sign at their beginning, e-mail addresses in the middle.
func guess(value string) string {
	switch value = strings.TrimSpace(value); {
	case strings.HasPrefix(value, "@"):
		return ""
	case strings.Contains(value, "@"):
		return api.ByEmail
	}
	return api.ByPhone
}

// address reports what of a search could be an address that an account is found by: api.ByEmail, api.ByPhone, or "".
func address(search string) string {
	by := guess(search)
	if by == api.ByPhone && !strings.HasPrefix(strings.TrimSpace(search), "+") {
		return ""
	}
	req, err := api.FindUser.DecodeForm(url.Values{"by": {by}, "value": {search}})
	if by == "" || err != nil || req.Validate() != nil {
		return ""
	}
	return by
}

// Load implements screen.Screen. It costs two calls: who has it, and who that is.
func (f *Find) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	values := screen.Own(u.Query())
	if len(values) == 0 || !env.Can(api.FindUser.Info().Name) && !strings.HasPrefix(values.Get("value"), "@") {
		return nil
	}
	if values.Get("by") == "" && values.Get("auth_provider") == "" {
		values.Set("by", guess(values.Get("value")))
	} else if values.Get("by") == "" {
		values.Set("by", api.ByIdentity)
	}
	f.Asked, f.Query.Value = true, strings.TrimSpace(values.Get("value"))
	id := api.UserID(f.Query.Value)
	if values.Get("by") != "" {
		req, err := api.FindUser.DecodeForm(values)
		if err != nil {
			return err
		}
		f.Query = req.(api.UserFind)
		if err := req.Validate(); err != nil {
			f.Problem = client.AsProblem(err)
			return nil
		}
		found, err := client.Call(ctx, call, api.FindUser, f.Query)
		if err != nil || found.ID == "" {
			f.Problem = client.AsProblem(err)
			return nil
		}
		id = found.ID
	}
	return f.look(ctx, env, call, id)
}

// look reads the account that was found, or that was asked for by its Matrix ID.
func (f *Find) look(ctx context.Context, env ui.Env, call client.Caller, id api.UserID) error {
	if err := id.Validate(); err != nil {
		p := api.NewProblem(api.StatusUnprocessable, "invalid_request")
		p.Fields = []api.FieldProblem{{Field: "value", Code: client.AsProblem(err).Code}}
		f.Problem = p
		return nil
	}
	if foreign(env, id) {
		f.Foreign = id
		return nil
	}
	user, err := client.Call(ctx, call, api.GetUser, api.UserRef{ID: id})
	if p := client.AsProblem(err); p != nil && p.Code == "not_found" {
		return nil
	}
	f.User, f.Problem = &user, client.AsProblem(err)
	return nil
}

// Render implements app.Composer.
func (f *Find) Render() app.UI {
	env := f.Env()
	parts := []app.UI{
		ui.Crumbs(env, ui.Crumb{Label: env.T("accounts.title"), Href: route.Accounts(env.Homeserver)}, ui.Crumb{Label: f.Title()}),
		ui.PageTitle{Title: f.Title(), Words: true}.Draw(env),
	}
	if f.Asked {
		parts = append(parts, f.answer())
	}
	if reason := env.WhyNot(api.FindUser.Info().Name); reason != "" {
		return app.Div().Body(append(parts, ui.Locked(env, reason))...)
	}
	return app.Div().Body(append(parts, f.byAddress(), f.byIdentity())...)
}

// state is what was asked, and what is wrong with it, for the form that asked it.
func (f *Find) state(identity bool) ui.FormState {
	if !f.Asked || (f.Query.By == api.ByIdentity) != identity {
		return ui.FormState{}
	}
	return ui.FormState{Typed: url.Values{"value": {f.Query.Value}, "auth_provider": {f.Query.Provider}}, Problem: f.Problem}
}

func (f *Find) byAddress() app.UI {
	env, state := f.Env(), f.state(false)
	return ui.Section{Title: env.T("find.by_address"), Body: []app.UI{ui.Help(env.T("find.address_help")), ui.QueryForm{ID: "find-address", Action: route.Find(env.Homeserver, ""), Label: env.T("find.by_address"), Body: []app.UI{
		ui.Field{
			Name: "value", Label: env.T("find.address"), State: state, Dir: "ltr", MaxLength: 320, Prefix: "address", AutoFocus: !f.Asked,
		}.Draw(env),
		ui.Button{Label: env.T("find.submit"), Icon: ui.IconSearch, Look: ui.Primary}.Draw(env),
	}}.Draw(env)}}.Draw(env)
}

func (f *Find) byIdentity() app.UI {
	env, state := f.Env(), f.state(true)
	title := env.T("find.by_identity")
	if reason, ok := env.Unavailable[api.FindUser.Info().Name+".identity"]; ok {
		return ui.Section{Title: title, Body: []app.UI{ui.Remark(ui.IconLock, ui.Neutral, env.T("missing."+reason, "homeserver", env.ServerName()))}}.Draw(env)
	}
	return ui.Section{Title: title, Body: []app.UI{ui.Help(env.T("find.provider_help")), ui.QueryForm{ID: "find-identity", Action: route.Find(env.Homeserver, ""), Label: title, Body: []app.UI{
		ui.HiddenField("by", api.ByIdentity),
		ui.Field{Name: "auth_provider", Label: env.T("create.identity_provider"), State: state, MaxLength: 255, Prefix: "identity"}.Draw(env),
		ui.Field{Name: "value", Label: env.T("create.identity_subject"), State: state, MaxLength: 255, Prefix: "identity"}.Draw(env),
		ui.Button{Label: env.T("find.submit"), Icon: ui.IconSearch}.Draw(env),
	}}.Draw(env)}}.Draw(env)
}

// answer says who has it, or that nobody does.
func (f *Find) answer() app.UI {
	env := f.Env()
	what := f.Query.Value
	switch f.Query.By {
	case api.ByPhone:
		what = "+" + what
	case api.ByIdentity:
		what = identityText(env, api.ExternalID{AuthProvider: f.Query.Provider, ExternalID: f.Query.Value})
	}
	switch {
	case f.Problem != nil:
		return ui.ProblemNote(env, f.Problem)
	case f.Foreign != "":
		n := ui.Note{Icon: ui.IconWorld, Title: env.T("find.foreign", "id", string(f.Foreign)), Text: env.T("find.foreign_help", "server", env.ServerName())}
		if reason := env.WhyNot(api.RedactUser.Info().Name); reason == "" {
			n.Actions = []app.UI{ui.Button{Label: env.T("account.redact"), Icon: ui.IconMessageOff, Look: ui.Danger, Href: route.Redact(env.Homeserver, f.Foreign)}.Draw(env)}
		}
		return n.Draw(env)
	case f.User != nil:
		u := *f.User
		return ui.Note{
			Kind: ui.Good, Status: true, Title: env.T("find.found", "what", what), Body: []app.UI{accountCell(env, u, here(env, route.AccountPath, u))},
			Actions: []app.UI{ui.Button{Label: env.T("accounts.open"), Look: ui.Primary, Href: here(env, route.AccountPath, u)}.Draw(env)},
		}.Draw(env)
	}
	return ui.Note{Icon: ui.IconUnknown, Status: true, Title: env.T("find.nobody", "what", what), Text: env.T("find.nobody_help", "server", env.ServerName())}.Draw(env)
}
