// SPDX-License-Identifier: Apache-2.0

package users

import (
	"context"
	"net/url"
	"strconv"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// QuarantineFiles asks whether all files of an account shall be quarantined.
type QuarantineFiles struct{ Question }

// NewQuarantineFiles returns the question.
func NewQuarantineFiles() screen.Screen { return &QuarantineFiles{} }

// Title implements screen.Screen.
func (q *QuarantineFiles) Title() string { return q.Env().T("media.quarantining_all.title") }

// Load implements screen.Screen.
func (q *QuarantineFiles) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	return q.load(ctx, env, call, u, api.QuarantineAllMedia)
}

// Render implements app.Composer.
func (q *QuarantineFiles) Render() app.UI {
	env := q.Env()
	a := ask{
		Op: api.QuarantineAllMedia, Path: route.QuarantineFilesPath, Title: q.Title(), Icon: ui.IconQuarantine, Tone: ui.Warn, Fields: []app.UI{q.reason()},
		From: here(env, route.MediaPath, q.Effects.User), Submit: env.T("media.quarantining.submit"), Look: ui.Primary, Back: env.T("media.quarantining.back"),
	}
	if n, known := q.counted("media_quarantined_n"); known {
		a.Submit = env.N("media.quarantining_all.submit", n)
		if n == 0 {
			a.Why = env.T("media.none_to_quarantine")
		}
	}
	return q.draw(a)
}

// After implements screen.Writer.
func (q *QuarantineFiles) After(_ string, result any) screen.Next {
	env := q.Env()
	done, _ := result.(api.MediaDone)
	return screen.Next{URL: route.Account(env.Homeserver, route.MediaPath, done.ID), Notice: env.N("media.quarantining_all.done", int(done.Count))}
}

// DeleteFiles asks whether files of an account shall be deleted: all, or those that are as old and as large as the address says.
type DeleteFiles struct {
	Question
	Some api.MediaDeletion `json:"some"`
}

// NewDeleteFiles returns the question.
func NewDeleteFiles() screen.Screen { return &DeleteFiles{} }

// Title implements screen.Screen. It says which files are meant.
func (d *DeleteFiles) Title() string {
	env := d.Env()
	size := env.Format().Bytes(d.Some.Larger * 1000)
	day := ""
	if at, err := api.Expiry(d.Some.Before); err == nil && !at.IsZero() {
		day = ui.Day(env, at.UnixMilli())
	}
	switch {
	case day != "" && d.Some.Larger != 0:
		return env.T("media.deleting_both.title", "day", day, "size", size)
	case day != "":
		return env.T("media.deleting_old.title", "day", day)
	case d.Some.Larger != 0:
		return env.T("media.deleting_large.title", "size", size)
	}
	return env.T("media.deleting_all.title")
}

// Load implements screen.Screen.
func (d *DeleteFiles) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	query := u.Query()
	req, err := api.DeleteAllMedia.DecodeForm(url.Values{"id": query["id"], "before": query["before"], "larger": query["larger"]})
	if err != nil {
		return err
	}
	if err := req.Validate(); err != nil {
		return err
	}
	d.Some = req.(api.MediaDeletion)
	return d.loadAbout(ctx, env, call, u, api.DeleteAllMedia, api.DeedQuery{Before: d.Some.Before, Larger: d.Some.Larger})
}

// Render implements app.Composer.
func (d *DeleteFiles) Render() app.UI {
	env := d.Env()
	a := ask{
		Op: api.DeleteAllMedia, Path: route.DeleteFilesPath, Title: d.Title(), Icon: ui.IconTrash, Tone: ui.Bad, About: url.Values{},
		From: here(env, route.MediaPath, d.Effects.User), Submit: env.T("media.deleting.submit"), Look: ui.DangerSolid, Back: env.T("media.deleting_all.back"),
		Final: env.T("media.final"),
	}
	if d.Some.Before != "" {
		a.About.Set("before", d.Some.Before)
		a.Fields = append(a.Fields, ui.HiddenField("before", d.Some.Before))
	}
	if d.Some.Larger != 0 {
		larger := strconv.FormatInt(d.Some.Larger, 10)
		a.About.Set("larger", larger)
		a.Fields = append(a.Fields, ui.HiddenField("larger", larger))
	}
	a.Fields = append(a.Fields, d.reason())
	if n, known := d.counted("media_deleted_n"); known {
		a.Submit = env.N("media.deleting_all.submit", n)
		if n == 0 {
			a.Why = env.T("media.none_to_delete")
		}
	}
	return d.draw(a)
}

// After implements screen.Writer.
func (d *DeleteFiles) After(_ string, result any) screen.Next {
	env := d.Env()
	done, _ := result.(api.MediaDone)
	next := screen.Next{URL: route.Account(env.Homeserver, route.MediaPath, done.ID), Notice: env.N("media.deleting_all.done", int(done.Count))}
	if done.More {
		next.Notice = env.N("media.deleting_all.more", int(done.Count))
	}
	return next
}
