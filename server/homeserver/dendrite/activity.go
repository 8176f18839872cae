// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"database/sql"
	"errors"

	"gatehouse/app/api"
)

// connections are the devices: Dendrite keeps one connection of each, the last (GET /_matrix/client/v3/admin/whois/{id}, or its table).
func (s *server) connections(ctx context.Context, r api.UserRef) (api.ConnectionList, error) {
	devices, err := s.listDevices(ctx, r)
	if err != nil {
		return api.ConnectionList{}, err
	}
	list := api.ConnectionList{Connections: []api.Connection{}, Total: len(devices.Devices)}
	for _, d := range devices.Devices[:min(len(devices.Devices), api.MaxConnections)] {
		list.Connections = append(list.Connections, api.Connection{Device: d.ID, DeviceName: d.DisplayName, IP: d.LastSeenIP, UserAgent: d.UserAgent, LastSeenMS: d.LastSeenMS})
	}
	if len(devices.Unknown) > 0 {
		list.Unknown = []string{"device_name"}
	}
	return list, nil
}

// find looks an address up in the database; there is no call for it. Dendrite knows no identities.
func (s *server) find(ctx context.Context, q api.UserFind) (api.Found, error) {
	if q.By == api.ByIdentity {
		return api.Found{}, unsupported("by", reasonNoExternalIDs)
	}
	id, err := s.db.owner(ctx, q.Medium(), q.Value)
	if errors.Is(err, sql.ErrNoRows) {
		return api.Found{}, nil
	}
	return api.Found{ID: id}, err
}

// needsDatabase is the condition of what the API does not tell.
func (s *server) needsDatabase() string {
	if s.db == nil {
		return reasonNeedsDatabase
	}
	return ""
}

// owner returns whose an address is; the error is sql.ErrNoRows where it is nobody's. Dendrite keeps e-mail addresses as clients wrote them.
func (d *database) owner(ctx context.Context, medium, address string) (id api.UserID, err error) {
	err = d.look(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var local, server string
		row := tx.QueryRowContext(ctx, "SELECT localpart, server_name FROM userapi_threepids WHERE medium = $1 AND LOWER(threepid) = $2 ORDER BY localpart, server_name LIMIT 1",
			medium, address)
		if err := row.Scan(&local, &server); err != nil {
			return err
		}
		id = api.UserID("@" + local + ":" + server)
		return nil
	})
	return id, err
}
