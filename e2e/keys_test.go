// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/rand"
	"database/sql"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/tools/homeserver"
)

// TestKeyIsRotated changes the secret key as docs/security.md says: nobody is signed out, and the gate's own account
// stays the one it is, with both keys and then with the new one alone.
func TestKeyIsRotated(t *testing.T) {
	t.Parallel()
	for _, hs := range []*homeserver.Server{synapse(t), dendrite(t)} {
		t.Run(hs.Kind, func(t *testing.T) {
			t.Parallel()
			g := prepareGatehouse(t, homeservers(hs))
			if text, _, code := g.check(t); code != 0 { // which makes the gate's own account
				t.Fatalf("status %d\n%s", code, text)
			}
			g.start()
			d := signedIn(t, g, hs)
			d.visit("accounts")
			account := serviceAccount(t, g, hs)
			g.stop()
			if err := os.Rename(filepath.Join(g.Dir, "secret.key"), filepath.Join(g.Dir, "before.key")); err != nil {
				t.Fatal(err)
			}
			g.newKey()
			config, err := os.ReadFile(g.Config)
			if err != nil {
				t.Fatal(err)
			}
			g.write("gatehouse.yaml", append([]byte("previous_secret_key_file: before.key\n"), config...))
			g.start()
			d.visit("accounts") // the session from before goes on
			g.stop()
			text, _, code := g.check(t)
			if code != 0 || !strings.Contains(text, "previous_secret_key") {
				t.Errorf("with both keys: status %d\n%s", code, text)
			}
			g.write("gatehouse.yaml", config)
			text, reports, code := g.check(t)
			if code != 0 || strings.Contains(text, "previous_secret_key") || slices.ContainsFunc(reports[0].codes(), isSuccession) {
				t.Errorf("with the new key alone: status %d\n%s", code, text)
			}
			if now := serviceAccount(t, g, hs); now != account {
				t.Errorf("the gate is %s, it was %s", now, account)
			}
			if log := g.audit("users.deactivate", account); len(log) != 0 {
				t.Errorf("the log has %q", log)
			}
		})
	}
}

// TestServiceAccountIsReplaced loses the secret key, and then has the homeserver refuse the token: each time another account
// takes the place of the one before, the check says so, and the one before is deactivated at the homeserver.
func TestServiceAccountIsReplaced(t *testing.T) {
	t.Parallel()
	for _, hs := range []*homeserver.Server{synapse(t), dendrite(t)} {
		t.Run(hs.Kind, func(t *testing.T) {
			t.Parallel()
			g := prepareGatehouse(t, homeservers(hs))
			if text, _, code := g.check(t); code != 0 {
				t.Fatalf("status %d\n%s", code, text)
			}
			first := serviceAccount(t, g, hs)
			g.newKey()
			text, errs, code := g.command("", "check")
			second := serviceAccount(t, g, hs)
			if code != 0 || second == first {
				t.Fatalf("without the key: status %d, %s and then %s\n%s%s", code, first, second, text, errs)
			}
			g.tells(t, text, "warning The token of the service account "+first+" could not be opened", "ok The service account "+second+" works",
				"ok The service account "+second+" was registered on 20", "could not be opened with the secret key of that day", "ok The former service account "+first+" is deactivated")
			g.isEnded(t, hs, first)
			signOutAll(t, hs, second)
			text, errs, code = g.command("", "check")
			third := serviceAccount(t, g, hs)
			if code != 0 || third == first || third == second {
				t.Fatalf("with a dead token: status %d, %s and then %s\n%s%s", code, second, third, text, errs)
			}
			g.tells(t, text, "ok The service account "+third+" was registered on 20", "the homeserver refused the token of the one before",
				"ok The former service account "+first+" is deactivated", "ok The former service account "+second+" is deactivated")
			g.isEnded(t, hs, second)
			if text, reports, code := g.check(t); code != 0 || serviceAccount(t, g, hs) != third || slices.Contains(reports[0].codes(), "service_account_locked") {
				t.Errorf("once more: status %d\n%s", code, text)
			}
		})
	}
}

// newKey replaces the secret key.
func (g *gatehouse) newKey() {
	g.t.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	g.write("secret.key", key)
}

// codes lists the lines of a report.
func (r report) codes() []string {
	var list []string
	for _, c := range r.Checks {
		list = append(list, c.Code)
	}
	return list
}

// isSuccession reports whether a line of a report is about one service account after another.
func isSuccession(code string) bool {
	return strings.HasPrefix(code, "service_account_")
}

// tells fails the test unless a report says every part of a sentence; how its columns are set does not matter.
func (g *gatehouse) tells(t *testing.T, report string, parts ...string) {
	t.Helper()
	flat := strings.Join(strings.Fields(report), " ")
	for _, part := range parts {
		if !strings.Contains(flat, part) {
			t.Errorf("the report does not say %q:\n%s", part, report)
		}
	}
}

// isEnded fails the test unless an account is deactivated at the homeserver, and the gate has recorded that it did that, once.
func (g *gatehouse) isEnded(t *testing.T, hs *homeserver.Server, id string) {
	t.Helper()
	ended := false
	if hs.Kind == homeserver.Synapse {
		ended = lookUp(t, hs, id).Deactivated
	} else {
		db, err := sql.Open("sqlite", hs.Database+"?mode=ro&_pragma=busy_timeout(10000)")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		name, _, _ := strings.Cut(strings.TrimPrefix(id, "@"), ":")
		if err := db.QueryRowContext(timeout(t), `SELECT is_deactivated FROM userapi_accounts WHERE localpart = ?`, name).Scan(&ended); err != nil {
			t.Fatal(err)
		}
	}
	if !ended {
		t.Errorf("%s is not deactivated", id)
	}
	if log := g.audit("users.deactivate", id); !slices.Equal(log, []string{"intent", "outcome done"}) {
		t.Errorf("the log has %q of %s", log, id)
	}
	var actor string
	g.query(t, `SELECT actor FROM audit WHERE operation = 'users.deactivate' AND targets LIKE '%' || $1 || '%' AND phase = 'intent'`, []any{id}, &actor)
	if actor != "gatehouse" {
		t.Errorf("%s was ended by %q", id, actor)
	}
}

// signOutAll ends every session of an account, past the gate.
func signOutAll(t *testing.T, hs *homeserver.Server, id string) {
	t.Helper()
	if hs.Kind == homeserver.Dendrite {
		body := object{"password": "another password, by another administrator", "logout_devices": true}
		if err := hs.Admin(timeout(t), http.MethodPost, "/_dendrite/admin/resetPassword/"+url.PathEscape(id), body, nil); err != nil {
			t.Fatal(err)
		}
		return
	}
	path := "/_synapse/admin/v2/users/" + url.PathEscape(id)
	var list struct {
		Devices []struct {
			ID string `json:"device_id"`
		} `json:"devices"`
	}
	if err := hs.Admin(timeout(t), http.MethodGet, path+"/devices", nil, &list); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, d := range list.Devices {
		ids = append(ids, d.ID)
	}
	if err := hs.Admin(timeout(t), http.MethodPost, path+"/delete_devices", object{"devices": ids}, nil); err != nil {
		t.Fatal(err)
	}
}
