// SPDX-License-Identifier: Apache-2.0

package page

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
	"gatehouse/web/languages"
)

// preferences are how a person likes the panel. They live in one cookie; anything in it that is not known counts for nothing.
type preferences struct {
	Language     string // BCP 47; "": as the browser asks
	Theme        string // system, light or dark
	Zone         string // IANA name; "" until the program has told
	NoLetterKeys bool
}

const preferencesCookie = "gatehouse-preferences"

func (p *Pages) preferences(c echo.Context) preferences {
	prefs := preferences{Theme: "system"}
	cookie, err := p.Web.Cookie(c, preferencesCookie)
	if err != nil {
		return prefs
	}
	values, err := url.ParseQuery(cookie.Value)
	if err != nil {
		return prefs
	}
	prefs.take(values)
	return prefs
}

// take takes over what is valid of a form or cookie and leaves the rest as it was.
func (p *preferences) take(values url.Values) {
	if v, ok := values["language"]; ok && (v[0] == "" || slices.Contains(languages.Tags(), v[0])) {
		p.Language = v[0]
	}
	if v := values.Get("theme"); v == "system" || v == "light" || v == "dark" {
		p.Theme = v
	}
	if _, ok := i18n.LoadZone(values.Get("zone")); ok {
		p.Zone = values.Get("zone")
	}
	if v, ok := values["letter_keys"]; ok {
		p.NoLetterKeys = !slices.Contains(v, "true")
	}
}

func (p preferences) cookie() string {
	values := url.Values{"theme": {p.Theme}, "letter_keys": {"true"}}
	if p.Language != "" {
		values.Set("language", p.Language)
	}
	if p.Zone != "" {
		values.Set("zone", p.Zone)
	}
	if p.NoLetterKeys {
		values.Set("letter_keys", "false")
	}
	return values.Encode()
}

// language is the one chosen, else the best of those that the browser asks for.
func (p preferences) language(r *http.Request) string {
	if p.Language != "" {
		return p.Language
	}
	return i18n.Match(r.Header.Get("Accept-Language"), languages.Tags())
}

// setPreferences takes the form and returns to the page that it was on.
func (p *Pages) setPreferences(c echo.Context) error {
	values, err := p.form(c)
	if err != nil {
		return err
	}
	prefs := p.preferences(c)
	prefs.take(values)
	p.Web.SetCookie(c, preferencesCookie, prefs.cookie(), 365*24*time.Hour)
	next := values.Get("_screen")
	if !ownScreen(next) {
		next = "/"
	}
	if c.Request().Header.Get("Sec-Fetch-Mode") == "cors" { // the program asked with fetch and stays where it is
		return c.NoContent(http.StatusNoContent)
	}
	return c.Redirect(http.StatusSeeOther, next)
}

// form reads a form that was posted from a page of ours.
func (p *Pages) form(c echo.Context) (url.Values, error) {
	if err := p.Web.FormOrigin(c.Request()); err != nil {
		return nil, err
	}
	if kind, _, _ := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType)); kind != echo.MIMEApplicationForm {
		return nil, api.NewProblem(http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	if err := c.Request().ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, api.NewProblem(api.StatusTooLarge, "too_large")
		}
		return nil, api.NewProblem(api.StatusBadRequest, "invalid_request")
	}
	return c.Request().PostForm, nil
}
