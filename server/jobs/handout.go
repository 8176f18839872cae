// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

func (d desk) passwords(ctx context.Context, r api.JobRef) (api.JobHandout, error) {
	j, err := d.mine(ctx, r.ID)
	if err != nil {
		return api.JobHandout{}, err
	}
	out := api.JobHandout{Job: j.ID, ClientURL: d.settings.ClientURL}
	err = d.Store.TakeJobPasswords(ctx, j.ID, func(items []store.JobItem) (err error) {
		out.Passwords, err = d.opened(items)
		return err
	})
	return out, err
}

// opened are the passwords of items.
func (d desk) opened(items []store.JobItem) ([]api.JobSecret, error) {
	if len(items) == 0 {
		return nil, api.NewProblem(api.StatusConflict, "job_no_passwords")
	}
	list := make([]api.JobSecret, 0, len(items))
	for _, i := range items {
		text, err := d.Seal.Open(seal.PurposeSeal, i.Secret, secretData(i))
		if err != nil {
			return nil, api.NewProblem(api.StatusConflict, "job_password_wiped")
		}
		list = append(list, api.JobSecret{
			Line: i.Line, ID: api.UserID(i.Target), Password: api.NewSecret(string(text)), Unknown: i.State == store.ItemUnknown && i.Step == 0,
		})
	}
	return list, nil
}

// cards hands a part of the passwords out, and leaves them where they are: what is printed page by page is not printed at once.
func (d desk) cards(ctx context.Context, r api.JobPartRef) (api.JobHandout, error) {
	j, err := d.mine(ctx, r.ID)
	if err != nil {
		return api.JobHandout{}, err
	}
	parts, err := d.Store.JobPasswordParts(ctx, j.ID, api.CardsAtOnce)
	if err != nil {
		return api.JobHandout{}, err
	}
	out := api.JobHandout{Job: j.ID, ClientURL: d.settings.ClientURL, Part: r.Part, Items: api.JobCounts(j.Count).Total(), Key: gate.NewKey(), WipeMS: millis(j.Wipe)}
	for _, p := range parts {
		out.Parts = append(out.Parts, api.JobPart(p))
	}
	if out.Part == 0 && len(parts) > 0 {
		out.Part = parts[0].Part
	}
	at := slices.IndexFunc(out.Parts, func(p api.JobPart) bool { return p.Part == out.Part })
	if at < 0 {
		return api.JobHandout{}, api.NewProblem(api.StatusConflict, "job_no_passwords")
	}
	items, err := d.Store.JobPasswords(ctx, j.ID, out.Parts[at].First(), out.Parts[at].Last())
	if err != nil {
		return api.JobHandout{}, err
	}
	out.Passwords, err = d.opened(items)
	return out, err
}

func (d desk) wipeJob(ctx context.Context, w api.JobWipe) (api.Job, error) {
	if w.Told > 0 {
		return d.handedOut(ctx, w)
	}
	if _, err := d.find(ctx, w.ID); err != nil {
		return api.Job{}, err
	}
	err := d.Store.WipeJobPasswords(ctx, w.ID, store.AtRest, func(*store.Job) error { return nil })
	if errors.Is(err, store.ErrConflict) {
		j, err := d.find(ctx, w.ID)
		return d.moved(ctx, j, cmp.Or(err, store.ErrConflict))
	}
	if err != nil {
		return api.Job{}, err
	}
	return d.get(ctx, api.JobRef{ID: w.ID})
}

// handedOut ends a handing out by cards.
func (d desk) handedOut(ctx context.Context, w api.JobWipe) (api.Job, error) {
	if _, err := d.mine(ctx, w.ID); err != nil {
		return api.Job{}, err
	}
	err := d.Store.WipeHandedOut(ctx, w.ID, w.Told)
	if errors.Is(err, store.ErrConflict) {
		return api.Job{}, api.NewProblem(api.StatusConflict, "job_more_passwords")
	}
	if err != nil {
		return api.Job{}, err
	}
	return d.get(ctx, api.JobRef{ID: w.ID})
}
