// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
	"gatehouse/server/jobs"
)

// moody is a homeserver that is away, asks to wait, or leaves calls without an answer, done or not, or done later, as a seed says, for some calls.
type moody struct {
	w *gatetest.World

	mu       sync.Mutex
	rand     *rand.Rand
	moods    int // so many calls more
	made     map[api.UserID]int
	notices  map[api.UserID]int
	password map[api.UserID]string
}

// What becomes of a call.
const (
	answered = iota
	notDone
	doneUnheard
	doneLater
)

func (m *moody) mood() (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.moods--; m.moods < 0 {
		return answered, nil
	}
	unheard := api.NewProblem(api.StatusTimeout, "outcome_unknown")
	switch n := m.rand.IntN(100); {
	case n < 30:
		return notDone, api.NewProblem(api.StatusBadGateway, "homeserver_down")
	case n < 40:
		p := api.NewProblem(api.StatusTooMany, "homeserver_limited", "wait", "2")
		p.RetryMS = 2000
		return notDone, p
	case n < 43:
		return doneLater, unheard
	case n < 46:
		return notDone, unheard
	case n < 52:
		return doneUnheard, unheard
	}
	return answered, nil
}

// calls has a call take a while, and does it as the mood is.
func (m *moody) calls(do func() error) error {
	time.Sleep(70 * time.Millisecond)
	how, err := m.mood()
	locked := func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		return do()
	}
	switch how {
	case answered:
		return locked()
	case doneUnheard:
		_ = locked()
	case doneLater:
		time.AfterFunc(4*time.Second, func() { _ = locked() })
	}
	return err
}

func newMoody(w *gatetest.World, r *rand.Rand) *moody {
	m := &moody{w: w, rand: r, moods: 60, made: map[api.UserID]int{}, notices: map[api.UserID]int{}, password: map[api.UserID]string{}}
	gatetest.On(w.Stub, api.CreateUser, func(_ context.Context, c api.UserCreate) (api.Handout, error) {
		u := api.User{ID: w.Stub.ID(string(c.Localpart)), CreatedMS: w.Clock.Now().UnixMilli(), DisplayName: c.DisplayName}
		return api.Handout{User: u, Password: c.Password.Password}, m.calls(func() error {
			if m.made[u.ID] > 0 {
				return api.NewProblem(api.StatusConflict, "name_in_use").At("localpart")
			}
			m.made[u.ID]++
			m.password[u.ID] = c.Password.Password.Reveal()
			w.Stub.Put(u)
			return nil
		})
	})
	gatetest.On(w.Stub, api.ResetPassword, func(_ context.Context, r api.PasswordReset) (api.Handout, error) {
		return api.Handout{Password: r.Password.Password}, m.calls(func() error {
			m.password[r.ID] = r.Password.Password.Reveal()
			return nil
		})
	})
	gatetest.On(w.Stub, api.SendNotice, func(_ context.Context, n api.Notice) (api.NoticeReport, error) {
		return api.NoticeReport{Sent: []api.NoticeSent{{ID: n.ID}}}, m.calls(func() error {
			m.notices[n.ID]++
			return nil
		})
	})
	return m
}

// A gate that is killed again and again at any moments, in front of a homeserver in any mood, makes each account once, hands out the password that it has, and
// sends no notice twice: of what it cannot find out it says so.
func TestKilledInAnyMood(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { killedInAnyMood(t, rand.New(rand.NewPCG(seed, seed))) })
		})
	}
}

func killedInAnyMood(t *testing.T, r *rand.Rand) {
	w := gatetest.New(t, gatetest.Options{Pace: jobs.Pace{AtOnce: 1 + r.IntN(4)}})
	m := newMoody(w, rand.New(rand.NewPCG(r.Uint64(), r.Uint64())))
	items := make([]jobs.Item, 8)
	for i := range items {
		items[i] = creates(w, fmt.Sprintf("u%03d", i))
	}
	id := started(t, w, items...)
	for range 4 {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for again := time.Duration(1); again > 0; time.Sleep(again) {
				again, _ = w.Jobs.Work(ctx, id)
			}
		}()
		time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
		mend := []func(){w.Break("audit", "INSERT", "true"), w.Break("job_items", "UPDATE", "true")} // from now on nothing is written
		stop()
		<-ended
		for _, f := range mend {
			f()
		}
		w.Restart()
	}
	work(t, w, id)
	time.Sleep(5 * time.Second) // until what is done later is done

	handed := map[api.UserID]string{}
	for _, p := range gatetest.Must[api.JobHandout](t, w, w.Person(api.Owner), "jobs.passwords", api.JobRef{ID: id}).Passwords {
		handed[p.ID] = p.Password.Reveal()
	}
	ends := gatetest.Must[api.JobItemPage](t, w, w.Person(api.Owner), "jobs.items", api.JobItemQuery{ID: id}).Items
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range ends {
		made, notices := m.made[i.Target], m.notices[i.Target]
		if made > 1 || notices > 1 || i.State == api.ItemDone && made+notices != 2 || i.State != api.ItemDone && i.State != api.ItemUnknown {
			t.Errorf("%s is %s %s; made %d times, sent %d notices", i.Target, i.State, i.Code, made, notices)
		}
		if made == 1 && handed[i.Target] != m.password[i.Target] {
			t.Errorf("%s has the password %q, and %q was handed out", i.Target, m.password[i.Target], handed[i.Target])
		}
	}
}
