// SPDX-License-Identifier: Apache-2.0

package accounts

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"gatehouse/tools/homeserver"
)

// Password is the password of every account but the administrator's.
const Password = "demo-password"

// Populate makes the first administrator with a password, has hs act as that
// account, and makes all the others. progress is called with the number of those
// that are done.
func Populate(ctx context.Context, hs *homeserver.Server, adminPassword string, progress func(done int)) error {
	admin, err := hs.Register(ctx, Admin, adminPassword, true)
	if err != nil {
		return err
	}
	hs.UseAdmin(admin.AccessToken)
	return fill(ctx, hs, All(), progress)
}

// fill creates the accounts at the homeserver, through its own API, and brings them
// into their states.
func fill(ctx context.Context, hs *homeserver.Server, list []Account, progress func(done int)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	var done atomic.Int64
	for _, a := range list {
		group.Go(func() error {
			if err := create(ctx, hs, a); err != nil {
				return fmt.Errorf("account %s: %w", a.Localpart, err)
			}
			progress(int(done.Add(1)))
			return nil
		})
	}
	return group.Wait()
}

// create makes one account, signs it in on its devices, and gives it its state.
func create(ctx context.Context, hs *homeserver.Server, a Account) error {
	registered, err := hs.RegisterAccount(ctx, homeserver.Registration{
		Username: a.Localpart, Password: Password, DisplayName: a.DisplayName,
		Admin: a.Admin, UserType: userType(hs, a), NoLogin: true,
	})
	if err != nil {
		return err
	}
	for _, d := range a.Devices {
		if err := use(ctx, hs, a, d); err != nil {
			return err
		}
	}
	if hs.Kind == homeserver.Synapse {
		return settleSynapse(ctx, hs, a)
	}
	return settleDendrite(ctx, hs, a, registered.AccessToken)
}

// userType is what a server can be told about the kind of an account.
func userType(hs *homeserver.Server, a Account) string {
	if hs.Kind == homeserver.Synapse {
		return a.UserType
	}
	return ""
}

// use signs an account in on a device and makes a request, so that it has been
// seen.
func use(ctx context.Context, hs *homeserver.Server, a Account, d Device) error {
	var session homeserver.Account
	err := hs.Call(ctx, http.MethodPost, "/_matrix/client/v3/login", "", map[string]any{
		"type":                        "m.login.password",
		"identifier":                  map[string]string{"type": "m.id.user", "user": a.Localpart},
		"password":                    Password,
		"initial_device_display_name": d.Name,
	}, &session)
	if err != nil {
		return err
	}
	_, err = hs.WhoAmI(ctx, session.AccessToken)
	return err
}

// settleSynapse gives an account what only an administrator can.
func settleSynapse(ctx context.Context, hs *homeserver.Server, a Account) error {
	id := url.PathEscape(hs.UserID(a.Localpart))
	change := map[string]any{}
	if a.DisplayName == "" {
		change["displayname"] = ""
	}
	if a.Email != "" {
		change["threepids"] = []map[string]string{{"medium": "email", "address": a.Email}}
	}
	if a.Locked {
		change["locked"] = true
	}
	if len(change) > 0 {
		if err := hs.Admin(ctx, http.MethodPut, "/_synapse/admin/v2/users/"+id, change, nil); err != nil {
			return err
		}
	}
	if !a.Deactivated {
		return nil
	}
	return hs.Admin(ctx, http.MethodPost, "/_synapse/admin/v1/deactivate/"+id, map[string]bool{"erase": a.Erased}, nil)
}

// settleDendrite does what an account can do to itself there: Dendrite has no way
// to lock an account, and no administrator can deactivate one. token is the one
// that its registration always returns.
func settleDendrite(ctx context.Context, hs *homeserver.Server, a Account, token string) error {
	if a.DisplayName == "" {
		path := "/_matrix/client/v3/profile/" + url.PathEscape(hs.UserID(a.Localpart)) + "/displayname"
		if err := hs.Call(ctx, http.MethodPut, path, token, map[string]string{"displayname": ""}, nil); err != nil {
			return err
		}
	}
	if !a.Deactivated {
		return hs.Call(ctx, http.MethodPost, "/_matrix/client/v3/logout", token, map[string]any{}, nil)
	}
	return hs.Call(ctx, http.MethodPost, "/_matrix/client/v3/account/deactivate", token, map[string]any{
		"auth": map[string]any{
			"type":       "m.login.password",
			"identifier": map[string]string{"type": "m.id.user", "user": a.Localpart},
			"password":   Password,
		},
	}, nil)
}
