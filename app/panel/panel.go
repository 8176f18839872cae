// SPDX-License-Identifier: Apache-2.0

// Package panel maps addresses to screens and draws the frame around them.
package panel

import (
	"net/url"
	"strings"

	"gatehouse/app/help"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/servers"
	"gatehouse/app/users"
)

// global are the screens of no homeserver, local those under a homeserver's name.
var (
	global = map[string]func() screen.Screen{
		route.Overview: servers.NewOverview,
		route.Servers:  servers.NewList,
		route.Keys:     help.NewKeys,
	}
	local = map[string]func() screen.Screen{
		route.ServerPath:        servers.NewServer,
		route.AccountsPath:      users.NewList,
		route.CreatePath:        users.NewCreate,
		route.AccountPath:       users.NewAccount,
		route.DevicesPath:       users.NewDevices,
		route.EditPath:          users.NewEdit,
		route.ResetPasswordPath: users.NewReset,
		route.LockPath:          users.NewLock,
		route.UnlockPath:        users.NewUnlock,
		route.DeactivatePath:    users.NewDeactivate,
		route.ErasePath:         users.NewErase,
		route.ReactivatePath:    users.NewReactivate,
		route.SignOutPath:       users.NewSignOut,
	}
)

// overlays are the screens that the program draws as a dialog over the page they came from: questions, and what explains the page.
var overlays = map[string]bool{
	route.Keys:              true,
	route.ResetPasswordPath: true, route.LockPath: true, route.UnlockPath: true, route.DeactivatePath: true, route.ErasePath: true,
	route.ReactivatePath: true, route.SignOutPath: true,
}

// IsOverlay reports whether an address is that of a screen that is drawn as a dialog.
func IsOverlay(u *url.URL) bool {
	_, path, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return overlays[u.Path] || overlays[path]
}

// Find returns the screen of an address and the homeserver that it is about, if any.
func Find(u *url.URL) (s screen.Screen, homeserver string, ok bool) {
	if open, ok := global[u.Path]; ok {
		return open(), "", true
	}
	name, path, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if open, ok := local[path]; ok && name != "" {
		return open(), name, true
	}
	return nil, "", false
}
