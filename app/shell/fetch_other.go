// SPDX-License-Identifier: Apache-2.0

//go:build !js

package shell

import (
	"context"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"
)

// fetchPage needs a browser.
func fetchPage(context.Context, string) app.Value { return app.Undefined() }

// signIn needs a browser.
func signIn(_, _, _ string) bool { return false }

// reachable needs a browser.
func reachable() bool { return false }

// setPreferences needs a browser.
func setPreferences(url.Values) bool { return false }
