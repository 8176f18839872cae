// SPDX-License-Identifier: Apache-2.0

package dendrite

import (
	"context"
	"maps"
	"net/http"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// slow is how long one small request may take before the server counts as slow.
const slow = time.Second

// info asks one small thing of the server, GET /_matrix/client/versions, and its version over federation where that is on.
func (s *server) info(ctx context.Context, _ api.ServerQuery) (api.Server, error) {
	out, _ := s.look(ctx)
	return out, nil
}

// look returns the server as it is now, and its clock.
func (s *server) look(ctx context.Context) (api.Server, matrix.Answer) {
	out := api.Server{
		Name: s.settings.Name, ServerName: s.settings.ServerName, Kind: "dendrite", State: "up", Unavailable: s.adapter().Unavailable(),
	}
	maps.Copy(out.Unavailable, s.fields())
	answer, err := s.client.Do(ctx, matrix.Call{Method: http.MethodGet, Path: matrix.At("/_matrix/client/versions")}, nil)
	if err != nil {
		out.State, out.Problem = "down", matrix.Problem(err)
		return out, answer
	}
	if out.LatencyMS = max(1, answer.Latency.Milliseconds()); answer.Latency > slow {
		out.State = "slow"
	}
	if _, version, err := s.software(ctx); err == nil {
		out.Version = version
	}
	if name, err := s.serverName(ctx); err == nil {
		out.ServerName = name
		out.MaxLocalpart = maxLocalpart(name)
	}
	if s.askNotices(ctx); s.hasNotices() != "" {
		out.Unavailable[api.SendNotice.Info().Name] = s.hasNotices()
	}
	return out, answer
}

// software asks what the server is and in which version (GET /_matrix/federation/v1/version). Where federation is off it does not
// tell.
func (s *server) software(ctx context.Context) (name, version string, err error) {
	var out struct {
		Server struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"server"`
	}
	_, err = s.client.Do(ctx, matrix.Call{Method: http.MethodGet, Path: matrix.At("/_matrix/federation/v1/version")}, &out)
	return out.Server.Name, out.Server.Version, err
}
