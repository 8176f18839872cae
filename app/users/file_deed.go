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

// FileDeed asks whether something shall be done to a file of an account.
type FileDeed struct {
	Question
	Ref api.MediaRef `json:"ref"`

	what fileDeed
}

// A fileDeed is what sets the questions apart. Their words are the texts media.<text>….
type fileDeed struct {
	op         api.Op
	text, path string
	icon       ui.Icon
	tone       ui.Tone
	look       ui.Look
	reason     bool // it can be given one
}

// NewQuarantine returns the question whether a file shall be quarantined.
func NewQuarantine() screen.Screen {
	return &FileDeed{what: fileDeed{api.QuarantineMedia, "quarantining", route.QuarantinePath, ui.IconQuarantine, ui.Warn, ui.Primary, true}}
}

// NewUnquarantine returns the question whether a file shall be released.
func NewUnquarantine() screen.Screen {
	return &FileDeed{what: fileDeed{api.UnquarantineMedia, "releasing", route.UnquarantinePath, ui.IconRestore, "", ui.Primary, false}}
}

// NewProtect returns the question whether a file shall be protected from quarantine.
func NewProtect() screen.Screen {
	return &FileDeed{what: fileDeed{api.ProtectMedia, "protecting", route.ProtectPath, ui.IconProtect, "", ui.Primary, false}}
}

// NewUnprotect returns the question whether a file's protection shall end.
func NewUnprotect() screen.Screen {
	return &FileDeed{what: fileDeed{api.UnprotectMedia, "unprotecting", route.UnprotectPath, ui.IconUnlock, "", ui.Primary, false}}
}

// NewDeleteFile returns the question whether a file shall be deleted.
func NewDeleteFile() screen.Screen {
	return &FileDeed{what: fileDeed{api.DeleteMedia, "deleting", route.DeleteFilePath, ui.IconTrash, ui.Bad, ui.DangerSolid, true}}
}

// Title implements screen.Screen.
func (d *FileDeed) Title() string { return d.Env().T("media." + d.what.text + ".title") }

// Load implements screen.Screen.
func (d *FileDeed) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	var err error
	if d.Ref, err = fileOf(u); err != nil {
		return err
	}
	return d.loadAbout(ctx, env, call, u, d.what.op, api.DeedQuery{Media: d.Ref.Media})
}

// Render implements app.Composer.
func (d *FileDeed) Render() app.UI {
	env, key := d.Env(), "media."+d.what.text
	a := ask{
		Op: d.what.op, Path: d.what.path, Title: d.Title(), Icon: d.what.icon, Tone: d.what.tone, Look: d.what.look,
		From: route.File(env.Homeserver, route.FilePath, d.Ref.ID, d.Ref.Media), About: url.Values{"media": {string(d.Ref.Media)}},
		Fields: []app.UI{ui.HiddenField("media", string(d.Ref.Media))}, Submit: env.T(key + ".submit"), Back: env.T(key + ".back"),
	}
	if d.Effects.Media != nil {
		a.Who = fileCell(env, *d.Effects.Media, "")
	}
	if d.what.reason {
		a.Fields = append(a.Fields, d.reason())
	}
	if d.what.op.Info().Destructive {
		a.Final = env.T("media.final")
	}
	return d.draw(a)
}

// After implements screen.Writer.
func (d *FileDeed) After(_ string, result any) screen.Next {
	env := d.Env()
	next := screen.Next{URL: route.Accounts(env.Homeserver), Notice: env.T("media." + d.what.text + ".done")}
	switch r := result.(type) {
	case api.Media:
		next.URL = route.File(env.Homeserver, route.FilePath, r.Owner, r.ID)
	case api.MediaDone:
		next.URL = route.Account(env.Homeserver, route.MediaPath, r.ID)
	}
	return next
}
