// SPDX-License-Identifier: Apache-2.0

package api

import (
	"strconv"
	"strings"
)

// The operations on the devices of an account: each is a session that is signed in.
var (
	// ListDevices returns the account's devices.
	ListDevices = Read[UserRef, DeviceList]("devices.list", ReadDevices, Listing)
	// SignOut ends one, several or all of them.
	SignOut = Write[DeviceSignOut, SignedOut]("devices.sign_out", SignOutDevices, Many, Repeatable)
	// PruneDevices ends those that were not used for a number of days.
	PruneDevices = Write[DevicePrune, SignedOut]("devices.prune", SignOutDevices, Many, Repeatable)
	// RenameDevice gives a device the name that is shown for it.
	RenameDevice = Write[DeviceRename, OwnDevice]("devices.rename", EditDevices)
	// CreateDevice makes a device that nobody is signed in on, for software that brings its own token. There is no token with it.
	CreateDevice = Write[DeviceCreate, OwnDevice]("devices.create", EditDevices, Many)
)

// Device is a signed-in session.
type Device struct {
	ID          DeviceID `json:"id"`
	DisplayName string   `json:"display_name,omitempty"`
	LastSeenMS  int64    `json:"last_seen_ms,omitempty"` // unix milliseconds; 0: never
	LastSeenIP  string   `json:"last_seen_ip,omitempty"`
	UserAgent   string   `json:"user_agent,omitempty"`
	// Kind is empty for a device. Where accounts are left to another service it says what kind of session this is: browser, oauth2,
	// compat or personal, or device for what the homeserver has and that service does not. Device, Client, CreatedMS, ExpiresMS, Admin and
	// ActsAs are told there alone.
	Kind      string   `json:"kind,omitempty"`
	Device    DeviceID `json:"device,omitempty"`     // that the session signs in
	Client    string   `json:"client,omitempty"`     // the program
	CreatedMS int64    `json:"created_ms,omitempty"` // unix milliseconds
	ExpiresMS int64    `json:"expires_ms,omitempty"` // 0: never, or not told
	Admin     bool     `json:"admin,omitempty"`      // it can do what an administrator can
	ActsAs    UserID   `json:"acts_as,omitempty"`    // another account, of a token that this one made
}

// OwnDevice is a device, and whose it is.
type OwnDevice struct {
	ID     UserID `json:"id"`
	Device Device `json:"device"`
}

// DeviceList is the devices of an account, the one seen last first.
type DeviceList struct {
	Devices []Device `json:"devices"`
	Total   int      `json:"total,omitempty"` // how many there are, where that is more than are listed; those are the newest
	// Unknown names the JSON fields of Device that this server cannot tell.
	Unknown []string `json:"unknown,omitempty"`
}

// Count is how many devices there are.
func (l DeviceList) Count() int { return max(l.Total, len(l.Devices)) }

// DeviceSignOut names the devices to sign out.
type DeviceSignOut struct {
	ID      UserID     `json:"id"`
	Devices []DeviceID `json:"devices,omitempty"`
	All     bool       `json:"all,omitempty"`
	Confirm bool       `json:"confirm,omitempty"`
}

// Validate implements Request.
func (s DeviceSignOut) Validate() error {
	var v Invalid
	v.Check("id", s.ID.Validate())
	if len(s.Devices) == 0 && !s.All {
		v.Add("devices", "missing")
	}
	if len(s.Devices) > 0 && s.All {
		v.Add("all", "devices_or_all")
	}
	if len(s.Devices) > 1000 {
		v.Add("devices", "too_many", "max", "1000")
	}
	for i, d := range s.Devices {
		checkText(&v, "devices."+strconv.Itoa(i), string(d), 512)
	}
	return v.Err()
}

// Targets implements Request.
func (s DeviceSignOut) Targets() []UserID { return []UserID{s.ID} }

// SignedOut says how many devices of which account were signed out.
type SignedOut struct {
	ID    UserID `json:"id"`
	Count int    `json:"count"`
}

// Confirmed implements Confirmable.
func (s DeviceSignOut) Confirmed() bool { return s.Confirm }

// MaxPruneDays is the longest time that a DevicePrune can ask for: ten years.
const MaxPruneDays = 3650

// DevicePrune asks to end the devices that were not used for some days.
type DevicePrune struct {
	ID   UserID `json:"id"`
	Days int    `json:"days"`
	// Never counts those in, too, that were never used. A device that has only just signed in is one of them for a moment.
	Never   bool `json:"never,omitempty"`
	Confirm bool `json:"confirm,omitempty"`
}

// Validate implements Request.
func (p DevicePrune) Validate() error {
	var v Invalid
	v.Check("id", p.ID.Validate())
	if p.Days < 1 || p.Days > MaxPruneDays {
		v.Add("days", "out_of_range", "min", "1", "max", strconv.Itoa(MaxPruneDays))
	}
	return v.Err()
}

// Targets implements Request.
func (p DevicePrune) Targets() []UserID { return []UserID{p.ID} }

// Confirmed implements Confirmable.
func (p DevicePrune) Confirmed() bool { return p.Confirm }

// Meant returns the devices of a list that were not used for so long, at the time now in unix milliseconds.
func (p DevicePrune) Meant(list []Device, now int64) []Device {
	const day = 24 * 60 * 60 * 1000
	limit := now - int64(p.Days)*day
	var meant []Device
	for _, d := range list {
		if (d.LastSeenMS > 0 && d.LastSeenMS < limit) || (d.LastSeenMS <= 0 && p.Never) {
			meant = append(meant, d)
		}
	}
	return meant
}

// maxDeviceName is the longest name of a device (Synapse, handlers/device.py).
const maxDeviceName = 100

// DeviceRename gives a device another name; "" takes it away.
type DeviceRename struct {
	ID     UserID   `json:"id"`
	Device DeviceID `json:"device"`
	Name   string   `json:"name"`
}

func (r *DeviceRename) settle() { r.Name = strings.TrimSpace(r.Name) }

// Validate implements Request.
func (r DeviceRename) Validate() error {
	var v Invalid
	v.Check("id", r.ID.Validate())
	checkDeviceID(&v, "device", r.Device)
	checkText(&v, "name", r.Name, maxDeviceName)
	return v.Err()
}

// Targets implements Request.
func (r DeviceRename) Targets() []UserID { return []UserID{r.ID} }

// DeviceCreate makes a device. Without an ID it gets a random one.
type DeviceCreate struct {
	ID     UserID   `json:"id"`
	Device DeviceID `json:"device,omitempty"`
	Name   string   `json:"name,omitempty"`
}

func (c *DeviceCreate) settle() {
	c.Device, c.Name = DeviceID(strings.TrimSpace(string(c.Device))), strings.TrimSpace(c.Name)
}

// Validate implements Request.
func (c DeviceCreate) Validate() error {
	var v Invalid
	v.Check("id", c.ID.Validate())
	if c.Device != "" {
		checkDeviceID(&v, "device", c.Device)
	}
	if c.Device == "." || c.Device == ".." { // nobody could rename it: proxies resolve such a path
		v.Add("device", "unnameable_device")
	}
	checkText(&v, "name", c.Name, maxDeviceName)
	return v.Err()
}

// Targets implements Request.
func (c DeviceCreate) Targets() []UserID { return []UserID{c.ID} }

// checkDeviceID bounds the ID of a device. Servers take any text.
func checkDeviceID(v *Invalid, field string, id DeviceID) {
	if id == "" {
		v.Add(field, "missing")
	}
	checkText(v, field, string(id), 512)
}
