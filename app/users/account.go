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

// load reads the account that an address is about.
func load(ctx context.Context, call client.Caller, u *url.URL) (api.User, error) {
	return client.Call(ctx, call, api.GetUser, api.UserRef{ID: api.UserID(u.Query().Get("id"))})
}

func page(env ui.Env, u api.User, title string) app.UI {
	return app.Div().Body(ui.PageTitle{Title: title}.Draw(env), accountCell(env, u, route.Account(env.Homeserver, route.AccountPath, u.ID)))
}

// Account is a screen about one account.
type Account struct {
	screen.Base
	User api.User `json:"user"`
}

// NewAccount returns it.
func NewAccount() screen.Screen { return &Account{} }

// Title implements screen.Screen.
func (a *Account) Title() string { return a.Env().T("account.title") }

// Load implements screen.Screen.
func (a *Account) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	a.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (a *Account) Render() app.UI { return page(a.Env(), a.User, a.Title()) }

// Devices is a screen about one account.
type Devices struct {
	screen.Base
	User api.User `json:"user"`
}

// NewDevices returns it.
func NewDevices() screen.Screen { return &Devices{} }

// Title implements screen.Screen.
func (d *Devices) Title() string { return d.Env().T("devices.title") }

// Load implements screen.Screen.
func (d *Devices) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	d.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (d *Devices) Render() app.UI { return page(d.Env(), d.User, d.Title()) }

// Create is a screen about one account.
type Create struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewCreate returns it.
func NewCreate() screen.Screen { return &Create{} }

// Title implements screen.Screen.
func (c *Create) Title() string { return c.Env().T("create.title") }

// Load implements screen.Screen.
func (c *Create) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	return nil
}

// Render implements app.Composer.
func (c *Create) Render() app.UI { return page(c.Env(), c.User, c.Title()) }

// After implements screen.Writer.
func (c *Create) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(c.Env().Homeserver)} }

// Edit is a screen about one account.
type Edit struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewEdit returns it.
func NewEdit() screen.Screen { return &Edit{} }

// Title implements screen.Screen.
func (e *Edit) Title() string { return e.Env().T("edit.title") }

// Load implements screen.Screen.
func (e *Edit) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	e.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (e *Edit) Render() app.UI { return page(e.Env(), e.User, e.Title()) }

// After implements screen.Writer.
func (e *Edit) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(e.Env().Homeserver)} }

// Reset is a screen about one account.
type Reset struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewReset returns it.
func NewReset() screen.Screen { return &Reset{} }

// Title implements screen.Screen.
func (r *Reset) Title() string { return r.Env().T("reset.title") }

// Load implements screen.Screen.
func (r *Reset) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	r.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (r *Reset) Render() app.UI { return page(r.Env(), r.User, r.Title()) }

// After implements screen.Writer.
func (r *Reset) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(r.Env().Homeserver)} }

// Lock is a screen about one account.
type Lock struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewLock returns it.
func NewLock() screen.Screen { return &Lock{} }

// Title implements screen.Screen.
func (l *Lock) Title() string { return l.Env().T("lock.title") }

// Load implements screen.Screen.
func (l *Lock) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	l.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (l *Lock) Render() app.UI { return page(l.Env(), l.User, l.Title()) }

// After implements screen.Writer.
func (l *Lock) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(l.Env().Homeserver)} }

// Unlock is a screen about one account.
type Unlock struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewUnlock returns it.
func NewUnlock() screen.Screen { return &Unlock{} }

// Title implements screen.Screen.
func (u *Unlock) Title() string { return u.Env().T("unlock.title") }

// Load implements screen.Screen.
func (u *Unlock) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	u.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (u *Unlock) Render() app.UI { return page(u.Env(), u.User, u.Title()) }

// After implements screen.Writer.
func (u *Unlock) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(u.Env().Homeserver)} }

// Deactivate is a screen about one account.
type Deactivate struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewDeactivate returns it.
func NewDeactivate() screen.Screen { return &Deactivate{} }

// Title implements screen.Screen.
func (d *Deactivate) Title() string { return d.Env().T("deactivate.title") }

// Load implements screen.Screen.
func (d *Deactivate) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	d.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (d *Deactivate) Render() app.UI { return page(d.Env(), d.User, d.Title()) }

// After implements screen.Writer.
func (d *Deactivate) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(d.Env().Homeserver)} }

// Erase is a screen about one account.
type Erase struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewErase returns it.
func NewErase() screen.Screen { return &Erase{} }

// Title implements screen.Screen.
func (e *Erase) Title() string { return e.Env().T("erase.title") }

// Load implements screen.Screen.
func (e *Erase) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	e.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (e *Erase) Render() app.UI { return page(e.Env(), e.User, e.Title()) }

// After implements screen.Writer.
func (e *Erase) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(e.Env().Homeserver)} }

// Reactivate is a screen about one account.
type Reactivate struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewReactivate returns it.
func NewReactivate() screen.Screen { return &Reactivate{} }

// Title implements screen.Screen.
func (r *Reactivate) Title() string { return r.Env().T("reactivate.title") }

// Load implements screen.Screen.
func (r *Reactivate) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	r.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (r *Reactivate) Render() app.UI { return page(r.Env(), r.User, r.Title()) }

// After implements screen.Writer.
func (r *Reactivate) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(r.Env().Homeserver)} }

// SignOut is a screen about one account.
type SignOut struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewSignOut returns it.
func NewSignOut() screen.Screen { return &SignOut{} }

// Title implements screen.Screen.
func (s *SignOut) Title() string { return s.Env().T("devices.confirm_all") }

// Load implements screen.Screen.
func (s *SignOut) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	s.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (s *SignOut) Render() app.UI { return page(s.Env(), s.User, s.Title()) }

// After implements screen.Writer.
func (s *SignOut) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(s.Env().Homeserver)} }
