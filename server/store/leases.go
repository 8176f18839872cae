// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// TakeLease lets exactly one holder do a thing that must be done once, over all
// processes that share the database, until the time given in ttl is over or it
// calls [Store.ReleaseLease]. Whoever holds the lease may take it again, which
// prolongs it. It fails with [ErrConflict] while somebody else holds it.
func (s *Store) TakeLease(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) error {
	n, err := s.exec(ctx, `
		INSERT INTO leases (name, holder, expires_ms) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_ms = excluded.expires_ms
		WHERE leases.holder = excluded.holder OR leases.expires_ms <= $4`,
		name, holder, now.Add(ttl).UnixMilli(), now.UnixMilli())
	if err == nil && n == 0 {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("store: lease %s: %w", name, err)
	}
	return nil
}

// TakeOwnLease is [Store.TakeLease] for this replica. A lease whose holder is a
// replica that is known to be gone (see [Store.Beat]) is free at once.
func (s *Store) TakeOwnLease(ctx context.Context, name string, now time.Time, ttl time.Duration) error {
	err := s.TakeLease(ctx, name, s.replica, now, ttl)
	if errors.Is(err, ErrConflict) {
		if err = s.FreeLease(ctx, name); err == nil {
			err = s.TakeLease(ctx, name, s.replica, now, ttl)
		}
	}
	return err
}

// PurgeLeases deletes the leases whose time is over.
func (s *Store) PurgeLeases(ctx context.Context, now time.Time) (int64, error) {
	n, err := s.exec(ctx, `DELETE FROM leases WHERE expires_ms <= $1`, now.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("store: purge leases: %w", err)
	}
	return n, nil
}

// ReleaseLease gives a lease back. A lease that somebody else holds stays theirs.
func (s *Store) ReleaseLease(ctx context.Context, name, holder string) error {
	if _, err := s.exec(ctx, `DELETE FROM leases WHERE name = $1 AND holder = $2`, name, holder); err != nil {
		return fmt.Errorf("store: release lease %s: %w", name, err)
	}
	return nil
}

// FreeLease takes a lease from a replica that is known to be gone (see
// [Store.Beat]). Its holder is one that [Store.Replica] named.
func (s *Store) FreeLease(ctx context.Context, name string) error {
	_, err := s.exec(ctx, `
		DELETE FROM leases WHERE name = $1 AND NOT EXISTS (SELECT 1 FROM replicas r WHERE r.id = leases.holder)`, name)
	if err != nil {
		return fmt.Errorf("store: free lease %s: %w", name, err)
	}
	return nil
}

// LeaseHeld reports whether another replica, which is not known to be gone, holds a
// lease.
func (s *Store) LeaseHeld(ctx context.Context, name string, now time.Time) (bool, error) {
	var n int
	err := s.read.QueryRowContext(ctx, `
		SELECT COUNT(*) FROM leases l JOIN replicas r ON r.id = l.holder WHERE l.name = $1 AND l.holder <> $2 AND l.expires_ms > $3`,
		name, s.replica, now.UnixMilli()).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("store: lease %s: %w", name, err)
	}
	return n > 0, nil
}
