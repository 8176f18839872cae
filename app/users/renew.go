// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Renew asks until when an account can be used, where accounts expire.
type Renew struct{ Question }

// NewRenew returns the question.
func NewRenew() screen.Screen { return &Renew{} }

// Title implements screen.Screen.
func (r *Renew) Title() string { return r.Env().T("renew.title") }

// Load implements screen.Screen.
func (r *Renew) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return r.load(ctx, env, call, u, api.RenewUser)
}

// Render implements app.Composer.
func (r *Renew) Render() app.UI {
	env := r.Env()
	return r.draw(ask{
		Op: api.RenewUser, Path: route.RenewPath, Title: r.Title(), Icon: ui.IconWait, Look: ui.Primary, Help: env.T("renew.help"),
		Submit: env.T("renew.submit", "name", called(r.Effects.User)), Back: env.T("common.cancel"),
		Fields: []app.UI{
			ui.Field{
				Name: "until", Label: env.T("renew.until"), Help: env.T("renew.until_help"), State: r.State, Type: "date", Dir: "ltr", Optional: true,
				Why: offer{env: env, op: api.RenewUser}.why("until"),
			}.Draw(env),
			ui.Check{Name: "mails", Label: env.T("renew.mails"), Help: env.T("renew.mails_help"), State: r.State, Checked: true}.Draw(env),
		},
	})
}

// After implements screen.Writer.
func (r *Renew) After(_ string, result any) screen.Next {
	v, _ := result.(api.Validity)
	return r.settings(v.ID, r.Env().T("done.renewed", "when", r.Env().Format().DateTime(time.UnixMilli(v.ExpiresMS))))
}

// KeyReset asks whether cross-signing keys may be replaced without another sign-in.
type KeyReset struct{ Question }

// NewKeyReset returns the question.
func NewKeyReset() screen.Screen { return &KeyReset{} }

// Title implements screen.Screen.
func (k *KeyReset) Title() string { return k.Env().T("key_reset.title") }

// Load implements screen.Screen.
func (k *KeyReset) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return k.load(ctx, env, call, u, api.AllowKeyReset)
}

// Render implements app.Composer.
func (k *KeyReset) Render() app.UI {
	env := k.Env()
	return k.draw(ask{
		Op: api.AllowKeyReset, Path: route.KeyResetPath, Title: k.Title(), Icon: ui.IconKey, Tone: ui.Warn, Look: ui.Primary,
		Submit: env.T("key_reset.submit"), Back: env.T("key_reset.back"), Fields: []app.UI{k.reason()},
	})
}

// After implements screen.Writer.
func (k *KeyReset) After(_ string, result any) screen.Next {
	reset, _ := result.(api.KeyReset)
	return k.settings(reset.ID, k.Env().T("done.key_reset", "when", k.Env().Format().DateTime(time.UnixMilli(reset.UntilMS))))
}
