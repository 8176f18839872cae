// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Limit asks how much an account may send.
type Limit struct {
	Question
	Now api.RateLimit `json:"now"`
}

// NewLimit returns the question.
func NewLimit() screen.Screen { return &Limit{} }

// Title implements screen.Screen.
func (l *Limit) Title() string { return l.Env().T("limit.title") }

// Load implements screen.Screen. It costs two calls.
func (l *Limit) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	err := l.load(ctx, env, call, u, api.SetRateLimit)
	if err != nil || !env.Can(api.GetRateLimit.Info().Name) {
		return err
	}
	l.Now, err = client.Call(ctx, call, api.GetRateLimit, api.UserRef{ID: l.Effects.User.ID})
	return err
}

// Render implements app.Composer.
func (l *Limit) Render() app.UI {
	env := l.Env()
	number := func(name string, now int) app.UI {
		value := ""
		if l.Now.Own {
			value = strconv.Itoa(now)
		}
		return ui.Field{
			Name: name, Label: env.T("field." + name), Value: value, State: l.State, Type: "number", InputMode: "numeric", Dir: "ltr", Required: true,
		}.Draw(env)
	}
	return l.draw(ask{
		Op: api.SetRateLimit, Path: route.LimitPath, Title: l.Title(), Icon: ui.IconMessages, Look: ui.Primary, Help: env.T("limit.help"),
		Submit: env.T("limit.submit"), Back: env.T("common.cancel"),
		Fields: []app.UI{ui.Fields(number("messages_per_second", l.Now.MessagesPerSecond), number("burst", l.Now.Burst))},
	})
}

// After implements screen.Writer.
func (l *Limit) After(_ string, result any) screen.Next {
	r, _ := result.(api.RateLimit)
	return l.settings(r.ID, limitText(l.Env(), r))
}

// RemoveLimit asks whether the homeserver's limits shall count again.
type RemoveLimit struct{ Question }

// NewRemoveLimit returns the question.
func NewRemoveLimit() screen.Screen { return &RemoveLimit{} }

// Title implements screen.Screen.
func (r *RemoveLimit) Title() string { return r.Env().T("limit.remove_title") }

// Load implements screen.Screen.
func (r *RemoveLimit) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return r.load(ctx, env, call, u, api.RemoveRateLimit)
}

// Render implements app.Composer.
func (r *RemoveLimit) Render() app.UI {
	env := r.Env()
	return r.draw(ask{
		Op: api.RemoveRateLimit, Path: route.RemoveLimitPath, Title: r.Title(), Icon: ui.IconMessages, Look: ui.Primary, Help: env.T("limit.remove_help"),
		Submit: env.T("limit.remove_submit"), Back: env.T("limit.remove_back"),
	})
}

// After implements screen.Writer.
func (r *RemoveLimit) After(_ string, result any) screen.Next {
	limit, _ := result.(api.RateLimit)
	return r.settings(limit.ID, limitText(r.Env(), limit))
}

// settings is the tab of the settings, with a sentence.
func (q *Question) settings(id api.UserID, notice string) screen.Next {
	return screen.Next{URL: route.Account(q.Env().Homeserver, route.SettingsPath, id), Notice: notice}
}
