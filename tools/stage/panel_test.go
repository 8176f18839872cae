// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/homeserver"
)

func TestConfig(t *testing.T) {
	o := PanelOptions{
		Listen: "127.0.0.1:1", Extra: "hide_accounts: [a_*]\nclient_url: https://chat.example\n",
		Homeserver: &homeserver.Server{Kind: homeserver.Synapse, URL: "http://127.0.0.1:2", ServerName: "demo.example", SharedSecret: `A"B`},
	}
	want := `listen: 127.0.0.1:1
public_url: http://127.0.0.1:3
homeservers:
  main:
    url: http://127.0.0.1:2
    kind: synapse
    server_name: demo.example
    registration_shared_secret: "A\"B"
    hide_accounts: [a_*]
    client_url: https://chat.example
`
	if diff := cmp.Diff(want, config(o, "http://127.0.0.1:3")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
