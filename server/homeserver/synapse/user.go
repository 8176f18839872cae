// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// optional is a field that not every version sends. null is sent, and empty.
type optional[T any] struct {
	sent  bool
	value T
}

// UnmarshalJSON implements json.Unmarshaler. It reads 1 and 0 as true and false: SQLite knows no others.
func (o *optional[T]) UnmarshalJSON(data []byte) error {
	o.sent = true
	if b, ok := any(&o.value).(*bool); ok && (bytes.Equal(data, []byte("1")) || bytes.Equal(data, []byte("0"))) {
		*b = data[0] == '1'
		return nil
	}
	return json.Unmarshal(data, &o.value)
}

// wireUser is an account as Synapse writes it, in lists and alone.
type wireUser struct {
	Name         api.UserID                 `json:"name"`
	DisplayName  string                     `json:"displayname"`
	AvatarURL    api.MXC                    `json:"avatar_url"`
	Admin        optional[bool]             `json:"admin"`
	UserType     string                     `json:"user_type"`
	Guest        optional[bool]             `json:"is_guest"`
	Deactivated  optional[bool]             `json:"deactivated"`
	Erased       optional[bool]             `json:"erased"`    // since 1.71
	Locked       optional[bool]             `json:"locked"`    // since 1.91, in lists since 1.93
	Suspended    optional[bool]             `json:"suspended"` // since 1.121, not in lists
	ShadowBanned optional[bool]             `json:"shadow_banned"`
	AppService   optional[string]           `json:"appservice_id"` // not in lists
	Created      int64                      `json:"creation_ts"`   // milliseconds in lists, seconds in one account
	LastSeen     optional[int64]            `json:"last_seen_ts"`  // milliseconds; since 1.92, of one account since 1.93
	Threepids    optional[[]threepid]       `json:"threepids"`
	ExternalIDs  optional[[]api.ExternalID] `json:"external_ids"`
}

type threepid struct {
	Medium      string `json:"medium"`
	Address     string `json:"address"`
	ValidatedAt int64  `json:"validated_at"`
}

// user turns what Synapse wrote into an account; unit is how many milliseconds its creation time counts in.
func (s *synapse) user(w wireUser, own api.UserID, unit int64) api.User {
	u := api.User{
		ID:           w.Name,
		DisplayName:  w.DisplayName,
		AvatarURL:    w.AvatarURL,
		Admin:        w.Admin.value,
		UserType:     w.UserType,
		Guest:        w.Guest.value,
		Deactivated:  w.Deactivated.value,
		Erased:       w.Erased.value,
		Locked:       w.Locked.value,
		Suspended:    w.Suspended.value,
		ShadowBanned: w.ShadowBanned.value,
		AppService:   w.AppService.value,
		System:       w.AppService.value != "" || s.settings.Hidden(w.Name.Localpart()),
		Own:          w.Name == own,
		CreatedMS:    w.Created * unit,
		LastSeenMS:   w.LastSeen.value,
		ExternalIDs:  w.ExternalIDs.value,
		Unknown:      w.unknown(),
	}
	for _, t := range w.Threepids.value {
		u.Threepids = append(u.Threepids, api.Threepid{Medium: t.Medium, Address: t.Address, ValidatedMS: t.ValidatedAt})
	}
	return u
}

// unknown names the fields of api.User that were not sent.
func (w wireUser) unknown() []string {
	var out []string
	for _, f := range []struct {
		name string
		sent bool
	}{
		{"erased", w.Erased.sent},
		{"locked", w.Locked.sent},
		{"suspended", w.Suspended.sent},
		{"appservice_id", w.AppService.sent},
		{"last_seen_ms", w.LastSeen.sent},
		{"threepids", w.Threepids.sent},
		{"external_ids", w.ExternalIDs.sent},
	} {
		if !f.sent {
			out = append(out, f.name)
		}
	}
	return out
}

// get returns one account (GET /_synapse/admin/v2/users/{id}). One request.
func (s *synapse) get(ctx context.Context, q api.UserRef) (api.User, error) {
	if err := s.local(ctx, q.ID); err != nil {
		return api.User{}, err
	}
	return s.read(ctx, q.ID)
}

// read returns an account of this homeserver; the error is an *api.Problem, not_found where there is no such account.
func (s *synapse) read(ctx context.Context, id api.UserID) (api.User, error) {
	var w wireUser
	if _, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: userPath(id)}, &w); err != nil {
		return api.User{}, about(id, err)
	}
	if w.Name != id { // the guard decides by what stands here, so it has to be of this account
		return api.User{}, api.NewProblem(api.StatusBadGateway, "homeserver_unknown_answer")
	}
	return s.one(ctx, w)
}

// one is an account that was sent alone.
func (s *synapse) one(ctx context.Context, w wireUser) (api.User, error) {
	own, err := s.keys.Own(ctx)
	if err != nil {
		return api.User{}, matrix.Problem(err)
	}
	const seconds = 1000
	return s.user(w, own, seconds), nil
}

func userPath(id api.UserID) matrix.Path { return matrix.At("/_synapse/admin/v2/users/{}", string(id)) }

// about turns an error into a problem and names the account in it where that is what was not found.
func about(id api.UserID, err error) *api.Problem {
	p := matrix.Problem(err)
	if p.Code == "not_found" && p.Params == nil {
		return api.NewProblem(p.Status, p.Code, "id", string(id))
	}
	return p
}
