// SPDX-License-Identifier: Apache-2.0

// Package keep gives adapters their memory: the store, with tokens sealed by a key that is not in it.
package keep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/homeserver"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// Keeper implements homeserver.Keeper.
type Keeper struct {
	Store *store.Store
	Seal  *seal.Keys
	Audit *audit.Log
	Now   func() time.Time
}

var _ homeserver.Keeper = Keeper{}

// aad binds a sealed token to the account that it is of, so that it cannot be moved to another row.
func aad(name string, id api.UserID) []byte { return []byte(name + "\x00" + string(id)) }

// ServiceAccount implements homeserver.Keeper. A token that another key sealed counts as none: the key was lost or replaced.
func (k Keeper) ServiceAccount(ctx context.Context, name string) (homeserver.ServiceAccount, error) {
	row, err := k.Store.ServiceAccount(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return homeserver.ServiceAccount{}, homeserver.ErrNone
	}
	if err != nil {
		return homeserver.ServiceAccount{}, err
	}
	id := api.UserID(row.UserID)
	token, err := k.Seal.Open(seal.PurposeSeal, row.SealedToken, aad(name, id))
	if err != nil {
		return homeserver.ServiceAccount{ID: id}, nil
	}
	return homeserver.ServiceAccount{ID: id, Token: api.NewSecret(string(token)), Reason: homeserver.Reason(row.Reason)}, nil
}

