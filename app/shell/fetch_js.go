// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"net/url"

	"gatehouse/app/client"
)

func signIn(homeserver, name, password string) bool {
	return client.SignIn(homeserver, name, password)
}

func reachable() bool { return client.Reachable() }

func setPreferences(values url.Values) bool { return client.SetPreferences(values) }
