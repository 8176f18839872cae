// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"

	"gatehouse/app/api"
)

// previewMedia says what a deed would do to a file of an account, or to all of them.
func (s *synapse) previewMedia(ctx context.Context, e *api.Effects, q api.DeedQuery) error {
	switch q.Operation {
	case api.QuarantineAllMedia.Info().Name, api.DeleteAllMedia.Info().Name:
		return s.previewAllMedia(ctx, e, q)
	case api.SendNotice.Info().Name:
		e.Happens = effects("notice_arrives")
		e.Cannot = effects("notice_no_answer")
		return nil
	}
	if q.Media == "" {
		return nil
	}
	m, err := s.getMedia(ctx, api.MediaRef{ID: q.ID, Media: q.Media})
	if err != nil {
		return err
	}
	e.Media = &m
	switch q.Operation {
	case api.QuarantineMedia.Info().Name:
		e.Happens = effects("media_refused", "media_same_quarantined")
		e.Stays = effects("media_kept", "media_copies_stay")
	case api.UnquarantineMedia.Info().Name:
		e.Happens = effects("media_served", "media_same_served")
	case api.ProtectMedia.Info().Name:
		e.Happens = effects("media_not_quarantinable")
		e.Cannot = effects("media_deletable")
		if m.Quarantined {
			e.Stays = effects("media_stays_quarantined")
		}
	case api.UnprotectMedia.Info().Name:
		e.Happens = effects("media_quarantinable")
	case api.DeleteMedia.Info().Name:
		e.Happens = effects("media_deleted", "media_links_break")
		if m.Protected {
			e.Happens = append(e.Happens, effects("media_protection_no_help")...)
		}
		e.Stays = effects("media_copies_stay", "media_same_stay")
	}
	return nil
}

// previewAllMedia counts what is there, of a deletion what it is about.
func (s *synapse) previewAllMedia(ctx context.Context, e *api.Effects, q api.DeedQuery) error {
	deletes := q.Operation == api.DeleteAllMedia.Info().Name
	some := api.MediaDeletion{ID: q.ID, Before: q.Before, Larger: q.Larger}
	all, quarantined, protected, closed := 0, 0, 0, 0
	_, err := s.eachMedia(ctx, e.User.ID, func(m api.Media) bool {
		if deletes && !some.Of(m) {
			return true
		}
		all++
		if m.Quarantined {
			quarantined++
		}
		if m.Protected {
			protected++
		}
		if m.Protected && !m.Quarantined {
			closed++
		}
		return true
	})
	if err != nil {
		return err
	}
	if deletes {
		e.Happens = append([]api.Effect{counted("media_deleted_n", all)}, effects("media_links_break")...)
		if quarantined > 0 {
			e.Happens = append(e.Happens, counted("media_quarantined_deleted_n", quarantined))
		}
		if protected > 0 {
			e.Happens = append(e.Happens, counted("media_protected_deleted_n", protected))
		}
		e.Stays = effects("media_copies_stay", "media_same_stay")
		return nil
	}
	e.Happens = append([]api.Effect{counted("media_quarantined_n", all-quarantined-closed)}, effects("media_same_quarantined")...)
	e.Stays = effects("media_kept", "media_copies_stay")
	if closed > 0 {
		e.Stays = append(e.Stays, counted("media_protected_stays_n", closed))
	}
	e.Cannot = effects("media_later_not")
	return nil
}
