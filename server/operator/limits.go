// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"time"

	"gatehouse/server/store"
)

// How many failed attempts to sign in are allowed within limitWindow.
const (
	limitWindow  = 15 * time.Minute
	limitPair    = 5  // of one name from one address
	limitAddress = 20 // of any names from one address
	// slowAfter failures of one name, from wherever, each further attempt
	// waits: slowStep, then twice as long each time, up to slowMost. A name
	// alone is never refused, or anybody could lock its owner out.
	slowAfter = 5
	slowStep  = 250 * time.Millisecond
	slowMost  = 4 * time.Second
	// attemptLife is how long an attempt counts that nobody said the end of;
	// it is longer than any attempt takes.
	attemptLife = 2 * time.Minute
)

// tick is the raster on which answers about sign-ins go out.
const tick = 250 * time.Millisecond

// NextTick returns the next time, after now, at which an answer about a sign-in
// may go out. Between two ticks nobody can tell an unknown name from a wrong
// password by the time.
func NextTick(now time.Time) time.Time {
	return now.Add(tick - now.Sub(now.Truncate(tick)))
}

// Limits counts failed sign-ins, over all gates that share the store. An attempt
// counts from [Limits.Allow] on, before its end is known: twenty attempts at once
// are twenty attempts.
type Limits struct {
	store *store.Store
	mac   []byte
	now   func() time.Time
}

// NewLimits returns the limits that are in a store. mac is a secret key, with
// which names are hashed: what is typed in the field for the name may be a
// password. now is the clock.
func NewLimits(s *store.Store, mac []byte, now func() time.Time) *Limits {
	return &Limits{store: s, mac: mac, now: now}
}

// Allow asks whether somebody at an address may try to sign in as name.
//
// The name should be one of a kind: of the same account always the same, with
// its homeserver. Upper and lower case and white space around it do not count.
// An IPv6 address counts as its /64, because one machine has all of that.
func (l *Limits) Allow(ctx context.Context, name, address string) (*Try, error) {
	addr := "sign-in from " + network(address)
	name = strings.ToLower(strings.TrimSpace(name))
	pair, who := l.key("pair", addr, name), l.key("name", name)
	t := &Try{store: l.store, now: l.now, limits: []store.Limit{{Key: addr, Most: limitAddress}, {Key: pair, Most: limitPair}}, pair: pair, who: who}
	if err := t.begin(ctx); err != nil || t.Wait > 0 {
		return t, err
	}
	failures, err := l.store.Attempts(ctx, who, l.now())
	t.Delay = slowness(failures)
	return t, err
}

// key hashes texts, each by itself, so that two cannot run into each other.
func (l *Limits) key(texts ...string) string {
	m := hmac.New(sha256.New, l.mac)
	for _, text := range texts {
		sum := sha256.Sum256([]byte(text))
		m.Write(sum[:])
	}
	return texts[0] + " " + hex.EncodeToString(m.Sum(nil))
}

// slowness is how long an attempt waits after that many failures of its name.
func slowness(failures int) time.Duration {
	if failures < slowAfter {
		return 0
	}
	return min(slowStep<<min(failures-slowAfter, 16), slowMost)
}

// network returns what an address counts as: an IPv4 address itself, the /64 of
// an IPv6 address. All that is no address counts as one.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}

// A Try is an attempt that was asked for. Where it may be made, it counts until
// one of Failed, Succeeded and Cancelled is called, or attemptLife is over.
type Try struct {
	// Wait is how long until such an attempt may be made; 0: this one may.
	Wait time.Duration
	// Delay is how long it shall be held up first.
	Delay time.Duration

	store  *store.Store
	now    func() time.Time
	id     string
	limits []store.Limit
	full   store.Limit // that turned it away
	pair   string      // what a success forgets the failures of
	who    string      // what a failure counts under as well
}

func (t *Try) begin(ctx context.Context) error {
	now := t.now()
	t.id = rand.Text()
	free, full, err := t.store.BeginAttempt(ctx, t.id, t.limits, now, now.Add(attemptLife))
	t.Wait, t.full = until(free, now), full
	return err
}

// FirstRefusal reports whether a try that was turned away is the first one in a
// window: of its name and address, or of its address where that is at its limit.
// That one is to be recorded. Whoever goes on trying costs nothing but an answer
// each time.
func (t *Try) FirstRefusal(ctx context.Context) (bool, error) {
	err := t.store.TakeLease(ctx, "refusal told, "+t.full.Key, t.id, t.now(), limitWindow)
	if errors.Is(err, store.ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

// Failed notes that it was a wrong password or an unknown name.
func (t *Try) Failed(ctx context.Context) error {
	keys := []string{t.who}
	for _, l := range t.limits {
		keys = append(keys, l.Key)
	}
	return t.store.FailAttempt(context.WithoutCancel(ctx), t.id, keys, t.now().Add(limitWindow))
}

// Succeeded forgets the failures of this name from this address. Those of the
// address stay: with an account of one's own one cannot buy further guesses at
// others'. Those of the name stay, too: its owner's sign-in is no reason to let
// somebody else guess faster.
func (t *Try) Succeeded(ctx context.Context) error {
	return t.store.EndAttempt(context.WithoutCancel(ctx), t.id, t.pair)
}

// Cancelled takes the try back: nobody learned anything from it, because the
// homeserver could not be asked, or the person went away.
func (t *Try) Cancelled(ctx context.Context) error {
	return t.store.EndAttempt(context.WithoutCancel(ctx), t.id)
}
