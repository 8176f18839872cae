// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"net/http"
	"testing"

	"gatehouse/tools/homeserver"
)

// TestHomeservers shows that what every other test stands on is there: the real
// servers answer, make accounts, sign them in, and refuse a wrong secret.
func TestHomeservers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		server func(t *testing.T) *homeserver.Server
	}{
		{"synapse", synapse},
		{"dendrite", dendrite},
		{"dendrite on PostgreSQL", func(t *testing.T) *homeserver.Server {
			return ownDendrite(t, homeserver.DendriteOptions{SharedSecret: "s", Postgres: postgres(t)})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hs := tt.server(t)
			ctx := timeout(t)
			name, password := unique("live"), "correct horse"

			account := register(t, hs, name, password, false)
			if account.UserID != hs.UserID(name) {
				t.Errorf("registered %q, want %q", account.UserID, hs.UserID(name))
			}
			canSignIn(t, hs, name, password)
			cannotSignIn(t, hs, name, "wrong horse")
			if id, err := hs.WhoAmI(ctx, account.AccessToken); err != nil || id != account.UserID {
				t.Errorf("the token belongs to %q (%v), want %q", id, err, account.UserID)
			}

			whois := "/_matrix/client/v3/admin/whois/" + account.UserID
			if err := hs.Admin(ctx, http.MethodGet, whois, nil, nil); err != nil {
				t.Errorf("whois as an administrator: %v", err)
			}
			other := register(t, hs, unique("live"), password, false)
			err := hs.Call(ctx, http.MethodGet, whois, other.AccessToken, nil, nil)
			if e := errorOf(err); e == nil || e.Status != http.StatusForbidden {
				t.Errorf("whois as anybody: %v, want 403", err)
			}
		})
		t.Run(tt.name+" refuses a wrong secret", func(t *testing.T) {
			t.Parallel()
			hs := tt.server(t)
			name := unique("live")
			liar := &homeserver.Server{URL: hs.URL, ServerName: hs.ServerName, SharedSecret: hs.SharedSecret + "x"}
			_, err := liar.Register(timeout(t), name, "correct horse", true)
			if e := errorOf(err); e == nil || e.Status != http.StatusForbidden {
				t.Errorf("registering with a wrong secret: %v, want 403", err)
			}
			cannotSignIn(t, hs, name, "correct horse")
		})
	}
}

// TestSynapseVersion shows that the version is Synapse's own, and the pinned one.
func TestSynapseVersion(t *testing.T) {
	t.Parallel()
	var answer struct {
		Version string `json:"server_version"`
	}
	hs := synapse(t)
	if err := hs.Call(timeout(t), http.MethodGet, "/_synapse/admin/v1/server_version", "", nil, &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Version != homeserver.SynapseVersion {
		t.Errorf("the version is %q, want %q", answer.Version, homeserver.SynapseVersion)
	}
}

// TestServerVariants shows that the options of the servers do what they say.
func TestServerVariants(t *testing.T) {
	t.Parallel()
	t.Run("synapse without a secret", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		first := ownSynapse(t, homeserver.SynapseOptions{Dir: dir, Persistent: true, SharedSecret: "s"})
		admin := register(t, first, "admin", "correct horse", true)
		if err := first.Stop(); err != nil {
			t.Fatal(err)
		}
		second := ownSynapse(t, homeserver.SynapseOptions{Dir: dir, Persistent: true})
		second.UseAdmin(admin.AccessToken)
		if err := second.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v2/users/"+admin.UserID, nil, nil); err != nil {
			t.Errorf("the administrator of the first start: %v", err)
		}
		_, err := second.Register(timeout(t), "nobody", "correct horse", false)
		if e := errorOf(err); e == nil || e.Status != http.StatusBadRequest {
			t.Errorf("registering without a secret: %v, want 400", err)
		}
	})
	t.Run("synapse with its own limits", func(t *testing.T) {
		t.Parallel()
		hs := ownSynapse(t, homeserver.SynapseOptions{SharedSecret: "s", DefaultLimits: true})
		register(t, hs, "alice", "correct horse", false)
		for range 5 {
			canSignIn(t, hs, "alice", "correct horse")
		}
		_, err := hs.Login(timeout(t), "alice", "correct horse")
		if e := errorOf(err); e == nil || e.Status != http.StatusTooManyRequests {
			t.Errorf("the sixth sign-in: %v, want 429", err)
		}
	})
	t.Run("synapse with approval and a user type", func(t *testing.T) {
		t.Parallel()
		hs := ownSynapse(t, homeserver.SynapseOptions{
			SharedSecret: "s", Approval: true, UserTypes: []string{"teacher"}, ExtraYAML: "allow_profile_lookup_over_federation: false\n",
		})
		// With approval required the registration gives no token, so the
		// administrator signs in.
		register(t, hs, "admin", "correct horse", true)
		admin, err := hs.Login(timeout(t), "admin", "correct horse")
		if err != nil {
			t.Fatal(err)
		}
		hs.UseAdmin(admin.AccessToken)
		if _, err := hs.RegisterAccount(timeout(t), homeserver.Registration{
			Username: "bob", Password: "correct horse", UserType: "teacher", DisplayName: "Bob", NoLogin: true,
		}); err != nil {
			t.Fatal(err)
		}
		var bob struct {
			Approved    *bool  `json:"approved"`
			UserType    string `json:"user_type"`
			DisplayName string `json:"displayname"`
		}
		if err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v2/users/"+hs.UserID("bob"), nil, &bob); err != nil {
			t.Fatal(err)
		}
		if bob.Approved == nil || bob.UserType != "teacher" || bob.DisplayName != "Bob" {
			t.Errorf("the account is %+v", bob)
		}
	})
	t.Run("dendrite without a secret", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		first := ownDendrite(t, homeserver.DendriteOptions{Dir: dir, SharedSecret: "s"})
		admin := register(t, first, "admin", "correct horse", true)
		if err := first.Stop(); err != nil {
			t.Fatal(err)
		}
		second := ownDendrite(t, homeserver.DendriteOptions{Dir: dir, NoFederation: true})
		if id, err := second.WhoAmI(timeout(t), admin.AccessToken); err != nil || id != admin.UserID {
			t.Errorf("the administrator of the first start: %q, %v", id, err)
		}
		err := second.Call(timeout(t), http.MethodGet, "/_synapse/admin/v1/register", "", nil, nil)
		if e := errorOf(err); e == nil || e.Status != http.StatusNotFound {
			t.Errorf("the registration endpoint without a secret: %v, want 404", err)
		}
		err = second.Call(timeout(t), http.MethodGet, "/_matrix/federation/v1/version", "", nil, nil)
		if e := errorOf(err); e == nil || e.Status != http.StatusNotFound {
			t.Errorf("the version without federation: %v, want 404", err)
		}
	})
	t.Run("a start that fails says why", func(t *testing.T) {
		t.Parallel()
		s, err := homeserver.StartSynapse(context.Background(), homeserver.SynapseOptions{ExtraYAML: "listeners: none\n"})
		if err == nil {
			s.Stop()
			t.Fatal("a Synapse with a broken configuration started")
		}
	})
}
