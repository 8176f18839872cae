// SPDX-License-Identifier: Apache-2.0

package invitations

import (
	"context"
	"net/url"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/tokens"
	"gatehouse/app/ui"
)

// Create is the form of a new invitation.
type Create struct{ screen.FormBase }

// NewCreate returns the form of a new invitation.
func NewCreate() screen.Screen { return &Create{} }

// Title implements screen.Screen.
func (c *Create) Title() string { return c.Env().T("invitations.create") }

// Load implements screen.Screen. There is nothing to load.
func (c *Create) Load(context.Context, ui.Env, client.Caller, *url.URL) error { return nil }

// newDays is how long a new invitation is good for unless told otherwise: one that is forgotten ends by itself.
const newDays = 7

// Render implements app.Composer.
func (c *Create) Render() app.UI {
	env, state := c.Env(), c.State
	top := []app.UI{crumbs(env, api.Invitation{}, c.Title()), ui.PageTitle{Title: c.Title(), Words: true}.Draw(env)}
	if reason := env.WhyNot(api.CreateInvitation.Info().Name); reason != "" {
		return denied(env, top, reason, route.Invitations(env.Homeserver, nil))
	}
	if ways := tokens.Ways(env, route.CreateInvitationPath); ways != nil {
		top = append(top, ways, ui.Help(env.T("invitations.way_link", "server", env.ServerName())))
	}
	form := c.Form(api.CreateInvitation.Info().Name, route.At(env.Homeserver, route.CreateInvitationPath, nil))
	form.Label = c.Title()
	form.Body = []app.UI{
		ui.Fields(usesField(env, state, "1"), daysField(env, state, strconv.Itoa(newDays), false)),
		ui.Joined(ui.Field{
			Name: "localpart", Label: env.T("invitations.names"), Help: env.T("invitations.names_help"), State: state, Optional: true, MaxLength: 240,
		}, env.ServerName()).Draw(env),
		noteField(env, state, ""),
		ui.More{
			Title: env.T("invitations.more"), Open: c.moreUsed(),
			Body: []app.UI{
				ui.Field{
					Name: "display_name", Label: env.T("create.display_name"), Help: env.T("invitations.display_name_help"), State: state, Optional: true, MaxLength: 256,
				}.Draw(env),
				c.orLacks(api.CreateUser.Info().Name+".threepids", env.T("create.email"), func() app.UI {
					return ui.Field{
						Name: "email", Label: env.T("create.email"), Help: env.T("invitations.email_help"), State: state, Optional: true, Type: "email", Dir: "ltr", MaxLength: 500,
					}.Draw(env)
				}),
				c.orLacks(api.JoinRooms.Info().Name, env.T("invitations.rooms"), func() app.UI {
					return ui.TextArea{Name: "rooms", Label: env.T("invitations.rooms"), Help: env.T("invitations.rooms_help"), State: state, Optional: true}.Draw(env)
				}),
			},
		}.Draw(env),
		ui.FormFoot(
			ui.Button{Label: env.T("invitations.create"), Look: ui.Primary}.Draw(env),
			ui.Button{Label: env.T("common.cancel"), Look: ui.Plain, Href: route.Invitations(env.Homeserver, nil)}.Draw(env),
		),
	}
	return app.Div().Body(append(top, ui.Columns([]app.UI{form.Draw(env)}, []app.UI{c.aside()}))...)
}

// orLacks draws a field, or, where the homeserver cannot take it, its name and the reason.
func (c *Create) orLacks(what, label string, draw func() app.UI) app.UI {
	env := c.Env()
	if reason, ok := env.Unavailable[what]; ok {
		return ui.Remark(ui.IconLock, ui.Neutral, "**"+label+":** "+env.T("missing."+reason, "homeserver", env.ServerName()))
	}
	return draw()
}

// moreUsed reports whether there is something in the fields that are folded away at first.
func (c *Create) moreUsed() bool {
	for _, name := range []string{"display_name", "email", "rooms"} {
		if c.State.Value(name, "") != "" || c.State.Error(name) != nil {
			return true
		}
	}
	return false
}

// aside says what becomes of an invitation.
func (c *Create) aside() app.UI {
	env := c.Env()
	return ui.Card(env.T("create.what_happens"), ui.Steps(
		env.T("invitations.step_link"),
		env.T("invitations.step_choose", "server", env.ServerName()),
		env.T("invitations.step_end"),
	))
}

// After implements screen.Writer. The answer holds the link, so it is a page and no address.
func (c *Create) After(_ string, result any) screen.Next {
	card, _ := result.(api.InvitationCard)
	return screen.Next{Screen: &Card{Card: card, New: true}}
}

func usesField(env ui.Env, state ui.FormState, value string) app.UI {
	return ui.Field{
		Name: "uses", Label: env.T("invitations.uses"), Help: env.T("invitations.uses_help"), State: state, Value: value, Type: "number", InputMode: "numeric", Dir: "ltr", Required: true,
	}.Draw(env)
}

func daysField(env ui.Env, state ui.FormState, value string, optional bool) app.UI {
	f := ui.Field{
		Name: "days", Label: env.T("invitations.days"), Help: env.T("invitations.days_help"), State: state, Value: value, Type: "number", InputMode: "numeric", Dir: "ltr", Required: true,
	}
	if optional {
		f.Help, f.Required, f.Optional = env.T("invitations.days_more_help"), false, true
	}
	return f.Draw(env)
}

func noteField(env ui.Env, state ui.FormState, value string) app.UI {
	return ui.Field{
		Name: "note", Label: env.T("invitations.note"), Help: env.T("invitations.note_help"), State: state, Value: value, Optional: true, MaxLength: 500,
	}.Draw(env)
}
