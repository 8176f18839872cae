// SPDX-License-Identifier: Apache-2.0

//go:build !js

package shell

import "net/url"

// signIn needs a browser.
func signIn(_, _, _ string) bool { return false }

// reachable needs a browser.
func reachable() bool { return false }

// setPreferences needs a browser.
func setPreferences(url.Values) bool { return false }
