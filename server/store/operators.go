// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// An Operator is a person whom no homeserver vouches for.
type Operator struct {
	Name     string
	Password string // argon2id, as a PHC string
	Role     string
	Created  time.Time
	Disabled time.Time // zero while the operator may sign in
}

// AddOperator stores a new operator, or fails with [ErrExists].
func (s *Store) AddOperator(ctx context.Context, o Operator) error {
	n, err := s.exec(ctx, `
		INSERT INTO operators (name, password, role, created_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		o.Name, o.Password, o.Role, o.Created.UnixMilli())
	if err == nil && n == 0 {
		err = ErrExists
	}
	if err != nil {
		return fmt.Errorf("store: add operator %s: %w", o.Name, err)
	}
	return nil
}

// Operator returns the operator with this name, disabled or not, or [ErrNotFound].
func (s *Store) Operator(ctx context.Context, name string) (Operator, error) {
	o, err := scanOperator(s.read.QueryRowContext(ctx, `
		SELECT name, password, role, created_ms, disabled_ms FROM operators WHERE name = $1`, name))
	if err != nil {
		return Operator{}, fmt.Errorf("store: operator: %w", orNotFound(err))
	}
	return o, nil
}

// Operators returns all operators by name.
func (s *Store) Operators(ctx context.Context) ([]Operator, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT name, password, role, created_ms, disabled_ms FROM operators ORDER BY name`)
	all, err := scanAll(rows, err, scanOperator)
	if err != nil {
		return nil, fmt.Errorf("store: operators: %w", err)
	}
	return all, nil
}

// SetOperatorPassword replaces an operator's PHC string, or fails with [ErrNotFound].
func (s *Store) SetOperatorPassword(ctx context.Context, name, phc string) error {
	return s.updateOperator(ctx, name, `UPDATE operators SET password = $1 WHERE name = $2`, phc, name)
}

// SetOperatorRole replaces an operator's role, or fails with [ErrNotFound]. End
// the operator's sessions with [Store.EndSessions]: they carry the old role.
func (s *Store) SetOperatorRole(ctx context.Context, name, role string) error {
	return s.updateOperator(ctx, name, `UPDATE operators SET role = $1 WHERE name = $2`, role, name)
}

// DisableOperator keeps an operator from signing in. Their sessions are ended
// with [Store.EndSessions].
func (s *Store) DisableOperator(ctx context.Context, name string, now time.Time) error {
	return s.updateOperator(ctx, name,
		`UPDATE operators SET disabled_ms = COALESCE(disabled_ms, $1) WHERE name = $2`, now.UnixMilli(), name)
}

// EnableOperator lets a disabled operator sign in again.
func (s *Store) EnableOperator(ctx context.Context, name string) error {
	return s.updateOperator(ctx, name, `UPDATE operators SET disabled_ms = NULL WHERE name = $1`, name)
}

func (s *Store) updateOperator(ctx context.Context, name, query string, args ...any) error {
	n, err := s.exec(ctx, query, args...)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("store: operator %s: %w", name, err)
	}
	return nil
}

func scanOperator(row scanner) (Operator, error) {
	var (
		o        Operator
		created  int64
		disabled sql.NullInt64
	)
	if err := row.Scan(&o.Name, &o.Password, &o.Role, &created, &disabled); err != nil {
		return Operator{}, err
	}
	o.Created = fromMillis(created)
	o.Disabled = fromNullMillis(disabled)
	return o, nil
}
