// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/app/panel"
	"gatehouse/app/signin"
	"gatehouse/app/ui"
	"gatehouse/server/gate"
	"gatehouse/server/operator"
)

// ownScreen reports whether a text is the address of a screen of the panel, and of nothing else: where a person is sent on to is
// never decided by somebody else.
func ownScreen(text string) bool {
	if !strings.HasPrefix(text, "/") || strings.HasPrefix(text, "//") || strings.ContainsAny(text, "\\\r\n\t") || len(text) > 2048 {
		return false
	}
	u, err := url.Parse(text)
	if err != nil || u.IsAbs() || u.Host != "" || u.Opaque != "" {
		return false
	}
	_, _, ok := panel.Find(u)
	return ok
}

func (p *Pages) signInForm(c echo.Context) error {
	next := c.QueryParam("next")
	if !ownScreen(next) {
		next = "/"
	}
	if person, err := p.Web.Person(c); err == nil && person != nil {
		return c.Redirect(http.StatusSeeOther, next)
	}
	form := p.signInScreen()
	form.Next = next
	form.Ended = c.QueryParam("ended") != ""
	form.Homeserver = c.QueryParam("homeserver")
	return p.writeSignIn(c, http.StatusOK, form)
}

func (p *Pages) signInScreen() *signin.Form {
	form := &signin.Form{Operators: p.Operators()}
	for _, h := range p.Gate.Homeservers() {
		form.Homeservers = append(form.Homeservers, ui.Homeserver{Name: h.Settings.Name, ServerName: h.Settings.ServerName, Kind: h.Kind})
	}
	return form
}

func (p *Pages) writeSignIn(c echo.Context, status int, form *signin.Form) error {
	env := p.env(c, nil, "")
	form.Use(env)
	return p.write(c, status, document{env: env, title: env.T("sign_in.submit"), body: form, bare: true, prefetch: true})
}

func (p *Pages) signIn(c echo.Context) error {
	values, err := p.form(c)
	if err != nil {
		return err
	}
	form := p.signInScreen()
	form.Name, form.Homeserver, form.Next = strings.TrimSpace(values.Get("name")), values.Get("homeserver"), values.Get("next")
	if !ownScreen(form.Next) {
		form.Next = "/"
	}
	if _, known := p.Gate.Homeserver(form.Homeserver); !known && (form.Homeserver != "" || !form.Operators) {
		return api.NewProblem(api.StatusNotFound, "no_such_homeserver", "name", form.Homeserver)
	}
	_, err = p.Web.SignIn(c, operator.Attempt{Homeserver: form.Homeserver, Name: form.Name, Password: api.NewSecret(values.Get("password"))})
	if err != nil {
		form.Problem = tell(c, problemOf(err))
		form.Problem.RequestID = gate.RequestID(c)
		return p.writeSignIn(c, form.Problem.Status, form)
	}
	return c.Redirect(http.StatusSeeOther, form.Next)
}

func (p *Pages) signOut(c echo.Context) error {
	if _, err := p.form(c); err != nil {
		return err
	}
	if err := p.Web.SignOut(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sign-in")
}
