// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

var pathPersonal = matrix.At("/api/admin/v1/personal-sessions")

// The kinds of sessions. An ID of api.Device is a kind, a slash, and the session's ID; of what only Synapse has, the device's.
const (
	kindBrowser  = "browser"  // somebody is signed in to MAS itself
	kindOAuth    = "oauth2"   // a client that signed in through MAS
	kindCompat   = "compat"   // a client that signed in the old way
	kindPersonal = "personal" // a token that was made
	kindDevice   = "device"   // a device of Synapse's that no session of MAS's stands for
)

// wireSession is a session of the first three kinds.
type wireSession struct {
	Created    time.Time    `json:"created_at"`
	ClientID   ulid         `json:"client_id"`
	Scope      string       `json:"scope"`
	DeviceID   api.DeviceID `json:"device_id"`
	Name       string       `json:"human_name"`
	UserAgent  string       `json:"user_agent"`
	LastActive *time.Time   `json:"last_active_at"`
	LastIP     string       `json:"last_active_ip"`
}

// liveSession is one of any kind.
type liveSession struct {
	kind string
	id   ulid
	api.Device
}

// maxEnded bounds how many sessions of a kind are read where all of them are meant.
const maxEnded = 10_000

// sessions returns what of an account is signed in, and how many that are: at MAS the sessions of all four kinds that are not finished, of each
// kind the newest up to most, with the personal ones that it made and that act as others, and the devices at Synapse that belong to none of
// them. Six requests at once, and one for each client and account that was not met before.
func (a *adapter) sessions(ctx context.Context, p pair, most int) (list []liveSession, total int, err error) {
	var lists [5][]liveSession
	var unread [5]int
	var devices []api.Device
	g, together := errgroup.WithContext(ctx)
	if p.mas != nil {
		id := p.mas.ID
		for i, k := range []struct {
			kind string
			path matrix.Path
		}{
			{kindBrowser, matrix.At("/api/admin/v1/user-sessions")},
			{kindOAuth, matrix.At("/api/admin/v1/oauth2-sessions")},
			{kindCompat, matrix.At("/api/admin/v1/compat-sessions")},
		} {
			g.Go(func() error {
				found, n, err := readLatest[wireSession](together, a.mas, k.path, most, ofUser(id), active())
				if err != nil {
					return problem(err)
				}
				for _, s := range found {
					lists[i] = append(lists[i], a.live(together, k.kind, s))
				}
				unread[i] = n - len(found)
				return nil
			})
		}
		for i, whose := range []filter{actedBy(id), ownedBy(id)} {
			g.Go(func() error {
				found, n, err := a.personal(together, most, whose)
				for _, s := range found {
					switch acts := s.Attributes.Actor; {
					case i == 0:
						lists[3] = append(lists[3], livePersonal(s))
					case acts != id: // the others were found as whom they act
						lists[4] = append(lists[4], ownedBySomebody(s, a.userID(together, acts)))
					}
				}
				unread[3+i] = n
				return err
			})
		}
	}
	if p.synapse != nil {
		g.Go(func() error {
			found, err := homeserver.Call(together, a.synapse, api.ListDevices, api.UserRef{ID: p.id})
			devices = found.Devices
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, 0, err
	}
	list = withDevices(slices.Concat(lists[:]...), devices)
	total = len(list)
	for _, n := range unread {
		total += n
	}
	return list, total, nil
}

// personal returns the newest personal sessions that still work (GET /api/admin/v1/personal-sessions, since 1.5), and how many others were not
// read. One that has expired is still `active` there.
func (a *adapter) personal(ctx context.Context, most int, filters ...filter) (list []resource[personal], unread int, err error) {
	found, total, err := readLatest[personal](ctx, a.mas, pathPersonal, most, append(filters, active())...)
	if e, ok := matrix.As(err); ok && e.Status == http.StatusNotFound { // an older MAS
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, problem(err)
	}
	return alive(found, time.Now()), total - len(found), nil
}

// alive leaves out what has expired.
func alive(list []resource[personal], now time.Time) []resource[personal] {
	var out []resource[personal]
	for _, s := range list {
		if s.Attributes.Expires == nil || now.Before(*s.Attributes.Expires) {
			out = append(out, s)
		}
	}
	return out
}

func (a *adapter) live(ctx context.Context, kind string, s resource[wireSession]) liveSession {
	w := s.Attributes
	out := liveSession{kind, s.ID, api.Device{
		ID: api.DeviceID(kind + "/" + string(s.ID)), Kind: kind, DisplayName: w.Name, Device: w.DeviceID, LastSeenMS: milliseconds(w.LastActive),
		LastSeenIP: w.LastIP, UserAgent: w.UserAgent, CreatedMS: w.Created.UnixMilli(),
	}}
	if kind == kindOAuth {
		out.Device.Device, out.Admin = deviceOf(w.Scope), api.AdminScope(w.Scope)
		out.Client = a.clientName(ctx, w.ClientID)
	}
	return out
}

func livePersonal(s resource[personal]) liveSession {
	w := s.Attributes
	return liveSession{kindPersonal, s.ID, api.Device{
		ID: api.DeviceID(kindPersonal + "/" + string(s.ID)), Kind: kindPersonal, DisplayName: w.Name, Device: deviceOf(w.Scope), Admin: api.AdminScope(w.Scope),
		LastSeenMS: milliseconds(w.LastActive), LastSeenIP: w.LastIP, CreatedMS: w.Created.UnixMilli(), ExpiresMS: milliseconds(w.Expires),
	}}
}

// ownedBySomebody is a personal session that somebody made and that acts as another. Its device is the other's.
func ownedBySomebody(s resource[personal], acts api.UserID) liveSession {
	out := livePersonal(s)
	out.Device.Device, out.ActsAs = "", cmp.Or(acts, api.UserID(s.Attributes.Actor))
	return out
}

func milliseconds(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return t.UnixMilli()
}

// deviceOf finds the device that a scope binds a session to; both forms of the scope are in use.
func deviceOf(scope string) api.DeviceID {
	for s := range strings.FieldsSeq(scope) {
		for _, prefix := range []string{"urn:matrix:client:device:", "urn:matrix:org.matrix.msc2967.client:device:"} {
			if id, ok := strings.CutPrefix(s, prefix); ok {
				return api.DeviceID(id)
			}
		}
	}
	return ""
}

// withDevices joins sessions with the devices that they stand for, of which Synapse knows the names and when they were seen, and
// adds those that are left. The one seen last comes first.
func withDevices(list []liveSession, devices []api.Device) []liveSession {
	for _, d := range devices {
		i := slices.IndexFunc(list, func(s liveSession) bool { return s.Device.Device == d.ID && d.ID != "" })
		if i < 0 {
			left := d
			left.ID, left.Device, left.Kind = kindDevice+"/"+d.ID, d.ID, kindDevice
			list = append(list, liveSession{kind: kindDevice, Device: left})
			continue
		}
		s := &list[i].Device
		s.DisplayName = cmp.Or(s.DisplayName, d.DisplayName)
		if d.LastSeenMS > s.LastSeenMS {
			s.LastSeenMS, s.LastSeenIP, s.UserAgent = d.LastSeenMS, cmp.Or(d.LastSeenIP, s.LastSeenIP), cmp.Or(d.UserAgent, s.UserAgent)
		}
	}
	slices.SortStableFunc(list, func(a, b liveSession) int {
		return cmp.Or(cmp.Compare(b.LastSeenMS, a.LastSeenMS), cmp.Compare(b.CreatedMS, a.CreatedMS), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// devices returns an account's sessions.
func (a *adapter) devices(ctx context.Context, q api.UserRef) (api.DeviceList, error) {
	p, err := a.look(ctx, q.ID)
	if err != nil {
		return api.DeviceList{}, err
	}
	found, total, err := a.sessions(ctx, p, maxOwned)
	if err != nil {
		return api.DeviceList{}, err
	}
	out := api.DeviceList{Devices: make([]api.Device, 0, len(found))}
	if total > len(found) {
		out.Total = total
	}
	for _, s := range found {
		out.Devices = append(out.Devices, s.Device)
	}
	return out, nil
}

// signOut ends one, several or all sessions of an account.
func (a *adapter) signOut(ctx context.Context, req api.DeviceSignOut) (api.SignedOut, error) {
	p, err := a.look(ctx, req.ID)
	if err != nil {
		return api.SignedOut{}, err
	}
	if req.All {
		n, err := a.endAll(ctx, p)
		return api.SignedOut{ID: req.ID, Count: n}, err
	}
	have, _, err := a.sessions(ctx, p, maxEnded)
	if err != nil {
		return api.SignedOut{}, err
	}
	end := slices.DeleteFunc(have, func(s liveSession) bool { return !slices.Contains(req.Devices, s.ID) })
	if len(end) == 0 {
		return api.SignedOut{}, api.NewProblem(api.StatusNotFound, "no_such_device").At("devices")
	}
	if err := a.endThese(ctx, p.id, end); err != nil {
		return api.SignedOut{}, whole(err)
	}
	return api.SignedOut{ID: req.ID, Count: len(end)}, nil
}

// endAll ends everything that an account is signed in with, on both sides, and returns how many that were. It looks again until nothing
// is left: what MAS finishes takes its device away at Synapse a little later, and a device can be left over.
func (a *adapter) endAll(ctx context.Context, p pair) (int, error) {
	begun, ended := false, map[api.DeviceID]bool{}
	leaving := map[api.DeviceID]bool{} // the devices of sessions that were counted
	round := func() (left, more bool, err error) {
		have, total, err := a.sessions(ctx, p, maxOwned)
		switch {
		case err != nil && begun:
			return false, false, matrix.OutcomeUnknown(p.id)
		case err != nil || len(have) == 0:
			return false, false, err
		}
		if err := a.endThese(ctx, p.id, have); err != nil {
			return true, false, halfway(begun, err)
		}
		begun = true
		before := len(ended)
		for _, s := range have {
			if s.kind != kindDevice || !leaving[s.Device.Device] {
				ended[s.ID] = true
			}
			leaving[s.Device.Device] = true
		}
		return true, total > len(have) && len(ended) > before, nil
	}
	done, err := homeserver.Until(a.pauses, func() (bool, error) {
		for {
			if left, more, err := round(); err != nil || !more {
				return !left && err == nil, err
			}
		}
	})
	if err == nil && !done {
		err = api.NewProblem(api.StatusBadGateway, "did_not_stick")
	}
	return len(ended), whole(err)
}

// endThese ends sessions (POST /api/admin/v1/…-sessions/{id}/finish, personal-sessions/{id}/revoke) and the devices of Synapse's that
// belong to them or to none, four at a time. One that has ended meanwhile is as good as one that we ended. All are tried; the error is a half
// where one of them was ended.
func (a *adapter) endThese(ctx context.Context, id api.UserID, list []liveSession) error {
	var g errgroup.Group
	var begun atomic.Bool
	g.SetLimit(4)
	end := func(one func() error) {
		g.Go(func() error {
			err := one()
			if err == nil {
				begun.Store(true)
			}
			return err
		})
	}
	var devices []api.DeviceID
	for _, s := range list {
		if s.Device.Device != "" && id != "" {
			devices = append(devices, s.Device.Device) // MAS's job would take it away a little later
		}
		if s.kind == kindDevice {
			continue
		}
		end(func() error { return a.finish(ctx, s.kind, s.id) })
	}
	if len(devices) > 0 {
		end(func() error {
			path := matrix.At("/_synapse/admin/v2/users/{}/delete_devices", string(id))
			_, err := a.keys.Do(ctx, matrix.Call{Method: http.MethodPost, Path: path, Body: map[string]any{"devices": devices}}, nil)
			if err != nil && !matrix.NotFound(err) { // an account that only MAS has
				return putProblem(id, err)
			}
			return nil
		})
	}
	err := g.Wait()
	return halfway(err != nil && begun.Load(), err)
}

// whole is the problem of a step that is the whole deed.
func whole(err error) error {
	if h, ok := errors.AsType[half](err); ok {
		return matrix.Partly(problem(h))
	}
	return err
}

func (a *adapter) finish(ctx context.Context, kind string, id ulid) error {
	path := map[string]matrix.Path{
		kindBrowser:  matrix.At("/api/admin/v1/user-sessions/{}/finish", string(id)),
		kindOAuth:    matrix.At("/api/admin/v1/oauth2-sessions/{}/finish", string(id)),
		kindCompat:   matrix.At("/api/admin/v1/compat-sessions/{}/finish", string(id)),
		kindPersonal: matrix.At("/api/admin/v1/personal-sessions/{}/revoke", string(id)),
	}[kind]
	err := a.twice(ctx, post(path, nil))
	if err == nil || missing(err) || matrix.Is(err, http.StatusBadRequest, "") || matrix.Is(err, http.StatusConflict, "") {
		return nil // 400 and 409: it had ended already
	}
	return writeProblem("", err)
}

// endAdminSessions ends what carries an administrator's scopes: MAS itself takes nothing back from somebody who is none any more, and
// renews their tokens with all they had.
func (a *adapter) endAdminSessions(ctx context.Context, id ulid) error {
	var end []liveSession
	_, err := readEach(ctx, a.mas, matrix.At("/api/admin/v1/oauth2-sessions"), latestPage, func(found []resource[wireSession]) bool {
		for _, s := range found {
			if api.AdminScope(s.Attributes.Scope) {
				end = append(end, liveSession{kind: kindOAuth, id: s.ID})
			}
		}
		return true
	}, ofUser(id), active())
	if err != nil {
		return problem(err)
	}
	for _, whose := range []filter{actedBy(id), ownedBy(id)} {
		_, err := readEach(ctx, a.mas, pathPersonal, latestPage, func(found []resource[personal]) bool {
			for _, s := range alive(found, time.Now()) {
				if api.AdminScope(s.Attributes.Scope) {
					end = append(end, liveSession{kind: kindPersonal, id: s.ID})
				}
			}
			return true
		}, whose, active())
		if err != nil && !matrix.Is(err, http.StatusNotFound, "") { // an older MAS
			return problem(err)
		}
	}
	return a.endThese(ctx, "", end)
}
