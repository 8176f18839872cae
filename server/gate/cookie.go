// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/server/operator"
)

// sessionCookie is the session's cookie.
const sessionCookie = "gatehouse"

// Cookie returns what the browser sends of one of our cookies.
func (w *Web) Cookie(c echo.Context, name string) (*http.Cookie, error) {
	return c.Cookie(w.cookieName(name))
}

// SetCookie gives the browser a cookie, or takes it away where the value is "". No script sees it, and no request that another site begins has it.
func (w *Web) SetCookie(c echo.Context, name, value string, age time.Duration) {
	cookie := &http.Cookie{
		Name: w.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: w.Secure(), SameSite: http.SameSiteStrictMode,
		MaxAge: int(age.Seconds()),
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	c.SetCookie(cookie)
}

// cookieName is what a cookie is called. The prefix makes browsers hold it to this host, to https and to every path (RFC 6265bis,
// section 4.1.3.2); it can only be had with https.
func (w *Web) cookieName(name string) string {
	if w.Secure() {
		return "__Host-" + name
	}
	return name
}

// SignIn opens a session for the attempt and gives the browser its cookie.
func (w *Web) SignIn(c echo.Context, a operator.Attempt) (*operator.Person, error) {
	a.Address, a.RequestID = c.RealIP(), RequestID(c)
	p, err := w.Desk.SignIn(c.Request().Context(), a)
	if err != nil {
		return nil, err
	}
	token, keep, err := w.Sessions.Open(c.Request().Context(), *p, c.Request().UserAgent())
	if err != nil {
		w.Log.Error("a session could not be opened", "request_id", RequestID(c), "error", err.Error())
		return nil, api.NewProblem(api.StatusUnavailable, "store_unavailable")
	}
	w.SetCookie(c, sessionCookie, token, keep.Sub(w.Sessions.Now()))
	return p, nil
}

// SignOut ends the session on the server and takes the cookie and what the browser kept.
func (w *Web) SignOut(c echo.Context) error {
	if cookie, err := w.Cookie(c, sessionCookie); err == nil {
		if err := w.Sessions.Close(c.Request().Context(), cookie.Value); err != nil {
			return api.NewProblem(api.StatusUnavailable, "store_unavailable")
		}
	}
	w.SetCookie(c, sessionCookie, "", 0)
	c.Response().Header().Set("Clear-Site-Data", `"cache"`)
	return nil
}

// HasCookie reports whether the browser sent a session cookie, good or not.
func (w *Web) HasCookie(c echo.Context) bool {
	_, err := w.Cookie(c, sessionCookie)
	return err == nil
}

// pollHeader marks what the program asks for by itself: it keeps no session alive.
const pollHeader = "Gatehouse-Poll"

// PollMark is the query parameter that marks a page that asks for itself again, where the program does not run.
const PollMark = "_poll"

// Person returns who asks, or nil and why: operator.ErrSignedOut, or operator.ErrExpired together with the person whose session it was.
func (w *Web) Person(c echo.Context) (*operator.Person, error) {
	if p, ok := c.Get(personKey).(*operator.Person); ok {
		return p, nil
	}
	p, err := w.person(c, c.Request().Header.Get(pollHeader) == "" && !c.QueryParams().Has(PollMark))
	if err != nil {
		return p, err
	}
	c.Set(personKey, p)
	return p, nil
}

// listening is Person for a call that goes on for long: the session is looked at each time, and not kept alive.
func (w *Web) listening(c echo.Context) (*operator.Person, error) {
	p, err := w.person(c, false)
	if errors.Is(err, operator.ErrSignedOut) || errors.Is(err, operator.ErrExpired) {
		return nil, api.NewProblem(api.StatusUnauthorized, "signed_out")
	}
	return p, err
}

func (w *Web) person(c echo.Context, active bool) (*operator.Person, error) {
	cookie, err := w.Cookie(c, sessionCookie)
	if err != nil {
		return nil, operator.ErrSignedOut
	}
	p, err := w.Sessions.Person(c.Request().Context(), cookie.Value, active)
	if errors.Is(err, operator.ErrExpired) {
		return p, err
	}
	if err != nil {
		if !errors.Is(err, operator.ErrSignedOut) {
			w.Log.Error("a session could not be looked up", "request_id", RequestID(c), "error", err.Error())
			return nil, api.NewProblem(api.StatusUnavailable, "store_unavailable")
		}
		return nil, err
	}
	p.Address = c.RealIP()
	return p, nil
}
