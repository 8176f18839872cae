// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"net/url"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/client"
)

func fetchPage(ctx context.Context, address string) app.Value {
	return app.ValueOf(client.Page(ctx, address))
}

func signIn(homeserver, name, password string) bool {
	return client.SignIn(homeserver, name, password)
}

func reachable() bool { return client.Reachable() }

func setPreferences(values url.Values) bool { return client.SetPreferences(values) }
