// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"

	"gatehouse/app/api"
)

// preview tells what a deed does on this server, as Dendrite's source has it (userapi/internal/user_api.go,
// PerformAccountDeactivation and PerformPasswordUpdate), and with the numbers of this account.
func (s *server) preview(ctx context.Context, q api.DeedQuery) (api.Effects, error) {
	entry, _ := s.adapter().Find(q.Operation)
	if why := entry.Why(); why != "" {
		return api.Effects{}, api.NewProblem(api.StatusNotSupported, "not_supported", "reason", why)
	}
	u, err := s.getUser(ctx, api.UserRef{ID: q.ID})
	if err != nil {
		return api.Effects{}, err
	}
	out := api.Effects{User: u, Happens: []api.Effect{}}
	switch q.Operation {
	case api.ResetPassword.Info().Name:
		out.Happens = effects("old_password_ends", "new_password_card")
		err = s.previewSignOut(ctx, &out)
	case api.DeactivateUser.Info().Name:
		err = s.previewDeactivation(ctx, &out)
	case api.ReactivateUser.Info().Name:
		out.Happens = effects("signs_in_again")
		if u.Admin {
			out.Happens = append(out.Happens, effects("admin_again")...)
		}
		out.Cannot = effects("dendrite_rooms_not_back")
	case api.SendNotice.Info().Name:
		out.Happens = effects("notice_arrives")
		out.Cannot = effects("notice_no_answer")
	case api.UpdateUser.Info().Name:
		code := "becomes_admin"
		if u.Admin {
			code = "no_longer_admin"
		}
		out.Happens = []api.Effect{{Code: code, Params: map[string]string{"server": u.ID.Server()}}}
	}
	return out, err
}

// previewSignOut adds what becomes of the devices; there is nothing to say where there are none.
func (s *server) previewSignOut(ctx context.Context, out *api.Effects) error {
	devices, err := s.listDevices(ctx, api.UserRef{ID: out.User.ID})
	if n := int64(len(devices.Devices)); n > 0 {
		out.Happens = append(out.Happens, api.Effect{Code: "devices_signed_out", N: &n}, api.Effect{Code: "unsaved_keys_lost"})
	}
	return err
}

func (s *server) previewDeactivation(ctx context.Context, out *api.Effects) error {
	out.Happens = effects("nobody_signs_in", "leaves_rooms", "password_replaced")
	if err := s.previewSignOut(ctx, out); err != nil {
		return err
	}
	out.Stays = effects("messages_stay", "profile_stays", "dendrite_backup_stays")
	if out.User.Admin {
		out.Stays = append(out.Stays, effects("admin_stays")...)
	}
	if len(out.User.Threepids) > 0 {
		out.Stays = append(out.Stays, effects("dendrite_addresses_stay")...)
	}
	out.Cannot = effects("id_stays_taken", "dendrite_cannot_reactivate")
	if s.needsWrites() == "" {
		out.Cannot = effects("id_stays_taken", "dendrite_can_reactivate")
	}
	return nil
}

func effects(codes ...string) []api.Effect {
	list := make([]api.Effect, 0, len(codes))
	for _, code := range codes {
		list = append(list, api.Effect{Code: code})
	}
	return list
}
