// SPDX-License-Identifier: Apache-2.0

// Wasm is the program that runs in the browser.
package main

import (
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/takeover"
)

func main() {
	if takeover.Prepare() {
		app.RunWhenOnBrowser()
	}
}
