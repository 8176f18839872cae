// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// An Invitation lets people make accounts of their own. The store holds the
// hash of its token, by which it is found, and the token sealed by the caller.
type Invitation struct {
	ID          string
	Homeserver  string
	TokenHash   string
	SealedToken []byte
	Localpart   string // a name, a pattern, or ""
	DisplayName string
	Email       string
	Rooms       []string
	Note        string
	Uses        int // how many accounts can be made with it
	Taken       int // how many were, or may have been; the store counts them
	Expires     time.Time
	Created     time.Time
	CreatedBy   string
	Revoked     time.Time // zero while nobody revoked it
	RevokedBy   string
}

// The states of an invitation.
const (
	InvitationOpen    = "open"
	InvitationUsedUp  = "used_up"
	InvitationExpired = "expired"
	InvitationRevoked = "revoked"
)

// State says what has become of the invitation: one that is revoked is nothing
// else, and one that is used up has not also expired. invitationState says the
// same in SQL.
func (i Invitation) State(now time.Time) string {
	switch {
	case !i.Revoked.IsZero():
		return InvitationRevoked
	case i.Taken >= i.Uses:
		return InvitationUsedUp
	case !now.Before(i.Expires):
		return InvitationExpired
	}
	return InvitationOpen
}

const invitationState = `CASE WHEN revoked_ms IS NOT NULL THEN 'revoked' WHEN taken >= uses THEN 'used_up'
	WHEN expires_ms <= $2 THEN 'expired' ELSE 'open' END`

// TokenHash returns the name under which an invitation with this token is found.
// A token has 128 random bits, so a hash without salt is enough.
func TokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

const invitationColumns = `id, homeserver, token_hash, sealed_token, localpart, display_name, email, rooms, note, uses,
	(SELECT COUNT(*) FROM invitation_uses u WHERE u.invitation = invitations.id) AS taken,
	expires_ms, created_ms, created_by, revoked_ms, revoked_by`

// AddInvitation stores a new invitation.
func (s *Store) AddInvitation(ctx context.Context, i Invitation) error {
	rooms, err := json.Marshal(i.Rooms)
	if err != nil {
		return fmt.Errorf("store: add invitation: %w", err)
	}
	_, err = s.exec(ctx, `
		INSERT INTO invitations (id, homeserver, token_hash, sealed_token, localpart, display_name, email, rooms, note, uses,
			expires_ms, created_ms, created_by, revoked_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '')`,
		i.ID, i.Homeserver, i.TokenHash, i.SealedToken, i.Localpart, i.DisplayName, i.Email, string(rooms), i.Note, i.Uses,
		i.Expires.UnixMilli(), i.Created.UnixMilli(), i.CreatedBy)
	if err != nil {
		return fmt.Errorf("store: add invitation: %w", err)
	}
	return nil
}

// Invitation returns an invitation of a homeserver, or [ErrNotFound].
func (s *Store) Invitation(ctx context.Context, homeserver, id string) (Invitation, error) {
	i, err := scanInvitation(s.read.QueryRowContext(ctx,
		`SELECT `+invitationColumns+` FROM invitations WHERE homeserver = $1 AND id = $2`, homeserver, id))
	if err != nil {
		return Invitation{}, fmt.Errorf("store: invitation: %w", orNotFound(err))
	}
	return i, nil
}

// InvitationByToken returns the invitation with this hash of a token, whatever
// has become of it, or [ErrNotFound].
func (s *Store) InvitationByToken(ctx context.Context, hash string) (Invitation, error) {
	i, err := scanInvitation(s.read.QueryRowContext(ctx,
		`SELECT `+invitationColumns+` FROM invitations WHERE token_hash = $1`, hash))
	if err != nil {
		return Invitation{}, fmt.Errorf("store: invitation: %w", orNotFound(err))
	}
	return i, nil
}

// An InvitationQuery chooses a page of a homeserver's invitations, the newest first.
type InvitationQuery struct {
	Homeserver string
	State      string // open, used_up, expired, revoked; "" for all
	Now        time.Time
	AfterMS    int64 // of the last one of the page before, 0 for the first page
	AfterID    string
	Limit      int
}

