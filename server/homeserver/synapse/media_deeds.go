// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// quarantineMedia keeps everybody from downloading a file (POST /_synapse/admin/v1/media/quarantine/{server}/{media}). Synapse answers
// the same about files that do not exist and those that are protected, so it is looked at before and after.
func (s *synapse) quarantineMedia(ctx context.Context, req api.MediaDeed) (api.Media, error) {
	now, err := s.getMedia(ctx, req.Ref())
	switch {
	case err != nil:
		return api.Media{}, err
	case now.Quarantined:
		return now, nil
	case now.Protected:
		return api.Media{}, api.NewProblem(api.StatusConflict, "media_protected").At("media")
	}
	path := matrix.At("/_synapse/admin/v1/media/quarantine/{}/{}", req.ID.Server(), string(req.Media))
	return s.changeMedia(ctx, req.Ref(), path, func(m api.Media) bool { return m.Quarantined })
}

// unquarantineMedia ends that (POST /_synapse/admin/v1/media/unquarantine/{server}/{media}).
func (s *synapse) unquarantineMedia(ctx context.Context, ref api.MediaRef) (api.Media, error) {
	now, err := s.getMedia(ctx, ref)
	if err != nil || !now.Quarantined {
		return now, err
	}
	path := matrix.At("/_synapse/admin/v1/media/unquarantine/{}/{}", ref.ID.Server(), string(ref.Media))
	return s.changeMedia(ctx, ref, path, func(m api.Media) bool { return !m.Quarantined })
}

// protectMedia keeps a file from being quarantined (POST /_synapse/admin/v1/media/protect/{media}). What is quarantined stays so.
func (s *synapse) protectMedia(ctx context.Context, ref api.MediaRef) (api.Media, error) {
	now, err := s.getMedia(ctx, ref)
	if err != nil || now.Protected {
		return now, err
	}
	return s.changeMedia(ctx, ref, matrix.At("/_synapse/admin/v1/media/protect/{}", string(ref.Media)), func(m api.Media) bool { return m.Protected })
}

// unprotectMedia ends that (POST /_synapse/admin/v1/media/unprotect/{media}).
func (s *synapse) unprotectMedia(ctx context.Context, ref api.MediaRef) (api.Media, error) {
	now, err := s.getMedia(ctx, ref)
	if err != nil || !now.Protected {
		return now, err
	}
	return s.changeMedia(ctx, ref, matrix.At("/_synapse/admin/v1/media/unprotect/{}", string(ref.Media)), func(m api.Media) bool { return !m.Protected })
}

// changeMedia sends a change of a file and looks whether it was done. Sent twice, it does what it does once.
func (s *synapse) changeMedia(ctx context.Context, ref api.MediaRef, path matrix.Path, done func(api.Media) bool) (api.Media, error) {
	call := matrix.Call{Method: http.MethodPost, Path: path, Body: struct{}{}}
	if err := s.twice(ctx, call, nil); err != nil {
		return api.Media{}, mediaWriteProblem(err)
	}
	fresh, cancel := s.fresh(ctx)
	defer cancel()
	after, err := s.getMedia(fresh, ref)
	switch {
	case err != nil:
		return api.Media{}, mediaOutcomeUnknown()
	case !done(after):
		return api.Media{}, api.NewProblem(api.StatusBadGateway, "media_did_not_stick")
	}
	return after, nil
}

// deleteMedia deletes a file (DELETE /_synapse/admin/v1/media/{server}/{media}).
func (s *synapse) deleteMedia(ctx context.Context, req api.MediaDeed) (api.MediaDone, error) {
	if _, err := s.getMedia(ctx, req.Ref()); err != nil {
		return api.MediaDone{}, err
	}
	if err := s.deleteOne(ctx, req.Ref()); err != nil {
		return api.MediaDone{}, err
	}
	return api.MediaDone{ID: req.ID, Count: 1}, nil
}

// deleteOne deletes a file that was there. One that is gone by now is deleted, too.
func (s *synapse) deleteOne(ctx context.Context, ref api.MediaRef) error {
	call := matrix.Call{Method: http.MethodDelete, Path: matrix.At("/_synapse/admin/v1/media/{}/{}", ref.ID.Server(), string(ref.Media))}
	if err := s.twice(ctx, call, nil); err != nil && !matrix.NotFound(err) {
		return mediaWriteProblem(err)
	}
	return nil
}

