// SPDX-License-Identifier: Apache-2.0

package users

import (
	"cmp"
	"context"
	"net/url"
	"slices"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// someDevices says in an address that selected devices are meant, even where none is named: nobody shall be asked about all of them
// who selected none.
const someDevices = "_selected"

// SignOut asks whether devices shall be signed out: those that the address names, or all.
type SignOut struct {
	Question
	Devices []api.Device `json:"devices,omitempty"` // those that are meant, as far as they are there
	Gone    int          `json:"gone,omitempty"`    // how many of those named are not there
	All     bool         `json:"all,omitempty"`
	Count   int          `json:"count"` // of all devices; -1: not known
}

// NewSignOut returns the question.
func NewSignOut() screen.Screen { return &SignOut{} }

// Title implements screen.Screen.
func (s *SignOut) Title() string { return s.tab(s.heading()) }

func (s *SignOut) heading() string {
	if s.All {
		return s.Env().T("devices.confirm_all")
	}
	return s.Env().N("devices.confirm", len(s.Devices))
}

// Load implements screen.Screen. It costs two calls.
func (s *SignOut) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	query := u.Query()
	names := query["device"]
	s.All, s.Count = len(names) == 0 && !query.Has(someDevices), -1
	if err := s.load(ctx, env, call, u, api.SignOut); err != nil {
		return err
	}
	if !env.Can(api.ListDevices.Info().Name) {
		for _, name := range names {
			s.Devices = append(s.Devices, api.Device{ID: api.DeviceID(name)})
		}
		return nil
	}
	list, err := client.Call(ctx, call, api.ListDevices, api.UserRef{ID: s.Effects.User.ID})
	if err != nil {
		return err
	}
	s.Count = list.Count()
	for _, d := range list.Devices {
		if slices.Contains(names, string(d.ID)) {
			s.Devices = append(s.Devices, d)
		}
	}
	slices.Sort(names)
	s.Gone = len(slices.Compact(names)) - len(s.Devices)
	return nil
}

// Render implements app.Composer.
func (s *SignOut) Render() app.UI {
	env := s.Env()
	a := ask{
		Op: api.SignOut, Path: route.SignOutPath, Title: s.heading(), Icon: ui.IconSignOut, Tone: ui.Warn,
		Submit: env.T("devices.confirm_submit_all"), Look: ui.DangerSolid, Back: env.T("devices.confirm_back"), About: url.Values{}, Happens: s.happens(),
	}
	switch {
	case s.All && s.Count == 0:
		a.Why = env.T("why.no_devices")
	case s.All:
		a.Fields = []app.UI{ui.HiddenField("all", "true")}
	case len(s.Devices) == 0 && s.Gone > 0:
		a.Why = env.T("devices.gone")
	case len(s.Devices) == 0:
		a.Why = env.T("devices.none_selected")
	default:
		a.Submit = env.N("devices.confirm_submit", len(s.Devices))
		a.Fields = append(a.Fields, s.chosen())
		for _, d := range s.Devices {
			a.About.Add("device", string(d.ID))
			a.Fields = append(a.Fields, ui.HiddenField("devices", string(d.ID)))
		}
	}
	return s.draw(a)
}

// happens is what the server says, with the number of the devices that are meant.
func (s *SignOut) happens() []api.Effect {
	list := slices.Clone(s.Effects.Happens)
	if s.All {
		return list
	}
	var meant, others int64
	for _, d := range s.Devices {
		if meant++; d.ActsAs != "" {
			others++
		}
	}
	for i, e := range list {
		switch e.Code {
		case "devices_signed_out", "mas_sessions_end":
			list[i].N = &meant
		case "mas_owned_end":
			list[i].N = &others
		}
	}
	return slices.DeleteFunc(list, func(e api.Effect) bool { return e.Code == "mas_owned_end" && others == 0 })
}

// chosen lists the devices that are meant.
func (s *SignOut) chosen() app.UI {
	var list []ui.Consequence
	for _, d := range s.Devices {
		list = append(list, ui.Consequence{Icon: ui.IconDevice, Text: deviceText(s.Env(), d)})
	}
	return ui.Consequences(s.Env().T("devices.title"), list...)
}

// deviceText is a device in a sentence: its name, and its ID in mono or what kind of session it is.
func deviceText(env ui.Env, d api.Device) string {
	id := "`" + string(d.ID) + "`"
	switch {
	case d.Kind != "":
		return deviceName(env, d) + ", " + env.T("devices.kind."+d.Kind)
	case d.DisplayName != "":
		return d.DisplayName + " " + id
	}
	return id
}

// After implements screen.Writer.
func (s *SignOut) After(_ string, result any) screen.Next {
	env := s.Env()
	done, _ := result.(api.SignedOut)
	next := screen.Next{URL: route.Accounts(env.Homeserver), Notice: env.N("done.devices_signed_out", done.Count)}
	if env.MAS() {
		next.Notice = env.N("done.sessions_ended", done.Count)
	}
	if id := cmp.Or(done.ID, s.Effects.User.ID); id != "" {
		next.URL = route.Account(env.Homeserver, route.DevicesPath, id)
	}
	return next
}
