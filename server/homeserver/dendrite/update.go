// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"database/sql"
	"errors"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/password"
)

// updateUser promotes and demotes, in the database. Nothing else of an account can be changed by somebody else: Dendrite lets
// only an account's own person set its name and picture, and a change of those in the database would not reach the rooms, where it
// could not even be repaired by setting the same name again (clientapi/routing/profile.go sends nothing where nothing changed).
func (s *server) updateUser(ctx context.Context, c api.UserUpdate) (api.User, error) {
	var r refuse
	r.when(c.DisplayName != nil, "display_name.to", reasonNoDisplayName)
	r.when(c.AvatarURL != nil, "avatar_url.to", reasonNoAvatar)
	r.when(c.UserType != nil, "user_type.to", reasonNoUserType)
	r.when(c.Threepids != nil, "threepids.to", reasonNoThreepids)
	r.when(c.ExternalIDs != nil, "external_ids.to", reasonNoExternalIDs)
	if err := r.err(); err != nil {
		return api.User{}, err
	}
	u, err := s.target(ctx, c.ID)
	if err != nil || c.Admin == nil || c.Admin.To == u.Admin {
		return u, err
	}
	switch {
	case c.Admin.From != nil && *c.Admin.From != u.Admin:
		return api.User{}, changedMeanwhile(u)
	case u.Deactivated:
		return api.User{}, deactivated()
	case u.Guest || u.AppService != "":
		return api.User{}, api.NewProblem(api.StatusConflict, "dendrite_never_admin").At("admin.to")
	}
	from, to := typeUser, typeAdmin
	if !c.Admin.To {
		from, to = typeAdmin, typeUser
	}
	err = s.db.setKind(ctx, c.ID, from, to)
	u.Admin = c.Admin.To
	return s.settledChange(ctx, u, err, func(u api.User) bool { return u.Admin == c.Admin.To })
}

func changedMeanwhile(now api.User) *api.Problem {
	p := api.NewProblem(api.StatusConflict, "changed_meanwhile")
	p.Conflict = &now
	return p
}

// settledChange reads the account back after a change of the database, and says what became of it. Where it cannot be read and the change is
// committed, the account is as it was wanted.
func (s *server) settledChange(ctx context.Context, wanted api.User, err error, done func(api.User) bool) (api.User, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	unsure := errors.Is(err, errCommit)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return api.User{}, notFound(wanted.ID)
	case err != nil && !unsure && !errors.Is(err, errElse):
		return api.User{}, err
	}
	u, lookErr := s.getUser(ctx, api.UserRef{ID: wanted.ID})
	switch {
	case lookErr != nil && err == nil:
		return wanted, nil
	case lookErr != nil:
		return api.User{}, outcomeUnknown()
	case errors.Is(err, errElse):
		return api.User{}, changedMeanwhile(u)
	case done(u):
		return u, nil
	case unsure:
		return api.User{}, notDone()
	}
	return api.User{}, changedMeanwhile(u)
}

// reactivateUser takes the mark of deactivation off in the database. The new password comes first: as long as the account is
// deactivated nobody can use it, and the one from before must not come back to life.
func (s *server) reactivateUser(ctx context.Context, r api.UserReactivation) (api.Handout, error) {
	u, err := s.target(ctx, r.ID)
	if err != nil {
		return api.Handout{}, err
	}
	if !u.Deactivated {
		return api.Handout{}, api.NewProblem(api.StatusConflict, "not_deactivated")
	}
	secret, err := password.Make(r.Password)
	if err != nil {
		return api.Handout{}, err
	}
	if !secret.IsZero() {
		if err := s.setPassword(ctx, r.ID, secret, true); err != nil {
			if unsure(err) { // the account is as deactivated as it was
				return api.Handout{}, notDone()
			}
			return api.Handout{}, passwordProblem(r.ID, err)
		}
	}
	err = s.db.reactivate(ctx, r.ID)
	u.Deactivated = false
	u, err = s.settledChange(ctx, u, err, func(u api.User) bool { return !u.Deactivated })
	if err != nil && !secret.IsZero() {
		return api.Handout{}, matrix.StillDeactivated(err)
	}
	if err != nil {
		return api.Handout{}, err
	}
	out := api.Handout{User: u, Password: secret, SignedOut: !secret.IsZero()}
	if !secret.IsZero() {
		out.Homeserver, out.ClientURL = s.address(ctx), s.settings.ClientURL
	}
	if s.keeper.SetStep(context.WithoutCancel(ctx), s.settings.Name, r.ID, "") != nil {
		out.Left = append(out.Left, api.FieldProblem{Field: "id", Code: "dendrite_step_left"})
	}
	return out, nil
}
