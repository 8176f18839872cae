// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/password"
	"gatehouse/server/homeserver/sharedsecret"
)

func (s *server) createUser(ctx context.Context, c api.UserCreate) (api.Handout, error) {
	var r refuse
	r.when(c.UserType != "", "user_type", reasonNoUserType)
	r.when(len(c.Threepids) > 0, "threepids", reasonNoThreepids)
	r.when(len(c.ExternalIDs) > 0, "external_ids", reasonNoExternalIDs)
	r.when(c.AvatarURL != "", "avatar_url", reasonNoAvatar)
	r.when(c.Password.Mode == api.PasswordNone, "password.mode", reasonNeedsPassword)
	if err := r.err(); err != nil {
		return api.Handout{}, err
	}
	serverName, err := s.serverName(ctx)
	if err != nil {
		return api.Handout{}, err
	}
	if c.Continue { // it is made in one go
		return api.Handout{}, api.NewProblem(api.StatusConflict, "nothing_begun", "id", "@"+string(c.Localpart)+":"+serverName).At("localpart")
	}
	if err := checkLength(c.Localpart, serverName); err != nil {
		return api.Handout{}, err
	}
	secret, err := password.Make(c.Password)
	if err != nil {
		return api.Handout{}, err
	}
	id, left, err := s.register(ctx, c, secret, serverName)
	if err != nil {
		return api.Handout{}, err
	}
	// It goes on when the person has gone away: the account is there.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	if err := s.keeper.NoteAccount(ctx, s.settings.Name, id); err != nil {
		left = append(left, api.FieldProblem{Field: "localpart", Code: "dendrite_not_noted"})
	}
	return api.Handout{
		User: s.created(ctx, id, c), Password: secret, Homeserver: s.address(ctx), ClientURL: s.settings.ClientURL, Left: left,
	}, nil
}

// register makes the account and ends the session that Dendrite begins with it.
func (s *server) register(ctx context.Context, c api.UserCreate, secret api.Secret, serverName string) (api.UserID, []api.FieldProblem, error) {
	start := time.Now()
	made, err := s.registrar.Register(ctx, sharedsecret.Account{
		Username: c.Localpart, Password: secret, Admin: c.Admin, DisplayName: c.DisplayName,
	})
	all := false
	switch {
	case err == nil:
	case !unsure(err):
		return "", nil, sharedsecret.Problem(err)
	default:
		// The account may have been made. The session of the registration is ended with that of the question then, because
		// nobody has its token.
		var mine session
		if mine, err = s.settleCreate(ctx, c, secret, serverName, start); err != nil {
			return "", nil, err
		}
		made, all = sharedsecret.Registered{ID: mine.ID, Token: mine.Token}, true
	}
	return made.ID, deviceLeft("localpart", s.signOut(ctx, made.Token, all)), nil
}

// settleCreate finds out what came of a registration that was not answered, by signing in with the password that was sent. A
// password that was made here proves that the account is ours; a typed one can be that of an older account of the same name.
func (s *server) settleCreate(ctx context.Context, c api.UserCreate, secret api.Secret, serverName string, start time.Time) (session, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	id := api.UserID("@" + string(c.Localpart) + ":" + serverName)
	mine, err := s.signIn(ctx, string(id), secret, "")
	switch {
	case err == nil && (c.Password.Mode != api.PasswordTyped || s.madeSince(ctx, id, start)):
		return mine, nil
	case err == nil:
		_ = s.signOut(ctx, mine.Token, false) // the account is somebody's; the most that stays is one session of ours
		return session{}, api.NewProblem(api.StatusConflict, "name_in_use").At("localpart")
	case !wrongPassword(err):
		return session{}, outcomeUnknown()
	}
	err = s.nameFree(ctx, c.Localpart)
	if taken, ok := sharedsecret.NameProblem(err); ok {
		return session{}, taken.At("localpart")
	}
	if err != nil {
		return session{}, outcomeUnknown()
	}
	return session{}, notDone()
}

// registrationDevice is the ID of the device that Dendrite signs in with every registration by shared secret.
const registrationDevice = "shared_secret_registration"

// madeSince reports whether an account was registered by shared secret since then, as far as the two clocks agree. Ended sessions of
// earlier registrations are gone, so one that is there and young is that of the call in question.
func (s *server) madeSince(ctx context.Context, id api.UserID, start time.Time) bool {
	from := start.Add(-homeserver.MaxSkew).UnixMilli()
	devices, err := s.whois(ctx, id)
	return err == nil && slices.ContainsFunc(devices, func(d api.Device) bool { return d.ID == registrationDevice && d.LastSeenMS >= from })
}

// created reads the new account back. Where that fails it is told as it was asked for, which is what the server said yes to.
func (s *server) created(ctx context.Context, id api.UserID, c api.UserCreate) api.User {
	u, err := s.getUser(ctx, api.UserRef{ID: id})
	if err != nil {
		u = api.User{ID: id, DisplayName: cmp.Or(c.DisplayName, string(c.Localpart)), CreatedMS: time.Now().UnixMilli(), System: s.system(id)}
	}
	u.Admin = c.Admin
	know(&u, "admin", "deactivated", "guest", "appservice_id", "created_ms")
	return u
}
