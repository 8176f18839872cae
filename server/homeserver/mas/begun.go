// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"errors"
	"slices"
	"sync"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
)

// An account is made by several calls. What of them is left when one fails, or when the gate is stopped between them, is remembered with MAS's
// ID of the account, so that users.create can go on with it, and with no other account.

// inHand are the accounts that are being made at this moment.
type inHand struct {
	mu  sync.Mutex
	ids map[api.UserID]bool
}

// take reports whether nobody else makes the account; then it is ours until the function is called.
func (h *inHand) take(id api.UserID) (release func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ids[id] {
		return nil, false
	}
	if h.ids == nil {
		h.ids = map[api.UserID]bool{}
	}
	h.ids[id] = true
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.ids, id)
	}, true
}

// steps are the fields that a new account is given one after the other, as what is left before any of it is done.
func (m making) steps() []api.FieldProblem {
	var list []api.FieldProblem
	for _, step := range []struct {
		field string
		asked bool
	}{
		{"password", m.Password.Mode != api.PasswordNone}, {"threepids", len(m.Threepids) > 0}, {"external_ids", len(m.ExternalIDs) > 0},
		{"display_name", m.DisplayName != ""}, {"avatar_url", m.AvatarURL != ""}, {"user_type", m.UserType != ""}, {"admin", m.Admin},
	} {
		if step.asked {
			list = append(list, api.FieldProblem{Field: step.field, Code: "interrupted"})
		}
	}
	return list
}

// intend remembers what an account shall be before it is made, so that one that was made is found again when the gate was stopped before it heard
// of it. The name is free.
func (a *adapter) intend(ctx context.Context, m making) { a.noteLeft(ctx, m, account{}, m.steps()) }

// giveUp forgets what was intended, when the account was not made; what another gate has noted meanwhile stays.
func (a *adapter) giveUp(ctx context.Context, m making) {
	fresh, cancel := a.fresh(ctx)
	defer cancel()
	if kept, err := a.keeper.Begun(fresh, a.settings.Name, m.id); err == nil && kept.Account == "" {
		_ = a.keeper.NoteBegun(fresh, a.settings.Name, homeserver.Begun{ID: m.id})
	}
}

// noteLeft remembers what is left of an account. Where that fails the account is as it is, and is finished by hand.
func (a *adapter) noteLeft(ctx context.Context, m making, made account, left []api.FieldProblem) {
	b := homeserver.Begun{ID: m.id, Account: string(made.ID), Begun: api.Begun{By: homeserver.Caller(ctx), Left: left, Asked: m.Wanted()}}
	fresh, cancel := a.fresh(ctx)
	defer cancel()
	_ = a.keeper.NoteBegun(fresh, a.settings.Name, b)
}

// begun returns what is left of an account, nil where that is nothing, or where the account is another one.
func (a *adapter) begun(ctx context.Context, id api.UserID, now account) (*api.Begun, error) {
	kept, err := a.keeper.Begun(ctx, a.settings.Name, id)
	if errors.Is(err, homeserver.ErrNone) || err == nil && !kept.Is(string(now.ID), now.Attributes.Created) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &kept.Begun, nil
}

// half returns an account whose making was begun and what is left of it, nil where there is no such account.
func (a *adapter) half(ctx context.Context, m making) (account, *api.Begun, error) {
	kept, err := a.keeper.Begun(ctx, a.settings.Name, m.id)
	if errors.Is(err, homeserver.ErrNone) {
		return account{}, nil, nil
	}
	if err != nil {
		return account{}, nil, err
	}
	now, err := a.mas.byName(ctx, string(m.Localpart))
	if missing(err) || err == nil && !kept.Is(string(now.ID), now.Attributes.Created) {
		return account{}, nil, nil
	}
	if err != nil {
		return account{}, nil, problem(err)
	}
	return now, &kept.Begun, nil
}

// isBegun refuses to make an account that can be continued.
func (a *adapter) isBegun(ctx context.Context, m making) error {
	if _, left, err := a.half(ctx, m); err != nil || left == nil {
		return err
	}
	return api.NewProblem(api.StatusConflict, "name_begun", "id", string(m.id)).At("localpart")
}

// resume finds the account that a request wants to be continued. A password that it has already is not replaced: whoever was handed it may be
// signed in.
func (a *adapter) resume(ctx context.Context, m making) (account, error) {
	now, left, err := a.half(ctx, m)
	switch {
	case err != nil:
		return account{}, err
	case left == nil:
		return account{}, api.NewProblem(api.StatusConflict, "nothing_begun", "id", string(m.id)).At("localpart")
	case now.Attributes.Deactivated != nil:
		return account{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("localpart")
	case m.Password.Mode != api.PasswordNone && !left.Lacks("password"):
		return account{}, api.NewProblem(api.StatusConflict, "password_set_before").At("password.mode")
	}
	return now, nil
}

// got takes fields that an account was given in another way from what is left of its making.
func (a *adapter) got(ctx context.Context, id api.UserID, fields ...string) {
	a.settle(ctx, id, func(p api.FieldProblem) bool { return slices.Contains(fields, p.Of()) })
}

// settle takes what needs nothing more from what is left of an account's making.
func (a *adapter) settle(ctx context.Context, id api.UserID, done func(api.FieldProblem) bool) {
	fresh, cancel := a.fresh(ctx)
	defer cancel()
	kept, err := a.keeper.Begun(fresh, a.settings.Name, id)
	if err != nil {
		return // nothing is left of it
	}
	kept.Left = slices.DeleteFunc(kept.Left, done)
	_ = a.keeper.NoteBegun(fresh, a.settings.Name, kept)
}
