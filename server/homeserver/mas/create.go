// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/password"
)

// maxID is the longest Matrix ID there is, in bytes.
const maxID = 255

// available tells whether a new account may have a name. MAS is asked for its own table and Synapse for what it reserves; neither
// knows the other's.
func (a *adapter) available(ctx context.Context, q api.NameQuery) (api.Availability, error) {
	out := api.Availability{ID: a.id(string(q.Localpart))}
	if len(out.ID) > maxID {
		out.Code = "localpart_long"
		return out, nil
	}
	// Without regard to case, as MAS compares when it makes one.
	var found single[user]
	_, err := a.mas.do(ctx, get(matrix.At("/api/admin/v1/users/by-username/{}", string(q.Localpart))), &found)
	switch {
	case err == nil:
		out.Code = "name_in_use"
		return out, nil
	case !missing(err):
		return api.Availability{}, problem(err)
	}
	return homeserver.Call(ctx, a.synapse, api.CheckName, q)
}

// making is an account on its way.
type making struct {
	api.UserCreate
	id       api.UserID
	password api.Secret
	owned    owned
}

// create makes an account (POST /api/admin/v1/users), and then gives it what that call cannot, each by itself: password, e-mail
// addresses, links, what Synapse keeps, administrator last. What fails is in Left, and is remembered, so that the same request with Continue
// goes on with it. What MAS or Synapse cannot take is refused before anything is sent.
func (a *adapter) create(ctx context.Context, req api.UserCreate) (api.Handout, error) {
	m := making{UserCreate: req, id: a.id(string(req.Localpart))}
	if len(m.id) > maxID {
		return api.Handout{}, api.NewProblem(api.StatusUnprocessable, "too_long", "max", strconv.Itoa(maxID-len(a.id("")))).At("localpart")
	}
	release, mine := a.hand.take(m.id)
	if !mine {
		return api.Handout{}, api.NewProblem(api.StatusConflict, "name_in_use").At("localpart")
	}
	defer release()
	site, err := a.siteConfig(ctx)
	if err != nil {
		return api.Handout{}, err
	}
	if req.Password.Mode != api.PasswordNone && !site.Passwords {
		return api.Handout{}, api.NewProblem(api.StatusUnprocessable, "password_disabled").At("password.mode")
	}
	var made account
	if req.Continue {
		made, err = a.resume(ctx, m)
	} else {
		err = a.isBegun(ctx, m) // before somebody is told that its own address is taken
	}
	if err != nil {
		return api.Handout{}, err
	}
	if m.owned, err = a.checkOwned(ctx, made.ID, "threepids.", req.Threepids, nil, "external_ids.", req.ExternalIDs); err != nil {
		return api.Handout{}, err
	}
	if m.password, err = password.Make(req.Password); err != nil {
		return api.Handout{}, problem(err)
	}
	if !req.Continue {
		if made, err = a.make(ctx, m); err != nil {
			return api.Handout{}, err
		}
	}
	return a.fill(ctx, m, made), nil
}

// make makes the account itself. MAS makes it at Synapse in the same call, so it is on both sides or on neither. Where nobody
// answers, it is ours if it was not there before and is now, made since.
func (a *adapter) make(ctx context.Context, m making) (account, error) {
	free, err := a.available(ctx, api.NameQuery{Localpart: m.Localpart})
	if err != nil {
		return account{}, err
	}
	if !free.Free {
		status := api.StatusUnprocessable
		if free.Code == "name_in_use" {
			status = api.StatusConflict
		}
		return account{}, api.NewProblem(status, free.Code).At("localpart")
	}
	body := map[string]any{"username": m.Localpart}
	if m.DisplayName != "" { // since 1.18; older ones ignore them, and fill sees that
		body["displayname"] = m.DisplayName
	}
	if m.AvatarURL != "" {
		body["avatar_url"] = m.AvatarURL
	}
	var out single[user]
	a.intend(ctx, m)
	answer, err := a.mas.do(ctx, post(matrix.At("/api/admin/v1/users"), body), &out)
	switch {
	case err == nil && answer.Status == http.StatusCreated && out.Data.ID.valid():
		return out.Data, nil
	case err == nil:
		return account{}, api.NewProblem(api.StatusBadGateway, "mas_unknown_answer", "status", strconv.Itoa(answer.Status))
	case matrix.Unknown(err):
		return a.settleNew(ctx, m)
	}
	a.giveUp(ctx, m)
	return account{}, a.notMade(ctx, m, err)
}

