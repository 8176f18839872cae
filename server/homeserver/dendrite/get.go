// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"slices"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// getUser costs no request with the database, and two without it.
func (s *server) getUser(ctx context.Context, r api.UserRef) (api.User, error) {
	serverName, err := s.serverName(ctx)
	if err != nil {
		return api.User{}, err
	}
	own, err := s.ownID(ctx)
	if err != nil {
		return api.User{}, err
	}
	if s.db != nil {
		return s.getDatabase(ctx, r.ID, own, serverName)
	}
	if r.ID.Server() != serverName {
		return api.User{}, notLocal(serverName)
	}
	return s.getKnown(ctx, r.ID, own)
}

func notLocal(serverName string) *api.Problem {
	return api.NewProblem(api.StatusUnprocessable, "not_local", "server", serverName).At("id")
}

func (s *server) getDatabase(ctx context.Context, id, own api.UserID, serverName string) (api.User, error) {
	a, threepids, err := s.db.get(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		if id.Server() != serverName { // another name would be a virtual host's, and has accounts here
			return api.User{}, notLocal(serverName)
		}
		return api.User{}, notFound(id)
	}
	if err != nil {
		return api.User{}, err
	}
	u := s.user(a, own)
	u.Threepids = threepids
	return u, s.remember(ctx, &u)
}

// getKnown puts together what the API tells. That there is a profile proves that there is an account.
func (s *server) getKnown(ctx context.Context, id, own api.UserID) (api.User, error) {
	p, err := s.profile(ctx, id)
	if matrix.NotFound(err) {
		return api.User{}, notFound(id)
	}
	if err != nil {
		return api.User{}, problem(err)
	}
	devices, err := s.whois(ctx, id)
	if err != nil {
		return api.User{}, problem(err)
	}
	made, err := s.keeper.MadeAccounts(ctx, s.settings.Name)
	if err != nil {
		return api.User{}, err
	}
	u := api.User{
		ID: id, DisplayName: p.DisplayName, AvatarURL: p.AvatarURL, LastSeenMS: lastSeen(devices),
		System: s.system(id), Own: id == own, Unknown: withoutDatabase("created_ms"),
	}
	know(&u, "last_seen_ms")
	for _, m := range made {
		if m.ID == id {
			u.CreatedMS = m.Created.UnixMilli()
			know(&u, "created_ms")
		}
	}
	if u.Own && !s.keys.Given() { // it was made as an administrator, and it just worked
		u.Admin = true
		know(&u, "admin", "deactivated", "guest")
	}
	return u, s.remember(ctx, &u)
}

// know takes fields out of those that are unknown.
func know(u *api.User, fields ...string) {
	u.Unknown = slices.DeleteFunc(u.Unknown, func(f string) bool { return slices.Contains(fields, f) })
}

// stepDeactivated is the last step of a deactivation as the Keeper has them, after those of api.User. It is for servers without `database:`, where
// nothing else tells that an account is deactivated.
const stepDeactivated = "deactivated"

// remember adds what Gatehouse knows of a deactivation that it began. Where the database says otherwise it is believed.
func (s *server) remember(ctx context.Context, u *api.User) error {
	step, err := s.keeper.Step(ctx, s.settings.Name, u.ID)
	if err != nil {
		return err
	}
	switch {
	case step == stepDeactivated && !u.Knows("deactivated"):
		u.Deactivated = true
		know(u, "deactivated")
	case step == stepDeactivated || u.Deactivated:
	case step == api.StepEnding && u.Knows("deactivated"): // it was not
		u.Step = api.StepReplaced
	default:
		u.Step = step
	}
	return nil
}

// checkName asks the server, and where it wants fewer requests the database.
func (s *server) checkName(ctx context.Context, q api.NameQuery) (api.Availability, error) {
	serverName, err := s.serverName(ctx)
	if err != nil {
		return api.Availability{}, err
	}
	if err := checkLength(q.Localpart, serverName); err != nil {
		return api.Availability{}, err
	}
	out := api.Availability{ID: api.UserID("@" + string(q.Localpart) + ":" + serverName)}
	err = s.nameFree(ctx, q.Localpart)
	e, refused := matrix.As(err)
	refused = refused && e.Kind == matrix.Refused
	switch {
	case err == nil:
		out.Free = true
		return out, nil
	case refused && e.Errcode == "M_USER_IN_USE" && strings.Contains(e.Text, "application service"):
		out.Code = "localpart_exclusive"
		return out, nil
	case refused && e.Errcode == "M_USER_IN_USE":
		out.Code = "name_in_use"
		return out, nil
	case refused && e.Errcode == "M_INVALID_USERNAME":
		out.Code = "invalid_localpart"
		return out, nil
	case refused && e.Status == http.StatusTooManyRequests && s.db != nil:
		_, _, err := s.db.get(ctx, out.ID)
		if errors.Is(err, sql.ErrNoRows) {
			out.Free = true
			return out, nil
		}
		out.Code = "name_in_use"
		return out, err
	}
	return out, problem(err)
}

// listDevices reads the database, or whois, which knows no names of devices.
func (s *server) listDevices(ctx context.Context, r api.UserRef) (api.DeviceList, error) {
	if s.db != nil {
		if _, err := s.getUser(ctx, r); err != nil {
			return api.DeviceList{}, err
		}
		list, err := s.db.devices(ctx, r.ID)
		return api.DeviceList{Devices: list}, err
	}
	serverName, err := s.serverName(ctx)
	if err != nil {
		return api.DeviceList{}, err
	}
	if r.ID.Server() != serverName {
		return api.DeviceList{}, notLocal(serverName)
	}
	list, err := s.whois(ctx, r.ID)
	if err != nil {
		return api.DeviceList{}, problem(err)
	}
	if len(list) == 0 { // so is the answer for an account that does not exist
		if _, err := s.profile(ctx, r.ID); matrix.NotFound(err) {
			return api.DeviceList{}, notFound(r.ID)
		} else if err != nil {
			return api.DeviceList{}, problem(err)
		}
	}
	return api.DeviceList{Devices: list, Unknown: []string{"display_name"}}, nil
}
