// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/invitation"
	"gatehouse/server/store"
)

// Holder is somebody without a session who holds an invitation: what they ask with.
type Holder struct {
	Token     api.Secret
	Address   string
	RequestID string
	// Key is the request key of the form that they sent; "" where they only look.
	Key string
}

// Invited is an invitation that can be taken up by its holder, and the homeserver that it is for.
type Invited struct {
	Homeserver *Homeserver
	Localpart  api.NamePattern

	row    store.Invitation
	holder Holder
	begun  []api.UserID // accounts that have no password yet
}

// GoesOn returns the name of the account that was begun and that somebody goes on with who typed a name; "" where they can have any. An
// invitation for one account has no other name any more. Whose an account of several is, is told by its name.
func (i Invited) GoesOn(typed api.Localpart) api.Localpart {
	for _, id := range i.begun {
		if name := api.Localpart(id.Localpart()); i.row.Uses == 1 || name == typed {
			return name
		}
	}
	return ""
}

// Joining is what came of taking one up.
type Joining struct {
	Card api.Handout
	// Begun is the account that is there and has no password, where another one has to be chosen; "" otherwise.
	Begun api.UserID
	// Chosen says that the password is the person's own, and is known to them.
	Chosen bool
}

// joinTime bounds letting a new account into its rooms, which may be on servers that do not answer. The account stands by then.
const joinTime = 20 * time.Second

// Invited returns the invitation that somebody holds. Whatever is wrong with a link, the problem is the same: no_such_invitation.
func (g *Gate) Invited(ctx context.Context, h Holder) (Invited, error) {
	row, err := g.invitations.Find(ctx, h.Token, h.Address, h.Key)
	if err != nil {
		return Invited{}, err
	}
	server, ok := g.Homeserver(row.Homeserver)
	if !ok { // it was taken out of the configuration
		return Invited{}, api.NewProblem(api.StatusNotFound, "no_such_invitation")
	}
	begun, err := g.invitations.Begun(ctx, row)
	if err != nil {
		return Invited{}, err
	}
	return Invited{Homeserver: server, Localpart: api.NamePattern(row.Localpart), row: row, holder: h, begun: begun}, nil
}

