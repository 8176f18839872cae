// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// preview says what a deed would do to an account here. What it says was tried on Synapse 1.163.2, see preview_test.go. At most
// three requests: the account, and where they matter how many devices and rooms it has.
func (s *synapse) preview(ctx context.Context, q api.DeedQuery) (api.Effects, error) {
	if q.Operation == api.RedactUser.Info().Name {
		return s.previewRedaction(ctx, q.ID)
	}
	u, err := s.target(ctx, q.ID)
	if err != nil {
		return api.Effects{}, err
	}
	e := api.Effects{User: u}
	switch q.Operation {
	case api.DeactivateUser.Info().Name, api.EraseUser.Info().Name:
		err = s.previewEnd(ctx, &e, q.Operation == api.EraseUser.Info().Name)
	case api.ReactivateUser.Info().Name:
		previewReactivate(&e)
	case api.LockUser.Info().Name:
		e.Happens = effects("clients_refused", "nobody_signs_in")
		e.Stays = effects("devices_stay", "rooms_stay")
	case api.SuspendUser.Info().Name:
		e.Happens = effects("suspended_sends_nothing", "suspended_joins_nothing", "suspended_told")
		e.Stays = effects("suspended_reads", "suspended_leaves", "devices_stay")
	case api.UnsuspendUser.Info().Name:
		e.Happens = effects("takes_part_again")
	case api.ShadowBanUser.Info().Name:
		e.Happens = effects("shadow_sends_vanish", "shadow_invites_vanish", "shadow_not_told", "shadow_confuses")
		e.Stays = effects("shadow_joins", "messages_stay", "devices_stay")
	case api.UnshadowBanUser.Info().Name:
		e.Happens = effects("seen_again")
		e.Cannot = effects("vanished_not_back")
	case api.SignInAs.Info().Name:
		e.Happens = effects("token_reads_all", "token_no_device", "token_acts_as", "token_not_told")
		e.Stays = effects("token_outlives_sign_out", "password_stays", "devices_stay")
	case api.AllowKeyReset.Info().Name:
		e.Happens = effects("keys_replaceable")
		e.Stays = effects("keys_stay_until", "devices_stay")
	case api.UnlockUser.Info().Name:
		e.Happens = effects("clients_work_again", "signs_in_again")
	case api.ResetPassword.Info().Name:
		e.Happens = effects("old_password_ends", "new_password_card")
		err = s.previewSignOut(ctx, &e)
	case api.PruneDevices.Info().Name: // how many is the number of days to say
		e.Happens = effects("unsaved_keys_lost")
		e.Stays = effects("password_stays", "messages_stay")
	case api.SignOut.Info().Name:
		err = s.previewSignOut(ctx, &e)
		e.Stays = effects("password_stays", "rooms_stay")
	case api.UpdateUser.Info().Name:
		s.previewAdmin(&e)
	default:
		err = s.previewMedia(ctx, &e, q)
	}
	return e, err
}

func effects(codes ...string) []api.Effect {
	out := make([]api.Effect, len(codes))
	for i, code := range codes {
		out[i].Code = code
	}
	return out
}

func counted(code string, n int) api.Effect {
	many := int64(n)
	return api.Effect{Code: code, N: &many}
}

// previewEnd is what deactivating does, and erasing besides.
func (s *synapse) previewEnd(ctx context.Context, e *api.Effects, erase bool) error {
	devices, err := s.readDevices(ctx, e.User.ID)
	if err != nil {
		return err
	}
	rooms, err := s.joinedRooms(ctx, e.User.ID)
	if err != nil {
		return err
	}
	e.Happens = append(effects("nobody_signs_in", "password_removed"),
		counted("devices_signed_out", len(devices)), counted("leaves_rooms_n", len(rooms)))
	e.Happens = append(e.Happens, effects("drops_invitations")...) // and of them nobody can tell how many
	if len(e.User.Threepids) > 0 {
		e.Happens = append(e.Happens, effects("addresses_freed")...)
	}
	e.Happens = append(e.Happens, effects("keys_lost")...)
	if erase {
		e.Happens = append(e.Happens, effects("profile_removed", "messages_hidden")...)
		e.Stays = effects("files_stay")
		e.Cannot = effects("copies_stay", "id_stays_taken", "can_reactivate_erased")
	} else {
		e.Stays = effects("messages_stay", "profile_stays")
		e.Cannot = effects("id_stays_taken", "can_reactivate")
	}
	if len(e.User.ExternalIDs) > 0 {
		e.Stays = append(e.Stays, effects("identities_stay")...)
	}
	if e.User.Admin {
		e.Stays = append(e.Stays, effects("admin_stays")...)
	}
	return nil
}

func previewReactivate(e *api.Effects) {
	e.Happens = effects("signs_in_with_password")
	if e.User.Locked {
		e.Happens = append(e.Happens, effects("lock_ends")...)
	}
	if e.User.Erased {
		e.Happens = append(e.Happens, effects("messages_shown_again")...)
	}
	if e.User.Admin {
		e.Happens = append(e.Happens, effects("admin_again")...)
	}
	e.Cannot = effects("rooms_not_back")
	if e.User.Erased {
		e.Cannot = append(e.Cannot, effects("profile_not_back")...)
	}
}

func (s *synapse) previewSignOut(ctx context.Context, e *api.Effects) error {
	devices, err := s.readDevices(ctx, e.User.ID)
	if err != nil {
		return err
	}
	e.Happens = append(e.Happens, counted("devices_signed_out", len(devices)))
	if len(devices) > 0 {
		e.Happens = append(e.Happens, effects("unsaved_keys_lost")...)
	}
	return nil
}

func (s *synapse) previewAdmin(e *api.Effects) {
	code := "becomes_admin"
	if e.User.Admin {
		code = "no_longer_admin"
	}
	e.Happens = []api.Effect{{Code: code, Params: map[string]string{"server": e.User.ID.Server()}}}
}

// previewRedaction is what taking back an account's messages does. For accounts of other homeservers, whose rooms here are known as
// well, the gate's own account sends the redactions, and has to be allowed to.
func (s *synapse) previewRedaction(ctx context.Context, id api.UserID) (api.Effects, error) {
	name, err := s.serverName(ctx)
	if err != nil {
		return api.Effects{}, err
	}
	e := api.Effects{User: api.User{ID: id, Unknown: []string{"admin", "deactivated", "locked", "created_ms", "last_seen_ms"}}}
	if id.Server() == name {
		if e.User, err = s.read(ctx, id); err != nil {
			return api.Effects{}, err
		}
	}
	rooms, err := s.joinedRooms(ctx, id)
	if err != nil {
		return api.Effects{}, err
	}
	e.Happens = append([]api.Effect{counted("redacts_rooms_n", len(rooms))}, effects("redacts_messages", "redacts_newest")...)
	if id.Server() != name {
		own, err := s.keys.Own(ctx)
		if err != nil {
			return api.Effects{}, matrix.Problem(err)
		}
		e.Happens = append(e.Happens, api.Effect{Code: "redacts_as_service", Params: map[string]string{"id": string(own)}})
	}
	e.Stays = effects("redacts_not_state", "files_stay")
	e.Cannot = effects("copies_stay", "redacts_not_left")
	return e, nil
}
