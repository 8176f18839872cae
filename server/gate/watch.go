// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"sync"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
)

// watchEvery is how often the gate looks at a homeserver; watchTime is how long it waits for an answer.
const (
	watchEvery = 30 * time.Second
	watchTime  = 10 * time.Second
)

// health is what the gate saw of a homeserver when it last looked. Pages draw from it without asking.
type health struct {
	mu   sync.Mutex
	seen api.Server
	at   time.Time
}

// Seen returns what the gate last saw of the homeserver, and when: the zero time where it has not looked yet.
func (h *Homeserver) Seen() (api.Server, time.Time) {
	h.health.mu.Lock()
	defer h.health.mu.Unlock()
	return h.health.seen, h.health.at
}

// Unavailable returns the operations, and the fields of operations, that cannot be had on the homeserver, with the reasons. It costs
// no request.
func (h *Homeserver) Unavailable() map[string]string {
	out := map[string]string{}
	seen, _ := h.Seen()
	for name, why := range seen.Unavailable {
		out[name] = why
	}
	for name, why := range h.Adapter.Unavailable() {
		out[name] = why
	}
	return out
}

// Watch looks at every homeserver now and then until ctx ends. Nobody's session is kept alive by it, and nothing is recorded but what
// it does about former service accounts.
func (g *Gate) Watch(ctx context.Context) {
	var all sync.WaitGroup
	for _, server := range g.servers {
		all.Go(func() {
			tick := time.NewTicker(watchEvery)
			defer tick.Stop()
			for {
				server.look(ctx, g.now)
				g.tidy(ctx, server)
				select {
				case <-tick.C:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	all.Wait()
}

// tidy ends the gate's former accounts on a homeserver that answers.
func (g *Gate) tidy(ctx context.Context, server *Homeserver) {
	if seen, _ := server.Seen(); seen.State == "down" || ctx.Err() != nil {
		return
	}
	if err := g.endFormer(ctx, server); err != nil {
		g.log.ErrorContext(ctx, "former service accounts could not be looked after", "homeserver", server.Settings.Name, "error", err.Error())
	}
}

func (h *Homeserver) look(ctx context.Context, now func() time.Time) {
	ctx, cancel := context.WithTimeout(ctx, watchTime)
	defer cancel()
	seen, err := homeserver.Call(ctx, h.Adapter, api.ServerInfo, api.ServerQuery{})
	if ctx.Err() == context.Canceled {
		return
	}
	if err != nil || seen.State == "down" {
		last, _ := h.Seen() // what it can do has not changed because it is away
		last.State = "down"
		seen = last
	}
	h.health.mu.Lock()
	defer h.health.mu.Unlock()
	h.health.seen, h.health.at = seen, now()
}