// NameFree asks whether a new account can have a name, for somebody who holds an invitation.
func (g *Gate) NameFree(ctx context.Context, i Invited, name api.Localpart) (api.Availability, error) {
	if err := name.Validate(); err != nil {
		return api.Availability{}, err
	}
	if !i.Localpart.Matches(name) {
		return api.Availability{}, api.NewProblem(api.StatusUnprocessable, "pattern_differs", "pattern", string(i.Localpart))
	}
	if err := g.invitations.MayLookUp(ctx, i.holder.Address); err != nil {
		return api.Availability{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	return homeserver.Call(ctx, i.Homeserver.Adapter, api.CheckName, api.NameQuery{Localpart: name})
}

// TakeUp makes the account of somebody who holds an invitation. It is the corridor without a session: the invitation itself is who asks for
// users.create, with what it says and what its holder chose. A use of it is reserved before, and settled after. The error is a *api.Problem.
func (g *Gate) TakeUp(ctx context.Context, i Invited, t api.TakeUp) (Joining, error) {
	if !ValidKey(i.holder.Key) {
		return Joining{}, api.NewProblem(api.StatusBadRequest, "request_key_missing")
	}
	if i.Localpart.Fixed() {
		t.Localpart = api.Localpart(i.Localpart)
	} else if name := i.GoesOn(t.Localpart); name != "" {
		t.Localpart = name
	}
	terms := i.Homeserver.Settings.Terms
	if err := t.Check(i.Localpart, len(terms) > 0); err != nil {
		return Joining{}, err
	}
	if err := g.invitations.MayLookUp(ctx, i.holder.Address); err != nil {
		return Joining{}, err
	}
	var accepted []string
	for _, term := range terms {
		accepted = append(accepted, term.URL)
	}
	// What was begun is brought to an end that is known, even if the browser goes away.
	ctx = context.WithoutCancel(ctx)
	id := api.UserID(g.whole(i.row.Homeserver, api.UserID("@"+t.Localpart)))
	v := g.visit(i, t, id)
	use, first, err := g.invitations.Reserve(ctx, i.row, i.holder.Key, id, accepted)
	if p, ok := errors.AsType[*api.Problem](err); ok && p.Code == "no_such_invitation" && len(i.begun) > 0 {
		err = api.NewProblem(api.StatusConflict, "invitation_no_other").At("localpart")
	}
	if err != nil {
		return Joining{}, err
	}
	result, err := g.Do(ctx, v)
	card, _ := result.(api.Handout)
	var begun api.UserID
	if p := noPassword(card); p != nil {
		err, begun = p, card.User.ID // the account is theirs when they come with another password
	}
	if p, ok := errors.AsType[*api.Problem](err); ok && p.Code == "name_in_use" && use.Continues { // somebody else gave it a password
		err = api.NewProblem(api.StatusConflict, "invitation_account_made", "id", use.UserID)
	}
	if first {
		g.settle(ctx, v, i, use, card, err)
	}
	if p, ok := errors.AsType[*api.Problem](err); ok && p.Code == "already_done_secret" {
		err = api.NewProblem(api.StatusConflict, "invitation_account_made", "id", use.UserID)
	}
	return Joining{Card: card, Begun: begun, Chosen: t.Password.Mode == api.PasswordTyped}, err
}

// noPassword is why an account was made without the password that its person chose, nil where it has one: the homeserver's rules are known only
// when they are broken.
func noPassword(card api.Handout) *api.Problem {
	for _, f := range card.Left {
		if f.Of() == "password" {
			p := api.NewProblem(api.StatusUnprocessable, f.Code)
			p.Params = f.Params
			return p.At("password.password")
		}
	}
	return nil
}

// begunBy reports whether an account was begun with the same invitation, and is not finished: nobody has a password of it.
func (g *Gate) begunBy(ctx context.Context, i Invited, id api.UserID) bool {
	if !i.Homeserver.Settings.MAS.Enabled() { // elsewhere an account is made in one go
		return false
	}
	u, err := homeserver.Call(ctx, i.Homeserver.Adapter, api.GetUser, api.UserRef{ID: id})
	return err == nil && u.Begun.Lacks("password") && u.Begun.By == invitation.Identity(i.row.ID)
}

// visit is the invitation's way through the corridor.
func (g *Gate) visit(i Invited, t api.TakeUp, id api.UserID) Visit {
	h, who := i.holder, invitation.Identity(i.row.ID)
	create := api.UserCreate{Localpart: t.Localpart, DisplayName: i.row.DisplayName, Password: t.Password}
	if i.row.Email != "" {
		create.Threepids = []api.Threepid{{Medium: "email", Address: i.row.Email}}
	}
	return Visit{
		Person:     &Person{ID: who, Role: api.Invited, Homeserver: i.row.Homeserver, Address: h.Address, Session: who},
		Homeserver: i.row.Homeserver, Operation: api.CreateUser.Info().Name, Kind: api.KindWrite, Key: h.Key, RequestID: h.RequestID,
		Decode: func(api.Op) (api.Request, error) { return create, nil },
		Revise: func(ctx context.Context, _ api.Request) api.Request {
			create.Continue = g.begunBy(ctx, i, id)
			return create
		},
	}
}

// settle notes how a use ended, and lets the new account into its rooms. What fails in that is left, and noted: the account stands.
func (g *Gate) settle(ctx context.Context, v Visit, i Invited, use store.InvitationUse, card api.Handout, end error) {
	left := card.Left
	if end == nil && len(i.row.Rooms) > 0 {
		left = append(left, g.joinRooms(ctx, v, i, card.User.ID)...)
	}
	if err := g.invitations.Settle(ctx, use, card, left, end); err != nil {
		// It stays reserved, and counts; the next start makes it unknown.
		g.log.ErrorContext(ctx, "the use of an invitation could not be settled", "request_id", v.RequestID, "invitation", i.row.ID, "error", err.Error())
	}
}

func (g *Gate) joinRooms(ctx context.Context, v Visit, i Invited, id api.UserID) []api.FieldProblem {
	req := api.RoomsJoin{ID: id, Rooms: i.row.Rooms}
	v.Operation = api.JoinRooms.Info().Name
	result, err := g.record(ctx, v, req, func() (any, error) {
		ctx, cancel := context.WithTimeout(ctx, joinTime)
		defer cancel()
		return homeserver.Call(ctx, i.Homeserver.Adapter, api.JoinRooms, req)
	})
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return []api.FieldProblem{{Field: "rooms", Code: p.Code, Params: p.Params}}
	}
	if err != nil {
		return []api.FieldProblem{{Field: "rooms", Code: "internal"}}
	}
	joined, _ := result.(api.RoomsJoined)
	return joined.Left
}
