// SPDX-License-Identifier: Apache-2.0

package servers

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

// A deed is what sets the questions about a personal session apart. Its words are the texts personal.<text>….
type deed struct {
	op         api.Op
	text, path string
	icon       ui.Icon
	tone       ui.Tone
	look, link ui.Look
}

var (
	renewing = deed{api.RenewPersonal, "renew", route.RenewPersonalPath, ui.IconRefresh, "", ui.Primary, ""}
	revoking = deed{api.RevokePersonal, "revoke", route.RevokePersonalPath, ui.IconBan, ui.Bad, ui.DangerSolid, ui.Danger}
)

// why says why it cannot be done to a session, or "" when it can.
func (d deed) why(env ui.Env, s api.PersonalSession) string {
	switch reason := env.WhyNot(d.op.Info().Name); {
	case reason != "":
		return reason
	case s.Own:
		return env.T("problem.own_personal")
	case s.State == api.PersonalRevoked:
		return env.T("problem.personal_revoked")
	case d == renewing && !s.Ours:
		return env.T("problem.personal_not_ours")
	}
	return ""
}

// PersonalDeed asks whether a personal session shall be renewed or revoked.
type PersonalDeed struct {
	screen.FormBase
	Session api.PersonalSession `json:"session"`

	what deed
}

// NewRenewPersonal returns the question whether a session shall have a new token.
func NewRenewPersonal() screen.Screen { return &PersonalDeed{what: renewing} }

// NewRevokePersonal returns the question whether a session shall end.
func NewRevokePersonal() screen.Screen { return &PersonalDeed{what: revoking} }

// Title implements screen.Screen.
func (d *PersonalDeed) Title() string { return d.Env().T("personal." + d.what.text + "_title") }

// Load implements screen.Screen. It costs one call.
func (d *PersonalDeed) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	d.Session, err = loadPersonal(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (d *PersonalDeed) Render() app.UI {
	env, s := d.Env(), d.Session
	body := []app.UI{
		ui.Consequences(env.T("confirm.happens"), ui.Consequence{Icon: d.what.icon, Text: env.T("personal." + d.what.text + "_happens")}),
		ui.HiddenField("id", s.ID), ui.HiddenField("actor", string(s.Actor)),
	}
	if d.what == renewing {
		body = append(body, daysField(env, d.State), reasonField(env, d.State))
	}
	return d.Ask(screen.Ask{
		Dialog: ui.Dialog{Title: d.Title(), Icon: d.what.icon, Tone: d.what.tone, About: ui.TwoLines(ui.Strong(s.Name), ui.IDLine(string(s.Actor))), Body: body},
		Op:     d.what.op, Address: route.Item(env.Homeserver, d.what.path, s.ID), Way: below(env, "personal.title", route.PersonalPath, d.Title())[0],
		Why: d.what.why(env, s), Back: env.T("common.cancel"), From: route.Item(env.Homeserver, route.OnePersonalPath, s.ID),
		Submit: ui.Button{Label: env.T("personal." + d.what.text + "_submit"), Look: d.what.look},
	})
}

// After implements screen.Writer. A new token is on a page, and at no address.
func (d *PersonalDeed) After(_ string, result any) screen.Next {
	if d.what == renewing {
		return personalCard(result)
	}
	env := d.Env()
	return screen.Next{URL: route.Item(env.Homeserver, route.OnePersonalPath, d.Session.ID), Notice: env.T("personal.revoked")}
}
