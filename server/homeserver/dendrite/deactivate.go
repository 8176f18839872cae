// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"errors"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/password"
)

// deactivateUser ends an account by the detour that Dendrite's API leaves: its password is replaced by a random one, the gate signs
// in with that, and deactivates what is then its own account. The first step is noted before it is taken, so that after a crash
// the account shows how far it got. Continuing begins anew with another random password: nothing secret is kept in between.
func (s *server) deactivateUser(ctx context.Context, d api.UserDeed) (api.User, error) {
	u, err := s.target(ctx, d.ID)
	if err != nil {
		return api.User{}, err
	}
	if u.Deactivated && s.db != nil {
		return u, nil
	}
	secret, err := password.Random(40)
	if err != nil {
		return api.User{}, err
	}
	if err := s.keeper.SetStep(ctx, s.settings.Name, d.ID, stepReplaced); err != nil {
		return api.User{}, api.NewProblem(api.StatusUnavailable, "store_unavailable")
	}
	if _, err := s.settledPassword(ctx, d.ID, secret, true); err != nil {
		return api.User{}, s.notBegun(ctx, d.ID, u.Step, err)
	}
	if err := s.end(ctx, d.ID, secret); err != nil {
		return api.User{}, err
	}
	return s.deactivatedNow(ctx, d.ID, u)
}

// notBegun forgets the first step where it is certain that it was not taken.
func (s *server) notBegun(ctx context.Context, id api.UserID, before string, cause error) error {
	if p, ok := errors.AsType[*api.Problem](cause); ok && p.Code == "outcome_unknown" {
		return cause
	}
	if before != "" {
		return cause // an earlier attempt had replaced the password
	}
	return errors.Join(s.keeper.SetStep(context.WithoutCancel(ctx), s.settings.Name, id, ""), cause)
}

// end takes the second and the third step. Each is settled where it is not answered: a password that has just been set and is
// refused says that the account is deactivated.
func (s *server) end(ctx context.Context, id api.UserID, secret api.Secret) error {
	mine, err := s.signIn(ctx, string(id), secret, "")
	switch {
	case wrongPassword(err):
		return nil // it had been deactivated before; only without the database can that be news
	case err != nil:
		return unfinished(err)
	case mine.ID != id:
		// Dendrite looks for a name in small letters first. Nothing may be ended but what was asked for.
		return errors.Join(unfinished(nil), s.signOut(ctx, mine.Token, false))
	}
	err = s.endAccount(ctx, id, mine.Token, secret)
	if err == nil {
		return nil
	}
	if !unsure(err) {
		return errors.Join(unfinished(err), s.signOut(ctx, mine.Token, true))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	again, lookErr := s.signIn(ctx, string(id), secret, "")
	switch {
	case wrongPassword(lookErr):
		return nil
	case lookErr != nil:
		return outcomeUnknown()
	}
	return errors.Join(unfinished(err), s.signOut(ctx, again.Token, true))
}

// unfinished says that the password is replaced and the account not yet deactivated. Where the homeserver wants fewer requests, it
// says when to go on.
func unfinished(cause error) *api.Problem {
	p := api.NewProblem(api.StatusBadGateway, "dendrite_deactivation_unfinished")
	if c, ok := errors.AsType[*api.Problem](problem(cause)); ok {
		p.RetryMS = c.RetryMS
	}
	return p
}

// deactivatedNow notes the end, and reads the account back.
func (s *server) deactivatedNow(ctx context.Context, id api.UserID, before api.User) (api.User, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	last := stepDeactivated
	if s.db != nil {
		last = "" // the database tells from now on
	}
	if err := s.keeper.SetStep(ctx, s.settings.Name, id, last); err != nil {
		return api.User{}, doneNotRecorded()
	}
	u, err := s.getUser(ctx, api.UserRef{ID: id})
	switch {
	case err != nil:
		u = before
	case s.db != nil && !u.Deactivated:
		return api.User{}, outcomeUnknown()
	}
	u.Deactivated, u.Step = true, ""
	know(&u, "deactivated")
	return u, nil
}
