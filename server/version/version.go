// SPDX-License-Identifier: Apache-2.0

// Package version says which Gatehouse this is.
package version

// Number is the version that is being worked towards.
const Number = "0.1.0"

// Commit names what was built; the build sets it.
var Commit = ""

// String returns both.
func String() string {
	if Commit == "" {
		return Number
	}
	return Number + "+" + Commit
}