// quarantineAllMedia quarantines what an account has uploaded (POST /_synapse/admin/v1/user/{id}/media/quarantine). The number that
// Synapse answers with counts some files twice, so they are counted here.
func (s *synapse) quarantineAllMedia(ctx context.Context, req api.UserDeed) (api.MediaDone, error) {
	if err := s.local(ctx, req.ID); err != nil {
		return api.MediaDone{}, err
	}
	before, err := s.countMedia(ctx, req.ID, quarantinable)
	if err != nil || before == 0 {
		return api.MediaDone{ID: req.ID}, err
	}
	call := matrix.Call{Method: http.MethodPost, Path: matrix.At("/_synapse/admin/v1/user/{}/media/quarantine", string(req.ID)), Body: struct{}{}}
	if err := s.twice(ctx, call, nil); err != nil {
		return api.MediaDone{}, mediaWriteProblem(err)
	}
	fresh, cancel := s.fresh(ctx)
	defer cancel()
	after, err := s.countMedia(fresh, req.ID, quarantinable)
	switch {
	case err != nil:
		return api.MediaDone{}, mediaOutcomeUnknown()
	case after >= before:
		return api.MediaDone{}, api.NewProblem(api.StatusBadGateway, "media_did_not_stick")
	}
	return api.MediaDone{ID: req.ID, Count: before - after}, nil
}

// quarantinable reports whether a file is one that quarantining all would quarantine.
func quarantinable(m api.Media) bool { return !m.Quarantined && !m.Protected }

// countMedia counts the files of an account that are of a kind.
func (s *synapse) countMedia(ctx context.Context, id api.UserID, of func(api.Media) bool) (int64, error) {
	n := int64(0)
	_, err := s.eachMedia(ctx, id, func(m api.Media) bool {
		if of(m) {
			n++
		}
		return true
	})
	return n, err
}

// deleteTime is for how long a call deletes files; what is left then is told.
const deleteTime = 40 * time.Second

// deleteAllMedia deletes the files of an account, or those that are old and large enough.
func (s *synapse) deleteAllMedia(ctx context.Context, req api.MediaDeletion) (api.MediaDone, error) {
	if err := s.local(ctx, req.ID); err != nil {
		return api.MediaDone{}, err
	}
	until := time.Now().Add(deleteTime)
	if req.Before == "" && req.Larger == 0 {
		return s.deletePages(ctx, req.ID, until)
	}
	var refs []api.MediaRef
	more, err := s.eachMedia(ctx, req.ID, func(m api.Media) bool {
		if req.Of(m) {
			refs = append(refs, api.MediaRef{ID: req.ID, Media: m.ID})
		}
		return true
	})
	if err != nil {
		return api.MediaDone{}, err
	}
	done := api.MediaDone{ID: req.ID, More: more}
	for _, ref := range refs {
		if time.Now().After(until) {
			done.More = true
			break
		}
		if err := s.deleteOne(ctx, ref); err != nil {
			return done, partlyDeleted(done.Count, err)
		}
		done.Count++
	}
	return done, nil
}

// deletePages deletes all files of an account, page by page (DELETE /_synapse/admin/v1/users/{id}/media deletes one page), until none
// is left or the time is over.
func (s *synapse) deletePages(ctx context.Context, id api.UserID, until time.Time) (api.MediaDone, error) {
	done := api.MediaDone{ID: id}
	for {
		var out struct {
			Total int64 `json:"total"`
		}
		call := matrix.Call{Method: http.MethodDelete, Path: mediaOfPath(id), Query: url.Values{"from": {"0"}, "limit": {strconv.Itoa(100)}}}
		_, err := s.keys.Do(ctx, call, &out)
		if matrix.NotFound(err) {
			return done, about(id, err)
		}
		if err != nil {
			return done, partlyDeleted(done.Count, err)
		}
		done.Count += out.Total
		if out.Total == 0 {
			return done, nil
		}
		if time.Now().After(until) {
			done.More = true
			return done, nil
		}
	}
}

// partlyDeleted says how many files were deleted before something went wrong.
func partlyDeleted(n int64, err error) *api.Problem {
	if n == 0 {
		return mediaWriteProblem(err)
	}
	return api.NewProblem(api.StatusBadGateway, "media_partly_deleted", "n", strconv.FormatInt(n, 10))
}

// mediaWriteProblem turns the error of a change of files into a problem.
func mediaWriteProblem(err error) *api.Problem {
	if matrix.Unknown(err) {
		return mediaOutcomeUnknown()
	}
	if p := mediaProblem(err); p.Code != "homeserver_error" {
		return p
	}
	return mediaOutcomeUnknown() // it failed inside, at one file or another
}

func mediaOutcomeUnknown() *api.Problem {
	return api.NewProblem(api.StatusTimeout, "media_outcome_unknown")
}
