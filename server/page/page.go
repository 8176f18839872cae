// SPDX-License-Identifier: Apache-2.0

// Package page writes the panel's screens as HTML, takes their forms, and serves what they are made of. The program (WASM)
// takes a page over where it runs; everything works without it.
package page

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
	"gatehouse/app/ui"
	"gatehouse/server/gate"
	"gatehouse/server/intake"
	"gatehouse/server/invitation"
	"gatehouse/server/operator"
	"gatehouse/server/seal"
	"gatehouse/server/store"
	"gatehouse/web/languages"
)

// Pages writes pages.
type Pages struct {
	Web    *gate.Web
	Gate   *gate.Gate
	Store  *store.Store
	Seal   *seal.Keys
	Assets *Assets
	Intake *intake.Desk
	Log    *slog.Logger
	// Operators says whether the gate knows people of its own, who sign in without a homeserver.
	Operators func() bool
	Now       func() time.Time
}

// Routes adds the pages to the gate's door.
func (p *Pages) Routes(e *echo.Echo) {
	p.Web.Problem = p.problem
	e.GET("/sign-in", p.signInForm)
	e.POST("/sign-in", p.signIn)
	e.POST("/sign-out", p.signOut)
	e.POST("/preferences", p.setPreferences)
	e.POST("/do/:homeserver/:operation", p.do)
	e.GET(invitation.Path+":token", p.joinForm)
	e.POST(invitation.Path+":token", p.join)
	e.GET("/export/:homeserver/:operation", p.export)
	e.GET("/import/:homeserver", p.importForm)
	e.POST("/import/:homeserver", p.upload)
	e.POST("/import/:homeserver/plan", p.planImport)
	p.Assets.routes(e)
	e.GET("/*", p.screen)
}

// env is what a page knows of its surroundings. The person may be nil.
func (p *Pages) env(c echo.Context, person *operator.Person, homeserver string) ui.Env {
	prefs := p.preferences(c)
	env := ui.Env{
		Homeserver: homeserver, Language: prefs.language(c.Request()), Zone: prefs.Zone, Theme: prefs.Theme, LetterKeys: !prefs.NoLetterKeys,
		Now: p.Now().UnixMilli(), Version: p.Web.Version,
	}
	offset, ok := i18n.LoadZone(prefs.Zone)
	if !ok {
		env.Zone = ""
	}
	env = env.WithPrinter(i18n.Format{Printer: languages.Printer(env.Language), Offset: offset})
	if person == nil {
		return env
	}
	env.Person = ui.Person{ID: person.ID, Name: person.Name, Role: string(person.Role)}
	env.Permissions = map[string]bool{}
	for _, permission := range person.Role.Permissions() {
		env.Permissions[string(permission)] = true
	}
	for _, h := range p.Gate.Homeservers() {
		if person.May(h.Settings.Name) {
			env.Homeservers = append(env.Homeservers, ui.Homeserver{
				Name: h.Settings.Name, ServerName: h.Settings.ServerName, Kind: h.Kind, MAS: h.Settings.MAS.Enabled(), Unavailable: h.Unavailable(),
			})
		}
	}
	env.Denied = denied(person.Role)
	return env.At(homeserver)
}

// denied maps the operations that the role may not call to the permission that it lacks.
func denied(role api.Role) map[string]string {
	out := map[string]string{}
	for _, op := range api.All() {
		if !role.May(op.Info().Permission) {
			out[op.Info().Name] = string(op.Info().Permission)
		}
	}
	return out
}

// here returns the address that was asked for, as a relative one.
func here(r *http.Request) *url.URL {
	return &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
}
