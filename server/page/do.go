// SPDX-License-Identifier: Apache-2.0

package page

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/app/panel"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/server/gate"
	"gatehouse/server/operator"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// do takes a form of a write, the way without the program: it goes through the corridor and is answered with 303 to the next page,
// with the page itself where the answer holds a secret, or with the form again, its mistakes at their fields and nothing lost but passwords.
func (p *Pages) do(c echo.Context) error {
	values, err := p.form(c)
	if err != nil {
		return err
	}
	homeserver, operation := c.Param("homeserver"), c.Param("operation")
	u, err := url.Parse(values.Get("_screen"))
	if err != nil || !ownScreen(values.Get("_screen")) {
		return api.NewProblem(api.StatusBadRequest, "invalid_request")
	}
	s, of, _ := panel.Find(u)
	form, ok := s.(screen.Writer)
	if !ok || of != homeserver {
		return api.NewProblem(api.StatusBadRequest, "invalid_request")
	}
	person, err := p.Web.Person(c)
	if errors.Is(err, operator.ErrExpired) || errors.Is(err, operator.ErrSignedOut) {
		return p.keepForLater(c, person, homeserver, operation, u, values)
	}
	if err != nil {
		return err
	}
	env := p.env(c, person, homeserver)
	typed, key := screen.Own(values), values.Get("_key")
	if screen.Redraws(values) {
		return p.show(c, http.StatusOK, form, env, person, u, ui.FormState{Key: key, Typed: screen.Rows(screen.Shown(operation, typed), values)}, waitTime)
	}
	result, err := p.Gate.Do(c.Request().Context(), gate.Visit{
		Person: person, Homeserver: homeserver, Operation: operation, Kind: api.KindWrite, Key: key, RequestID: gate.RequestID(c),
		Decode: func(op api.Op) (api.Request, error) { return op.DecodeForm(typed) },
	})
	if err != nil {
		problem := tell(c, problemOf(err))
		return p.show(c, problem.Status, form, env, person, u, ui.FormState{Key: gate.NewKey(), Typed: screen.Shown(operation, typed), Problem: problem}, waitTime)
	}
	form.Use(env)
	next := form.After(operation, result)
	if next.Screen != nil {
		next.Screen.Use(env)
		return p.write(c, http.StatusOK, document{env: env, title: next.Screen.Title(), screen: next.Screen, url: u, secret: true})
	}
	p.leaveNotice(c, person, next.Notice)
	return c.Redirect(http.StatusSeeOther, next.URL)
}

// draftLife is how long what was typed waits for its person to sign in again.
const draftLife = 15 * time.Minute

// keepForLater seals what was typed when the session had ended, without its secrets, and asks to sign in; the same person then
// finds the form as it was.
func (p *Pages) keepForLater(c echo.Context, person *operator.Person, homeserver, operation string, u *url.URL, values url.Values) error {
	query := url.Values{"next": {u.String()}, "ended": {"1"}}
	if person != nil {
		query.Set("homeserver", person.Homeserver)
		plain, err := json.Marshal(screen.Shown(operation, screen.Own(values)))
		if err != nil {
			return err
		}
		sealed, err := p.Seal.Seal(seal.PurposeDraft, plain, []byte(person.ID+"\x00"+u.String()))
		if err == nil {
			err = p.Store.PutDraft(c.Request().Context(), store.Draft{
				Person: person.ID, Homeserver: homeserver, Screen: u.String(), Sealed: sealed, Expires: p.Now().Add(draftLife),
			})
		}
		if err != nil {
			p.Log.Error("what was typed could not be kept", "request_id", gate.RequestID(c), "error", err.Error())
		}
	}
	return c.Redirect(http.StatusSeeOther, signInURL(query))
}

// takeDraft returns what the person had typed into this form when their session ended, once.
func (p *Pages) takeDraft(c echo.Context, person *operator.Person, homeserver string, u *url.URL) url.Values {
	draft, err := p.Store.TakeDraft(c.Request().Context(), person.ID, homeserver, u.String(), p.Now())
	if err != nil {
		return nil
	}
	plain, err := p.Seal.Open(seal.PurposeDraft, draft.Sealed, []byte(person.ID+"\x00"+u.String()))
	if err != nil {
		return nil
	}
	var typed url.Values
	if json.Unmarshal(plain, &typed) != nil {
		return nil
	}
	return typed
}
