// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// devices returns the devices of an account, the one seen last first (GET /_synapse/admin/v2/users/{id}/devices).
// A dehydrated device (MSC3814) is no session and is left out.
func (s *synapse) devices(ctx context.Context, q api.UserRef) (api.DeviceList, error) {
	if err := s.local(ctx, q.ID); err != nil {
		return api.DeviceList{}, err
	}
	list, err := s.readDevices(ctx, q.ID)
	return api.DeviceList{Devices: list}, err
}

func (s *synapse) readDevices(ctx context.Context, id api.UserID) ([]api.Device, error) {
	var out struct {
		Devices []struct {
			ID          api.DeviceID   `json:"device_id"`
			DisplayName string         `json:"display_name"`
			IP          string         `json:"last_seen_ip"`
			UserAgent   string         `json:"last_seen_user_agent"`
			LastSeen    int64          `json:"last_seen_ts"`
			Dehydrated  optional[bool] `json:"dehydrated"`
		} `json:"devices"`
	}
	path := matrix.At("/_synapse/admin/v2/users/{}/devices", string(id))
	if _, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: path}, &out); err != nil {
		return nil, about(id, err)
	}
	list := make([]api.Device, 0, len(out.Devices))
	for _, d := range out.Devices {
		if !d.Dehydrated.value {
			list = append(list, api.Device{ID: d.ID, DisplayName: d.DisplayName, LastSeenMS: d.LastSeen, LastSeenIP: d.IP, UserAgent: d.UserAgent})
		}
	}
	slices.SortStableFunc(list, func(a, b api.Device) int {
		return cmp.Or(cmp.Compare(b.LastSeenMS, a.LastSeenMS), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// signOut ends devices. It looks at what there is first, because Synapse answers the same for a device that does not exist,
// and so counts what it ends.
func (s *synapse) signOut(ctx context.Context, req api.DeviceSignOut) (api.SignedOut, error) {
	if err := s.local(ctx, req.ID); err != nil {
		return api.SignedOut{}, err
	}
	have, err := s.readDevices(ctx, req.ID)
	if err != nil {
		return api.SignedOut{}, err
	}
	var end []api.DeviceID
	for _, d := range have {
		if req.All || slices.Contains(req.Devices, d.ID) {
			end = append(end, d.ID)
		}
	}
	switch {
	case len(end) == 0 && req.All:
		return api.SignedOut{ID: req.ID}, nil
	case len(end) == 0:
		return api.SignedOut{}, api.NewProblem(api.StatusNotFound, "no_such_device").At("devices")
	}
	return s.endDevices(ctx, req.ID, end)
}

// endDevices ends devices by their IDs (POST /_synapse/admin/v2/users/{id}/delete_devices). Those that do not exist are
// passed over. In the body a device may be called anything; in a path `..` could not.
func (s *synapse) endDevices(ctx context.Context, id api.UserID, end []api.DeviceID) (api.SignedOut, error) {
	path := matrix.At("/_synapse/admin/v2/users/{}/delete_devices", string(id))
	call := matrix.Call{Method: http.MethodPost, Path: path, Body: map[string]any{"devices": end}}
	if err := s.twice(ctx, call, nil); err != nil {
		return api.SignedOut{}, s.writeProblem(id, err)
	}
	return api.SignedOut{ID: id, Count: len(end)}, nil
}
