// SPDX-License-Identifier: Apache-2.0

package screen

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/ui"
)

// An Ask is a question before something is done.
type Ask struct {
	ui.Dialog // what it says; its form, buttons and closing are FormBase.Ask's
	Op        api.Op
	Address   string    // of the screen, to come back to with mistakes
	Way       app.UI    // to the screen, where it is a page of its own
	Why       string    // why it cannot be done, in place of the body
	Back      string    // on the safe way out,
	From      string    // which leads there
	Submit    ui.Button // that does it
}

// Ask draws a question: as a dialog over the page that it came from, or as a page of its own.
func (b *FormBase) Ask(a Ask) app.UI {
	env := b.Env()
	form := b.Form(a.Op.Info().Name, a.Address)
	back := ui.Button{Label: a.Back, Href: a.From}
	a.Form, a.Modal = &form, b.Modal()
	if live := b.Live(); live != nil {
		a.OnClose = live.Close
		if a.Modal && live.Close != nil {
			back.Href, back.OnClick = "", live.Close
		}
	}
	a.Actions = []app.UI{back.Draw(env)}
	if a.Why != "" {
		a.Body = []app.UI{ui.Locked(env, a.Why)}
	} else {
		a.Actions = append(a.Actions, a.Submit.Draw(env))
	}
	if a.Modal {
		return a.Draw(env)
	}
	return app.Div().Body(a.Way, a.Draw(env))
}