// Reseal seals the token of a homeserver's service account again, where it was sealed with the previous key, so that this one can be
// taken away.
func (k Keeper) Reseal(ctx context.Context, name string) error {
	row, err := k.Store.ServiceAccount(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	sealed, err := k.Seal.Again(seal.PurposeSeal, row.SealedToken, aad(name, api.UserID(row.UserID)))
	if err != nil || sealed == nil {
		return err
	}
	return k.Store.SealServiceAccount(ctx, name, row.UserID, row.SealedToken, sealed)
}

// ReplaceServiceAccount implements homeserver.Keeper. That there is another administrator now is recorded first: one that cannot be
// recorded is not used.
func (k Keeper) ReplaceServiceAccount(ctx context.Context, name string, old api.UserID, next homeserver.ServiceAccount) (bool, error) {
	sealed, err := k.Seal.Seal(seal.PurposeSeal, []byte(next.Token.Reveal()), aad(name, next.ID))
	if err != nil {
		return false, err
	}
	if err := k.record(ctx, name, old, next); err != nil {
		return false, err
	}
	err = k.Store.ReplaceServiceAccount(ctx, string(old), store.ServiceAccount{
		Homeserver: name, UserID: string(next.ID), SealedToken: sealed, Reason: string(next.Reason), Created: k.Now(),
	})
	released := k.release(ctx, name, next.ID)
	if errors.Is(err, store.ErrConflict) {
		return false, released
	}
	return err == nil, errors.Join(err, released)
}

// registerTime is how long no other gate registers an account while one is at it.
const registerTime = time.Minute

func lease(name string) string { return "service account of " + name }

// release lets other gates register an account again.
func (k Keeper) release(ctx context.Context, name string, id api.UserID) error {
	return k.Store.ReleaseLease(context.WithoutCancel(ctx), lease(name), string(id))
}

// record writes down that the gate has registered an administrator for itself.
func (k Keeper) record(ctx context.Context, name string, old api.UserID, next homeserver.ServiceAccount) error {
	request, err := audit.Redact(api.UserCreate{
		Localpart: api.Localpart(next.ID.Localpart()), Admin: true, Password: api.PasswordChoice{Mode: api.PasswordRandom},
	})
	if err != nil {
		return err
	}
	detail := "The gate registered this account for itself."
	switch next.Reason {
	case homeserver.ReasonSealed:
		detail = "The gate registered this account for itself: the token of " + string(old) + " could not be opened with the secret key."
	case homeserver.ReasonRefused:
		detail = "The gate registered this account for itself: the homeserver refused the token of " + string(old) + "."
	}
	return k.Audit.Event(ctx, audit.Entry{
		Actor: audit.GateActor, Homeserver: name, Operation: api.CreateUser.Info().Name, Targets: []string{string(next.ID)}, Request: request,
	}, audit.Result{Outcome: audit.Done, Detail: detail})
}

// BeginServiceAccount implements homeserver.Keeper.
func (k Keeper) BeginServiceAccount(ctx context.Context, name string, id api.UserID) error {
	err := k.Store.TakeLease(ctx, lease(name), string(id), k.Now(), registerTime)
	if errors.Is(err, store.ErrConflict) {
		return homeserver.ErrBegun
	}
	if err != nil {
		return err
	}
	if err := k.retire(ctx, name, id, homeserver.ReasonBegun); err != nil {
		return errors.Join(err, k.release(ctx, name, id))
	}
	return nil
}

// ForgetServiceAccount implements homeserver.Keeper.
func (k Keeper) ForgetServiceAccount(ctx context.Context, name string, id api.UserID) error {
	return errors.Join(k.Store.ForgetServiceAccount(ctx, name, string(id), string(homeserver.ReasonBegun)), k.release(ctx, name, id))
}

// RetireServiceAccount implements homeserver.Keeper.
func (k Keeper) RetireServiceAccount(ctx context.Context, name string, id api.UserID) error {
	return errors.Join(k.retire(ctx, name, id, homeserver.ReasonUnused), k.release(ctx, name, id))
}

func (k Keeper) retire(ctx context.Context, name string, id api.UserID, why homeserver.Reason) error {
	return k.Store.RetireServiceAccount(ctx, store.ServiceAccount{
		Homeserver: name, UserID: string(id), Reason: string(why), Created: k.Now(),
	})
}

// NoteAccount implements homeserver.Keeper.
func (k Keeper) NoteAccount(ctx context.Context, name string, id api.UserID) error {
	return k.Store.PutMadeAccount(ctx, store.MadeAccount{
		Homeserver: name, UserID: string(id), Localpart: id.Localpart(), Created: k.Now(),
	})
}

// maxMade bounds what a list without a database is put together from.
const maxMade = 10000

// MadeAccounts implements homeserver.Keeper.
func (k Keeper) MadeAccounts(ctx context.Context, name string) ([]homeserver.MadeAccount, error) {
	rows, _, err := k.Store.MadeAccounts(ctx, store.MadeQuery{Homeserver: name, Limit: maxMade})
	if err != nil {
		return nil, err
	}
	out := make([]homeserver.MadeAccount, 0, len(rows))
	for _, r := range rows {
		out = append(out, homeserver.MadeAccount{ID: api.UserID(r.UserID), Created: r.Created})
	}
	return out, nil
}

// SetStep implements homeserver.Keeper.
func (k Keeper) SetStep(ctx context.Context, name string, id api.UserID, step string) error {
	if step == "" {
		return k.Store.DeleteDeactivation(ctx, name, string(id))
	}
	err := k.Store.PutDeactivation(ctx, store.Deactivation{Homeserver: name, UserID: string(id), Step: step, At: k.Now()})
	if err != nil {
		return fmt.Errorf("the step %q of %s: %w", step, id, err)
	}
	return nil
}

// Step implements homeserver.Keeper.
func (k Keeper) Step(ctx context.Context, name string, id api.UserID) (string, error) {
	d, err := k.Store.Deactivation(ctx, name, string(id))
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return d.Step, err
}

// NoteBegun implements homeserver.Keeper.
func (k Keeper) NoteBegun(ctx context.Context, name string, b homeserver.Begun) error {
	if len(b.Left) == 0 {
		return k.Store.DeleteUnfinishedAccount(ctx, name, string(b.ID))
	}
	asked, err := json.Marshal(b.Asked)
	if err != nil {
		return err
	}
	left, err := json.Marshal(b.Left)
	if err != nil {
		return err
	}
	return k.Store.PutUnfinishedAccount(ctx, store.UnfinishedAccount{
		Homeserver: name, UserID: string(b.ID), Account: b.Account, By: b.By, Asked: string(asked), Left: string(left), At: k.Now(),
	})
}

// Begun implements homeserver.Keeper.
func (k Keeper) Begun(ctx context.Context, name string, id api.UserID) (homeserver.Begun, error) {
	row, err := k.Store.UnfinishedAccount(ctx, name, string(id))
	if errors.Is(err, store.ErrNotFound) {
		return homeserver.Begun{}, homeserver.ErrNone
	}
	if err != nil {
		return homeserver.Begun{}, err
	}
	b := homeserver.Begun{ID: id, Account: row.Account, At: row.At, Begun: api.Begun{By: row.By}}
	if err := json.Unmarshal([]byte(row.Asked), &b.Asked); err != nil {
		return homeserver.Begun{}, fmt.Errorf("what %s was asked to be: %w", id, err)
	}
	if err := json.Unmarshal([]byte(row.Left), &b.Left); err != nil {
		return homeserver.Begun{}, fmt.Errorf("what is left of %s: %w", id, err)
	}
	return b, nil
}
