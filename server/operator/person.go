// SPDX-License-Identifier: Apache-2.0

// Package operator is about the people who use Gatehouse: how they sign in, what keeps guessing slow, and their sessions.
package operator

import "gatehouse/app/api"

// Person is somebody who is signed in, or who runs the command line.
type Person struct {
	ID         string   // @localpart:server, operator:name or local:name
	Name       string   // for the screen
	Role       api.Role //
	Homeserver string   // whose administrator the person is; "" for operators and the command line
	Session    string   // names the session, for request keys: its hash, never the cookie
	Address    string   // IP address
}

// What the IDs of people begin with whom no homeserver vouches for.
const (
	Prefix      = "operator:"
	LocalPrefix = "local:"
)

// Local is who runs a command on the gate's own machine: they can read its keys, so they may do everything.
func Local(user string) Person {
	return Person{ID: LocalPrefix + user, Name: user, Role: api.Owner, Session: LocalPrefix + user}
}

// Lacks returns nil where the person's role has all of the permissions, or else the problem that names the first that it has not.
func (p Person) Lacks(needs ...api.Permission) error {
	for _, need := range needs {
		if !p.Role.May(need) {
			return api.NewProblem(api.StatusForbidden, "forbidden", "permission", string(need), "role", string(p.Role))
		}
	}
	return nil
}

// May reports whether the person may look at a homeserver: its own administrators, and those who are not bound to one.
func (p Person) May(homeserver string) bool { return p.Homeserver == "" || p.Homeserver == homeserver }