// notMade is why MAS did not make an account. Of two who make one of the same name at once, the second is told what MAS says when it does
// not reach Synapse, or, where only Synapse has the first one's yet, that the name is reserved. So it is looked whether the name is there by
// now, for three quarters of a second.
func (a *adapter) notMade(ctx context.Context, m making, cause error) *api.Problem {
	p := newProblem(cause)
	if p.Code != "mas_synapse_down" && p.Code != "name_refused" {
		return p
	}
	taken, _ := homeserver.Until(a.pauses[:min(4, len(a.pauses))], func() (bool, error) {
		fresh, cancel := a.fresh(ctx)
		defer cancel()
		_, err := a.mas.byName(fresh, string(m.Localpart))
		if missing(err) {
			return false, nil
		}
		return err == nil, err
	})
	if taken {
		return api.NewProblem(api.StatusConflict, "name_in_use").At("localpart")
	}
	return p
}

// settleNew looks for an account that may have been made though nobody said so. That its name was free just now makes it ours; the
// clocks of gate and MAS need not agree to the second.
func (a *adapter) settleNew(ctx context.Context, m making) (account, error) {
	var made account
	done, _ := homeserver.Until(a.pauses, func() (bool, error) {
		fresh, cancel := a.fresh(ctx)
		defer cancel()
		found, err := a.mas.byName(fresh, string(m.Localpart))
		if missing(err) {
			return false, nil
		}
		made = found
		return err == nil && time.Since(found.Attributes.Created).Abs() < time.Minute, err
	})
	if !done {
		return account{}, matrix.OutcomeUnknown(m.id)
	}
	return made, nil
}

// newProblem is what is wrong with a new account.
func newProblem(err error) *api.Problem {
	e, ok := matrix.As(err)
	switch {
	case !ok || e.Kind != matrix.Refused:
		return problem(err)
	case e.Status == http.StatusConflict && strings.Contains(e.Text, "reserved"):
		return api.NewProblem(api.StatusUnprocessable, "name_refused").At("localpart")
	case e.Status == http.StatusConflict:
		return api.NewProblem(api.StatusConflict, "name_in_use").At("localpart")
	case e.Status == http.StatusBadRequest:
		return api.NewProblem(api.StatusUnprocessable, "name_refused").At("localpart")
	case e.Status == http.StatusInternalServerError && !e.Foreign(): // Synapse did not answer MAS, and nothing was made
		return api.NewProblem(api.StatusBadGateway, "mas_synapse_down")
	}
	return problem(err)
}

// fill gives the new account what it was asked to have.
func (a *adapter) fill(ctx context.Context, m making, made account) api.Handout {
	out := api.Handout{Password: m.password, Homeserver: a.address(ctx), ClientURL: a.settings.ClientURL, Continued: m.Continue}
	left := func(field string, err error) {
		if err != nil {
			p := problem(err)
			out.Left = append(out.Left, api.FieldProblem{Field: field, Code: p.Code, Params: p.Params})
		}
	}
	a.noteLeft(ctx, m, made, m.steps()) // what is left if the gate is stopped here
	if !m.password.IsZero() {
		if err := a.setPassword(ctx, made.ID, m.password); err != nil {
			left("password", err)
			out.Password = api.Secret{}
		}
	}
	out.Left = append(out.Left, a.giveEmails(ctx, m.id, made.ID, m.owned.addresses)...)
	out.Left = append(out.Left, a.giveLinks(ctx, made.ID, m.owned.links)...)
	a.fillSynapse(ctx, m, left)
	if m.Admin {
		left("admin", a.setAdmin(ctx, m.id, made.ID, true))
	}
	a.noteLeft(ctx, m, made, out.Left)
	p, err := a.look(ctx, m.id)
	if err == nil {
		out.User, err = a.full(ctx, p)
	}
	if err != nil { // it was made, so the card has to be shown whatever happens next
		out.User = api.User{ID: m.id, DisplayName: m.DisplayName, Admin: m.Admin, UserType: m.UserType}
	}
	a.note(out.User)
	return out
}

