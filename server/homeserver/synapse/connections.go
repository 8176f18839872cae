// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// connections returns from where an account was used (GET /_synapse/admin/v1/whois/{id}). Synapse remembers it for a while
// (user_ips_max_age) and does not tell which device it was. One request, and another where there is none, because an account that
// does not exist has none either.
func (s *synapse) connections(ctx context.Context, q api.UserRef) (api.ConnectionList, error) {
	if err := s.local(ctx, q.ID); err != nil {
		return api.ConnectionList{}, err
	}
	var out struct {
		Devices map[string]struct {
			Sessions []struct {
				Connections []struct {
					IP        string `json:"ip"`
					LastSeen  int64  `json:"last_seen"`
					UserAgent string `json:"user_agent"`
				} `json:"connections"`
			} `json:"sessions"`
		} `json:"devices"`
	}
	path := matrix.At("/_synapse/admin/v1/whois/{}", string(q.ID))
	if _, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: path}, &out); err != nil {
		return api.ConnectionList{}, about(q.ID, err)
	}
	list := api.ConnectionList{Connections: []api.Connection{}, Unknown: []string{"device", "device_name"}}
	for _, device := range out.Devices {
		for _, session := range device.Sessions {
			for _, c := range session.Connections {
				list.Connections = append(list.Connections, api.Connection{IP: c.IP, UserAgent: c.UserAgent, LastSeenMS: c.LastSeen})
			}
		}
	}
	if list.Total = len(list.Connections); list.Total == 0 {
		_, err := s.read(ctx, q.ID)
		return list, err
	}
	slices.SortFunc(list.Connections, func(a, b api.Connection) int {
		return cmp.Or(cmp.Compare(b.LastSeenMS, a.LastSeenMS), cmp.Compare(a.IP, b.IP), cmp.Compare(a.UserAgent, b.UserAgent))
	})
	list.Connections = list.Connections[:min(list.Total, api.MaxConnections)]
	return list, nil
}

// pushers returns where an account's notifications are sent to (GET /_synapse/admin/v1/users/{id}/pushers). A push key goes no
// further than here.
func (s *synapse) pushers(ctx context.Context, q api.UserRef) (api.PusherList, error) {
	if err := s.local(ctx, q.ID); err != nil {
		return api.PusherList{}, err
	}
	var out struct {
		Pushers []struct {
			Kind    string       `json:"kind"`
			AppID   string       `json:"app_id"`
			AppName string       `json:"app_display_name"`
			Name    string       `json:"device_display_name"`
			Device  api.DeviceID `json:"device_id"`
			Key     string       `json:"pushkey"`
			Enabled *bool        `json:"enabled"`
			Data    struct {
				URL string `json:"url"`
			} `json:"data"`
		} `json:"pushers"`
	}
	path := matrix.At("/_synapse/admin/v1/users/{}/pushers", string(q.ID))
	if _, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: path}, &out); err != nil {
		return api.PusherList{}, about(q.ID, err)
	}
	list := api.PusherList{Pushers: make([]api.Pusher, 0, len(out.Pushers))}
	for _, p := range out.Pushers {
		list.Pushers = append(list.Pushers, api.Pusher{
			Kind: p.Kind, AppName: p.AppName, AppID: p.AppID, Device: p.Device, Name: p.Name, Gateway: hostOf(p.Data.URL), Key: shortKey(p.Key),
			Disabled: p.Enabled != nil && !*p.Enabled,
		})
	}
	slices.SortStableFunc(list.Pushers, func(a, b api.Pusher) int {
		return cmp.Or(cmp.Compare(a.AppName, b.AppName), cmp.Compare(a.Name, b.Name), cmp.Compare(a.AppID, b.AppID), cmp.Compare(a.Key, b.Key))
	})
	return list, nil
}

// hostOf returns the server of an address. What stands behind it may tell notifications apart, and so let one send them.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// shortKey returns what tells a push key from others: of a long one its ends, of an e-mail address its first letter and server.
func shortKey(key string) string {
	if local, server, ok := strings.Cut(key, "@"); ok && len(local) > 1 && !strings.Contains(server, "@") {
		return string([]rune(local)[:1]) + "…@" + server
	}
	const end, least = 4, 24
	if r := []rune(key); len(r) >= least {
		return string(r[:end]) + "…" + string(r[len(r)-end:])
	}
	return "…"
}
