// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// A call is one operation, through the gate and directly.
type call struct {
	Name    string
	gate    request
	direct  []request // what the gate asks the homeserver for it, one after the other
	Gate    times
	Direct  times
	Failed  int
	PerSec  int // zero: one at a time
	Replays bool
}

// A request is a GET with its headers.
type request struct {
	url    string
	header http.Header
}

// added is how much later the gate's 99th percentile is.
func (c *call) added() time.Duration { return c.Gate.quantile(0.99) - c.Direct.quantile(0.99) }

// ratio is how many times longer the median is through the gate.
func (c *call) ratio() float64 {
	if c.Direct.median() == 0 {
		return 0
	}
	return float64(c.Gate.median()) / float64(c.Direct.median())
}

// A caller sends calls and keeps its connections.
type caller struct{ transport *http.Transport }

func newCaller() caller {
	return caller{&http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}}
}

func (c caller) close() { c.transport.CloseIdleConnections() }

// send sends requests one after the other and reads all of every answer.
func (c caller) send(ctx context.Context, all ...request) error {
	for _, r := range all {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
		if err != nil {
			return err
		}
		req.Header = r.header
		resp, err := c.transport.RoundTrip(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answered %s", r.url, resp.Status)
		}
	}
	return nil
}

// inTurn measures calls one at a time, through the gate and directly in turn. The first few do not count.
func (c caller) inTurn(ctx context.Context, of *call, n int) error {
	const warmUp = 20
	for i := range n + warmUp {
		for half := range 2 {
			through := (i+half)%2 == 0 // each is first every second time
			requests := of.direct
			if through {
				requests = []request{of.gate}
			}
			began := time.Now()
			if err := c.send(ctx, requests...); err != nil {
				return err
			}
			took := time.Since(began)
			switch {
			case i < warmUp:
			case through:
				of.Gate = append(of.Gate, took)
			default:
				of.Direct = append(of.Direct, took)
			}
		}
	}
	return nil
}

// atRate sends so many calls a second each way, for some seconds, whether earlier ones are answered or not. A call's time begins when
// it was due, so that one that had to wait for its turn shows it.
func (c caller) atRate(ctx context.Context, of *call, seconds int) error {
	n := of.PerSec * seconds
	step := time.Second / time.Duration(of.PerSec)
	gate, direct := make(times, n), make(times, n)
	failed := make([]error, 2*n)
	var all sync.WaitGroup
	began := time.Now().Add(10 * time.Millisecond)
	one := func(due time.Time, into *time.Duration, fail *error, requests ...request) {
		all.Go(func() {
			*fail = c.send(ctx, requests...)
			*into = time.Since(due)
		})
	}
	for i := range n {
		due := began.Add(time.Duration(i) * step)
		time.Sleep(time.Until(due))
		one(due, &gate[i], &failed[2*i], of.gate)
		due = due.Add(step / 2)
		time.Sleep(time.Until(due))
		one(due, &direct[i], &failed[2*i+1], of.direct...)
	}
	all.Wait()
	for _, err := range failed {
		if err == nil {
			continue
		}
		if of.Failed++; of.Failed > n/100 {
			return fmt.Errorf("more than one call in a hundred failed: %w", err)
		}
	}
	of.Gate, of.Direct = gate, direct
	return ctx.Err()
}
