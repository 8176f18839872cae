// SPDX-License-Identifier: Apache-2.0

package gatetest

import (
	"cmp"
	"context"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// Invitation is the ID of an invitation that Invite makes, unless told.
const Invitation = "an-invitation"

// Invite puts an invitation into the store and returns its token: to hs, for one account, for an hour, unless told.
func (w *World) Invite(i store.Invitation) api.Secret {
	w.t.Helper()
	token := gate.NewKey()
	i.ID, i.Homeserver, i.Uses = cmp.Or(i.ID, Invitation), cmp.Or(i.Homeserver, "hs"), cmp.Or(i.Uses, 1)
	i.TokenHash, i.Created, i.CreatedBy = store.TokenHash(token), w.Clock.Now(), "@admin:example.org"
	if i.Expires.IsZero() {
		i.Expires = w.Clock.Now().Add(time.Hour)
	}
	var err error
	i.SealedToken, err = w.Seal.Seal(seal.PurposeSeal, []byte(token), []byte(strings.Join([]string{"invitation", i.Homeserver, i.ID}, "\x00")))
	must(w.t, err)
	must(w.t, w.Store.AddInvitation(context.Background(), i))
	return api.NewSecret(token)
}
