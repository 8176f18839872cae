// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"maps"
	"strings"

	"golang.org/x/sync/errgroup"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/matrix"
)

// info says what the server is and what can be done on it. A server whose MAS does not answer is down: nothing about accounts works.
func (a *adapter) info(ctx context.Context, q api.ServerQuery) (api.Server, error) {
	var out api.Server
	var version string
	var refused error
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		out, err = homeserver.Call(ctx, a.synapse, api.ServerInfo, q)
		return err
	})
	g.Go(func() error {
		version, refused = a.version(ctx)
		return nil
	})
	if err := g.Wait(); err != nil {
		return api.Server{}, err
	}
	out.Unavailable = a.unavailable(out.Unavailable) // however it is: forms are drawn all the same
	if out.State == "down" {
		return out, nil
	}
	if refused != nil {
		out.State, out.Problem = "down", problem(refused)
		return out, nil
	}
	out.Version += " + MAS " + strings.TrimPrefix(version, "v")
	out.UserTypes = append([]string{"support", "bot"}, a.settings.UserTypes...)
	out.MaxLocalpart = maxID - len(a.id(""))
	return out, nil
}

// version asks for MAS's version (GET /api/admin/v1/version, since 1.4).
func (a *adapter) version(ctx context.Context) (string, error) {
	var out struct {
		Version string `json:"version"`
	}
	_, err := a.mas.do(ctx, get(matrix.At("/api/admin/v1/version")), &out)
	return out.Version, err
}

// unavailable is what Synapse alone cannot, less what MAS can.
func (a *adapter) unavailable(synapse map[string]string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, synapse)
	for _, e := range a.table {
		delete(out, e.Op.Info().Name)
		if why := e.Why(); why != "" {
			out[e.Op.Info().Name] = why
		}
	}
	for _, field := range []string{"users.update.admin", "users.update.threepids", "users.list.drift", "users.list.locked", "users.list.sort.last_seen"} {
		delete(out, field)
	}
	for _, field := range []string{"users.create.threepids.phone", "users.update.threepids.phone"} {
		out[field] = reasonNoPhones
	}
	if a.whole.size() > 0 {
		for field, reason := range a.lacksLarge() {
			out["users.list."+field] = reason
		}
	}
	return out
}