// Invitations returns one page of invitations and how many there are on all pages.
func (s *Store) Invitations(ctx context.Context, q InvitationQuery) (page []Invitation, total int, err error) {
	from := ` FROM (SELECT ` + invitationColumns + ` FROM invitations WHERE homeserver = $1) AS i
		WHERE ($3 = '' OR ` + invitationState + ` = $3)`
	now := q.Now.UnixMilli()
	if err := s.read.QueryRowContext(ctx, `SELECT COUNT(*)`+from, q.Homeserver, now, q.State).Scan(&total); err != nil {
		return nil, 0, fmt.Errorf("store: count invitations: %w", err)
	}
	rows, err := s.read.QueryContext(ctx, `SELECT *`+from+`
		AND (CAST($4 AS BIGINT) = 0 OR (created_ms, id) < ($4, $5)) ORDER BY created_ms DESC, id DESC LIMIT $6`,
		q.Homeserver, now, q.State, q.AfterMS, q.AfterID, q.Limit)
	if page, err = scanAll(rows, err, scanInvitation); err != nil {
		return nil, 0, fmt.Errorf("store: invitations: %w", err)
	}
	return page, total, nil
}

// invitationLock is what whoever counts the uses of an invitation is alone with.
func invitationLock(id string) string { return "invitation " + id }

// ChangeInvitation sets how often an invitation can be used, until when, and its
// note, as change says. An error of change leaves it as it is and is returned.
func (s *Store) ChangeInvitation(ctx context.Context, homeserver, id string, change func(*Invitation) error) (Invitation, error) {
	var now Invitation
	err := s.InTx(ctx, invitationLock(id), func(ctx context.Context, tx *sql.Tx) error {
		var err error
		now, err = scanInvitation(tx.QueryRowContext(ctx,
			`SELECT `+invitationColumns+` FROM invitations WHERE homeserver = $1 AND id = $2`, homeserver, id))
		if err != nil {
			return orNotFound(err)
		}
		if err := change(&now); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE invitations SET uses = $1, expires_ms = $2, note = $3 WHERE id = $4`,
			now.Uses, now.Expires.UnixMilli(), now.Note, id)
		return err
	})
	if err != nil {
		return Invitation{}, fmt.Errorf("store: change invitation: %w", err)
	}
	return now, nil
}

// SealedInvitations returns the invitations that were not revoked, to be sealed
// again with another key.
func (s *Store) SealedInvitations(ctx context.Context) ([]Invitation, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+invitationColumns+` FROM invitations WHERE revoked_ms IS NULL ORDER BY id`)
	all, err := scanAll(rows, err, scanInvitation)
	if err != nil {
		return nil, fmt.Errorf("store: sealed invitations: %w", err)
	}
	return all, nil
}

// SealInvitation keeps the token of an invitation sealed anew, unless somebody
// else did so first.
func (s *Store) SealInvitation(ctx context.Context, id string, old, sealed []byte) error {
	_, err := s.exec(ctx, `UPDATE invitations SET sealed_token = $1 WHERE id = $2 AND sealed_token = $3`, sealed, id, old)
	if err != nil {
		return fmt.Errorf("store: seal invitation: %w", err)
	}
	return nil
}

// RevokeInvitation makes an invitation one that nobody can take up any more.
// Revoking it again changes nothing.
func (s *Store) RevokeInvitation(ctx context.Context, homeserver, id, by string, now time.Time) error {
	_, err := s.exec(ctx, `UPDATE invitations SET revoked_ms = $1, revoked_by = $2
		WHERE homeserver = $3 AND id = $4 AND revoked_ms IS NULL`, now.UnixMilli(), by, homeserver, id)
	if err != nil {
		return fmt.Errorf("store: revoke invitation: %w", err)
	}
	return nil
}

func scanInvitation(row scanner) (Invitation, error) {
	var (
		i                Invitation
		rooms            string
		expires, created int64
		revoked          sql.NullInt64
	)
	err := row.Scan(&i.ID, &i.Homeserver, &i.TokenHash, &i.SealedToken, &i.Localpart, &i.DisplayName, &i.Email, &rooms, &i.Note,
		&i.Uses, &i.Taken, &expires, &created, &i.CreatedBy, &revoked, &i.RevokedBy)
	if err != nil {
		return Invitation{}, err
	}
	i.Expires, i.Created, i.Revoked = fromMillis(expires), fromMillis(created), fromNullMillis(revoked)
	if err := json.Unmarshal([]byte(rooms), &i.Rooms); err != nil {
		return Invitation{}, errors.New("the rooms of an invitation are no JSON")
	}
	return i, nil
}
