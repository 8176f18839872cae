// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// maxRoomNames is how many rooms of the homeserver are asked for their names: one request, whatever the account is in.
const maxRoomNames = 500

// The reasons why a list of rooms is not whole.
const (
	limitJoinedOnly = "synapse_joined_only"
	limitRoomNames  = "synapse_room_names"
)

// rooms returns a page of the rooms that an account is or was in. Three requests, two of them at the same time: whether there is such
// an account, because for one that does not exist the answer is an empty list; its rooms; and names for them.
func (s *synapse) rooms(ctx context.Context, q api.RoomQuery) (api.RoomPage, error) {
	offset := 0
	if q.Cursor != "" {
		var err error
		if offset, err = strconv.Atoi(q.Cursor); err != nil || offset < 0 {
			return api.RoomPage{}, api.NewProblem(api.StatusUnprocessable, "invalid_cursor").At("cursor")
		}
	}
	if _, err := s.target(ctx, q.ID); err != nil {
		return api.RoomPage{}, err
	}
	var page api.RoomPage
	var names map[api.RoomID]roomName
	var more bool
	group, within := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		page, err = s.readRooms(within, q.ID)
		return err
	})
	group.Go(func() (err error) {
		names, more, err = s.roomNames(within)
		return err
	})
	if err := group.Wait(); err != nil {
		return api.RoomPage{}, err
	}
	nameless := false
	for i, r := range page.Rooms {
		n, known := names[r.ID]
		page.Rooms[i].Name, page.Rooms[i].Alias = n.Name, n.Alias
		nameless = nameless || !known
	}
	if nameless && more {
		page.Limits = append(page.Limits, limitRoomNames)
	}
	slices.SortFunc(page.Rooms, func(a, b api.Room) int {
		return cmp.Or(cmp.Compare(standing(a), standing(b)), cmp.Compare(called(a), called(b)), cmp.Compare(a.ID, b.ID))
	})
	return pageOf(page, offset), nil
}

// readRooms returns all rooms of an account with its membership (GET /_synapse/admin/v1/users/{id}/memberships, since 1.145), or
// those that it is in alone (GET …/joined_rooms).
func (s *synapse) readRooms(ctx context.Context, id api.UserID) (api.RoomPage, error) {
	page := api.RoomPage{Rooms: []api.Room{}}
	var all struct {
		Memberships map[api.RoomID]string `json:"memberships"`
	}
	_, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: matrix.At("/_synapse/admin/v1/users/{}/memberships", string(id))}, &all)
	if matrix.Unrecognized(err) {
		joined, err := s.joinedRooms(ctx, id)
		for _, room := range joined {
			page.Rooms = append(page.Rooms, api.Room{ID: room, Membership: "join"})
		}
		page.Joined, page.Total, page.Limits = len(joined), len(joined), []string{limitJoinedOnly}
		return page, err
	}
	if err != nil {
		return page, about(id, err)
	}
	for room, membership := range all.Memberships {
		page.Rooms = append(page.Rooms, api.Room{ID: room, Membership: membership})
		if membership == "join" {
			page.Joined++
		}
	}
	page.Total = len(page.Rooms)
	return page, nil
}

// joinedRooms returns the rooms that an account is in (GET /_synapse/admin/v1/users/{id}/joined_rooms).
func (s *synapse) joinedRooms(ctx context.Context, id api.UserID) ([]api.RoomID, error) {
	var out struct {
		Rooms []api.RoomID `json:"joined_rooms"`
	}
	path := matrix.At("/_synapse/admin/v1/users/{}/joined_rooms", string(id))
	if _, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: path}, &out); err != nil {
		return nil, about(id, err)
	}
	return out.Rooms, nil
}

type roomName struct {
	ID    api.RoomID `json:"room_id"`
	Name  string     `json:"name"`
	Alias string     `json:"canonical_alias"`
}

// roomNames returns the names of the homeserver's largest rooms, and whether it has more (GET /_synapse/admin/v1/rooms).
func (s *synapse) roomNames(ctx context.Context) (map[api.RoomID]roomName, bool, error) {
	var out struct {
		Rooms []roomName `json:"rooms"`
		Total int        `json:"total_rooms"`
	}
	call := matrix.Call{
		Method: http.MethodGet, Path: matrix.At("/_synapse/admin/v1/rooms"),
		Query: url.Values{"order_by": {"joined_local_members"}, "limit": {strconv.Itoa(maxRoomNames)}},
	}
	if _, err := s.keys.Do(ctx, call, &out); err != nil {
		return nil, false, matrix.Problem(err)
	}
	names := make(map[api.RoomID]roomName, len(out.Rooms))
	for _, r := range out.Rooms {
		names[r.ID] = r
	}
	return names, out.Total > len(out.Rooms), nil
}

// standing orders memberships: what holds, what is offered, what is over.
func standing(r api.Room) int {
	order := []string{"join", "invite", "knock", "ban"}
	if i := slices.Index(order, r.Membership); i >= 0 {
		return i
	}
	return len(order)
}

// called is what a room is sorted by; those without a name come last.
func called(r api.Room) string {
	if name := cmp.Or(r.Name, r.Alias); name != "" {
		return strings.ToLower(name)
	}
	return "\U0010FFFF"
}

// pageOf cuts a page out of all rooms.
func pageOf(all api.RoomPage, offset int) api.RoomPage {
	all.Offset = min(offset, all.Total)
	end := min(all.Offset+api.RoomPageSize, all.Total)
	if end < all.Total {
		all.Next = strconv.Itoa(end)
	}
	if all.Offset > 0 {
		all.Previous = strconv.Itoa(max(all.Offset-api.RoomPageSize, 0))
	}
	all.Rooms = all.Rooms[all.Offset:end]
	return all
}

// activityPeriods are the hours that are counted.
var activityPeriods = []int{24, 7 * 24, 30 * 24}

// activity counts what an account did lately (GET /_synapse/admin/v1/users/{id}/sent_invite_count and …/cumulative_joined_room_count,
// since 1.122). Two requests a period, three at the same time, and one that asks whether there is such an account.
func (s *synapse) activity(ctx context.Context, q api.UserRef) (api.Activity, error) {
	if _, err := s.target(ctx, q.ID); err != nil {
		return api.Activity{}, err
	}
	out := api.Activity{Periods: make([]api.ActivityPeriod, len(activityPeriods))}
	now := time.Now()
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(3)
	ask := func(path matrix.Path, hours int, field string, into *int64) {
		group.Go(func() error {
			from := now.Add(-time.Duration(hours) * time.Hour).UnixMilli()
			var answer map[string]int64
			call := matrix.Call{Method: http.MethodGet, Path: path, Query: url.Values{"from_ts": {strconv.FormatInt(from, 10)}}}
			if _, err := s.keys.Do(within, call, &answer); err != nil {
				return about(q.ID, err)
			}
			*into = answer[field]
			return nil
		})
	}
	for i, hours := range activityPeriods {
		period := &out.Periods[i]
		period.Hours = hours
		ask(matrix.At("/_synapse/admin/v1/users/{}/sent_invite_count", string(q.ID)), hours, "invite_count", &period.Invites)
		ask(matrix.At("/_synapse/admin/v1/users/{}/cumulative_joined_room_count", string(q.ID)), hours, "cumulative_joined_room_count", &period.Joins)
	}
	return out, group.Wait()
}
