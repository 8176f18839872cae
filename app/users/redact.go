// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// someRooms says in an address that selected rooms are meant, even where none is named: nobody shall be asked about all of them who selected
// none.
const someRooms = "_selected"

// Redact asks whether what an account said shall be taken back: in all its rooms, or in those that the address or the person names. It is for
// accounts of other homeservers, too.
type Redact struct {
	Question
	Rooms []api.RoomID `json:"rooms,omitempty"` // that the address names
	Some  bool         `json:"some,omitempty"`  // single rooms are meant

	again typedAgain
}

// NewRedact returns the question.
func NewRedact() screen.Screen { return &Redact{} }

// Title implements screen.Screen.
func (r *Redact) Title() string { return r.Env().T("redact.title") }

// Load implements screen.Screen.
func (r *Redact) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	for _, room := range u.Query()["room"] {
		r.Rooms = append(r.Rooms, api.RoomID(room))
	}
	if len(r.Rooms) > api.MaxRedactRooms {
		return api.NewProblem(api.StatusUnprocessable, "invalid_request")
	}
	r.Some = len(r.Rooms) > 0 || u.Query().Has(someRooms)
	return r.load(ctx, env, call, u, api.RedactUser)
}

// Enliven implements screen.Screen.
func (r *Redact) Enliven(live *screen.Live) {
	r.Question.Enliven(live)
	r.again.typed = r.State.Value("confirm_id", r.again.typed)
}

// Refill implements screen.Writer.
func (r *Redact) Refill(state ui.FormState) { r.Question.Refill(settled(state, "rooms", "")) }

// Render implements app.Composer.
func (r *Redact) Render() app.UI {
	env, u := r.Env(), r.Effects.User
	field, off := r.again.draw(&r.Question)
	a := ask{
		Op: api.RedactUser, Path: route.RedactPath, Title: r.Title(), Icon: ui.IconMessageOff, Tone: ui.Bad, Final: env.T("redact.lost"),
		Fields: []app.UI{r.scope(), r.reason(), r.more(), field},
		Submit: env.T("redact.submit"), Look: ui.DangerSolid, Back: env.T("redact.back"), Off: off,
		About: url.Values{}, Foreign: foreign(env, u.ID), Happens: r.happens(),
	}
	for _, room := range r.Rooms {
		a.About.Add("room", string(room))
	}
	if r.Some && len(r.Rooms) == 0 {
		a.About.Set(someRooms, "1")
	}
	return r.draw(a)
}

// happens is what the server says; how many rooms the account is in is left out where single rooms are meant.
func (r *Redact) happens() []api.Effect {
	return slices.DeleteFunc(slices.Clone(r.Effects.Happens), func(e api.Effect) bool { return r.Some && e.Code == "redacts_rooms_n" })
}

func (r *Redact) scope() app.UI {
	env := r.Env()
	scope := api.ScopeAll
	if r.Some {
		scope = api.ScopeRooms
	}
	rows := ui.Repeat{
		Name: "rooms", Label: env.T("redact.rooms"), Help: env.T("redact.rooms_help"), Add: env.T("redact.rooms_add"), Empty: env.T("redact.rooms_none"),
		State: r.State,
	}
	for _, i := range r.State.Rows("rooms", len(r.Rooms)) {
		name := "rooms." + strconv.Itoa(i)
		value := ""
		if i < len(r.Rooms) && r.State.Typed == nil {
			value = string(r.Rooms[i])
		}
		value = r.State.Value(name, value)
		rows.Rows = append(rows.Rows, ui.RepeatRow{Index: i, Remove: remove(env, value, i), Fields: []app.UI{
			ui.Field{Name: name, Label: env.T("redact.room", "n", i+1), HideLabel: true, State: r.State, Value: value, Mono: true, Dir: "ltr", MaxLength: 255}.Draw(env),
		}})
	}
	return ui.Choice{
		Name: "scope", Label: env.T("redact.scope"), Value: scope, State: r.State, Options: []ui.Option{
			{Value: api.ScopeAll, Label: env.T("redact.scope_all"), Help: env.T("redact.scope_all_help")},
			{Value: api.ScopeRooms, Label: env.T("redact.scope_rooms"), Extra: rows.Draw(env)},
		},
	}.Draw(env)
}

func (r *Redact) reason() app.UI {
	env := r.Env()
	return ui.Field{
		Name: "reason", Label: env.T("common.reason"), Help: env.T("redact.reason_help"), Optional: true, State: r.State, MaxLength: 500,
	}.Draw(env)
}

// more is what is needed less often: how many messages, and of which time.
func (r *Redact) more() app.UI {
	env := r.Env()
	body := []app.UI{ui.Field{
		Name: "limit", Label: env.T("redact.limit"), Help: env.T("redact.limit_help"), Optional: true, State: r.State, InputMode: "numeric", Dir: "ltr", MaxLength: 7,
	}.Draw(env)}
	open := r.filled("limit")
	if reason, ok := env.Unavailable[api.RedactUser.Info().Name+".time"]; ok {
		body = append(body, ui.Remark(ui.IconLock, ui.Neutral, "**"+env.T("redact.time")+":** "+env.T("missing."+reason, "homeserver", env.ServerName())))
	} else {
		moment := func(name, label string) app.UI {
			open = open || r.filled(name)
			return ui.Field{Name: name, Label: env.T(label), Type: "datetime-local", Optional: true, State: r.State, Dir: "ltr"}.Draw(env)
		}
		body = append(body, ui.Fields(moment("after", "redact.after"), moment("before", "redact.before")), ui.Help(env.T("redact.time_help")))
	}
	return ui.More{Title: env.T("redact.more"), Open: open, Body: body}.Draw(env)
}

// filled reports whether a field has something in it, or something is wrong with it.
func (r *Redact) filled(name string) bool {
	return strings.TrimSpace(r.State.Value(name, "")) != "" || r.State.Error(name) != nil
}

// After implements screen.Writer.
func (r *Redact) After(_ string, result any) screen.Next {
	env := r.Env()
	done, _ := result.(api.Redaction)
	return screen.Next{URL: route.Redaction(env.Homeserver, done.ID, done.RedactID), Notice: env.T("done.redaction_begun")}
}
