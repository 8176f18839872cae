// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/panel"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/server/gate"
	"gatehouse/server/operator"
)

// How long a page waits for what it shows. After loadTime it goes out with placeholders, and the program, or a refresh
// that waits for waitTime, fetches the rest.
const (
	loadTime = time.Second
	waitTime = 20 * time.Second
)

// waitMark is the query parameter of that refresh.
const waitMark = "_wait"

// screen answers GET for every screen.
func (p *Pages) screen(c echo.Context) error {
	person, err := p.signedIn(c)
	if person == nil || err != nil {
		return err
	}
	u := here(c.Request())
	query := u.Query()
	patience := loadTime
	if query.Has(waitMark) {
		patience = waitTime
		query.Del(waitMark)
		u.RawQuery = query.Encode()
	}
	if query.Has(gate.PollMark) {
		query.Del(gate.PollMark)
		u.RawQuery = query.Encode()
	}
	s, homeserver, ok := panel.Find(u)
	if !ok {
		return api.NewProblem(api.StatusNotFound, "no_such_page")
	}
	if homeserver != "" {
		if _, known := p.Gate.Homeserver(homeserver); !known || !person.May(homeserver) {
			return api.NewProblem(api.StatusNotFound, "no_such_homeserver", "name", homeserver)
		}
	}
	env := p.env(c, person, homeserver)
	if route.HasCard(u) && p.Assets.HasProgram() {
		if patience == loadTime { // the program knows how to ask for what was shown here
			return p.write(c, http.StatusOK, document{env: env, title: env.T("ui.loading"), url: u, loading: true})
		}
		u, _ = url.Parse(route.WithoutCard(u))
	}
	env.Notice = p.takeNotice(c, person)
	state := ui.FormState{Key: gate.NewKey()}
	if _, ok := s.(screen.Writer); ok {
		state.Typed = p.takeDraft(c, person, homeserver, u)
	}
	return p.show(c, http.StatusOK, s, env, person, u, state, patience)
}

// show loads a screen and writes it.
func (p *Pages) show(c echo.Context, status int, s screen.Screen, env ui.Env, person *operator.Person, u *url.URL, state ui.FormState, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), patience)
	defer cancel()
	s.Use(env)
	err := s.Load(ctx, env, p.caller(c, person, env.Homeserver), u)
	switch {
	case err != nil && patience == loadTime && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return p.write(c, status, document{env: env, title: env.T("ui.loading"), url: u, loading: true})
	case err != nil:
		problem := problemOf(err)
		if problem.RequestID == "" {
			problem.RequestID = gate.RequestID(c)
		}
		gate.Describe(problem)
		return p.write(c, problem.Status, document{env: env, title: ui.ProblemTitle(env, problem), problem: problem, url: u})
	}
	if w, ok := s.(screen.Writer); ok {
		w.Refill(state)
	}
	return p.write(c, status, document{env: env, title: s.Title(), screen: s, url: u})
}

// signedIn returns who asks. Where nobody is signed in it answers itself: with the sign-in page, or, where the browser may only be
// keeping the cookie back because the link was followed from another site, with a page that asks again.
func (p *Pages) signedIn(c echo.Context) (*operator.Person, error) {
	person, err := p.Web.Person(c)
	switch {
	case err == nil:
		return person, nil
	case !errors.Is(err, operator.ErrSignedOut) && !errors.Is(err, operator.ErrExpired):
		return nil, err
	case c.Request().Header.Get("Sec-Fetch-Site") == "cross-site" && !p.Web.HasCookie(c):
		return nil, p.askAgain(c)
	}
	query := url.Values{}
	if next := here(c.Request()).String(); ownScreen(next) && next != "/" {
		query.Set("next", next)
	}
	if errors.Is(err, operator.ErrExpired) {
		query.Set("ended", "1")
	}
	return nil, c.Redirect(http.StatusSeeOther, signInURL(query))
}

func signInURL(query url.Values) string {
	return (&url.URL{Path: "/sign-in", RawQuery: query.Encode()}).String()
}

// problem writes a problem as a page: in the shell for whoever is signed in, bare for others.
func (p *Pages) problem(c echo.Context, problem *api.Problem) error {
	gate.Describe(problem)
	if ofInvitation(c) { // whoever is signed in here, the page is not theirs, and its address is no one's to keep
		return p.joinDead(c, problem)
	}
	person, err := p.Web.Person(c)
	if err != nil {
		person = nil
	}
	env := p.env(c, person, "")
	return p.write(c, problem.Status, document{env: env, title: ui.ProblemTitle(env, problem), problem: problem, bare: person == nil, url: here(c.Request())})
}

// retryAfter says when another try makes sense, as it is said to programs.
func retryAfter(c echo.Context, p *api.Problem) {
	if p.RetryMS > 0 {
		c.Response().Header().Set("Retry-After", strconv.FormatInt((p.RetryMS+999)/1000, 10))
	}
}

// tell completes a problem that a page shows: with its sentences, and with when another try makes sense.
func tell(c echo.Context, p *api.Problem) *api.Problem {
	gate.Describe(p)
	retryAfter(c, p)
	return p
}

func problemOf(err error) *api.Problem {
	p := *client.AsProblem(err)
	return &p
}

// caller calls the catalogue in process, as the person, through the same corridor as everybody.
type caller struct {
	gate       *gate.Gate
	person     *operator.Person
	homeserver string
	requestID  string
}

func (p *Pages) caller(c echo.Context, person *operator.Person, homeserver string) client.Caller {
	return caller{p.Gate, person, homeserver, gate.RequestID(c)}
}

// At implements client.Caller.
func (c caller) At(homeserver string) client.Caller {
	c.homeserver = homeserver
	return c
}

// Call implements client.Caller.
func (c caller) Call(ctx context.Context, op api.Op, req api.Request, key string) (any, error) {
	return c.gate.Do(ctx, gate.Visit{
		Person: c.person, Homeserver: c.homeserver, Operation: op.Info().Name, Key: key, RequestID: c.requestID,
		Decode: func(api.Op) (api.Request, error) { return req, nil },
	})
}
