// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
)

// guard keeps people from cutting off the branch they sit on: it refuses to end, lock, demote, reset, take over or sign out the gate's
// own service account, asks again before a person does so to themselves or to the last administrator, and keeps roles that may
// not make administrators from taking one over.
//
// alone is called before an administrator is ended, confirmed or not: from there on, until the deed is over, nobody else may end another one.
func (g *Gate) guard(ctx context.Context, v Visit, server *Homeserver, op api.Op, req api.Request, alone func() error) error {
	return g.guardAs(ctx, v, server, op, req, alone, func(id api.UserID) (api.User, error) {
		return homeserver.Call(ctx, server.Adapter, api.GetUser, api.UserRef{ID: id})
	})
}

// guardAs is guard with another way to look at an account.
func (g *Gate) guardAs(
	ctx context.Context, v Visit, server *Homeserver, op api.Op, req api.Request, alone func() error, look func(api.UserID) (api.User, error),
) error {
	deed, ok := deeds[op.Info().Name]
	if !ok {
		return nil
	}
	takesOver := false // whoever has an account's e-mail or identity gets in as it
	if u, ok := req.(api.UserUpdate); ok {
		takesOver = u.Threepids != nil || u.ExternalIDs != nil
	}
	confirmed := false
	if c, ok := req.(api.Confirmable); ok {
		confirmed = c.Confirmed()
	}
	for i, id := range req.Targets() {
		ends := i == 0 && endsFirst(op, req)
		if _, redacts := req.(api.UserRedaction); redacts && id.Server() != server.Settings.ServerName {
			continue // an account of another homeserver is nobody's here
		}
		user, err := look(id)
		if err != nil {
			return err
		}
		if user.Own && (ends || takesOver || deed.disturbs) {
			return api.NewProblem(api.StatusConflict, "own_service_account", "id", string(id))
		}
		admin := user.Admin || !user.Knows("admin") // where nobody can tell, it may be one
		if admin {
			if err := v.Person.Lacks(api.SetAdmins); err != nil {
				return err
			}
		}
		if string(id) == v.Person.ID && (ends || deed.disturbs) && !confirmed {
			return api.NewProblem(api.StatusConflict, "confirm_self", "id", string(id)).At("confirm")
		}
		if admin && ends {
			if err := alone(); err != nil {
				return err
			}
			if confirmed {
				continue
			}
			last, err := g.lastAdmin(ctx, server, id)
			if err != nil {
				return err
			}
			if last && !user.Knows("admin") {
				return api.NewProblem(api.StatusConflict, "confirm_perhaps_admin", "id", string(id)).At("confirm")
			}
			if last {
				return api.NewProblem(api.StatusConflict, "confirm_last_admin", "id", string(id)).At("confirm")
			}
		}
	}
	return nil
}

// endsFirst reports whether a deed takes the first of its accounts, or its rights, away. The others only lose an address or an identity. A repair may
// go the other way; which way it goes is known when it is done.
func endsFirst(op api.Op, req api.Request) bool {
	switch r := req.(type) {
	case api.UserUpdate:
		return r.Admin != nil && !r.Admin.To
	case api.UserRepair:
		return r.Drift == api.DriftDeactivated || r.Drift == api.DriftAdmin
	}
	return deeds[op.Info().Name].ends
}

// deeds are the operations that the guard looks at. One that ends takes the account or its rights away; one that disturbs
// signs its person out or shuts them out. Changing an administrator's e-mail or identities is a way to take the account over, and
// what shut one out is not for lesser roles to end, so users.update, users.unlock and users.reactivate are here too.
var deeds = map[string]struct{ ends, disturbs bool }{
	api.UpdateUser.Info().Name:      {},
	api.ResetPassword.Info().Name:   {disturbs: true},
	api.LockUser.Info().Name:        {ends: true},
	api.UnlockUser.Info().Name:      {},
	api.SuspendUser.Info().Name:     {disturbs: true},
	api.UnsuspendUser.Info().Name:   {},
	api.ShadowBanUser.Info().Name:   {disturbs: true},
	api.UnshadowBanUser.Info().Name: {},
	api.DeactivateUser.Info().Name:  {ends: true},
	api.EraseUser.Info().Name:       {ends: true},
	api.ReactivateUser.Info().Name:  {},
	api.SignOut.Info().Name:         {disturbs: true},
	api.PruneDevices.Info().Name:    {disturbs: true},
	api.RenameDevice.Info().Name:    {},
	api.CreateDevice.Info().Name:    {},
	api.JoinRooms.Info().Name:       {},
	api.SetRateLimit.Info().Name:    {},
	api.RemoveRateLimit.Info().Name: {},
	api.SetFeature.Info().Name:      {},
	api.RenewUser.Info().Name:       {},
	api.AllowKeyReset.Info().Name:   {},
	api.SignInAs.Info().Name:        {disturbs: true},
	api.RedactUser.Info().Name:      {},
	api.RepairUser.Info().Name:      {},
	api.CreatePersonal.Info().Name:  {},
}

// lastAdmin reports whether no other administrator than id could still sign in. The gate's own account does not count: nobody can
// sign in with it. A server that cannot list its administrators cannot be asked; there the question is asked each time.
func (g *Gate) lastAdmin(ctx context.Context, server *Homeserver, id api.UserID) (bool, error) {
	entry, _ := server.Adapter.Find(api.ListUsers.Info().Name)
	if entry.Why() != "" {
		return true, nil
	}
	page, err := homeserver.Call(ctx, server.Adapter, api.ListUsers, api.UserQuery{
		Admins: api.Only, Deactivated: api.Without, Locked: api.Without, System: api.With, Limit: 20,
	})
	if p, ok := errors.AsType[*api.Problem](err); ok && p.Code == "not_supported" {
		return true, nil // it lists accounts, and cannot tell which of them are administrators
	}
	if err != nil {
		return false, err
	}
	for _, u := range page.Users {
		if u.ID == id || u.Own || !u.Admin {
			continue
		}
		// A list may be held for a while, and another gate may have ended this one meanwhile.
		u, err := homeserver.Call(ctx, server.Adapter, api.GetUser, api.UserRef{ID: u.ID})
		if p, ok := errors.AsType[*api.Problem](err); ok && p.Code == "not_found" {
			continue
		}
		if err != nil {
			return false, err
		}
		if u.Admin && !u.Deactivated && !u.Locked {
			return false, nil
		}
	}
	return page.Next == "", nil
}
