// SPDX-License-Identifier: Apache-2.0

package intake_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What each kind of homeserver tells of an account, and what a row asks for: is so already only what is known to be so; else it is done, or refused.
func TestWhatAHomeserverTells(t *testing.T) {
	t.Parallel()
	const first = "Synapse"
	locks := []api.Op{api.LockUser, api.UnlockUser}
	dendrite := map[string]string{
		"users.update.display_name": "dendrite_no_display_name", "users.update.avatar_url": "dendrite_no_avatar", "users.update.user_type": "dendrite_no_user_type",
		"users.update.threepids": "dendrite_no_threepids", "users.update.external_ids": "dendrite_no_external_ids", "users.update.admin": "dendrite_needs_database",
	}
	var golden strings.Builder
	usual := map[string]string{} // what comes of each row at the first
	for _, kind := range []struct {
		name    string
		unknown []string // as its adapter has it
		lacks   map[string]string
		without []api.Op
		why     string
	}{
		{name: first},
		{name: "Synapse before 1.91", unknown: []string{"locked", "suspended", "last_seen_ms"}, without: locks, why: "synapse_old"},
		{name: "MAS, account not at Synapse yet", unknown: []string{"display_name", "avatar_url", "user_type", "erased", "suspended", "shadow_banned", "appservice_id", "last_seen_ms"}},
		{name: "Dendrite without its database", unknown: []string{"admin", "deactivated", "guest", "appservice_id", "last_seen_ms", "threepids"}, lacks: dendrite, without: locks, why: "dendrite_no_lock"},
		{name: "one that locks and tells nothing", unknown: []string{"locked", "deactivated", "external_ids"}},
	} {
		w := gatetest.New(t, gatetest.Options{})
		gatetest.On(w.Stub, api.ServerInfo, func(context.Context, api.ServerQuery) (api.Server, error) {
			return api.Server{State: "up", Unavailable: kind.lacks}, nil
		})
		for _, op := range kind.without {
			w.Stub.Lack(op, kind.why)
		}
		var file strings.Builder
		rows := []string{
			`"display_name":""`, `"display_name":"Ann"`, `"admin":false`, `"admin":true`, `"user_type":""`, `"user_type":"bot"`, `"avatar_url":""`, `"avatar_url":"mxc://b.example/a"`,
			`"emails":""`, `"emails":"a@b.example"`, `"phones":""`, `"sso":""`, `"sso":"oidc:ann"`,
			`"locked":false`, `"locked":true`, `"deactivated":false`, `"deactivated":true`, `"guest":false`, `"guest":true`,
		}
		for i, row := range rows {
			w.Stub.Put(api.User{ID: w.Stub.ID(fmt.Sprintf("n%d", i)), Unknown: kind.unknown})
			fmt.Fprintf(&file, "{\"id\":\"n%d\",%s}\n", i, row)
		}
		p := w.Person(api.Owner)
		plan := upload(t, w, p, file.String())
		plan.Mode, plan.Clear = api.ImportUpdate, true
		_, items := planned(t, w, p, plan)
		fmt.Fprintf(&golden, "%s\n", kind.name+map[bool]string{false: ": otherwise than at Synapse"}[kind.name == first])
		for i, text := range short(items) {
			said := strings.TrimPrefix(text, fmt.Sprintf("%d @n%d:example.org ", i+1, i))
			if why := items[i].Params["reason"] + items[i].Params["field"]; why != "" {
				said += " (" + why + ")"
			}
			if usual[rows[i]] != said {
				fmt.Fprintf(&golden, "  %-34s %s\n", rows[i], said)
			}
			if kind.name == first {
				usual[rows[i]] = said
			}
		}
	}
	const path = "testdata/told.golden"
	if *update {
		if err := os.WriteFile(path, []byte(golden.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if diff := cmp.Diff(string(want), golden.String()); err != nil || diff != "" {
		t.Errorf("%v (-want +got); -update writes it anew:\n%s", err, diff)
	}
}
