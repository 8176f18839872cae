// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/homeserver"
)

// alter changes an account at Synapse itself, as another program or another
// administrator would.
func alter(t *testing.T, hs *homeserver.Server, id string, change map[string]any) {
	t.Helper()
	if err := hs.Admin(timeout(t), http.MethodPut, "/_synapse/admin/v2/users/"+url.PathEscape(id), change, nil); err != nil {
		t.Fatal(err)
	}
}

func emails(addresses ...string) map[string]any {
	list := []map[string]string{}
	for _, a := range addresses {
		list = append(list, map[string]string{"medium": "email", "address": a})
	}
	return map[string]any{"threepids": list}
}

// TestNoscriptEdit changes accounts on Synapse without scripts.
func TestNoscriptEdit(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	once := []string{"intent", "outcome done"}

	t.Run("every field", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		name, id, token := d.account("edit", "the owner's own")
		alter(t, hs, id, emails(name+"-old@example.org", name+"-gone@example.org"))
		d.visit("account", "id", id)
		d.link("Edit")
		d.fill("#f-display_name-to", hostile)
		d.clickAndLoad("button[name=_remove][value='threepids.to." + d.rowOf("threepids.to", name+"-gone@example.org") + "']")
		d.clickAndLoad("button[name=_add][value='threepids.to']")
		d.fill("[name='threepids.to."+d.rowOf("threepids.to", "")+".address']", name+"-new@example.org")
		d.clickAndLoad("button[name=_add][value='external_ids.to']")
		d.fill("#f-external_ids-to-0-auth_provider", "oidc-work")
		d.fill("#f-external_ids-to-0-external_id", name)
		d.choose("#f-user_type-to", "support")
		d.fill("#f-avatar_url-to", "mxc://synapse.example/picture1")
		d.tick("#f-admin-to", true)
		d.doneTwice("The changes are saved")
		u := lookUp(t, hs, id)
		if diff := cmp.Diff([]string{"email " + name + "-new@example.org", "email " + name + "-old@example.org"}, u.addresses()); diff != "" {
			t.Errorf("addresses at the homeserver (-want +got):\n%s", diff)
		}
		u.Threepids = nil
		if diff := cmp.Diff(synapseUser{
			DisplayName: hostile, Admin: true, UserType: "support", Avatar: "mxc://synapse.example/picture1",
			ExternalIDs: []map[string]string{{"auth_provider": "oidc-work", "external_id": name}},
		}, u); diff != "" {
			t.Errorf("the account at the homeserver (-want +got):\n%s", diff)
		}
		if !lives(t, hs, token) {
			t.Error("an edit signed the account out")
		}
		canSignIn(t, hs, name, "the owner's own")
		if diff := cmp.Diff(once, g.audit("users.update", id)); diff != "" {
			t.Errorf("the audit log after a double click (-want +got):\n%s", diff)
		}

		d.visit("account/edit", "id", id)
		d.fill("#f-display_name-to", "")
		d.fill("#f-avatar_url-to", "")
		d.choose("#f-user_type-to", "")
		d.clickAndLoad("button[name=_remove][value='external_ids.to.0']")
		for range 2 {
			d.clickAndLoad("button[name=_remove][value^='threepids.to.']")
		}
		d.tick("#f-admin-to", false)
		d.done("The changes are saved")
		u = lookUp(t, hs, id)
		u.DisplayName = strings.TrimSpace(u.DisplayName)
		if diff := cmp.Diff(synapseUser{}, u, cmp.Transformer("empty", func(list []map[string]any) int { return len(list) }),
			cmp.Transformer("none", func(list []map[string]string) int { return len(list) })); diff != "" {
			t.Errorf("after all was cleared the account is (-want +got):\n%s", diff)
		}
	})

	t.Run("changed meanwhile", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		_, id, _ := d.account("meanwhile", "the owner's own")
		alter(t, hs, id, map[string]any{"displayname": "Before", "user_type": "bot"})
		d.visit("account/edit", "id", id)
		alter(t, hs, id, map[string]any{"displayname": "Theirs", "user_type": "support"})
		d.fill("#f-display_name-to", "Mine")
		d.tick("#f-admin-to", true)
		if status := d.submit(); status != http.StatusConflict {
			t.Fatalf("status %d, want 409\n%s", status, d.whereabouts())
		}
		table := d.text("main table")
		for _, want := range []string{"Before", "Theirs", "Mine"} {
			if !strings.Contains(table, want) {
				t.Errorf("both versions are shown as %q; %q is missing", table, want)
			}
		}
		if u := lookUp(t, hs, id); u.DisplayName != "Theirs" || u.Admin || u.UserType != "support" {
			t.Errorf("something was saved: %+v", u)
		}
		if got := d.value("#f-display_name-to") + " " + d.value("#f-user_type-to"); got != "Mine support" {
			t.Errorf("the form holds %q: what was typed stays, what was left alone follows", got)
		}
		d.done("The changes are saved")
		if u := lookUp(t, hs, id); u.DisplayName != "Mine" || !u.Admin || u.UserType != "support" {
			t.Errorf("after choosing one's own version: %+v", u)
		}
	})

	t.Run("mistakes stand at their fields", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		owner, ownerID, _ := d.account("owner", "the owner's own")
		alter(t, hs, ownerID, emails(owner+"@example.org"))
		_, id, _ := d.account("mistaken", "the owner's own")
		before := lookUp(t, hs, id)
		d.visit("account/edit", "id", id)
		d.clickAndLoad("button[name=_add][value='threepids.to']")
		d.fill("[name='threepids.to.0.address']", "no address")
		d.fill("#f-avatar_url-to", "https://example.org/picture.png")
		d.fill("#f-display_name-to", "Kept")
		d.refused(http.StatusUnprocessableEntity, "f-threepids-to-0-address", "not an e-mail address")
		d.faulty("f-avatar_url-to", "mxc://")
		if got := d.value("#f-display_name-to"); got != "Kept" {
			t.Errorf("what was typed came back as %q", got)
		}
		d.fill("#f-avatar_url-to", "")
		d.fill("[name='threepids.to.0.address']", owner+"@example.org")
		d.refused(http.StatusConflict, "f-threepids-to-0-address", "belongs to")
		if diff := cmp.Diff(before, lookUp(t, hs, id)); diff != "" {
			t.Errorf("something was saved (-before +after):\n%s", diff)
		}
		if got := lookUp(t, hs, ownerID).addresses(); len(got) != 1 {
			t.Errorf("the owner of the address has %q", got)
		}
	})

	t.Run("asks again about oneself", func(t *testing.T) {
		t.Parallel()
		d := signedIn(t, g, hs)
		id := hs.UserID(d.name)
		d.visit("account/edit", "id", id)
		d.tick("#f-admin-to", false)
		if status := d.submit(); status != http.StatusConflict {
			t.Errorf("status %d, want 409\n%s", status, d.whereabouts())
		}
		if !lookUp(t, hs, id).Admin {
			t.Fatal("the rights are gone without having been asked about")
		}
		d.tick("#f-confirm", true)
		d.submit()
		if lookUp(t, hs, id).Admin {
			t.Errorf("confirmed, the account is still an administrator\n%s", d.whereabouts())
		}
	})
}

// rowOf is the number of the row of a list in which an address stands.
func (d *desk) rowOf(list, address string) string {
	d.t.Helper()
	fields := eval[map[string]string](d.page, `Object.fromEntries([...document.querySelectorAll(
		"[name^='`+list+`.'][name$='.address']:not([type=hidden])")].map(e => [e.value, e.name]))`)
	name, ok := fields[address]
	if !ok {
		d.t.Fatalf("no row has %q: %q", address, fields)
	}
	return strings.Split(strings.TrimPrefix(name, list+"."), ".")[0]
}
