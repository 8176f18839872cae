// SPDX-License-Identifier: Apache-2.0

package store

import (
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/server/store/storetest"
)

func lives(t *testing.T, s *Store, id string) bool {
	t.Helper()
	ok, err := s.Lives(t.Context(), id)
	must(t, err)
	return ok
}

func TestReplicas(t *testing.T) { storetest.Each(t, testReplicas) }

func testReplicas(t *testing.T) {
	source := storetest.Source(t)
	one, two := openAt(t, source), openAt(t, source)
	ctx := t.Context()
	life := replicaLife
	if one.Pool() == nil {
		life = fileLife
	}
	if one.Replica() == two.Replica() || lives(t, two, one.Replica()) {
		t.Errorf("%s and %s, before a beat", one.Replica(), two.Replica())
	}
	must(t, one.Beat(ctx, t0))
	must(t, two.Beat(ctx, t0.Add(life)))
	if !lives(t, two, one.Replica()) || !lives(t, one, two.Replica()) {
		t.Error("dead too early")
	}
	must(t, one.Beat(ctx, t0.Add(life)))
	must(t, two.Beat(ctx, t0.Add(2*life)))
	if !lives(t, two, one.Replica()) {
		t.Error("a second beat did nothing")
	}
	for range sureLooks - 1 {
		must(t, two.Beat(ctx, t0.Add(2*life+time.Millisecond)))
		if !lives(t, two, one.Replica()) {
			t.Error("dead by the clock alone")
		}
	}
	must(t, two.Beat(ctx, t0.Add(2*life+time.Millisecond)))
	if lives(t, two, one.Replica()) {
		t.Error("it lives for ever")
	}
	must(t, one.Beat(ctx, t0.Add(3*life))) // it had only slept
	if !lives(t, two, one.Replica()) {
		t.Error("it cannot come back")
	}
	must(t, one.Leave(ctx))
	if lives(t, two, one.Replica()) {
		t.Error("it left, and is there")
	}
}

// When the clock is set nobody is dead who goes on, and somebody who is gone is not alive until it is as late again.
func TestReplicasWhenTheClockIsSet(t *testing.T) { storetest.Each(t, testReplicasWhenTheClockIsSet) }

func testReplicasWhenTheClockIsSet(t *testing.T) {
	source := storetest.Source(t)
	one, two, gone := openAt(t, source), openAt(t, source), openAt(t, source)
	at, ctx := t0, t.Context()
	for _, s := range []*Store{one, two, gone} {
		must(t, s.Beat(ctx, at))
	}
	for _, set := range []time.Duration{time.Hour, -time.Hour, -time.Hour} {
		at = at.Add(set)
		for range 10 {
			for _, s := range []*Store{two, one} {
				must(t, s.Beat(ctx, at))
				if !lives(t, s, one.Replica()) || !lives(t, s, two.Replica()) {
					t.Fatalf("dead after the clock was set by %s", set)
				}
			}
			at = at.Add(BeatEvery)
		}
		if lives(t, one, gone.Replica()) {
			t.Errorf("alive after the clock was set by %s", set)
		}
		gone = openAt(t, source)
		must(t, gone.Beat(ctx, at))
	}
}

// On one machine it can be seen who still runs; of a process on another one nobody knows.
func TestReplicasThatDoNotRun(t *testing.T) { storetest.Each(t, testReplicasThatDoNotRun) }

func testReplicasThatDoNotRun(t *testing.T) {
	source := storetest.Source(t)
	one, two := openAt(t, source), openAt(t, source)
	must(t, one.Beat(t.Context(), t0))
	must(t, two.Beat(t.Context(), t0))
	ended := exec.CommandContext(t.Context(), "true")
	must(t, ended.Run())
	for name, pid := range map[string]int{"ended": ended.Process.Pid, "earlier": pidOf(t, one), "parent": 1} {
		_, err := one.exec(t.Context(), `INSERT INTO replicas (id, host, pid, seen_ms) VALUES ($1, '', $2, $3)`, name, pid, t0.UnixMilli())
		must(t, err)
	}
	must(t, two.Beat(t.Context(), t0))
	var left []string
	for _, id := range []string{"ended", "earlier", "parent", one.Replica(), two.Replica()} {
		if lives(t, one, id) {
			left = append(left, id)
		}
	}
	want := []string{"parent", one.Replica(), two.Replica()}
	if one.Pool() != nil {
		want = slices.Insert(want, 0, "ended", "earlier")
	}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("alive (-want +got):\n%s", diff)
	}
}

