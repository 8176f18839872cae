// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/fakemas"
)

// Each difference is told what its repair does, and is gone after it.
func TestRepair(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	crowd(b)
	b.fake.AddUser("ines", nil)
	b.fake.Synapse.Provision("ines", false, nil, "", "")
	b.fake.Synapse.Provision("jan", false, nil, "", "")
	b.fake.Synapse.End("jan", false)
	for _, tt := range []struct{ name, drift, effect string }{
		{"alice", api.DriftAdmin, "repair_admin_on"},
		{"dora", api.DriftMASOnly, "repair_mas_only"},
		{"emil", api.DriftSynapseOnly, "repair_synapse_only"},
		{"frank", api.DriftDeactivated, "repair_deactivated_at_synapse"},
		{"gina", api.DriftDeactivated, "repair_deactivated_at_mas"},
		{"hugo", api.DriftLocked, "repair_locked_off"},
		{"jan", api.DriftSynapseOnly, "repair_synapse_only_ended"},
	} {
		e, err := b.preview(t.Context(), api.DeedQuery{ID: id(tt.name), Operation: "users.repair"})
		if err != nil || len(e.Happens) != 1 || e.Happens[0].Code != tt.effect || e.Happens[0].Params["drift"] != tt.drift {
			t.Errorf("%s: %+v, %v", tt.name, e, err)
		}
		u, err := b.repair(t.Context(), api.UserRepair{ID: id(tt.name), Drift: tt.drift})
		if err != nil || len(u.Drift) > 0 {
			t.Errorf("%s: %+v, %v", tt.name, u, err)
		}
		if _, err := b.repair(t.Context(), api.UserRepair{ID: id(tt.name), Drift: tt.drift}); code(err) != "no_drift drift:no_drift" {
			t.Errorf("%s again: %v", tt.name, err)
		}
	}
	if b.fake.Synapse.Account("dora") == nil || b.fake.User("emil") == nil || b.fake.User("gina").Deactivated == nil || b.fake.User("jan").Deactivated == nil {
		t.Error("not repaired at the servers")
	}
	for _, name := range []string{"frank", "gina", "jan"} {
		if b.fake.Synapse.Account(name)["erased"] == true {
			t.Errorf("%s was erased", name)
		}
	}
	page, err := b.list(t.Context(), api.UserQuery{Drift: api.Only, System: api.With})
	if err != nil || len(page.Users) != 0 {
		t.Errorf("%s still differ, %v", names(page), err)
	}
}

// A deed to one that MAS has not got is refused, and says so.
func TestDeedsToOneAtSynapseAlone(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.Synapse.Provision("emil", false, nil, "", "")
	if _, err := b.lock(t.Context(), api.UserDeed{ID: id("emil")}); code(err) != "synapse_only id:synapse_only" {
		t.Errorf("%v", err)
	}
	b.fake.AddHere("dora")
	if _, err := b.update(t.Context(), api.UserUpdate{ID: id("dora"), DisplayName: &api.Change[string]{To: "Dora"}}); code(err) != "mas_only display_name.to:mas_only" {
		t.Errorf("%v", err)
	}
}

func TestRepairThatDoesNotArrive(t *testing.T) {
	b := newBench(t, fakemas.Options{Held: true})
	b.fake.AddHere("dora")
	if _, err := b.repair(t.Context(), api.UserRepair{ID: id("dora"), Drift: api.DriftMASOnly}); code(err) != "did_not_stick" {
		t.Errorf("%v", err)
	}
}

// shown is the codes of effects in a line.
func shown(list []api.Effect) string {
	var codes []string
	for _, e := range list {
		codes = append(codes, e.Code)
	}
	return strings.Join(codes, " ")
}

func TestPreview(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	signedIn(b)
	b.fake.AddUser("bob", func(u *fakemas.User) { u.Admin = true })
	for _, tt := range []struct{ name, operation, happens, stays, cannot string }{
		{"alice", "users.lock", "nobody_signs_in mas_lock_within", "mas_sessions_stay rooms_stay", ""},
		{"alice", "users.unlock", "signs_in_again mas_unlock_within", "", ""},
		{"alice", "users.deactivate", "nobody_signs_in mas_sessions_end leaves_rooms_n keys_lost addresses_freed", "messages_stay profile_stays mas_password_kept identities_stay", "id_stays_taken can_reactivate mas_tokens_linger"},
		{"alice", "users.erase", "nobody_signs_in mas_sessions_end leaves_rooms_n keys_lost addresses_freed profile_removed messages_hidden", "files_stay mas_password_kept identities_stay", "copies_stay id_stays_taken can_reactivate_erased mas_tokens_linger"},
		{"alice", "users.reset_password", "old_password_ends new_password_card mas_sessions_end unsaved_keys_lost", "", "mas_tokens_linger"},
		{"alice", "devices.sign_out", "mas_sessions_end unsaved_keys_lost", "password_stays rooms_stay", "mas_tokens_linger"},
		{"alice", "users.update", "becomes_admin mas_admin_next_sign_in", "", ""},
		{"bob", "users.update", "no_longer_admin mas_admin_sessions_end", "", "mas_tokens_linger"},
		{"bob", "users.reactivate", "mas_signs_in_as_before admin_again", "", "rooms_not_back mas_emails_not_back"},
		{"bob", "users.create", "", "", ""},
	} {
		e, err := b.preview(t.Context(), api.DeedQuery{ID: id(tt.name), Operation: tt.operation})
		if err != nil || shown(e.Happens) != tt.happens || shown(e.Stays) != tt.stays || shown(e.Cannot) != tt.cannot {
			t.Errorf("%s of %s: %s | %s | %s, %v", tt.operation, tt.name, shown(e.Happens), shown(e.Stays), shown(e.Cannot), err)
		}
		for _, one := range e.Happens {
			if one.Code == "mas_sessions_end" && *one.N != 6 {
				t.Errorf("%s: %d sessions", tt.operation, *one.N)
			}
		}
	}
}

