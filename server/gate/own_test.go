// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/homeserver"
)

// A table of the gate's own has no operation of an adapter's: it would hide that one.
func TestOwnTablesKeepToWhatIsTheirs(t *testing.T) {
	t.Parallel()
	stub := gatetest.NewStub("example.org")
	_, err := gate.New(gate.Config{
		Homeservers: []*gate.Homeserver{{Settings: homeserver.Settings{Name: "hs"}, Adapter: stub.Adapter(t)}},
		MAC:         []byte("fingerprints of requests, 32 byte"),
		Own: []gate.Own{func(homeserver.Settings, homeserver.Adapter) homeserver.Adapter {
			return homeserver.Adapter{homeserver.Implement(api.GetUser, func(context.Context, api.UserRef) (api.User, error) { return api.User{}, nil })}
		}},
	})
	if err == nil {
		t.Error("the gate answers users.get itself")
	}
}
