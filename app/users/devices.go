// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// Devices is the tab of an account's page with its devices.
type Devices struct {
	screen.Base
	User    api.User        `json:"user"`
	Devices *api.DeviceList `json:"devices,omitempty"` // nil where the server or the person's role has them not
}

// NewDevices returns the page of an account's devices.
func NewDevices() screen.Screen { return &Devices{} }

// Title implements screen.Screen.
func (d *Devices) Title() string { return d.Env().T("devices.title_of", "name", called(d.User)) }

// Load implements screen.Screen. It costs two calls, at the same time.
func (d *Devices) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	id, err := idOf(u)
	if err != nil {
		return err
	}
	var problem *api.Problem
	d.User, d.Devices, problem, err = loadAccount(ctx, env, call, id)
	if err == nil && problem != nil {
		return problem
	}
	return err
}

// Render implements app.Composer.
func (d *Devices) Render() app.UI {
	env := d.Env()
	top := head{user: d.User, devices: d.Devices, path: route.DevicesPath}
	if d.Devices == nil {
		return app.Div().Body(append(top.draw(env),
			ui.Empty{Icon: ui.IconDevice, Title: env.T("devices.unknown"), Text: env.WhyNot(api.ListDevices.Info().Name)}.Draw(env))...)
	}
	var edits []app.UI // what this server or role has not is left out here; the homeserver's page says why
	if why(env, d.User, api.CreateDevice) == "" {
		edits = append(edits, ui.Button{
			Label: env.T("devices.create"), Icon: ui.IconAdd, Small: true, Href: here(env, route.CreateDevicePath, d.User),
		}.Draw(env))
	}
	if len(d.Devices.Devices) == 0 {
		return app.Div().Body(append(top.draw(env),
			ui.Empty{Icon: ui.IconDevice, Title: env.T("devices.empty"), Text: env.T("devices.empty_help"), Actions: edits}.Draw(env))...)
	}
	reason := top.why(env, api.SignOut)
	actions := edits
	if why(env, d.User, api.PruneDevices) == "" {
		actions = append(actions, ui.Button{
			Label: env.T("devices.prune"), Icon: ui.IconWait, Small: true, Href: here(env, route.PrunePath, d.User),
		}.Draw(env))
	}
	actions = append(actions, ui.Button{
		Label: env.T("devices.sign_out_all"), Icon: ui.IconSignOut, Look: ui.Danger, Small: true, Href: route.SignOut(env.Homeserver, d.User.ID), Why: reason,
	}.Draw(env))
	return app.Div().Body(append(top.draw(env), ui.Section{
		Title: d.counted(), More: ui.Actions(actions...), Body: []app.UI{d.table(reason == ""), downloads(env, api.ListDevices, d.User)},
	}.Draw(env))...)
}

// counted says how many devices there are, and how many of them are listed, where that is not all.
func (d *Devices) counted() string {
	if d.Devices.Total > 0 {
		return d.Env().T("devices.some", "n", len(d.Devices.Devices), "total", d.Devices.Total)
	}
	return d.Env().N("devices.count", len(d.Devices.Devices))
}

// selectForm is the ID of the form that takes the selected devices to the question.
const selectForm = "selected"

func (d *Devices) table(signOut bool) app.UI {
	env := d.Env()
	t := ui.Table{
		Caption: env.T("devices.title"),
		Columns: []ui.Column{
			{Title: env.T("devices.column.device"), Phone: ui.CardLead},
			{Title: env.T("devices.column.last_seen"), Width: ui.Small},
			{Title: env.T("devices.column.address"), Width: ui.Middle},
			{Title: env.T("devices.column.client"), Phone: ui.CardLabel},
		},
	}
	if signOut {
		room := ui.Middle
		if why(env, d.User, api.RenameDevice) == "" {
			room = ui.Large // two buttons
		}
		t.Columns = append(t.Columns, ui.Column{Title: env.T("ui.actions"), HideTitle: true, Width: room, End: true})
		t.Select, t.SelectBy = "device", selectForm
		t.Bulk = &ui.BulkBar{
			FormID: selectForm, Action: route.At(env.Homeserver, route.SignOutPath, nil), Clear: here(env, route.DevicesPath, d.User),
			Actions: []app.UI{
				ui.HiddenField("id", string(d.User.ID)),
				ui.Button{Label: env.T("devices.sign_out_selected"), Icon: ui.IconSignOut, Small: true, Name: someDevices, Value: "1"}.Draw(env),
			},
		}
	}
	for _, device := range d.Devices.Devices {
		t.Rows = append(t.Rows, d.row(device, signOut))
	}
	return t.Draw(env)
}

