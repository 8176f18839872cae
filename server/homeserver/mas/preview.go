// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
)

// preview says what a deed would do to an account here. Where MAS is not asked for anything, it is what Synapse's own table says.
func (a *adapter) preview(ctx context.Context, q api.DeedQuery) (api.Effects, error) {
	p, err := a.look(ctx, q.ID)
	if err != nil {
		return api.Effects{}, err
	}
	own, err := a.keys.Own(ctx)
	if err != nil {
		return api.Effects{}, problem(err)
	}
	e := api.Effects{User: p.user(own)}
	switch q.Operation {
	case api.DeactivateUser.Info().Name, api.EraseUser.Info().Name:
		err = a.previewEnd(ctx, p, &e, q.Operation == api.EraseUser.Info().Name)
	case api.ReactivateUser.Info().Name:
		previewReactivate(&e)
	case api.LockUser.Info().Name:
		e.Happens = effects("nobody_signs_in", "mas_lock_within")
		e.Stays = effects("mas_sessions_stay", "rooms_stay")
	case api.UnlockUser.Info().Name:
		e.Happens = effects("signs_in_again", "mas_unlock_within")
	case api.ResetPassword.Info().Name:
		e.Happens = effects("old_password_ends", "new_password_card")
		err = a.previewSignOut(ctx, p, &e)
	case api.SignOut.Info().Name:
		err = a.previewSignOut(ctx, p, &e)
		e.Stays = effects("password_stays", "rooms_stay")
	case api.UpdateUser.Info().Name:
		previewAdmin(&e)
	case api.SignInAs.Info().Name:
		e.Happens = effects("token_reads_all", "token_acts_as", "token_not_told")
		e.Stays = effects("password_stays", "devices_stay")
		e.Cannot = effects("token_no_device", "mas_tokens_linger")
	case api.RepairUser.Info().Name:
		e.Happens, err = a.previewRepair(ctx, p, e.User)
	default:
		return homeserver.Call(ctx, a.synapse, api.PreviewDeed, q)
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

// previewEnd is what deactivating does, and erasing besides (crates/tasks/src/user.rs; tried on 1.22.0).
func (a *adapter) previewEnd(ctx context.Context, p pair, e *api.Effects, erase bool) error {
	e.Happens = effects("nobody_signs_in")
	live, err := a.previewSessions(ctx, p, e)
	if err != nil {
		return err
	}
	if p.synapse != nil {
		theirs, err := homeserver.Call(ctx, a.synapse, api.PreviewDeed, api.DeedQuery{ID: p.id, Operation: api.DeactivateUser.Info().Name})
		if err != nil {
			return err
		}
		for _, one := range theirs.Happens {
			if one.Code == "leaves_rooms_n" || one.Code == "keys_lost" {
				e.Happens = append(e.Happens, one)
			}
		}
	}
	e.Happens = append(e.Happens, effects("addresses_freed")...)
	if erase {
		e.Happens = append(e.Happens, effects("profile_removed", "messages_hidden")...)
		e.Stays = effects("files_stay", "mas_password_kept", "identities_stay")
		e.Cannot = effects("copies_stay", "id_stays_taken", "can_reactivate_erased")
	} else {
		e.Stays = effects("messages_stay", "profile_stays", "mas_password_kept", "identities_stay")
		e.Cannot = effects("id_stays_taken", "can_reactivate")
	}
	if live {
		e.Cannot = append(e.Cannot, effects("mas_tokens_linger")...)
	}
	if e.User.Admin {
		e.Stays = append(e.Stays, effects("admin_stays")...)
	}
	return nil
}

func previewReactivate(e *api.Effects) {
	e.Happens = effects("mas_signs_in_as_before")
	if e.User.Locked {
		e.Happens = append(e.Happens, effects("lock_ends")...)
	}
	if e.User.Erased {
		e.Happens = append(e.Happens, effects("messages_shown_again")...)
	}
	if e.User.Admin {
		e.Happens = append(e.Happens, effects("admin_again")...)
	}
	e.Cannot = effects("rooms_not_back", "mas_emails_not_back")
	if e.User.Erased {
		e.Cannot = append(e.Cannot, effects("profile_not_back")...)
	}
}

// previewSignOut says how many sessions end, and that Synapse keeps MAS's answers about tokens for two minutes: a token without a
// device works on until then.
func (a *adapter) previewSignOut(ctx context.Context, p pair, e *api.Effects) error {
	live, err := a.previewSessions(ctx, p, e)
	if err == nil && live {
		e.Happens = append(e.Happens, effects("unsaved_keys_lost")...)
		e.Cannot = append(e.Cannot, effects("mas_tokens_linger")...)
	}
	return err
}

// previewSessions says how many sessions end, and how many of them are tokens that act as others. It reports whether there is any.
func (a *adapter) previewSessions(ctx context.Context, p pair, e *api.Effects) (live bool, err error) {
	found, total, err := a.sessions(ctx, p, maxEnded)
	if err != nil {
		return false, err
	}
	e.Happens = append(e.Happens, counted("mas_sessions_end", total))
	others := 0
	for _, s := range found {
		if s.ActsAs != "" {
			others++
		}
	}
	if others > 0 {
		e.Happens = append(e.Happens, counted("mas_owned_end", others))
	}
	return total > 0, nil
}

func previewAdmin(e *api.Effects) {
	server := map[string]string{"server": e.User.ID.Server()}
	if e.User.Admin {
		e.Happens = append([]api.Effect{{Code: "no_longer_admin", Params: server}}, effects("mas_admin_sessions_end")...)
		e.Cannot = effects("mas_tokens_linger")
		return
	}
	e.Happens = append([]api.Effect{{Code: "becomes_admin", Params: server}}, effects("mas_admin_next_sign_in")...)
}

// repairs says for each difference what its repair does.
func repairs(p pair, u api.User) []api.Effect {
	var out []api.Effect
	for _, drift := range u.Drift {
		code := "repair_" + drift
		switch {
		case drift == api.DriftDeactivated && p.mas.Attributes.Deactivated == nil:
			code = "repair_deactivated_at_mas"
		case drift == api.DriftDeactivated:
			code = "repair_deactivated_at_synapse"
		case drift == api.DriftSynapseOnly && !p.synapse.Deactivated && len(adopted(p).Threepids) > 0:
			code = "repair_synapse_only_emails"
		case drift == api.DriftSynapseOnly && p.synapse.Deactivated:
			code = "repair_synapse_only_ended"
		case drift == api.DriftLocked && u.Locked, drift == api.DriftAdmin && u.Admin:
			code += "_on"
		case drift == api.DriftLocked, drift == api.DriftAdmin:
			code += "_off"
		}
		out = append(out, api.Effect{Code: code, Params: map[string]string{"drift": drift}})
	}
	return out
}