// An account that comes to MAS keeps what MAS would have Synapse take away: its lock and its addresses. One that somebody else has at MAS is said to be
// lost, before and after.
func TestAdoptKeeps(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.AddUser("alice", nil)
	if _, err := b.update(t.Context(), api.UserUpdate{ID: id("alice"), Threepids: &api.Change[[]api.Threepid]{To: []api.Threepid{{Medium: "email", Address: "taken@example.org"}}}}); err != nil {
		t.Fatal(err)
	}
	b.fake.Synapse.Provision("emil", true, []string{"first@example.org", "taken@example.org", "third@example.org"}, "Emil", "")
	e, err := b.preview(t.Context(), api.DeedQuery{ID: id("emil"), Operation: "users.repair"})
	if err != nil || shown(e.Happens) != "repair_synapse_only_emails repair_email_kept repair_email_lost repair_email_kept repair_lock_kept" ||
		e.Happens[2].Params["address"] != "taken@example.org" || e.Happens[2].Params["owner"] != "@alice:localhost" || e.Happens[4].Params["drift"] != api.DriftSynapseOnly {
		t.Errorf("%+v, %v", e.Happens, err)
	}
	u, err := b.repair(t.Context(), api.UserRepair{ID: id("emil"), Drift: api.DriftSynapseOnly})
	if err != nil || !u.Locked || len(u.Drift) > 0 || len(u.Threepids) != 2 || u.Begun == nil || leftOf(u.Begun.Left) != "threepids:mas_taken" || u.Begun.LeftThreepids()[0].Address != "taken@example.org" {
		t.Fatalf("%+v, %v", u, err)
	}
	at := b.fake.Synapse.Account("emil")
	if at["locked"] != true || len(at["threepids"].([]any)) != 2 {
		t.Errorf("at Synapse: %v", at)
	}
}

// A lock that MAS does not take is told to be lost.
func TestAdoptNotLocked(t *testing.T) {
	b := newBench(t, fakemas.Options{})
	b.fake.Synapse.Provision("emil", true, nil, "", "")
	refusing(b, "/lock")
	if _, err := b.repair(t.Context(), api.UserRepair{ID: id("emil"), Drift: api.DriftSynapseOnly}); code(err) != "adopted_not_locked drift:adopted_not_locked" {
		t.Errorf("%v", code(err))
	}
}

// MAS runs the jobs of one account at once. What an older one tells Synapse does not come after what a newer one told it: each change waits until Synapse
// has heard of the one before.
func TestOneJobAtATime(t *testing.T) {
	b := newBench(t, fakemas.Options{Held: true, Racing: true})
	b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
		if strings.HasPrefix(r.URL.Path, "/_synapse/admin/v2/users/") {
			b.fake.Run() // those that were queued until now
		}
		return nil, nil, false
	}
	addresses := func(list ...string) (out []api.Threepid) {
		for _, address := range list {
			out = append(out, api.Threepid{Medium: "email", Address: address})
		}
		return out
	}
	atBoth := func(name string, locked bool, want ...string) {
		t.Helper()
		b.fake.Run()
		var have []string
		at := b.fake.Synapse.Account(name)
		for _, one := range at["threepids"].([]any) {
			have = append(have, one.(map[string]any)["address"].(string))
		}
		slices.Sort(have)
		if u, err := b.get(t.Context(), api.UserRef{ID: id(name)}); err != nil || len(u.Threepids) != len(want) || u.Locked != locked || at["locked"] != locked || !slices.Equal(have, want) {
			t.Errorf("%s: at Synapse %v, %v; at MAS %+v, %v", name, at["locked"], have, u, err)
		}
	}
	b.fake.Synapse.Provision("emil", true, []string{"first@example.org", "second@example.org"}, "Emil", "")
	if _, err := b.repair(t.Context(), api.UserRepair{ID: id("emil"), Drift: api.DriftSynapseOnly}); err != nil {
		t.Fatal(err)
	}
	atBoth("emil", true, "first@example.org", "second@example.org")
	card, err := b.create(t.Context(), api.UserCreate{Localpart: "anna", Password: api.PasswordChoice{Mode: api.PasswordNone}, Threepids: addresses("a@example.org", "b@example.org")})
	if err != nil || len(card.Left) > 0 {
		t.Fatalf("%+v, %v", card, err)
	}
	atBoth("anna", false, "a@example.org", "b@example.org")
	if _, err := b.update(t.Context(), api.UserUpdate{ID: id("anna"), Threepids: &api.Change[[]api.Threepid]{To: addresses("b@example.org", "c@example.org", "d@example.org")}}); err != nil {
		t.Fatal(err)
	}
	atBoth("anna", false, "b@example.org", "c@example.org", "d@example.org")
}
