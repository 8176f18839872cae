// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// Source is text for programs, as it stands: lines are kept, and long ones wrap. It runs from left to right.
func Source(text string) app.UI {
	return app.Pre().Class("gh-source").Dir("ltr").TabIndex(0).Text(text)
}
