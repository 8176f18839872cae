// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Notice asks for the text of a server notice to an account.
type Notice struct{ Question }

// NewNotice returns the question.
func NewNotice() screen.Screen { return &Notice{} }

// Title implements screen.Screen.
func (n *Notice) Title() string { return n.Env().T("notice.title") }

// Load implements screen.Screen.
func (n *Notice) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return n.load(ctx, env, call, u, api.SendNotice)
}

// Render implements app.Composer.
func (n *Notice) Render() app.UI {
	env := n.Env()
	return n.draw(ask{
		Op: api.SendNotice, Path: route.NoticePath, Title: n.Title(), Icon: ui.IconNotice,
		Fields: []app.UI{ui.TextArea{
			Name: "text", Label: env.T("notice.text"), Help: env.T("notice.text_help"), State: n.State, Rows: 5, MaxLength: 10000,
		}.Draw(env)},
		Submit: env.T("notice.submit", "name", called(n.Effects.User)), Look: ui.Primary, Back: env.T("common.cancel"),
	})
}

// After implements screen.Writer.
func (n *Notice) After(_ string, result any) screen.Next {
	report, _ := result.(api.NoticeReport)
	u := n.Effects.User
	if len(report.Sent) > 0 {
		u.ID = report.Sent[0].ID // where the form was posted, nothing was loaded
	}
	return n.done("notice_sent", u)
}
