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
		out.Stays = effects("rooms_stay")
	case api.DeactivateUser.Info().Name:
		return s.previewDeactivation(ctx, out)
	case api.ReactivateUser.Info().Name:
		out.Happens = effects("signs_in_again")
		out.Cannot = effects("rooms_not_back")
	case api.UpdateUser.Info().Name:
		code := "becomes_admin"
		if u.Admin {
			code = "no_longer_admin"
		}
		out.Happens = []api.Effect{{Code: code, Params: map[string]string{"server": u.ID.Server()}}}
	}
	return out, nil
}

func (s *server) previewDeactivation(ctx context.Context, out api.Effects) (api.Effects, error) {
	devices, err := s.listDevices(ctx, api.UserRef{ID: out.User.ID})
	if err != nil {
		return api.Effects{}, err
	}
	n := int64(len(devices.Devices))
	out.Happens = effects("nobody_signs_in", "leaves_rooms", "password_replaced")
	if n > 0 {
		out.Happens = append(out.Happens, api.Effect{Code: "devices_signed_out", N: &n})
	}
	out.Stays = effects("messages_stay", "profile_stays", "dendrite_backup_stays", "id_stays_taken")
	if s.needsWrites() == "" {
		out.Stays = append(out.Stays, effects("can_reactivate_database")...)
	} else {
		out.Cannot = effects("cannot_reactivate")
	}
	return out, nil
}

func effects(codes ...string) []api.Effect {
	list := make([]api.Effect, 0, len(codes))
	for _, code := range codes {
		list = append(list, api.Effect{Code: code})
	}
	return list
}
