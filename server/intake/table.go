// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/homeserver"
	"gatehouse/server/jobs"
	"gatehouse/server/store"
	"gatehouse/server/table"
)

// window answers the operations on the files of one homeserver.
type window struct {
	*Desk
	settings homeserver.Settings
}

// Table implements gate.Own.
func (d *Desk) Table(s homeserver.Settings, _ homeserver.Adapter) homeserver.Adapter {
	w := window{d, s}
	return homeserver.Adapter{
		homeserver.Implement(api.LookAtImport, w.look),
		homeserver.Implement(api.PlanImport, w.plan),
		homeserver.Implement(api.AbandonImport, w.abandon),
		homeserver.Implement(api.ListLeft, w.left),
	}
}

// samples is how many rows are shown of a file.
const samples = 3

// columns are those of a file, with what they seem to be.
func columns(f table.Format) (list []api.ImportColumn) {
	guess := guessed(f)
	for i, name := range f.Columns {
		list = append(list, api.ImportColumn{Name: name, Field: guess[i]})
	}
	return list
}

func (w window) look(ctx context.Context, l api.ImportLook) (api.Import, error) {
	f, err := w.open(ctx, w.settings.Name, homeserver.Caller(ctx), l.ID)
	if err != nil {
		return api.Import{}, err
	}
	format, err := f.as(l.Format)
	if err != nil {
		return api.Import{}, err
	}
	out := api.Import{
		ID: f.ID, Name: f.Name, Bytes: f.Bytes, Kind: string(format.Kind),
		Format:  api.FileFormat{Encoding: string(format.Encoding), Comma: strings.ReplaceAll(format.Comma, "\t", "tab"), Headless: format.Headless},
		Columns: columns(format),
	}
	r := table.NewReader(f, format)
	for range samples {
		row, err := r.Next()
		if err == io.EOF {
			break
		}
		if p, ok := errors.AsType[*api.Problem](err); ok {
			gate.Describe(p)
			out.Problem = p
			break
		}
		if err != nil {
			return api.Import{}, err
		}
		for i, c := range row.Cells {
			out.Columns[i].Samples = append(out.Columns[i].Samples, sample(out.Columns[i].Field, c.Text))
		}
	}
	return out, nil
}

// sample is what is shown of a cell. Of a password, nothing; of what may be one, because nobody knows what its column is, how it begins.
func sample(field, text string) string {
	runes := []rune(table.Undo(text))
	switch {
	case len(runes) == 0:
		return ""
	case field == api.FieldPassword:
		return hiddenPassword
	case field == "" && len(runes) > 2:
		return string(runes[:2]) + "…"
	case len(runes) > 60:
		return string(runes[:60]) + "…"
	}
	return string(runes)
}

// plan makes a job of a file. What is wrong with all of it is said now, and not by the job.
func (w window) plan(ctx context.Context, p api.ImportPlan) (api.Job, error) {
	person, ok := gate.Asking(ctx)
	if !ok {
		return api.Job{}, errors.New("nobody asks")
	}
	f, err := w.open(ctx, w.settings.Name, person.ID, p.ID)
	if err != nil {
		return api.Job{}, err
	}
	format, err := f.as(p.Format)
	if err != nil {
		return api.Job{}, err
	}
	if _, err := newReader(p, format, w.settings.ServerName); err != nil {
		return api.Job{}, err
	}
	request, err := json.Marshal(p)
	if err != nil {
		return api.Job{}, err
	}
	j := jobs.Owned(person)
	j.Homeserver, j.Kind, j.Request, j.Note = w.settings.Name, api.JobImport, string(request), cmp.Or(p.Note, f.Name)
	j, err = w.Jobs.Create(ctx, j, p.ID)
	if errors.Is(err, store.ErrConflict) {
		return api.Job{}, api.NewProblem(api.StatusConflict, "import_planned")
	}
	if err != nil {
		return api.Job{}, err
	}
	return w.Jobs.Show(ctx, j), nil
}

func (w window) abandon(ctx context.Context, r api.ImportRef) (api.Abandoned, error) {
	f, err := w.open(ctx, w.settings.Name, homeserver.Caller(ctx), r.ID)
	if err != nil {
		return api.Abandoned{}, err
	}
	if f.Job != "" {
		return api.Abandoned{}, api.NewProblem(api.StatusConflict, "import_planned")
	}
	return api.Abandoned{ID: r.ID}, w.Store.DeleteUpload(ctx, r.ID)
}
