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

// end takes the second and the third step.
func (s *server) end(ctx context.Context, id api.UserID, secret api.Secret) error {
	mine, err := s.enter(ctx, id, secret)
	switch {
	case errors.Is(err, errGone):
		return nil
	case err != nil:
		return unfinished(err)
	case mine.ID != id:
		// Dendrite looks for a name in small letters first. Nothing may be ended but what was asked for.
		_ = s.signOut(ctx, mine.Token, false)
		return unfinished(nil)
	}
	err = s.endAccount(ctx, id, mine.Token, secret)
	if err == nil {
		return nil
	}
	if !unsure(err) {
		_ = s.signOut(ctx, mine.Token, true) // the next attempt signs out everything in any case
		return unfinished(err)
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
	_ = s.signOut(ctx, again.Token, true)
	return unfinished(err)
}

// errGone says that an account is deactivated already.
var errGone = errors.New("the account is deactivated")

// enter signs in with the password that was just set. Where it is refused, somebody else set another one in that moment, or the
// account is deactivated, so it is set once more: a second refusal is errGone.
func (s *server) enter(ctx context.Context, id api.UserID, secret api.Secret) (session, error) {
	mine, err := s.signIn(ctx, string(id), secret, "")
	if !wrongPassword(err) {
		return mine, err
	}
	if err := s.setPassword(ctx, id, secret, true); err != nil {
		return session{}, err
	}
	mine, err = s.signIn(ctx, string(id), secret, "")
	if wrongPassword(err) {
		return session{}, errGone
	}
	return mine, err
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
