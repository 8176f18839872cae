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
func (s *Account) Title() string { return s.Env().T("account.title") }

// Load implements screen.Screen.
func (s *Account) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	s.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (s *Account) Render() app.UI { return page(s.Env(), s.User, s.Title()) }

// Devices is a screen about one account.
type Devices struct {
	screen.Base
	User api.User `json:"user"`
}

// NewDevices returns it.
func NewDevices() screen.Screen { return &Devices{} }

// Title implements screen.Screen.
func (s *Devices) Title() string { return s.Env().T("devices.title") }

// Load implements screen.Screen.
func (s *Devices) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	s.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (s *Devices) Render() app.UI { return page(s.Env(), s.User, s.Title()) }

// Create is a screen about one account.
type Create struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewCreate returns it.
func NewCreate() screen.Screen { return &Create{} }

// Title implements screen.Screen.
func (s *Create) Title() string { return s.Env().T("create.title") }

// Load implements screen.Screen.
func (s *Create) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	return nil
}

// Render implements app.Composer.
func (s *Create) Render() app.UI { return page(s.Env(), s.User, s.Title()) }

// After implements screen.Writer.
func (s *Create) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(s.Env().Homeserver)} }

// Edit is a screen about one account.
type Edit struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewEdit returns it.
func NewEdit() screen.Screen { return &Edit{} }

// Title implements screen.Screen.
func (s *Edit) Title() string { return s.Env().T("edit.title") }

// Load implements screen.Screen.
func (s *Edit) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	s.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (s *Edit) Render() app.UI { return page(s.Env(), s.User, s.Title()) }

// After implements screen.Writer.
func (s *Edit) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(s.Env().Homeserver)} }

// Reset is a screen about one account.
type Reset struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewReset returns it.
func NewReset() screen.Screen { return &Reset{} }

// Title implements screen.Screen.
func (s *Reset) Title() string { return s.Env().T("reset.title") }

// Load implements screen.Screen.
func (s *Reset) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	s.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (s *Reset) Render() app.UI { return page(s.Env(), s.User, s.Title()) }

// After implements screen.Writer.
func (s *Reset) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(s.Env().Homeserver)} }

// Lock is a screen about one account.
type Lock struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewLock returns it.
func NewLock() screen.Screen { return &Lock{} }

// Title implements screen.Screen.
func (s *Lock) Title() string { return s.Env().T("lock.title") }

// Load implements screen.Screen.
func (s *Lock) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	s.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (s *Lock) Render() app.UI { return page(s.Env(), s.User, s.Title()) }

// After implements screen.Writer.
func (s *Lock) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(s.Env().Homeserver)} }

// Unlock is a screen about one account.
type Unlock struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewUnlock returns it.
func NewUnlock() screen.Screen { return &Unlock{} }

// Title implements screen.Screen.
func (s *Unlock) Title() string { return s.Env().T("unlock.title") }

// Load implements screen.Screen.
func (s *Unlock) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	s.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (s *Unlock) Render() app.UI { return page(s.Env(), s.User, s.Title()) }

// After implements screen.Writer.
func (s *Unlock) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(s.Env().Homeserver)} }

// Deactivate is a screen about one account.
type Deactivate struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewDeactivate returns it.
func NewDeactivate() screen.Screen { return &Deactivate{} }

// Title implements screen.Screen.
func (s *Deactivate) Title() string { return s.Env().T("deactivate.title") }

// Load implements screen.Screen.
func (s *Deactivate) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	s.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (s *Deactivate) Render() app.UI { return page(s.Env(), s.User, s.Title()) }

// After implements screen.Writer.
func (s *Deactivate) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(s.Env().Homeserver)} }

// Erase is a screen about one account.
type Erase struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewErase returns it.
func NewErase() screen.Screen { return &Erase{} }

// Title implements screen.Screen.
func (s *Erase) Title() string { return s.Env().T("erase.title") }

// Load implements screen.Screen.
func (s *Erase) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	s.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (s *Erase) Render() app.UI { return page(s.Env(), s.User, s.Title()) }

// After implements screen.Writer.
func (s *Erase) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(s.Env().Homeserver)} }

// Reactivate is a screen about one account.
type Reactivate struct {
	screen.FormBase
	User api.User `json:"user"`
}

// NewReactivate returns it.
func NewReactivate() screen.Screen { return &Reactivate{} }

// Title implements screen.Screen.
func (s *Reactivate) Title() string { return s.Env().T("reactivate.title") }

// Load implements screen.Screen.
func (s *Reactivate) Load(ctx context.Context, _ ui.Env, call client.Caller, u *url.URL) (err error) {
	s.User, err = load(ctx, call, u)
	return err
}

// Render implements app.Composer.
func (s *Reactivate) Render() app.UI { return page(s.Env(), s.User, s.Title()) }

// After implements screen.Writer.
func (s *Reactivate) After(string, any) screen.Next { return screen.Next{URL: route.Accounts(s.Env().Homeserver)} }

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
