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

// RenameDevice asks what a device shall be called.
type RenameDevice struct {
	Question
	Device api.Device `json:"device"`
	Gone   bool       `json:"gone,omitempty"`
}

// NewRenameDevice returns the question.
func NewRenameDevice() screen.Screen { return &RenameDevice{} }

// Title implements screen.Screen.
func (r *RenameDevice) Title() string { return r.Env().T("device.rename_title") }

// Load implements screen.Screen. It costs two calls.
func (r *RenameDevice) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	r.Device.ID = api.DeviceID(u.Query().Get("device"))
	if err := r.load(ctx, env, call, u, api.RenameDevice); err != nil || !env.Can(api.RenameDevice.Info().Name) || !env.Can(api.ListDevices.Info().Name) {
		return err
	}
	list, err := client.Call(ctx, call, api.ListDevices, api.UserRef{ID: r.Effects.User.ID})
	if err != nil {
		return err
	}
	r.Gone = true
	for _, d := range list.Devices {
		if d.ID == r.Device.ID {
			r.Device, r.Gone = d, false
		}
	}
	return nil
}

// Render implements app.Composer.
func (r *RenameDevice) Render() app.UI {
	env := r.Env()
	a := ask{
		Op: api.RenameDevice, Path: route.RenameDevicePath, Title: r.Title(), Icon: ui.IconEdit, Look: ui.Primary,
		Submit: env.T("device.rename_submit"), Back: env.T("common.cancel"), About: url.Values{"device": {string(r.Device.ID)}},
		Fields: []app.UI{
			ui.Field{
				Name: "name", Label: env.T("device.name"), Help: env.T("device.rename_help", "device", string(r.Device.ID)), Value: r.Device.DisplayName,
				State: r.State, MaxLength: 100,
			}.Draw(env),
			ui.HiddenField("device", string(r.Device.ID)),
		},
	}
	if r.Gone {
		a.Why = env.T("device.gone")
	}
	return r.draw(a)
}

// After implements screen.Writer.
func (r *RenameDevice) After(_ string, result any) screen.Next {
	d, _ := result.(api.OwnDevice)
	return r.devices("done.device_renamed", d)
}

// CreateDevice asks for a device that nobody is signed in on.
type CreateDevice struct{ Question }

// NewCreateDevice returns the question.
func NewCreateDevice() screen.Screen { return &CreateDevice{} }

// Title implements screen.Screen.
func (c *CreateDevice) Title() string { return c.Env().T("device.create_title") }

// Load implements screen.Screen.
func (c *CreateDevice) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return c.load(ctx, env, call, u, api.CreateDevice)
}

// Render implements app.Composer.
func (c *CreateDevice) Render() app.UI {
	env := c.Env()
	return c.draw(ask{
		Op: api.CreateDevice, Path: route.CreateDevicePath, Title: c.Title(), Icon: ui.IconDevice, Look: ui.Primary, Help: env.T("device.create_help"),
		Submit: env.T("device.create_submit"), Back: env.T("common.cancel"),
		Fields: []app.UI{
			ui.Field{Name: "name", Label: env.T("device.name"), State: c.State, Optional: true, MaxLength: 100}.Draw(env),
			ui.Field{Name: "device", Label: env.T("device.id"), Help: env.T("device.id_help"), State: c.State, Optional: true, Mono: true, Dir: "ltr", MaxLength: 512}.Draw(env),
		},
	})
}

// After implements screen.Writer.
func (c *CreateDevice) After(_ string, result any) screen.Next {
	d, _ := result.(api.OwnDevice)
	return c.devices("done.device_created", d)
}

// devices is the tab of the devices, with a sentence about one of them.
func (q *Question) devices(notice string, d api.OwnDevice) screen.Next {
	env := q.Env()
	return screen.Next{URL: route.Account(env.Homeserver, route.DevicesPath, d.ID), Notice: env.T(notice, "device", string(d.Device.ID))}
}
