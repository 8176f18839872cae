// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// States of a use.
const (
	UseReserved = "reserved" // an account is being made
	UseBegun    = "begun"    // the account is there and has no password yet; it counts, and only that account goes on with it
	UseDone     = "done"
	UseUnknown  = "unknown" // nobody knows whether it was made; it counts
)

// An InvitationUse is one account that was made with an invitation, or may have been.
type InvitationUse struct {
	Invitation string
	Request    string // names the form that asked for it
	UserID     string
	State      string
	Left       string // JSON, as the caller gives it; never empty of what was begun
	Accepted   string // JSON, as the caller gives it
	At         time.Time
	Continues  bool // it was reserved for an account that was begun; not stored
}

// ReserveInvitation takes one use of an invitation, if there is one to be had:
// of any number of people who ask at once for the last one, one gets it. The
// same request reserves once, and later finds its use as it is by then, with
// first = false. An account that was begun has its use already, which becomes the
// request's. It fails with [ErrExpired] where the invitation is used up,
// expired or revoked, and with [ErrNotFound] where there is none.
func (s *Store) ReserveInvitation(ctx context.Context, u InvitationUse) (use InvitationUse, first bool, err error) {
	err = s.InTx(ctx, invitationLock(u.Invitation), func(ctx context.Context, tx *sql.Tx) error {
		use, err = scanInvitationUse(tx.QueryRowContext(ctx, `
			SELECT invitation, request, user_id, state, left_over, accepted, at_ms FROM invitation_uses
			WHERE invitation = $1 AND (request = $2 OR state = 'begun' AND user_id = $3)
			ORDER BY CASE WHEN request = $2 THEN 0 ELSE 1 END LIMIT 1`, u.Invitation, u.Request, u.UserID))
		found := err == nil
		if !found && orNotFound(err) != ErrNotFound {
			return err
		}
		if found && (use.State != UseBegun || use.UserID != u.UserID) {
			return nil
		}
		i, err := scanInvitation(tx.QueryRowContext(ctx, `SELECT `+invitationColumns+` FROM invitations WHERE id = $1`, u.Invitation))
		if err != nil {
			return orNotFound(err)
		}
		state, before := i.State(u.At), use.Request
		if state != InvitationOpen && !(found && state == InvitationUsedUp && u.At.Before(i.Expires)) {
			return ErrExpired
		}
		use, first = u, true
		use.State, use.Continues = UseReserved, found
		if found {
			_, err = tx.ExecContext(ctx, `
				UPDATE invitation_uses SET request = $1, state = 'reserved', accepted = $2, at_ms = $3, replica = $4
				WHERE invitation = $5 AND request = $6`, u.Request, u.Accepted, u.At.UnixMilli(), s.replica, u.Invitation, before)
			return err
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO invitation_uses (invitation, request, user_id, state, left_over, accepted, at_ms, replica)
			VALUES ($1, $2, $3, 'reserved', '', $4, $5, $6)`, u.Invitation, u.Request, u.UserID, u.Accepted, u.At.UnixMilli(), s.replica)
		return err
	})
	if err != nil {
		return InvitationUse{}, false, fmt.Errorf("store: reserve invitation: %w", err)
	}
	return use, first, nil
}

// SettleInvitation notes how a reserved use ended: begun, done or unknown, with what was
// left. It fails with [ErrNotFound] if there is none that is reserved, or that
// others took for left behind.
func (s *Store) SettleInvitation(ctx context.Context, u InvitationUse) error {
	n, err := s.exec(ctx, `
		UPDATE invitation_uses SET state = $1, user_id = $2, left_over = $3
		WHERE invitation = $4 AND request = $5 AND state <> 'done'`, u.State, u.UserID, u.Left, u.Invitation, u.Request)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("store: settle invitation: %w", err)
	}
	return nil
}

// ReturnInvitation gives a reserved use back, because no account was made with it.
func (s *Store) ReturnInvitation(ctx context.Context, invitation, request string) error {
	_, err := s.exec(ctx, `DELETE FROM invitation_uses WHERE invitation = $1 AND request = $2 AND state <> 'done'`, invitation, request)
	if err != nil {
		return fmt.Errorf("store: return invitation: %w", err)
	}
	return nil
}

// SettleInvitations makes every use unknown that a process reserved which is gone
// (see [Store.Beat]), and returns how many there were. One whose account was begun
// before is begun again: whoever goes on with it finds out what became of it.
func (s *Store) SettleInvitations(ctx context.Context) (int64, error) {
	n, err := s.exec(ctx, `UPDATE invitation_uses SET state = CASE WHEN left_over <> '' THEN 'begun' ELSE 'unknown' END
		WHERE state = 'reserved' AND NOT EXISTS (SELECT 1 FROM replicas r WHERE r.id = invitation_uses.replica)`)
	if err != nil {
		return 0, fmt.Errorf("store: settle invitations: %w", err)
	}
	return n, nil
}

// InvitationUses returns the uses of an invitation, the newest first.
func (s *Store) InvitationUses(ctx context.Context, invitation string) ([]InvitationUse, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT invitation, request, user_id, state, left_over, accepted, at_ms FROM invitation_uses
		WHERE invitation = $1 ORDER BY at_ms DESC, request`, invitation)
	all, err := scanAll(rows, err, scanInvitationUse)
	if err != nil {
		return nil, fmt.Errorf("store: invitation uses: %w", err)
	}
	return all, nil
}

func scanInvitationUse(row scanner) (InvitationUse, error) {
	var (
		u  InvitationUse
		at int64
	)
	err := row.Scan(&u.Invitation, &u.Request, &u.UserID, &u.State, &u.Left, &u.Accepted, &at)
	u.At = fromMillis(at)
	return u, err
}