func (d *Devices) row(device api.Device, signOut bool) ui.Row {
	env := d.Env()
	known := func(field string, value app.UI) app.UI {
		if slices.Contains(d.Devices.Unknown, field) {
			return ui.Unknown(env, env.T("ui.not_told"))
		}
		return value
	}
	row := ui.Row{
		Key: string(device.ID), Label: deviceName(env, device),
		Cells: []app.UI{
			deviceCell(env, device),
			known("last_seen_ms", ui.Time(env, device.LastSeenMS)),
			known("last_seen_ip", ui.Mono(device.LastSeenIP)),
			known("user_agent", ui.Subtle(device.UserAgent)),
		},
	}
	if signOut {
		var buttons []app.UI
		if why(env, d.User, api.RenameDevice) == "" {
			query := url.Values{"id": {string(d.User.ID)}, "device": {string(device.ID)}}
			buttons = append(buttons, ui.Button{
				Label: env.T("devices.rename"), Aria: env.T("devices.rename_named", "name", deviceName(env, device)), Small: true,
				Href: route.At(env.Homeserver, route.RenameDevicePath, query),
			}.Draw(env))
		}
		row.Cells = append(row.Cells, ui.Actions(append(buttons, ui.Button{
			Label: env.T("devices.sign_out"), Aria: env.T("devices.sign_out_named", "name", deviceName(env, device)), Small: true,
			Href: route.SignOut(env.Homeserver, d.User.ID, device.ID),
		}.Draw(env))...))
	}
	return row
}

// deviceName is what a device is called: its name, else its ID; a session of another service's also by its program, or what it is.
func deviceName(env ui.Env, d api.Device) string {
	switch {
	case d.DisplayName != "":
		return d.DisplayName
	case d.Client != "":
		return d.Client
	case d.Kind != "":
		return env.T("devices.kind." + d.Kind)
	}
	return string(d.ID)
}

// deviceCell is a device in two lines: its name and its ID, or for a session of another service's what kind it is.
func deviceCell(env ui.Env, d api.Device) app.UI {
	if d.Kind != "" {
		return sessionCell(env, d)
	}
	name := ui.Subtle(env.T("devices.unnamed"))
	if d.DisplayName != "" {
		name = ui.Name(env, d.DisplayName)
	}
	return ui.TwoLines(name, ui.Mono(string(d.ID)))
}

// sessionCell is a session of Matrix Authentication Service's in two lines: what it is called, and its kind, its device, its end.
func sessionCell(env ui.Env, d api.Device) app.UI {
	name := ui.Subtle(env.T("devices.unnamed"))
	if d.DisplayName != "" || d.Client != "" {
		name = ui.Name(env, deviceName(env, d))
	}
	if d.Admin {
		name = ui.Join(name, ui.Text(" "), ui.StateChip(env, ui.Chip{Label: env.T("devices.admin"), Icon: ui.IconAdmin, Tone: ui.Warn}))
	}
	parts := []app.UI{ui.Subtle(env.T("devices.kind." + d.Kind))}
	if d.Device != "" {
		parts = append(parts, ui.Subtle(" · "), ui.Mono(string(d.Device)))
	}
	if d.ActsAs != "" {
		parts = append(parts, ui.Subtle(" · "+env.T("devices.acts_as", "id", d.ActsAs)))
	}
	if d.ExpiresMS > 0 {
		parts = append(parts, ui.Subtle(" · "+env.T("devices.until", "time", env.Format().Date(time.UnixMilli(d.ExpiresMS)))))
	}
	return ui.TwoLines(name, ui.Join(parts...))
}
