// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync"
	"time"
)

// BeatEvery is how often a process that uses the database calls [Store.Beat].
const BeatEvery = 5 * time.Second

// How long a process counts as alive after its last beat, and how often a beat is
// written. All processes on a SQLite file are on one machine, where it can be seen
// whether one still runs; so there the time is for those whose number another
// process has got.
const (
	replicaLife    = 15 * time.Second
	fileLife       = 15 * time.Minute
	fileBeatsEvery = 5 * time.Minute
)

// sureLooks is how many beats of our own another process is looked at, and says
// nothing, before it is believed dead because of the time: where the clock was set,
// everybody's last beat is an hour ago, or yet to come.
const sureLooks = 3

// here has the replicas that are in this process.
var here sync.Map

// Replica returns the name of this open store among all that are open on the
// database: random, and another one after each start.
func (s *Store) Replica() string { return s.replica }

// Beat says that this process is alive, and forgets those that are not: what they
// were doing is then for others to settle. Dead is who was not heard of for long,
// nor between three calls of Beat. The clocks of machines that share a database have
// to agree within seconds. A file that could not be written is written each time,
// until it can be.
func (s *Store) Beat(ctx context.Context, now time.Time) error {
	life, every := replicaLife, time.Duration(0)
	if s.pool == nil {
		life, every = fileLife, fileBeatsEvery
	}
	dead, err := s.dead(ctx, now, life)
	if err != nil {
		return fmt.Errorf("store: replicas: %w", err)
	}
	var seen int64
	err = s.read.QueryRowContext(ctx, `SELECT seen_ms FROM replicas WHERE id = $1`, s.replica).Scan(&seen)
	if ago := now.Sub(fromMillis(seen)); err == nil && len(dead) == 0 && ago >= 0 && ago < every && !s.failing.Load() {
		return nil
	}
	host, _ := os.Hostname()
	err = s.InTx(ctx, "", func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO replicas (id, host, pid, seen_ms) VALUES ($1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET seen_ms = excluded.seen_ms`, s.replica, host, os.Getpid(), now.UnixMilli())
		for _, r := range dead {
			if err == nil { // unless it has just been heard of
				_, err = tx.ExecContext(ctx, `DELETE FROM replicas WHERE id = $1 AND seen_ms = $2`, r.id, r.seen)
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store: beat: %w", err)
	}
	return nil
}

// Leave says that this process does nothing more.
func (s *Store) Leave(ctx context.Context) error {
	if _, err := s.exec(ctx, `DELETE FROM replicas WHERE id = $1`, s.replica); err != nil {
		return fmt.Errorf("store: leave: %w", err)
	}
	return nil
}

// Lives reports whether a replica is not known to be gone.
func (s *Store) Lives(ctx context.Context, replica string) (bool, error) {
	var n int
	if err := s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM replicas WHERE id = $1`, replica).Scan(&n); err != nil {
		return false, fmt.Errorf("store: replica: %w", err)
	}
	return n > 0, nil
}

// Others reports whether there are replicas besides this one that are not known to be gone.
func (s *Store) Others(ctx context.Context) (bool, error) {
	var n int
	if err := s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM replicas WHERE id <> $1`, s.replica).Scan(&n); err != nil {
		return false, fmt.Errorf("store: other replicas: %w", err)
	}
	return n > 0, nil
}

type otherReplica struct {
	id        string
	pid, seen int64
}

// A silence is when another process was last heard of that should have been since,
// and how often it has been looked at in vain.
type silence struct {
	seen  int64
	looks int
}

// dead returns the others that are silent and were last seen longer than life ago, or
// after now, by a clock that was set back since; and those that are known not to run.
func (s *Store) dead(ctx context.Context, now time.Time, life time.Duration) ([]otherReplica, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, pid, seen_ms FROM replicas WHERE id <> $1`, s.replica)
	others, err := scanAll(rows, err, func(row scanner) (r otherReplica, err error) {
		return r, row.Scan(&r.id, &r.pid, &r.seen)
	})
	if err != nil {
		return nil, err
	}
	s.listening.Lock()
	defer s.listening.Unlock()
	silent := map[string]silence{}
	var dead []otherReplica
	for _, r := range others {
		if now.Sub(fromMillis(r.seen)).Abs() > life {
			one := s.silent[r.id]
			if one.seen != r.seen {
				one = silence{seen: r.seen}
			}
			one.looks++
			silent[r.id] = one
		}
		if silent[r.id].looks >= sureLooks || s.pool == nil && !r.runs() {
			dead = append(dead, r)
		}
	}
	s.silent = silent
	return dead, nil
}

// runs reports whether a process of this machine is there. One with our own
// number is an earlier one, as in a container, where it is always 1.
func (r otherReplica) runs() bool {
	if r.pid == int64(os.Getpid()) {
		_, ok := here.Load(r.id)
		return ok
	}
	return running(int(r.pid))
}
