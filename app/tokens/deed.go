// SPDX-License-Identifier: Apache-2.0

package tokens

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

// Deed asks whether a token shall be deleted, revoked, or given back.
type Deed struct {
	screen.FormBase
	Token api.Token `json:"token"`

	what deed
}

// A deed is what sets the questions apart. Its words are the texts tokens.<text>.….
type deed struct {
	op         api.Op
	text, path string
	icon       ui.Icon
	tone       ui.Tone
	look       ui.Look
}

// NewDelete returns the question whether a token shall be deleted.
func NewDelete() screen.Screen {
	return &Deed{what: deed{api.DeleteToken, "deleting", route.DeleteTokenPath, ui.IconTrash, ui.Bad, ui.DangerSolid}}
}

// NewRevoke returns the question whether a token shall be revoked.
func NewRevoke() screen.Screen {
	return &Deed{what: deed{api.RevokeToken, "revoking", route.RevokeTokenPath, ui.IconBan, ui.Warn, ui.Primary}}
}

// NewUnrevoke returns the question whether a revocation shall be taken back.
func NewUnrevoke() screen.Screen {
	return &Deed{what: deed{api.UnrevokeToken, "unrevoking", route.UnrevokeTokenPath, ui.IconRestore, "", ui.Primary}}
}

// Title implements screen.Screen.
func (d *Deed) Title() string { return d.Env().T("tokens." + d.what.text + ".title") }

// Load implements screen.Screen. It costs one call.
func (d *Deed) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) error {
	var err error
	d.Token, err = find(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (d *Deed) Render() app.UI {
	env, t, key := d.Env(), d.Token, "tokens."+d.what.text
	return d.Ask(screen.Ask{
		Dialog: ui.Dialog{
			Title: d.Title(), Icon: d.what.icon, Tone: d.what.tone, About: ui.TwoLines(ui.Mono(t.Start+hidden), usesCell(env, t)), Body: []app.UI{
				ui.Consequences(env.T("confirm.happens"), ui.Consequence{Icon: d.what.icon, Text: env.T(key + ".happens")}),
				ui.Consequences(env.T("confirm.stays"), ui.Consequence{Icon: ui.IconUsers, Text: env.T(key + ".stays")}),
				ui.HiddenField("id", string(t.ID)),
			},
		},
		Op: d.what.op, Address: route.Token(env.Homeserver, d.what.path, t.ID), Way: crumbs(env, t, d.Title()), Why: env.WhyNot(d.what.op.Info().Name),
		Back: env.T("tokens.keep"), From: route.Token(env.Homeserver, route.TokenPath, t.ID), Submit: ui.Button{Label: env.T(key + ".submit"), Look: d.what.look},
	})
}

// After implements screen.Writer.
func (d *Deed) After(_ string, result any) screen.Next {
	env := d.Env()
	t, _ := result.(api.Token)
	next := screen.Next{URL: route.Token(env.Homeserver, route.TokenPath, t.ID), Notice: env.T("tokens." + d.what.text + ".done")}
	if d.what.op.Info().Name == api.DeleteToken.Info().Name {
		next.URL = route.Tokens(env.Homeserver)
	}
	return next
}
