// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"context"
	"time"

	"gatehouse/server/store"
)

// A Record is one thing that was done, tried or refused.
type Record struct {
	ID int64
	Entry
	At time.Time
	// Result is how it ended. Its Outcome is "" while it is still going on.
	Result
	EndedAt time.Time // zero while it is still going on
}

// History returns what was done to one account on a homeserver, newest first,
// at most limit records, all of them older than the one with the number before;
// 0 begins with the newest.
func (l *Log) History(ctx context.Context, homeserver, target string, before int64, limit int) ([]Record, error) {
	rows, err := l.rows.AuditHistory(ctx, homeserver, target, before, limit)
	if err != nil {
		return nil, err
	}
	records := make([]Record, len(rows))
	for i, row := range rows {
		records[i] = record(row)
	}
	return records, nil
}

func record(row store.AuditRecord) Record {
	ended := row.OutcomeAt
	if row.Phase == store.AuditEvent {
		ended = row.At
	}
	return Record{
		ID: row.ID,
		Entry: Entry{
			RequestID: row.RequestID, Actor: row.Actor, Role: row.Role, Address: row.Address,
			Homeserver: row.Homeserver, Operation: row.Operation, Targets: row.Targets, Request: row.Request,
		},
		At:      row.At,
		Result:  Result{Outcome: Outcome(row.Outcome), Code: row.Code, Detail: row.Detail},
		EndedAt: ended,
	}
}