// fillSynapse sets what Synapse keeps and MAS did not pass on: the type, and with a MAS before 1.18 the profile.
func (a *adapter) fillSynapse(ctx context.Context, m making, left func(string, error)) {
	now, err := homeserver.Call(ctx, a.synapse, api.GetUser, api.UserRef{ID: m.id})
	for _, step := range []struct {
		field, key string
		value      any
		wanted     bool
		done       bool
	}{
		{"display_name", "displayname", m.DisplayName, m.DisplayName != "", now.DisplayName == m.DisplayName},
		{"avatar_url", "avatar_url", m.AvatarURL, m.AvatarURL != "", now.AvatarURL == m.AvatarURL},
		{"user_type", "user_type", m.UserType, m.UserType != "", now.UserType == m.UserType},
	} {
		switch {
		case !step.wanted:
		case err != nil:
			left(step.field, err)
		case !step.done:
			if err := a.put(ctx, m.id, map[string]any{step.key: step.value}); err != nil {
				left(step.field, putProblem(m.id, err))
			}
		}
	}
}

// setPassword gives an account a password (POST /api/admin/v1/users/{id}/set-password). MAS's policy is asked, always.
func (a *adapter) setPassword(ctx context.Context, id ulid, secret api.Secret) error {
	call := post(matrix.At("/api/admin/v1/users/{}/set-password", string(id)), map[string]any{"password": secret, "skip_password_check": false})
	switch err := a.twice(ctx, call); {
	case err == nil:
		return nil
	case matrix.Is(err, http.StatusBadRequest, ""):
		site, _ := a.siteConfig(ctx)
		return api.NewProblem(api.StatusUnprocessable, "mas_weak_password", "quality", strconv.Itoa(site.MinimumQuality)).At("password.password")
	case matrix.Is(err, http.StatusForbidden, ""):
		return api.NewProblem(api.StatusUnprocessable, "password_disabled").At("password.mode")
	default:
		return writeProblem("", err)
	}
}

// twice sends a write to MAS that does no more twice than once, and again where nobody answered (matrix.Twice).
func (a *adapter) twice(ctx context.Context, call matrix.Call) error {
	return matrix.Twice(func(again bool) error {
		if again {
			fresh, cancel := a.fresh(ctx)
			defer cancel()
			ctx = fresh
		}
		_, err := a.mas.do(ctx, call, nil)
		return err
	})
}

// setAdmin says whether an account may ask for administrator's scopes (POST /api/admin/v1/users/{id}/set-admin), and has Synapse's
// own flag, which is without effect under MAS, say the same. Whoever is none any more loses what they have: MAS would renew it.
func (a *adapter) setAdmin(ctx context.Context, name api.UserID, id ulid, admin bool) error {
	call := post(matrix.At("/api/admin/v1/users/{}/set-admin", string(id)), map[string]any{"admin": admin})
	if _, err := a.mas.do(ctx, call, nil); err != nil {
		return writeProblem(name, err)
	}
	if !admin {
		if err := a.endAdminSessions(ctx, id); err != nil {
			return half{err} // the right is taken
		}
	}
	// Where this fails, the account's page shows the difference and offers to repair it.
	_ = a.put(ctx, name, map[string]any{"admin": admin})
	return nil
}

// address is where clients find the homeserver.
func (a *adapter) address(ctx context.Context) string {
	var out struct {
		Homeserver struct {
			BaseURL string `json:"base_url"`
		} `json:"m.homeserver"`
	}
	if _, err := a.keys.synapse.Do(ctx, get(matrix.At("/.well-known/matrix/client")), &out); err == nil && out.Homeserver.BaseURL != "" {
		return strings.TrimRight(out.Homeserver.BaseURL, "/")
	}
	return a.keys.synapse.Base()
}

// fresh is a context for what has to be done even where the caller's time is over.
func (a *adapter) fresh(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), a.mas.admin.Timeout())
}
