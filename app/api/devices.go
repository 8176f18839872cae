// SPDX-License-Identifier: Apache-2.0

package api

import "strconv"

// The operations on the devices of an account: each is a session that is signed in.
var (
	// ListDevices returns the account's devices.
	ListDevices = Read[UserRef, DeviceList]("devices.list", ReadDevices)
	// SignOut ends one, several or all of them.
	SignOut = Write[DeviceSignOut, SignedOut]("devices.sign_out", SignOutDevices)
)

// Device is a signed-in session.
type Device struct {
	ID          DeviceID `json:"id"`
	DisplayName string   `json:"display_name,omitempty"`
	LastSeenMS  int64    `json:"last_seen_ms,omitempty"` // unix milliseconds; 0: never
	LastSeenIP  string   `json:"last_seen_ip,omitempty"`
	UserAgent   string   `json:"user_agent,omitempty"`
}

// DeviceList is the devices of an account, the one seen last first.
type DeviceList struct {
	Devices []Device `json:"devices"`
	// Unknown names the JSON fields of Device that this server cannot tell.
	Unknown []string `json:"unknown,omitempty"`
}

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
