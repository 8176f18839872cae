// SPDX-License-Identifier: Apache-2.0

package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	_ "modernc.org/sqlite" // the driver

	"gatehouse/tools/homeserver"
)

// Age writes into the database file of a stopped homeserver when its accounts were made
// and last seen. No API can say "three weeks ago", and a list in which everything
// happened a moment ago shows nothing.
func Age(ctx context.Context, hs *homeserver.Server, now time.Time) error {
	db, err := sql.Open("sqlite", hs.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	write := ageDendrite
	if hs.Kind == homeserver.Synapse {
		write = ageSynapse
	}
	for _, a := range All() {
		if err := write(ctx, tx, hs.ServerName, a, now); err != nil {
			return fmt.Errorf("date %s: %w", a.Localpart, err)
		}
	}
	return tx.Commit()
}

// ageSynapse knows users, devices and user_ips of Synapse's schema. The first has
// seconds, the others milliseconds.
func ageSynapse(ctx context.Context, tx *sql.Tx, serverName string, a Account, now time.Time) error {
	id := "@" + a.Localpart + ":" + serverName
	if _, err := tx.ExecContext(ctx, "UPDATE users SET creation_ts = ? WHERE name = ?", now.Add(-a.Created).Unix(), id); err != nil {
		return err
	}
	ids, err := column(ctx, tx, "SELECT device_id FROM devices WHERE user_id = ? AND NOT hidden ORDER BY device_id", id)
	if err != nil {
		return err
	}
	for i, d := range a.Devices[:min(len(a.Devices), len(ids))] {
		seen := now.Add(-d.LastSeen).UnixMilli()
		if _, err := tx.ExecContext(ctx, "UPDATE devices SET last_seen = ?, ip = ?, user_agent = ?, display_name = ? WHERE user_id = ? AND device_id = ?",
			seen, d.IP, d.UserAgent, d.Name, id, ids[i]); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE user_ips SET last_seen = ?, ip = ?, user_agent = ? WHERE user_id = ? AND device_id = ?",
			seen, d.IP, d.UserAgent, id, ids[i]); err != nil {
			return err
		}
	}
	return nil
}

// ageDendrite knows userapi_accounts and userapi_devices of Dendrite's schema, both
// in milliseconds.
func ageDendrite(ctx context.Context, tx *sql.Tx, serverName string, a Account, now time.Time) error {
	const where = " WHERE localpart = ? AND server_name = ?"
	if _, err := tx.ExecContext(ctx, "UPDATE userapi_accounts SET created_ts = ?"+where,
		now.Add(-a.Created).UnixMilli(), a.Localpart, serverName); err != nil {
		return err
	}
	ids, err := column(ctx, tx, "SELECT device_id FROM userapi_devices"+where+" ORDER BY device_id", a.Localpart, serverName)
	if err != nil {
		return err
	}
	for i, d := range a.Devices[:min(len(a.Devices), len(ids))] {
		if _, err := tx.ExecContext(ctx, "UPDATE userapi_devices SET last_seen_ts = ?, created_ts = ?, ip = ?, user_agent = ?, display_name = ?"+
			where+" AND device_id = ?", now.Add(-d.LastSeen).UnixMilli(), now.Add(-d.LastSeen-time.Hour).UnixMilli(), d.IP, d.UserAgent, d.Name,
			a.Localpart, serverName, ids[i]); err != nil {
			return err
		}
	}
	return nil
}

// column reads the first column of all rows.
func column(ctx context.Context, tx *sql.Tx, query string, args ...any) ([]string, error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
