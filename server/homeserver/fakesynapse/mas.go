// SPDX-License-Identifier: Apache-2.0

package fakesynapse

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// Grant is what MAS says of a token.
type Grant struct {
	Active   bool
	Username string
	Scope    string
	Device   string
}

// introspect is how Synapse takes a token under MAS (api/auth/mas.py): it needs one of the client API's scopes, a user, and the device
// if it names one; an administrator's scope opens the admin API.
func (f *Server) introspect(c *call, token string) session {
	grant, err := f.options.Introspect(token)
	if err != nil {
		fail(503, "M_UNKNOWN", "Unable to introspect the access token")
	}
	dead := func(text string) { panic(failure{401, "M_UNKNOWN_TOKEN", text, map[string]any{"soft_logout": false}}) }
	if !grant.Active {
		dead("Token is not active")
	}
	if !strings.Contains(grant.Scope, "urn:matrix:client:api:*") && !strings.Contains(grant.Scope, "urn:matrix:org.matrix.msc2967.client:api:*") {
		dead("Token doesn't grant access to the Matrix C-S API")
	}
	u := f.users["@"+grant.Username+":localhost"]
	if u == nil {
		dead("User not found")
	}
	if _, ok := u.devices[grant.Device]; grant.Device != "" && !ok {
		dead("Token is not active")
	}
	f.ips[u.id()] = append(f.ips[u.id()], f.address(c))
	return session{user: u, device: grant.Device, admin: strings.Contains(grant.Scope, "urn:synapse:admin:*")}
}

// ErrReserved says that the homeserver does not give a name away.
var ErrReserved = errors.New("the homeserver reserves the name")

// Available is MAS's question about a new name (GET /_synapse/mas/is_localpart_available).
func (f *Server) Available(localpart string) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() {
		if e, ok := recover().(failure); ok {
			err = errors.Join(ErrReserved, errors.New(e.text))
		}
	}()
	f.checkNew(localpart)
	return nil
}

// Provision is what MAS tells of an account (POST /_synapse/mas/provision_user): it is made where it is not there.
func (f *Server) Provision(localpart string, locked bool, emails []string, display, avatar string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.users["@"+localpart+":localhost"]
	if u == nil {
		u = f.add(localpart)
	}
	u.fields["locked"] = locked
	list := []any{}
	for _, address := range emails {
		list = append(list, map[string]any{"medium": "email", "address": address, "validated_at": now() * 1000, "added_at": now() * 1000})
	}
	u.fields["threepids"] = list
	if display != "" {
		u.fields["displayname"] = display
	}
	if avatar != "" {
		u.fields["avatar_url"] = avatar
	}
}

// End is MAS's request to end an account (POST /_synapse/mas/delete_user), Revive the one to bring it back.
func (f *Server) End(localpart string, erase bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if u := f.users["@"+localpart+":localhost"]; u != nil {
		f.end(u, erase)
	}
}

// Revive reports whether there was such an account.
func (f *Server) Revive(localpart string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.users["@"+localpart+":localhost"]
	if u != nil {
		u.fields["deactivated"], u.fields["erased"] = false, false
	}
	return u != nil
}

// SyncDevices leaves an account the devices that MAS has sessions for.
func (f *Server) SyncDevices(localpart string, devices []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.users["@"+localpart+":localhost"]
	if u == nil {
		return
	}
	for _, have := range slices.Collect(maps.Keys(u.devices)) {
		if !slices.Contains(devices, have) {
			f.dropDevice(u, have)
		}
	}
	for _, device := range devices {
		if _, ok := u.devices[device]; !ok {
			u.devices[device] = ""
		}
	}
}

// AddDevice makes a device that nobody but Synapse knows.
func (f *Server) AddDevice(localpart, device, name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.users["@"+localpart+":localhost"].devices[device] = name
}

// Account returns what the admin API tells of an account, nil where there is none.
func (f *Server) Account(localpart string) Fields {
	f.mu.Lock()
	defer f.mu.Unlock()
	if u := f.users["@"+localpart+":localhost"]; u != nil {
		return maps.Clone(u.fields)
	}
	return nil
}

// Devices returns the IDs of an account's devices.
func (f *Server) Devices(localpart string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.users["@"+localpart+":localhost"].devices))
}

// Serve makes an account that of an application service: a bridge's, of which MAS knows nothing.
func (f *Server) Serve(localpart, service string) {
	f.Provision(localpart, false, nil, "", "")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.users["@"+localpart+":localhost"].fields["appservice_id"] = service
}
