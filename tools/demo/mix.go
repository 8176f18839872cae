// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// accounts is how many the demo has besides its first administrator.
const accounts = 200

// mixVersion changes with the mix, so that an older demo is made anew.
const mixVersion = 1

// An account of the demo. Not every server can be brought to all of it: what a
// server has no way for is left out there.
type account struct {
	Localpart   string
	DisplayName string // empty: has none
	Email       string
	UserType    string // bot or support
	Admin       bool
	Locked      bool
	Deactivated bool
	Erased      bool // goes with Deactivated
	Created     time.Duration
	Devices     []device // empty: never seen
}

// A device is one that an account is signed in on. Times are before now.
type device struct {
	Name      string
	UserAgent string
	IP        string
	LastSeen  time.Duration
}

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// mix returns the accounts of the demo, always the same ones.
func mix() []account {
	m := mixer{rand: rand.New(rand.NewPCG(2026, 11)), taken: map[string]bool{}}
	for _, p := range foreign {
		m.person(p.localpart, p.name)
	}
	for _, p := range special {
		m.add(p)
	}
	for i := range 14 {
		number := fmt.Sprintf("49151%08d", m.rand.IntN(1e8))
		m.add(account{Localpart: "whatsapp_" + number, DisplayName: m.pick(given).shown + " (WhatsApp)", Created: m.within(30*day, year)})
		if i%2 == 0 {
			id := fmt.Sprint(100_000_000 + m.rand.IntN(900_000_000))
			m.add(account{Localpart: "telegram_" + id, DisplayName: m.pick(given).shown + " " + m.pick(family).shown + " (Telegram)", Created: m.within(30*day, year)})
		}
	}
	for len(m.list) < accounts {
		first, last := m.pick(given), m.pick(family)
		m.person(first.plain+"."+last.plain, first.shown+" "+last.shown)
	}
	m.spread()
	return m.list
}

// A mixer makes accounts one after the other.
type mixer struct {
	rand  *rand.Rand
	list  []account
	taken map[string]bool
}

// add takes an account unless its name is taken.
func (m *mixer) add(a account) {
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
	a := account{Localpart: localpart, DisplayName: name, Created: m.within(day, 3*year)}
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
func (m *mixer) device(created time.Duration) device {
	d := clients[m.rand.IntN(len(clients))]
	d.IP = fmt.Sprintf("203.0.113.%d", 1+m.rand.IntN(254)) // RFC 5737: for documentation
	limit := []time.Duration{12 * time.Hour, 12 * time.Hour, 7 * day, 30 * day, year}[m.rand.IntN(5)]
	d.LastSeen = m.within(time.Minute, min(limit, created))
	return d
}

// spread gives states to people, evenly over the list.
func (m *mixer) spread() {
	give := func(count int, to func(*account)) {
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
	leave := func(a *account) { a.Deactivated, a.Devices, a.Email = true, nil, "" }
	give(4, func(a *account) { a.Admin = true })
	give(6, func(a *account) { a.Locked = true })
	give(12, leave)
	give(4, func(a *account) { leave(a); a.Erased = true })
	give(8, func(a *account) { a.DisplayName = "" })
}

// within is a random time between two.
func (m *mixer) within(from, to time.Duration) time.Duration {
	if to <= from {
		return from
	}
	return from + time.Duration(m.rand.Int64N(int64(to-from)))
}

func (m *mixer) pick(from []name) name { return from[m.rand.IntN(len(from))] }
