// SPDX-License-Identifier: Apache-2.0

// Package invitation keeps the links with which people make accounts of their own: it answers the operations on them, for every
// homeserver, and says which link is good, for the page that takes one up.
package invitation

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/operator"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// Path is where the pages are that take invitations up.
const Path = "/join/"

// Book is all invitations.
type Book struct {
	store  *store.Store
	seal   *seal.Keys
	public string // the origin that people reach the gate at
	now    func() time.Time

	guesses *operator.Rate // of links that do not work
	names   *operator.Rate // that were looked up
}

// How often one address may do so in 15 minutes. A school behind one address opens many links that work, and few that do not; it looks up
// more names, a few for each that is typed.
const (
	maxGuesses = 30
	maxNames   = 600
)

// New returns the invitations that are in the store. public is the origin that people reach the gate at.
func New(s *store.Store, k *seal.Keys, public string, now func() time.Time) *Book {
	return &Book{store: s, seal: k, public: public, now: now, guesses: operator.NewRate(s, "invitation guessed", maxGuesses, now), names: operator.NewRate(s, "name looked up", maxNames, now)}
}

// day is the unit of how long invitations are good for.
const day = 24 * time.Hour

// newToken returns 128 random bits, as a text that is good in addresses. Nobody guesses it.
func newToken() api.Secret {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return api.NewSecret(base64.RawURLEncoding.EncodeToString(b[:]))
}

// ValidToken reports whether a text can be a token.
func ValidToken(text string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(b) == 16
}

// newID names an invitation where its token must not be seen: in addresses of the panel, in the audit log.
func newID() string {
	var b [9]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// aad binds a sealed token to its invitation, so that it cannot be moved to another row.
func aad(homeserver, id string) []byte { return []byte("invitation\x00" + homeserver + "\x00" + id) }

func (b *Book) link(token string) api.Secret { return api.NewSecret(b.public + Path + token) }

// Identity is the name of an invitation in the audit log.
func Identity(id string) string { return "invitation:" + id }

// Find returns the invitation with a token, for somebody at an address who wants to take it up. What is used up, expired, revoked or was
// never there is all the same to them: the error is the problem no_such_invitation, and the address can try such links only so
// often. A form that the invitation was used with finds it again, and so does whoever has yet to go on with an account that was begun.
func (b *Book) Find(ctx context.Context, token api.Secret, address, form string) (store.Invitation, error) {
	if err := may(b.guesses.Full(ctx, address)); err != nil {
		return store.Invitation{}, err
	}
	row, err := b.look(ctx, token, form)
	if p, ok := errors.AsType[*api.Problem](err); ok && p.Code == "no_such_invitation" {
		if err := may(b.guesses.Count(ctx, address)); err != nil {
			return store.Invitation{}, err
		}
	}
	return row, err
}

func (b *Book) look(ctx context.Context, token api.Secret, form string) (store.Invitation, error) {
	if !ValidToken(token.Reveal()) {
		return store.Invitation{}, gone()
	}
	row, err := b.store.InvitationByToken(ctx, store.TokenHash(token.Reveal()))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Invitation{}, gone()
	case err != nil:
		return store.Invitation{}, unavailable()
	case row.State(b.now()) == store.InvitationOpen:
		return row, nil
	}
	uses, err := b.store.InvitationUses(ctx, row.ID)
	if err != nil {
		return store.Invitation{}, unavailable()
	}
	goesOn := row.State(b.now()) == store.InvitationUsedUp && b.now().Before(row.Expires)
	if !slices.ContainsFunc(uses, func(u store.InvitationUse) bool {
		return form != "" && u.Request == form || goesOn && u.State == store.UseBegun
	}) {
		return store.Invitation{}, gone()
	}
	return row, nil
}

// Begun returns the accounts that were begun with an invitation and have no password yet.
func (b *Book) Begun(ctx context.Context, i store.Invitation) ([]api.UserID, error) {
	if i.Taken == 0 {
		return nil, nil
	}
	uses, err := b.store.InvitationUses(ctx, i.ID)
	if err != nil {
		return nil, unavailable()
	}
	var list []api.UserID
	for _, u := range uses {
		if u.State == store.UseBegun {
			list = append(list, api.UserID(u.UserID))
		}
	}
	return list, nil
}

// MayLookUp counts a look of an address whether a name is free: whoever holds a link shall not list the homeserver's accounts with it.
func (b *Book) MayLookUp(ctx context.Context, address string) error {
	return may(b.names.Count(ctx, address))
}

// may makes a problem of what a Rate says.
func may(wait time.Duration, err error) error {
	switch {
	case err != nil:
		return unavailable()
	case wait > 0:
		return limited(wait)
	}
	return nil
}

