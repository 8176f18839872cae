// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"context"

	"gatehouse/app/api"
	"gatehouse/server/store"
)

// Files are the uploaded files that jobs are made of.
type Files interface {
	// Name is what a file of a person is called. The error says what is wrong with all of it.
	Name(ctx context.Context, homeserver, person string, f api.JobFile) (string, error)
	// Accounts reads the file of a job and calls each with some of its rows at a time, in their order.
	Accounts(ctx context.Context, job store.Job, f api.JobFile, each func([]Row) error) error
	// Planned deletes a file that is not needed any more.
	Planned(ctx context.Context, f api.JobFile) error
}

// A Row is an account that something is to be done to, as far as it was seen.
type Row struct {
	Line int64 // of a file; 0: of none
	User api.User
	// Problem is why nothing can be done for the row of a file.
	Problem *api.Problem
	// Kept is the row as it stands in the file.
	Kept []byte
}

// unseen marks an account of which only the name is known.
const unseen = "*"

// named are accounts of which only the names are known.
func named(ids []api.UserID) []Row {
	rows := make([]Row, len(ids))
	for i, id := range ids {
		rows[i].User = api.User{ID: id, Unknown: []string{unseen}}
	}
	return rows
}

// Planned implements Planned: the file is not needed any more.
func (p *operationPlanner) Planned(ctx context.Context, job store.Job) error {
	if file := decode[api.JobPlan](job.Request).File; file.ID != "" {
		return p.e.files.Planned(ctx, file)
	}
	return nil
}
