// SPDX-License-Identifier: Apache-2.0

// Package accounts fills a homeserver with accounts of a plausible mix, for the
// demo, the benchmarks and the pictures.
package accounts

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Count is how many there are besides the first administrator.
const Count = 200

// Admin is the localpart of the first administrator.
const Admin = "admin"

// Version changes with the accounts, so that an older demo is made anew.
const Version = 1

// An Account is one of them. Not every server can be brought to all of it: what a
// server has no way for is left out there.
type Account struct {
	Localpart   string
	DisplayName string // empty: has none
	Email       string
	UserType    string // bot or support
	Admin       bool
	Locked      bool
	Deactivated bool
	Erased      bool // goes with Deactivated
	Created     time.Duration
	Devices     []Device // empty: never seen
}

// A device is one that an account is signed in on. Times are before now.
type Device struct {
	Name      string
	UserAgent string
	IP        string
	LastSeen  time.Duration
}

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// All returns the accounts, always the same ones.
func All() []Account {
	m := mixer{rand: rand.New(rand.NewPCG(2026, 11)), taken: map[string]bool{}}
	for _, p := range foreign {
		m.person(p.localpart, p.name)
	}
	for _, p := range special {
		m.add(p)
	}
	for i := range 14 {
		number := fmt.Sprintf("49151%08d", m.rand.IntN(1e8))
		m.add(Account{Localpart: "whatsapp_" + number, DisplayName: m.pick(given).shown + " (WhatsApp)", Created: m.within(30*day, year)})
		if i%2 == 0 {
			id := fmt.Sprint(100_000_000 + m.rand.IntN(900_000_000))
			m.add(Account{Localpart: "telegram_" + id, DisplayName: m.pick(given).shown + " " + m.pick(family).shown + " (Telegram)", Created: m.within(30*day, year)})
		}
	}
	for len(m.list) < Count {
		first, last := m.pick(given), m.pick(family)
		m.person(first.plain+"."+last.plain, first.shown+" "+last.shown)
	}
	m.spread()
	return m.list
}

// A mixer makes accounts one after the other.
type mixer struct {
	rand  *rand.Rand
	list  []Account
	taken map[string]bool
}

// add takes an account unless its name is taken.
func (m *mixer) add(a Account) {
	if m.taken[a.Localpart] {
		return
	}
	m.taken[a.Localpart] = true
	if a.Created == 0 {
		a.Created = m.within(2*day, 3*year)
	}
	m.list = append(m.list, a)
}

// person adds somebody who uses the server, has never done so, or has left.
func (m *mixer) person(localpart, name string) {
	a := Account{Localpart: localpart, DisplayName: name, Created: m.within(day, 3*year)}
	if m.rand.IntN(3) == 0 {
		a.Email = localpart + "@mail.example"
	}
	if m.rand.IntN(6) > 0 {
		for range 1 + m.rand.IntN(3) {
			a.Devices = append(a.Devices, m.device(a.Created))
		}
	}
	m.add(a)
}

// device is one that was used some time after the account was made. Most people
// were here today or this week.
func (m *mixer) device(created time.Duration) Device {
	d := clients[m.rand.IntN(len(clients))]
	d.IP = fmt.Sprintf("203.0.113.%d", 1+m.rand.IntN(254)) // RFC 5737: for documentation
	limit := []time.Duration{12 * time.Hour, 12 * time.Hour, 7 * day, 30 * day, year}[m.rand.IntN(5)]
	d.LastSeen = m.within(time.Minute, min(limit, created))
	return d
}

// spread gives states to people, evenly over the list.
func (m *mixer) spread() {
	give := func(count int, to func(*Account)) {
		for done := 0; done < count; {
			a := &m.list[m.rand.IntN(len(m.list))]
			ghost := strings.Contains(a.Localpart, "_")
			if ghost || a.Admin || a.Locked || a.Deactivated || a.UserType != "" {
				continue
			}
			to(a)
			done++
		}
	}
	leave := func(a *Account) { a.Deactivated, a.Devices, a.Email = true, nil, "" }
	give(4, func(a *Account) { a.Admin = true })
	give(6, func(a *Account) { a.Locked = true })
	give(12, leave)
	give(4, func(a *Account) { leave(a); a.Erased = true })
	give(8, func(a *Account) { a.DisplayName = "" })
}

// within is a random time between two.
func (m *mixer) within(from, to time.Duration) time.Duration {
	if to <= from {
		return from
	}
	return from + time.Duration(m.rand.Int64N(int64(to-from)))
}

func (m *mixer) pick(from []name) name { return from[m.rand.IntN(len(from))] }
