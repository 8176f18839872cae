// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"errors"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/password"
)

// deactivateUser ends an account by the detour that Dendrite's API leaves: its password is replaced by a random one, the gate signs
// in with that, and deactivates what is then its own account. Each step is noted before it is taken and when it is done, so that after a crash
// the account shows how far it got, and no more. Continuing begins anew with another random password: nothing secret is kept in between.
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
	before, err := s.keeper.Step(ctx, s.settings.Name, d.ID)
	if err == nil && before == "" { // else an earlier attempt had begun at least as much
		err = s.keeper.SetStep(ctx, s.settings.Name, d.ID, api.StepReplacing)
	}
	if err != nil {
		return api.User{}, api.NewProblem(api.StatusUnavailable, "store_unavailable")
	}
	if _, err := s.settledPassword(ctx, d.ID, secret, true); err != nil {
		return api.User{}, s.notBegun(ctx, d.ID, before, err)
	}
	if before != stepDeactivated && before != api.StepEnding {
		s.reached(ctx, d.ID, api.StepReplaced)
	}
	if err := s.end(ctx, d.ID, secret, before == stepDeactivated); err != nil {
		return api.User{}, err
	}
	return s.deactivatedNow(ctx, d.ID, u)
}

// reached notes a step that is done. Where that fails the note before it stands, which says less and nothing untrue.
func (s *server) reached(ctx context.Context, id api.UserID, step string) {
	_ = s.keeper.SetStep(context.WithoutCancel(ctx), s.settings.Name, id, step)
}

// notBegun forgets the first step where it is certain that it was not taken.
func (s *server) notBegun(ctx context.Context, id api.UserID, before string, cause error) error {
	if p, ok := errors.AsType[*api.Problem](cause); ok && p.Unclear() || before != "" {
		return cause
	}
	return errors.Join(s.keeper.SetStep(context.WithoutCancel(ctx), s.settings.Name, id, ""), cause)
}

// end takes the second and the third step. ended says that the account was deactivated before, which the note of it then goes on to say.
func (s *server) end(ctx context.Context, id api.UserID, secret api.Secret, ended bool) error {
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
	if !ended {
		s.reached(ctx, id, api.StepEnding)
	}
	err = s.endAccount(ctx, id, mine.Token, secret)
	if err == nil {
		return nil
	}
	if !unsure(err) {
		_ = s.signOut(ctx, mine.Token, true) // the next attempt signs out everything in any case
		s.reached(ctx, id, api.StepReplaced)
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
	s.reached(ctx, id, api.StepReplaced)
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
