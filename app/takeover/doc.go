// SPDX-License-Identifier: Apache-2.0

//go:build !js

// Package takeover begins where the server's page ends. It is for browsers; elsewhere there is nothing to take over.
package takeover

// Prepare reports that there is no page.
func Prepare() bool { return false }
