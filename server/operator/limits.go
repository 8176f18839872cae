// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"container/list"
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"time"
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
	// limitEntries bounds each of the tables. What was not used for
	// longest goes first.
	limitEntries = 20_000
)

// tick is the raster on which answers about sign-ins go out.
const tick = 250 * time.Millisecond

// NextTick returns the next time, after now, at which an answer about a sign-in
// may go out. Between two ticks nobody can tell an unknown name from a wrong
// password by the time.
func NextTick(now time.Time) time.Time {
	return now.Add(tick - now.Sub(now.Truncate(tick)))
}

// Limits counts failed sign-ins. Its methods may be called from many
// goroutines. An attempt counts from [Limits.Allow] on, before its end is
// known: twenty attempts at once are twenty attempts.
type Limits struct {
	now func() time.Time

	mu        sync.Mutex
	pairs     table
	addresses table
	names     table
	told      table // whose refusal was told already
}

// NewLimits returns limits without any failures. now is the clock.
func NewLimits(now func() time.Time) *Limits {
	return &Limits{now: now, pairs: newTable(limitPair), addresses: newTable(limitAddress), names: newTable(slowAfter + 5), told: newTable(1)}
}

// Allow asks whether somebody at an address may try to sign in as name. With
// wait > 0 they may not, until that much time has passed. Otherwise the attempt
// counts, shall first be held up by delay, and must be ended with one of
// [Limits.Failed], [Limits.Succeeded] and [Limits.Cancelled].
//
// The name should be one of a kind: of the same account always the same, with
// its homeserver. Upper and lower case and white space around it do not count.
// An IPv6 address counts as its /64, because one machine has all of that.
func (l *Limits) Allow(name, address string) (wait, delay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	pair, addr, who := limitKeys(name, address)
	wait = max(l.pairs.full(pair, now), l.addresses.full(addr, now))
	if wait > 0 {
		return wait, 0
	}
	l.pairs.begin(pair, now)
	l.addresses.begin(addr, now)
	return 0, slowness(l.names.failures(who, now))
}

// FirstRefusal reports whether an attempt that [Limits.Allow] turned away is the
// first one of its name and address in a window, or the first one of its address
// where that is at its limit: the one to record. Whoever goes on trying costs
// nothing but an answer each time.
func (l *Limits) FirstRefusal(name, address string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	key, addr, _ := limitKeys(name, address)
	if l.addresses.full(addr, now) > 0 {
		key = addr
	}
	if l.told.failures(key, now) > 0 {
		return false
	}
	l.told.fail(key, now)
	return true
}

// Failed notes that the attempt was a wrong password or an unknown name.
func (l *Limits) Failed(name, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	pair, addr, who := limitKeys(name, address)
	l.pairs.fail(pair, now)
	l.addresses.fail(addr, now)
	l.names.fail(who, now)
}

// Succeeded forgets the failures of this name from this address. Those of the
// address stay: with an account of one's own one cannot buy further guesses at
// others'. Those of the name stay, too: its owner's sign-in is no reason to let
// somebody else guess faster.
func (l *Limits) Succeeded(name, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	pair, addr, _ := limitKeys(name, address)
	l.pairs.forget(pair)
	l.addresses.cancel(addr)
}

// Cancelled takes an attempt back that nobody learned anything from: the
// homeserver could not be asked, or the person went away.
func (l *Limits) Cancelled(name, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	pair, addr, _ := limitKeys(name, address)
	l.pairs.cancel(pair)
	l.addresses.cancel(addr)
}

// slowness is how long an attempt waits after that many failures of its name.
func slowness(failures int) time.Duration {
	if failures < slowAfter {
		return 0
	}
	return min(slowStep<<min(failures-slowAfter, 16), slowMost)
}

// A limitKey stands for a name, an address or both. It is a hash, so that a
// long name takes no more room than a short one, and so that a password typed
// into the field for the name is not kept.
type limitKey [sha256.Size]byte

func limitKeys(name, address string) (pair, addr, who limitKey) {
	name = strings.ToLower(strings.TrimSpace(name))
	address = network(address)
	// Hashed each by itself, two free texts cannot run into each other.
	addr, who = sha256.Sum256([]byte("address\x00"+address)), sha256.Sum256([]byte("name\x00"+name))
	pair = sha256.Sum256(append(addr[:], who[:]...))
	return pair, addr, who
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

// A table keeps the attempts of each key, at most as many as its limit.
type table struct {
	limit   int
	entries map[limitKey]*list.Element
	used    *list.List // of *attempts, what was used last in front
}

// attempts of one key, each until it counts no more.
type attempts struct {
	key    limitKey
	failed []time.Time // when each ends to count, the first one first
	open   []time.Time // of those whose end is not known yet
}

func newTable(limit int) table {
	return table{limit: limit, entries: map[limitKey]*list.Element{}, used: list.New()}
}

// get returns the attempts of a key that still count, or nil.
func (t *table) get(key limitKey, now time.Time) *attempts {
	e, ok := t.entries[key]
	if !ok {
		return nil
	}
	a := e.Value.(*attempts)
	a.failed, a.open = counting(a.failed, now), counting(a.open, now)
	if len(a.failed)+len(a.open) == 0 {
		t.drop(e)
		return nil
	}
	t.used.MoveToFront(e)
	return a
}

// ensure returns the attempts of a key, new ones if it has none.
func (t *table) ensure(key limitKey, now time.Time) *attempts {
	if a := t.get(key, now); a != nil {
		return a
	}
	if t.used.Len() >= limitEntries {
		t.drop(t.used.Back())
	}
	a := &attempts{key: key}
	t.entries[key] = t.used.PushFront(a)
	return a
}

func (t *table) drop(e *list.Element) {
	delete(t.entries, e.Value.(*attempts).key)
	t.used.Remove(e)
}

// full returns how long until another attempt is allowed, 0 if one is now.
func (t *table) full(key limitKey, now time.Time) time.Duration {
	a := t.get(key, now)
	if a == nil || len(a.failed)+len(a.open) < t.limit {
		return 0
	}
	first := time.Time{}
	for _, ends := range [][]time.Time{a.failed, a.open} {
		if len(ends) > 0 && (first.IsZero() || ends[0].Before(first)) {
			first = ends[0]
		}
	}
	return first.Sub(now)
}

func (t *table) begin(key limitKey, now time.Time) {
	a := t.ensure(key, now)
	a.open = append(a.open, now.Add(attemptLife))
}

// fail turns an open attempt into a failure.
func (t *table) fail(key limitKey, now time.Time) {
	a := t.ensure(key, now)
	if len(a.open) > 0 {
		a.open = a.open[1:]
	}
	a.failed = append(a.failed, now.Add(limitWindow))
	if len(a.failed) > t.limit {
		a.failed = a.failed[1:]
	}
}

// cancel takes an open attempt back.
func (t *table) cancel(key limitKey) {
	e, ok := t.entries[key]
	if !ok {
		return
	}
	if a := e.Value.(*attempts); len(a.open) > 0 {
		a.open = a.open[:len(a.open)-1]
	}
}

func (t *table) forget(key limitKey) {
	if e, ok := t.entries[key]; ok {
		t.drop(e)
	}
}

func (t *table) failures(key limitKey, now time.Time) int {
	if a := t.get(key, now); a != nil {
		return len(a.failed)
	}
	return 0
}

// counting leaves out the times that are over. They are in order.
func counting(ends []time.Time, now time.Time) []time.Time {
	for len(ends) > 0 && !now.Before(ends[0]) {
		ends = ends[1:]
	}
	return ends
}
