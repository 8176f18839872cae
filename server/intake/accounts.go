// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/jobs"
	"gatehouse/server/store"
	"gatehouse/server/table"
)

// accounts are files of which one column says to which accounts an operation shall be done.
type accounts struct{ *Desk }

// Name implements jobs.Files.
func (a accounts) Name(ctx context.Context, homeserver, person string, f api.JobFile) (string, error) {
	file, err := a.open(ctx, homeserver, person, f.ID)
	if err != nil {
		return "", err
	}
	_, _, err = a.reader(file, f, "")
	return file.Name, err
}

// reader reads nothing but the column with the accounts.
func (a accounts) reader(file *file, f api.JobFile, server string) (reader, table.Format, error) {
	format, err := file.as(f.Format)
	if err != nil {
		return reader{}, format, err
	}
	column := f.Column
	if column == 0 {
		column = api.AccountColumn(columns(format))
	}
	if column == 0 {
		return reader{}, format, api.NewProblem(api.StatusUnprocessable, "import_no_id").At("file.column")
	}
	r, err := newReader(api.ImportPlan{Columns: []api.ColumnChoice{{Field: api.FieldID, Column: column}}}, format, server)
	return r, format, err
}

// Accounts implements jobs.Files.
func (a accounts) Accounts(ctx context.Context, job store.Job, f api.JobFile, each func([]jobs.Row) error) error {
	file, err := a.open(ctx, job.Homeserver, job.Person, f.ID)
	if err != nil {
		return err
	}
	server, ok := a.gate.Homeserver(job.Homeserver)
	if !ok {
		return api.NewProblem(api.StatusNotFound, "no_such_homeserver", "name", job.Homeserver)
	}
	reader, format, err := a.reader(file, f, server.Settings.ServerName)
	if err != nil {
		return err
	}
	known, err := a.learn(ctx, job.Homeserver, file.Lines)
	if err != nil {
		return err
	}
	return inHeaps(table.NewReader(file, format), reader, newOnce(), func(wishes []Wish) error {
		rows := make([]jobs.Row, len(wishes))
		group, within := errgroup.WithContext(ctx)
		group.SetLimit(rowsCompared)
		for i, w := range wishes {
			rows[i] = jobs.Row{Line: int64(w.Line), User: api.User{ID: w.ID}, Problem: w.Problem, Kept: w.Kept}
			if w.Problem != nil {
				continue
			}
			group.Go(func() error { return known.row(within, &rows[i]) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
		return each(rows)
	})
}

// row finds the account of a row. The error is why nothing can be planned now.
func (k *known) row(ctx context.Context, row *jobs.Row) error {
	id := row.User.ID
	u, there, err := k.find(ctx, id, nil)
	switch p, ok := errors.AsType[*api.Problem](err); {
	case ok && p.Status != api.StatusUnavailable:
		row.Problem = p
		return nil
	case err != nil:
		return err
	case !there:
		row.Problem = api.NewProblem(api.StatusNotFound, "not_found", "id", string(id))
		return nil
	}
	row.User = u
	return nil
}

// Planned implements jobs.Files.
func (a accounts) Planned(ctx context.Context, f api.JobFile) error {
	return a.Store.DeleteUpload(ctx, f.ID)
}

// inHeaps reads a file to its end, and calls each with what some rows at a time ask for.
func inHeaps(r *table.Reader, reader reader, once *once, each func([]Wish) error) error {
	wishes, size := make([]Wish, 0, rowsAtOnce), 0
	for {
		row, err := r.Next()
		if err != nil && err != io.EOF {
			return err
		}
		if err == nil {
			w := reader.wish(row)
			once.check(&w)
			wishes, size = append(wishes, w), size+len(w.Kept)
			if len(wishes) < rowsAtOnce && size < bytesAtOnce {
				continue
			}
		}
		if err := each(wishes); err != nil {
			return err
		}
		wishes, size = wishes[:0], 0
		if err == io.EOF {
			return nil
		}
	}
}
