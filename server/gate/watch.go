// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"sync"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
)

// watchEvery is how often the gate looks at a homeserver, and awayEvery at one that does not answer; watchTime is how long it waits for an answer.
const (
	watchEvery = 30 * time.Second
	awayEvery  = 5 * time.Second
	watchTime  = 10 * time.Second
)

// health is what the gate last saw of a homeserver: when it looked, or when somebody's call was answered, or was not. Pages draw from it without asking.
type health struct {
	mu   sync.Mutex
	seen api.Server
	at   time.Time
	fell chan struct{} // told when the homeserver may have ceased to answer
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
			for ctx.Err() == nil {
				server.look(ctx, g.now)
				g.tidy(ctx, server)
				server.rest(ctx)
			}
		})
	}
	all.Wait()
}

// soon has the gate look again before its time.
func (h *Homeserver) soon() {
	select {
	case h.health.fell <- struct{}{}:
	default: // it will already
	}
}

// rest lasts until it is time to look again: soon where the homeserver does not answer, or ceases to.
func (h *Homeserver) rest(ctx context.Context) {
	again := watchEvery
	if seen, _ := h.Seen(); seen.State == "down" {
		again = awayEvery
	}
	tick := time.NewTimer(again)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			return
		case <-h.health.fell:
			if again > awayEvery {
				again = awayEvery
				tick.Reset(again)
			}
		case <-ctx.Done():
			return
		}
	}
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
	if err != nil {
		seen.State = "down"
	}
	h.saw(seen, now())
}

func (h *Homeserver) saw(seen api.Server, at time.Time) {
	h.health.mu.Lock()
	defer h.health.mu.Unlock()
	if seen.State == "down" {
		if h.health.seen.State != "down" {
			h.soon()
		}
		seen = h.health.seen // what it can do has not changed because it is away
		seen.State = "down"
	}
	h.health.seen, h.health.at = seen, at
}

// Heard learns from the answer to a call, so that no page says otherwise than what somebody was just told. A call that was given up says nothing; after a
// write that was not answered the gate looks soon.
func (h *Homeserver) Heard(ctx context.Context, result any, err error, at time.Time) {
	if ctx.Err() != nil {
		return
	}
	if report, ok := result.(api.Report); ok {
		result = report.Server
	}
	if seen, ok := result.(api.Server); ok && err == nil {
		h.saw(seen, at)
	}
	p, ok := errors.AsType[*api.Problem](err)
	switch {
	case ok && p.Away():
		h.saw(api.Server{State: "down"}, at)
	case ok && p.Unclear():
		h.soon()
	}
}
