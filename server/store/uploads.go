// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// An Upload is a file that somebody wants to import. One without a head is still
// on its way.
type Upload struct {
	ID         string
	Homeserver string
	Person     string
	SealedHead []byte
	Bytes      int64
	Job        string // that was made of it, "" while there is none
	Created    time.Time
	Expires    time.Time
}

// AddUploadChunk stores the n-th piece of a file, counted from 0.
func (s *Store) AddUploadChunk(ctx context.Context, upload string, n int, sealed []byte) error {
	if _, err := s.exec(ctx, `INSERT INTO upload_chunks (upload, n, sealed) VALUES ($1, $2, $3)`, upload, n, sealed); err != nil {
		return fmt.Errorf("store: add upload chunk: %w", err)
	}
	return nil
}

// UploadChunk returns a piece of a file, or [ErrNotFound] behind the last one.
func (s *Store) UploadChunk(ctx context.Context, upload string, n int) ([]byte, error) {
	var sealed []byte
	err := s.read.QueryRowContext(ctx, `SELECT sealed FROM upload_chunks WHERE upload = $1 AND n = $2`, upload, n).Scan(&sealed)
	if err != nil {
		return nil, fmt.Errorf("store: upload chunk: %w", orNotFound(err))
	}
	return sealed, nil
}

// AddUpload stores a file that begins to arrive.
func (s *Store) AddUpload(ctx context.Context, u Upload) error {
	_, err := s.exec(ctx, `
		INSERT INTO uploads (id, homeserver, person, sealed_head, bytes, job, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		u.ID, u.Homeserver, u.Person, u.SealedHead, u.Bytes, u.Job, u.Created.UnixMilli(), u.Expires.UnixMilli())
	if err != nil {
		return fmt.Errorf("store: add upload: %w", err)
	}
	return nil
}

// FinishUpload stores what a file is, whose pieces are all there.
func (s *Store) FinishUpload(ctx context.Context, u Upload) error {
	n, err := s.exec(ctx, `UPDATE uploads SET sealed_head = $1, bytes = $2, expires_ms = $3 WHERE id = $4`, u.SealedHead, u.Bytes, u.Expires.UnixMilli(), u.ID)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("store: finish upload: %w", err)
	}
	return nil
}

// Upload returns a file, or [ErrNotFound].
func (s *Store) Upload(ctx context.Context, id string) (Upload, error) {
	var (
		u                Upload
		created, expires int64
	)
	err := s.read.QueryRowContext(ctx, `
		SELECT id, homeserver, person, sealed_head, bytes, job, created_ms, expires_ms FROM uploads WHERE id = $1`, id).
		Scan(&u.ID, &u.Homeserver, &u.Person, &u.SealedHead, &u.Bytes, &u.Job, &created, &expires)
	if err != nil {
		return u, fmt.Errorf("store: upload: %w", orNotFound(err))
	}
	u.Created, u.Expires = fromMillis(created), fromMillis(expires)
	return u, nil
}

// DeleteUpload deletes a file, or its pieces where there is no more of it. It is
// no error if there is none.
func (s *Store) DeleteUpload(ctx context.Context, id string) error {
	err := s.InTx(ctx, "upload "+id, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM upload_chunks WHERE upload = $1`, id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM uploads WHERE id = $1`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("store: delete upload: %w", err)
	}
	return nil
}

// StaleUploads returns the files that have expired, and those whose job is
// planned, or is no more.
func (s *Store) StaleUploads(ctx context.Context, now time.Time) ([]string, error) {
	rows, err := s.read.QueryContext(ctx, `
		SELECT id FROM uploads WHERE expires_ms <= $1
			OR job <> '' AND job NOT IN (SELECT id FROM jobs WHERE state = 'planning')`, now.UnixMilli())
	ids, err := scanAll(rows, err, scanValue[string])
	if err != nil {
		return nil, fmt.Errorf("store: stale uploads: %w", err)
	}
	return ids, nil
}
