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

// Erase asks whether an account shall be erased. Its whole Matrix ID is to be typed.
type Erase struct {
	Question

	again typedAgain
}

// typedAgain is the account's ID, typed again before what nobody can undo. Where the program runs the button waits for it.
type typedAgain struct{ typed string }

// draw returns the field, and why the button is off.
func (t *typedAgain) draw(q *Question) (field app.UI, off string) {
	env, u := q.Env(), q.Effects.User
	f := ui.Field{
		Name: "confirm_id", Label: env.T("erase.type_id"), Help: "`" + string(u.ID) + "`", State: q.State, Mono: true, Dir: "ltr", Required: true,
	}
	if q.Live() != nil {
		f.OnInput = func(_ app.Context, value string) { t.typed = value }
		if t.typed != string(u.ID) {
			off = env.T("erase.type_first")
		}
	}
	return f.Draw(env), off
}

// NewErase returns the question.
func NewErase() screen.Screen { return &Erase{} }

// Title implements screen.Screen.
func (e *Erase) Title() string { return e.tab(e.Env().T("erase.title")) }

// Load implements screen.Screen.
func (e *Erase) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return e.load(ctx, env, call, u, api.EraseUser)
}

// Enliven implements screen.Screen.
func (e *Erase) Enliven(live *screen.Live) {
	e.Question.Enliven(live)
	e.again.typed = e.State.Value("confirm_id", e.again.typed)
}

// Render implements app.Composer.
func (e *Erase) Render() app.UI {
	env, u := e.Env(), e.Effects.User
	field, off := e.again.draw(&e.Question)
	return e.draw(ask{
		Op: api.EraseUser, Path: route.ErasePath, Title: env.T("erase.title"), Icon: ui.IconErase, Tone: ui.Bad, Final: env.T("erase.lost"),
		Fields: []app.UI{field, e.reason()},
		Submit: env.T("erase.submit", "name", called(u)), Look: ui.DangerSolid, Back: env.T("erase.back"), Off: off,
	})
}

// After implements screen.Writer.
func (e *Erase) After(_ string, result any) screen.Next {
	u, _ := result.(api.User)
	return e.done("erased", u)
}