func pidOf(t *testing.T, s *Store) (pid int) {
	t.Helper()
	must(t, s.read.QueryRow(`SELECT pid FROM replicas WHERE id = $1`, s.Replica()).Scan(&pid))
	return pid
}

// What another process does is not settled while it lives, and only then.
func TestSettleWhatIsLeftBehind(t *testing.T) { storetest.Each(t, testSettleWhatIsLeftBehind) }

func testSettleWhatIsLeftBehind(t *testing.T) {
	source := storetest.Source(t)
	one, two := openAt(t, source), openAt(t, source)
	ctx := t.Context()
	for _, s := range []*Store{one, two} {
		must(t, s.Beat(ctx, t0))
	}
	unknown := AuditResult{At: t0, Outcome: "unknown", Code: "interrupted"}
	settle := func(want ...int64) {
		t.Helper()
		got, err := two.SettleAudit(ctx, unknown)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("settled %v, %v, want %v", got, err, want)
		}
	}
	begin := func(s *Store) int64 {
		t.Helper()
		id, err := s.AppendAudit(ctx, intent("@a:hs"))
		must(t, err)
		return id
	}
	settled := func() string {
		t.Helper()
		at, err := two.Meta(ctx, auditSettledKey)
		if err != nil {
			return ""
		}
		return at
	}
	ended, open, own := begin(one), begin(one), begin(two)
	must(t, one.AppendOutcome(ctx, ended, AuditResult{At: t0, Outcome: "done"}))
	settle()
	if at := settled(); at != "" {
		t.Errorf("it wrote down %s, although nothing was settled", at)
	}
	must(t, one.Leave(ctx))
	settle(open)
	if at := settled(); at != "2" { // its own, 3, is open
		t.Errorf("settled up to %s", at)
	}
	settle()
	// Who was only believed dead tells how it went after all.
	must(t, one.AppendOutcome(ctx, open, AuditResult{At: t0, Outcome: "done"}))
	must(t, two.AppendOutcome(ctx, own, AuditResult{At: t0, Outcome: "done"}))
	late := begin(one)
	settle(late)
	if at := settled(); at != "8" {
		t.Errorf("settled up to %s", at)
	}
}

// A use that another process has reserved is not taken from it while it lives.
func TestUsesLeftBehind(t *testing.T) { storetest.Each(t, testUsesLeftBehind) }

func testUsesLeftBehind(t *testing.T) {
	source := storetest.Source(t)
	one, two := openAt(t, source), openAt(t, source)
	ctx := t.Context()
	must(t, one.Beat(ctx, t0))
	must(t, one.AddInvitation(ctx, Invitation{ID: "i", Homeserver: "hs", TokenHash: "h", SealedToken: []byte("s"), Uses: 2, Created: t0, Expires: t0.Add(time.Hour)}))
	use, _, err := one.ReserveInvitation(ctx, InvitationUse{Invitation: "i", Request: "r", UserID: "@a:hs", At: t0})
	must(t, err)
	if n, err := two.SettleInvitations(ctx); err != nil || n != 0 {
		t.Errorf("%d settled, %v", n, err)
	}
	must(t, one.Leave(ctx))
	if n, err := two.SettleInvitations(ctx); err != nil || n != 1 {
		t.Errorf("%d settled, %v", n, err)
	}
	use.State = UseDone // it had only slept
	must(t, one.SettleInvitation(ctx, use))
	if uses, err := two.InvitationUses(ctx, "i"); err != nil || len(uses) != 1 || uses[0].State != UseDone {
		t.Errorf("%+v, %v", uses, err)
	}
}
