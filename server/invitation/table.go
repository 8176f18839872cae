// SPDX-License-Identifier: Apache-2.0

package invitation

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/seal"
	"gatehouse/server/store"
)

// desk answers the operations on the invitations of one homeserver.
type desk struct {
	*Book
	settings homeserver.Settings
	adapter  homeserver.Adapter
}

// Table implements gate.Own.
func (b *Book) Table(s homeserver.Settings, adapter homeserver.Adapter) homeserver.Adapter {
	d := desk{b, s, adapter}
	// Where no account can be made, an invitation would be one to nothing.
	create, _ := adapter.Find(api.CreateUser.Info().Name)
	return homeserver.Adapter{
		homeserver.Implement(api.ListInvitations, d.list),
		homeserver.Implement(api.GetInvitation, d.get),
		homeserver.Implement(api.CreateInvitation, d.create).When(create.Why),
		homeserver.Implement(api.ShowInvitation, d.reveal),
		homeserver.Implement(api.UpdateInvitation, d.update),
		homeserver.Implement(api.RevokeInvitation, d.revoke),
	}
}

func (d desk) list(ctx context.Context, q api.InvitationQuery) (api.InvitationPage, error) {
	find := store.InvitationQuery{Homeserver: d.settings.Name, State: q.State, Now: d.now(), Limit: q.Limit}
	if find.Limit == 0 {
		find.Limit = api.DefaultPage
	}
	if q.Cursor != "" {
		at, id, ok := strings.Cut(q.Cursor, ".")
		ms, err := strconv.ParseInt(at, 10, 64)
		if !ok || err != nil || ms <= 0 {
			return api.InvitationPage{}, api.NewProblem(api.StatusUnprocessable, "invalid_cursor").At("cursor")
		}
		find.AfterMS, find.AfterID = ms, id
	}
	find.Limit++ // to know whether there are more
	rows, total, err := d.store.Invitations(ctx, find)
	if err != nil {
		return api.InvitationPage{}, err
	}
	page := api.InvitationPage{Invitations: []api.Invitation{}, Total: total}
	if len(rows) == find.Limit {
		rows = rows[:len(rows)-1]
		last := rows[len(rows)-1]
		page.Next = strconv.FormatInt(last.Created.UnixMilli(), 10) + "." + last.ID
	}
	for _, i := range rows {
		page.Invitations = append(page.Invitations, d.show(i))
	}
	return page, nil
}

func (d desk) find(ctx context.Context, id string) (store.Invitation, error) {
	row, err := d.store.Invitation(ctx, d.settings.Name, id)
	if errors.Is(err, store.ErrNotFound) {
		return row, notFound()
	}
	return row, err
}

func notFound() *api.Problem { return api.NewProblem(api.StatusNotFound, "invitation_not_found") }

func (d desk) get(ctx context.Context, r api.InvitationRef) (api.Invitation, error) {
	row, err := d.find(ctx, r.ID)
	if err != nil {
		return api.Invitation{}, err
	}
	return d.whole(ctx, row)
}

// create makes an invitation. What the homeserver could not do for the account is refused now, not when somebody takes it up.
func (d desk) create(ctx context.Context, c api.InvitationCreate) (api.InvitationCard, error) {
	if err := d.possible(ctx, c); err != nil {
		return api.InvitationCard{}, err
	}
	token, now := newToken(), d.now()
	row := store.Invitation{
		ID: newID(), Homeserver: d.settings.Name, TokenHash: store.TokenHash(token.Reveal()), Localpart: string(c.Localpart), DisplayName: c.DisplayName,
		Email: c.Email, Rooms: c.Rooms, Note: c.Note, Uses: c.Uses, Expires: now.Add(time.Duration(c.Days) * day), Created: now, CreatedBy: homeserver.Caller(ctx),
	}
	var err error
	if row.SealedToken, err = d.seal.Seal(seal.PurposeSeal, []byte(token.Reveal()), aad(row.Homeserver, row.ID)); err != nil {
		return api.InvitationCard{}, err
	}
	if err := d.store.AddInvitation(ctx, row); err != nil {
		return api.InvitationCard{}, unavailable()
	}
	return api.InvitationCard{Invitation: d.show(row), Link: d.link(token.Reveal())}, nil
}

