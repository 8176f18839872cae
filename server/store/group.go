// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// groupMost is how many writes share a transaction at most, so that whoever else
// waits for the connection gets it in between.
const groupMost = 64

// A group is SQLite's way to write: what comes while another write is on its way
// to the disk waits together and goes there together. A commit costs the wait for
// the disk (synchronous=FULL), and so all of them wait once.
//
// Each write has a savepoint, so that an error undoes its own write only, unless it
// says that it needs none. All are done in the order in which they came, and answered
// after the commit.
type group struct {
	db *sql.DB

	mu      sync.Mutex
	waiting []*member
	running bool
	came    time.Time     // when the last one came
	hurry   chan struct{} // closed when who waits need not wait for more; nil where nobody waits for that
}

// A member is one write of a group.
type member struct {
	ctx     context.Context
	work    func(context.Context, *sql.Tx) error
	patient bool
	plain   bool
	err     error
	done    chan struct{}
}

// How long patient writes wait for others at most, how long while none comes, and how many do not wait for more.
const (
	patience    = 60 * time.Millisecond
	patientGap  = 20 * time.Millisecond
	patientMost = 32
)

type patient struct{}

// Patient says of the writes under ctx that they may wait for others, a little,
// to share a transaction with them, if while says so when they come: they are
// some of many, and nobody waits for one of them. PostgreSQL takes no notice.
func Patient(ctx context.Context, while func() bool) context.Context {
	return context.WithValue(ctx, patient{}, while)
}

type plain struct{}

// plainly says of the writes under ctx that they need no savepoint, which costs as much
// as a small write: what they return of their own accord, [ErrNotFound] or [ErrExists],
// they return before they have written anything, and every other error is the
// database's.
func plainly(ctx context.Context) context.Context { return context.WithValue(ctx, plain{}, true) }

// do runs work in a transaction and returns when that is on the disk. Where ctx
// ends first, the write is taken back, unless it has begun: SQLite undoes the
// whole transaction of a statement that is interrupted, and so everybody's.
func (g *group) do(ctx context.Context, work func(context.Context, *sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := &member{ctx: context.WithoutCancel(ctx), work: work, done: make(chan struct{})}
	while, _ := ctx.Value(patient{}).(func() bool)
	m.patient, m.plain = while != nil && while(), ctx.Value(plain{}) != nil
	g.mu.Lock()
	g.waiting, g.came = append(g.waiting, m), time.Now()
	if g.hurry != nil && !g.mayWait() {
		close(g.hurry)
		g.hurry = nil
	}
	if !g.running {
		g.running = true
		go g.run()
	}
	g.mu.Unlock()
	select {
	case <-m.done:
		return m.err
	case <-ctx.Done():
	}
	if g.leave(m) {
		return ctx.Err()
	}
	<-m.done
	return m.err
}

// leave takes a write back that has not begun.
func (g *group) leave(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, m)
	if i < 0 {
		return false
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	return true
}

// run writes until nobody waits.
func (g *group) run() {
	for g.more() {
		g.gather()
		// Who comes while this waits for the connection is in the group, too.
		tx, err := g.db.BeginTx(context.Background(), nil)
		members := g.take()
		if err == nil {
			err = together(tx, members)
		}
		for _, m := range members {
			if err != nil && m.err == nil {
				m.err = err
			}
			close(m.done)
		}
	}
}

// gather lets others come, as long as all who wait are patient. It is not woken by each of them.
func (g *group) gather() {
	end := time.Now().Add(patience)
	for {
		g.mu.Lock()
		wait := min(time.Until(g.came.Add(patientGap)), time.Until(end))
		if wait <= 0 || !g.mayWait() {
			g.mu.Unlock()
			return
		}
		hurry := make(chan struct{})
		g.hurry = hurry
		g.mu.Unlock()
		select {
		case <-hurry:
			return
		case <-time.After(wait):
		}
	}
}

// mayWait reports whether those who wait may wait for others: there are some, they are few, and all patient.
func (g *group) mayWait() bool {
	return len(g.waiting) > 0 && len(g.waiting) < patientMost && !slices.ContainsFunc(g.waiting, func(m *member) bool { return !m.patient })
}

func (g *group) more() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running = len(g.waiting) > 0
	return g.running
}

// take returns those whose turn it is.
func (g *group) take() []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), groupMost)
	members := slices.Clone(g.waiting[:n])
	g.waiting = slices.Delete(g.waiting, 0, n)
	return members
}

// together does the work of all members and commits. Its error is everybody's:
// nothing is written.
func together(tx *sql.Tx, members []*member) error {
	for _, m := range members {
		if err := m.do(tx); err != nil {
			_ = tx.Rollback() // SQLite has done it already where it says that it is out of space
			return err
		}
	}
	return tx.Commit()
}

// do does the work in a savepoint and keeps its error. The error that it returns
// is the transaction's.
func (m *member) do(tx *sql.Tx) error {
	if m.plain {
		m.err = m.guarded(tx)
		if errors.Is(m.err, ErrNotFound) || errors.Is(m.err, ErrExists) {
			return nil
		}
		return m.err
	}
	if _, err := tx.ExecContext(m.ctx, `SAVEPOINT member`); err != nil {
		return err
	}
	end := `RELEASE member`
	if m.err = m.guarded(tx); m.err != nil {
		end = `ROLLBACK TO member; RELEASE member`
	}
	_, err := tx.ExecContext(m.ctx, end)
	return err
}

// guarded makes an error of a panic: it would be on nobody's goroutine.
func (m *member) guarded(tx *sql.Tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("store: a write panicked: %v\n%s", r, debug.Stack())
		}
	}()
	return m.work(m.ctx, tx)
}
