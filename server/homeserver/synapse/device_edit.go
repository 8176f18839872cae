// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// pruneDevices ends the devices that were not used for some days. It looks when it is done, so a device that was used since it was
// shown is spared.
func (s *synapse) pruneDevices(ctx context.Context, req api.DevicePrune) (api.SignedOut, error) {
	if err := s.local(ctx, req.ID); err != nil {
		return api.SignedOut{}, err
	}
	have, err := s.readDevices(ctx, req.ID)
	if err != nil {
		return api.SignedOut{}, err
	}
	var end []api.DeviceID
	for _, d := range req.Meant(have, time.Now().UnixMilli()) {
		end = append(end, d.ID)
	}
	if len(end) == 0 {
		return api.SignedOut{ID: req.ID}, nil
	}
	return s.endDevices(ctx, req.ID, end)
}

// device returns one device of an account.
func (s *synapse) device(ctx context.Context, id api.UserID, device api.DeviceID) (api.OwnDevice, error) {
	have, err := s.readDevices(ctx, id)
	if err != nil {
		return api.OwnDevice{}, err
	}
	i := slices.IndexFunc(have, func(d api.Device) bool { return d.ID == device })
	if i < 0 {
		return api.OwnDevice{}, api.NewProblem(api.StatusNotFound, "no_such_device").At("device")
	}
	return api.OwnDevice{ID: id, Device: have[i]}, nil
}

// renameDevice gives a device another name (PUT /_synapse/admin/v2/users/{id}/devices/{device}).
func (s *synapse) renameDevice(ctx context.Context, req api.DeviceRename) (api.OwnDevice, error) {
	if err := s.local(ctx, req.ID); err != nil {
		return api.OwnDevice{}, err
	}
	now, err := s.device(ctx, req.ID, req.Device)
	if err != nil || now.Device.DisplayName == req.Name {
		return now, err
	}
	return s.nameDevice(ctx, req.ID, req.Device, req.Name)
}

func (s *synapse) nameDevice(ctx context.Context, id api.UserID, device api.DeviceID, name string) (api.OwnDevice, error) {
	path := matrix.At("/_synapse/admin/v2/users/{}/devices/{}", string(id), string(device))
	call := matrix.Call{Method: http.MethodPut, Path: path, Body: map[string]any{"display_name": name}}
	switch err := s.twice(ctx, call, nil); {
	case matrix.Unaskable(err):
		return api.OwnDevice{}, api.NewProblem(api.StatusUnprocessable, "unnameable_device").At("device")
	case err != nil:
		return api.OwnDevice{}, s.writeProblem(id, err)
	}
	fresh, cancel := s.fresh(ctx)
	defer cancel()
	after, err := s.device(fresh, id, device)
	switch {
	case err != nil:
		return api.OwnDevice{}, matrix.OutcomeUnknown(id)
	case after.Device.DisplayName != name:
		return api.OwnDevice{}, api.NewProblem(api.StatusBadGateway, "did_not_stick")
	}
	return after, nil
}

// createDevice makes a device (POST /_synapse/admin/v2/users/{id}/devices, since 1.85). Synapse answers the same where it is there
// already, so that is looked at first.
func (s *synapse) createDevice(ctx context.Context, req api.DeviceCreate) (api.OwnDevice, error) {
	now, err := s.target(ctx, req.ID)
	switch {
	case err != nil:
		return api.OwnDevice{}, err
	case now.Deactivated:
		return api.OwnDevice{}, api.NewProblem(api.StatusConflict, "deactivated_account").At("id")
	}
	if req.Device == "" {
		req.Device = api.DeviceID(rand.Text()[:10])
	}
	have, err := s.readDevices(ctx, req.ID)
	if err != nil {
		return api.OwnDevice{}, err
	}
	if slices.ContainsFunc(have, func(d api.Device) bool { return d.ID == req.Device }) {
		return api.OwnDevice{}, api.NewProblem(api.StatusConflict, "device_exists").At("device")
	}
	path := matrix.At("/_synapse/admin/v2/users/{}/devices", string(req.ID))
	call := matrix.Call{Method: http.MethodPost, Path: path, Body: map[string]any{"device_id": req.Device}}
	if err := s.twice(ctx, call, nil); err != nil {
		return api.OwnDevice{}, s.writeProblem(req.ID, err)
	}
	fresh, cancel := s.fresh(ctx)
	defer cancel()
	if req.Name != "" {
		named, err := s.nameDevice(fresh, req.ID, req.Device, req.Name)
		if err != nil { // the device is there
			return api.OwnDevice{}, matrix.Partly(matrix.Problem(err))
		}
		return named, nil
	}
	made, err := s.device(fresh, req.ID, req.Device)
	if err != nil {
		return api.OwnDevice{}, matrix.OutcomeUnknown(req.ID)
	}
	return made, nil
}
