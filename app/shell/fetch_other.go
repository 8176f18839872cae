// SPDX-License-Identifier: Apache-2.0

//go:build !js

package shell

// signIn needs a browser.
func signIn(_, _, _ string) bool { return false }

// reachable needs a browser.
func reachable() bool { return false }