// possible refuses fields that this homeserver cannot take, and a name that is not free.
func (d desk) possible(ctx context.Context, c api.InvitationCreate) error {
	var cannot *api.Problem
	lacks := func(field, why string) {
		p := api.NewProblem(api.StatusNotSupported, "not_supported", "reason", why).At(field)
		if cannot == nil {
			cannot = p
		} else {
			cannot.Fields = append(cannot.Fields, p.Fields...)
		}
	}
	if c.Email != "" {
		info, err := homeserver.Call(ctx, d.adapter, api.ServerInfo, api.ServerQuery{})
		if err != nil {
			return err
		}
		if why := info.Unavailable[api.CreateUser.Info().Name+".threepids"]; why != "" {
			lacks("email", why)
		} else if info.State == "down" {
			return cmp.Or(info.Problem, api.NewProblem(api.StatusUnavailable, "homeserver_down"))
		}
	}
	if join, _ := d.adapter.Find(api.JoinRooms.Info().Name); len(c.Rooms) > 0 && join.Why() != "" {
		lacks("rooms", join.Why())
	}
	if cannot != nil {
		return cannot
	}
	if !c.Localpart.Fixed() {
		return nil
	}
	name, err := homeserver.Call(ctx, d.adapter, api.CheckName, api.NameQuery{Localpart: api.Localpart(c.Localpart)})
	if err != nil {
		return err
	}
	if !name.Free {
		return api.NewProblem(api.StatusConflict, name.Code, "id", string(name.ID)).At("localpart")
	}
	return nil
}

// reveal shows the link again.
func (d desk) reveal(ctx context.Context, r api.InvitationRef) (api.InvitationCard, error) {
	row, err := d.find(ctx, r.ID)
	if err != nil {
		return api.InvitationCard{}, err
	}
	if state := row.State(d.now()); state != api.InvitationOpen {
		return api.InvitationCard{}, api.NewProblem(api.StatusConflict, "invitation_"+state)
	}
	token, err := d.seal.Open(seal.PurposeSeal, row.SealedToken, aad(row.Homeserver, row.ID))
	if err != nil {
		// The link itself still works: it is found by its hash.
		return api.InvitationCard{}, api.NewProblem(api.StatusConflict, "invitation_sealed")
	}
	return api.InvitationCard{Invitation: d.show(row), Link: d.link(string(token))}, nil
}

func (d desk) update(ctx context.Context, u api.InvitationUpdate) (api.Invitation, error) {
	row, err := d.store.ChangeInvitation(ctx, d.settings.Name, u.ID, func(i *store.Invitation) error {
		if u.Uses != nil {
			i.Uses = *u.Uses
		}
		if u.Days != nil {
			i.Expires = d.now().Add(time.Duration(*u.Days) * day)
		}
		if u.Note != nil {
			i.Note = strings.TrimSpace(*u.Note)
		}
		switch {
		case !i.Revoked.IsZero():
			return api.NewProblem(api.StatusConflict, "invitation_revoked")
		case i.Uses > 1 && (api.NamePattern(i.Localpart).Fixed() || i.Email != ""):
			return api.NewProblem(api.StatusUnprocessable, "invitation_one_account").At("uses")
		case i.Uses < i.Taken:
			return api.NewProblem(api.StatusUnprocessable, "invitation_fewer_uses", "taken", strconv.Itoa(i.Taken)).At("uses")
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return api.Invitation{}, notFound()
	}
	if err != nil {
		return api.Invitation{}, err
	}
	return d.whole(ctx, row)
}

func (d desk) revoke(ctx context.Context, r api.InvitationRef) (api.Invitation, error) {
	if _, err := d.find(ctx, r.ID); err != nil {
		return api.Invitation{}, err
	}
	if err := d.store.RevokeInvitation(ctx, d.settings.Name, r.ID, homeserver.Caller(ctx), d.now()); err != nil {
		return api.Invitation{}, err
	}
	return d.get(ctx, r)
}