func limited(wait time.Duration) *api.Problem {
	p := api.NewProblem(api.StatusTooMany, "invitation_limited", "wait", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	p.RetryMS = wait.Milliseconds()
	return p
}

func unavailable() *api.Problem { return api.NewProblem(api.StatusUnavailable, "store_unavailable") }

// gone is the problem of every link that does not work.
func gone() *api.Problem { return api.NewProblem(api.StatusNotFound, "no_such_invitation") }

// Reserve takes a use of an invitation for a form, before an account is made. The same form takes one use, however often it is sent: first
// tells whether it is this arrival that has to settle it. An account that was begun with the invitation goes on with the use that it has.
func (b *Book) Reserve(ctx context.Context, i store.Invitation, form string, id api.UserID, accepted []string) (use store.InvitationUse, first bool, err error) {
	terms, err := json.Marshal(accepted)
	if err != nil {
		return store.InvitationUse{}, false, err
	}
	use, first, err = b.store.ReserveInvitation(ctx, store.InvitationUse{
		Invitation: i.ID, Request: form, UserID: string(id), Accepted: string(terms), At: b.now(),
	})
	switch {
	case errors.Is(err, store.ErrExpired), errors.Is(err, store.ErrNotFound):
		return use, false, gone()
	case err != nil:
		return use, false, unavailable()
	case use.UserID != string(id): // a use is for one account, however long its form is remembered
		return use, false, api.NewProblem(api.StatusConflict, "key_reused")
	}
	return use, first, nil
}

// Settle notes how a use that was reserved ended: with an account; with one that was begun and has no password yet, which keeps the use, so that
// no other name can be had with it; with none, in which case it can be had again; or so that nobody knows.
func (b *Book) Settle(ctx context.Context, use store.InvitationUse, card api.Handout, left []api.FieldProblem, end error) error {
	problem, ok := errors.AsType[*api.Problem](end)
	switch {
	case end == nil || ok && (problem.Code == "done_not_recorded" || problem.Code == "invitation_account_made"):
		use.State = store.UseDone
		if card.User.ID != "" {
			use.UserID = string(card.User.ID)
		}
	case card.User.ID != "", use.Continues:
		use.State = store.UseBegun
	case !ok || problem.Unclear() || problem.Code == "internal":
		use.State = store.UseUnknown
	default:
		return b.store.ReturnInvitation(ctx, use.Invitation, use.Request)
	}
	text, err := json.Marshal(left)
	if err != nil {
		return err
	}
	use.Left = string(text)
	return b.store.SettleInvitation(ctx, use)
}

// Reseal seals the tokens with the current key that the previous one had sealed.
func (b *Book) Reseal(ctx context.Context) error {
	rows, err := b.store.SealedInvitations(ctx)
	if err != nil {
		return err
	}
	for _, i := range rows {
		sealed, err := b.seal.Again(seal.PurposeSeal, i.SealedToken, aad(i.Homeserver, i.ID))
		if err != nil {
			return err
		}
		if sealed == nil {
			continue
		}
		if err := b.store.SealInvitation(ctx, i.ID, i.SealedToken, sealed); err != nil {
			return err
		}
	}
	return nil
}

// show writes an invitation for those who may read it.
func (b *Book) show(i store.Invitation) api.Invitation {
	out := api.Invitation{
		ID: i.ID, State: i.State(b.now()), Localpart: api.NamePattern(i.Localpart), DisplayName: i.DisplayName, Email: i.Email, Rooms: i.Rooms, Note: i.Note,
		Uses: i.Uses, Taken: i.Taken, ExpiresMS: i.Expires.UnixMilli(), CreatedMS: i.Created.UnixMilli(), CreatedBy: i.CreatedBy, RevokedBy: i.RevokedBy,
	}
	if !i.Revoked.IsZero() {
		out.RevokedMS = i.Revoked.UnixMilli()
	}
	return out
}

// whole is show with the accounts that were made.
func (b *Book) whole(ctx context.Context, i store.Invitation) (api.Invitation, error) {
	out := b.show(i)
	uses, err := b.store.InvitationUses(ctx, i.ID)
	if err != nil {
		return out, err
	}
	for _, u := range uses {
		one := api.InvitedAccount{ID: api.UserID(u.UserID), AtMS: u.At.UnixMilli(), State: u.State}
		for text, into := range map[string]any{u.Accepted: &one.Accepted, u.Left: &one.Left} {
			if text == "" {
				continue
			}
			if err := json.Unmarshal([]byte(text), into); err != nil {
				return out, errors.New("a use of an invitation is no JSON")
			}
		}
		out.Accounts = append(out.Accounts, one)
	}
	return out, nil
}

// Masked writes a path so that it can be logged: the token of an invitation is not in it.
func Masked(path string) string {
	if strings.HasPrefix(path, Path) && len(path) > len(Path) {
		return Path + api.Redacted
	}
	return path
}
