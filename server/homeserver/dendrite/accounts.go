// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"strconv"

	"gatehouse/app/api"
)

// account is a row of Dendrite's table of accounts, with its profile and when one of its devices was used last.
type account struct {
	id          api.UserID
	displayName string
	avatar      string
	appService  string
	kind        int // account_type
	deactivated bool
	createdMS   int64
	lastSeenMS  int64
}

// accountColumns are read by scanAccount. The latest use is looked up for the rows that are returned only, unless the list is
// sorted by it; the index on (localpart, server_name, device_id) serves it.
const accountColumns = `a.localpart, a.server_name, a.created_ts, COALESCE(a.appservice_id, ''), COALESCE(a.is_deactivated, FALSE), a.account_type,
	COALESCE(p.display_name, ''), COALESCE(p.avatar_url, ''),
	COALESCE((SELECT MAX(d.last_seen_ts) FROM userapi_devices d WHERE d.localpart = a.localpart AND d.server_name = a.server_name), 0) AS last_seen`

const accountTables = ` FROM userapi_accounts a LEFT JOIN userapi_profiles p ON p.localpart = a.localpart AND p.server_name = a.server_name`

func scanAccount(row interface{ Scan(...any) error }) (account, error) {
	var a account
	var local, server string
	err := row.Scan(&local, &server, &a.createdMS, &a.appService, &a.deactivated, &a.kind, &a.displayName, &a.avatar, &a.lastSeenMS)
	a.id = api.UserID("@" + local + ":" + server)
	return a, err
}

// list returns one page of the accounts that a query asks for, and how many there are on all pages.
func (d *database) list(ctx context.Context, q api.UserQuery, hidden []string, limit int, offset int64) (page []account, total int64, err error) {
	s := selected(d.kind, q, hidden)
	err = d.look(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*)"+accountTables+s.where(), s.args...).Scan(&total); err != nil {
			return err
		}
		query := "SELECT " + accountColumns + accountTables + s.where() + " ORDER BY " + order(d.kind, q.Sort, q.Descending) +
			" LIMIT " + strconv.Itoa(limit) + " OFFSET " + strconv.FormatInt(offset, 10)
		rows, err := tx.QueryContext(ctx, query, s.args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			a, err := scanAccount(rows)
			if err != nil {
				return err
			}
			page = append(page, a)
		}
		return rows.Err()
	})
	return page, total, err
}

// get returns one account, or sql.ErrNoRows.
func (d *database) get(ctx context.Context, id api.UserID) (a account, threepids []api.Threepid, err error) {
	err = d.look(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if a, err = readAccount(ctx, tx, id); err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, "SELECT medium, threepid FROM userapi_threepids WHERE localpart = $1 AND server_name = $2 ORDER BY medium, threepid",
			id.Localpart(), id.Server())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var t api.Threepid
			if err := rows.Scan(&t.Medium, &t.Address); err != nil {
				return err
			}
			threepids = append(threepids, t)
		}
		return rows.Err()
	})
	return a, threepids, err
}

func readAccount(ctx context.Context, tx *sql.Tx, id api.UserID) (account, error) {
	return scanAccount(tx.QueryRowContext(ctx, "SELECT "+accountColumns+accountTables+" WHERE a.localpart = $1 AND a.server_name = $2",
		id.Localpart(), id.Server()))
}

// devices returns the devices of an account, the one used last first.
func (d *database) devices(ctx context.Context, id api.UserID) (list []api.Device, err error) {
	err = d.look(ctx, func(ctx context.Context, tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT COALESCE(device_id, ''), COALESCE(display_name, ''), COALESCE(last_seen_ts, 0), COALESCE(ip, ''), COALESCE(user_agent, '')
			FROM userapi_devices WHERE localpart = $1 AND server_name = $2 ORDER BY last_seen_ts DESC, device_id`, id.Localpart(), id.Server())
		if err != nil {
			return err
		}
		defer rows.Close()
		list = []api.Device{}
		for rows.Next() {
			var dev api.Device
			if err := rows.Scan(&dev.ID, &dev.DisplayName, &dev.LastSeenMS, &dev.LastSeenIP, &dev.UserAgent); err != nil {
				return err
			}
			dev.LastSeenIP = withoutPort(dev.LastSeenIP)
			list = append(list, dev)
		}
		return rows.Err()
	})
	return list, err
}

// withoutPort takes the port off an address: Dendrite notes the one that the connection came from at sign-in.
func withoutPort(address string) string {
	if both, err := netip.ParseAddrPort(address); err == nil {
		return both.Addr().String()
	}
	return address
}

// errElse says that the account is not in the state that a change was asked from.
var errElse = errors.New("the account has changed")

// setKind changes an account's type in the one transaction in which it looked at it. It returns sql.ErrNoRows where there is no
// such account, and errElse where its type is neither or it is deactivated.
func (d *database) setKind(ctx context.Context, id api.UserID, from, to int) error {
	return d.changeAccount(ctx, id, "account_type = "+strconv.Itoa(to), "account_type = "+strconv.Itoa(from), func(a account) bool {
		return a.kind == from && !a.deactivated
	})
}

// reactivate takes the mark of deactivation off an account. Its errors are those of setKind.
func (d *database) reactivate(ctx context.Context, id api.UserID) error {
	return d.changeAccount(ctx, id, "is_deactivated = FALSE", "is_deactivated = TRUE", func(a account) bool { return a.deactivated })
}

// changeAccount sets something of one account if it is as expected, both when it is read and when it is written.
func (d *database) changeAccount(ctx context.Context, id api.UserID, set, where string, expected func(account) bool) error {
	return d.change(ctx, func(ctx context.Context, tx *sql.Tx) error {
		a, err := readAccount(ctx, tx, id)
		if err != nil {
			return err
		}
		if !expected(a) {
			return errElse
		}
		result, err := tx.ExecContext(ctx, "UPDATE userapi_accounts SET "+set+" WHERE localpart = $1 AND server_name = $2 AND "+where, id.Localpart(), id.Server())
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		if n != 1 {
			return fmt.Errorf("%w: %d rows", errElse, n)
		}
		return nil
	})
}
