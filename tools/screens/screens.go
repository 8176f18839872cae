// SPDX-License-Identifier: Apache-2.0

// Package screens tells tests that drive the panel from outside which screens it has.
package screens

import "gatehouse/app/panel"

// Global returns the addresses of the screens of no homeserver.
func Global() []string { global, _ := panel.Paths(); return global }

// Local returns the paths of the screens under a homeserver's name.
func Local() []string { _, local := panel.Paths(); return local }
