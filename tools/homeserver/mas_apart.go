// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// OnlyAtSynapse makes an account that MAS has not got, as those are that a Synapse had before. It tells Synapse of it as MAS would
// (POST /_synapse/mas/provision_user).
func (m *MAS) OnlyAtSynapse(ctx context.Context, localpart string, locked bool, emails ...string) error {
	body := map[string]any{"localpart": localpart, "set_displayname": localpart, "locked": locked}
	if len(emails) > 0 {
		body["set_emails"] = emails
	}
	return m.Synapse.Call(ctx, http.MethodPost, "/_synapse/mas/provision_user", m.secret, body, nil)
}

// OnlyHere makes an account in MAS's database alone: one that Synapse has not got, as after a backup of Synapse's database was put in its
// place.
func (m *MAS) OnlyHere(ctx context.Context, localpart string) error {
	// An ID is the time in milliseconds (48 bits) and chance (80 bits).
	const id = `(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || substr(md5(random()::text), 1, 20))::uuid`
	name := strings.ReplaceAll(localpart, "'", "''")
	if out, err := m.postgres.psql(ctx, masDatabase, "INSERT INTO users (user_id, username, created_at) VALUES ("+id+", '"+name+"', now())"); err != nil {
		return fmt.Errorf("insert %s: %w\n%s", localpart, err, out)
	}
	return nil
}
