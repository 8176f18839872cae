// SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/server/store/storetest"
)

func intent(targets ...string) AuditRow {
	return AuditRow{
		At: t0, RequestID: "r1", Phase: AuditIntent, Actor: "@admin:hs", Role: "owner", Address: "192.0.2.1",
		Homeserver: "hs", Operation: "users.deactivate", Targets: targets, Request: json.RawMessage(`{"erase":false}`),
	}
}

func TestAuditIntentAndOutcome(t *testing.T) { storetest.Each(t, testAuditIntentAndOutcome) }

func testAuditIntentAndOutcome(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	id, err := s.AppendAudit(ctx, intent("@a:hs", "@b:hs", "@a:hs"))
	must(t, err)

	history := func(target string) []AuditRecord {
		t.Helper()
		got, err := s.AuditHistory(ctx, "hs", target, 0, 10)
		must(t, err)
		return got
	}
	want := AuditRecord{AuditRow: intent("@a:hs", "@b:hs", "@a:hs")}
	want.ID = id
	if diff := cmp.Diff([]AuditRecord{want}, history("@a:hs")); diff != "" {
		t.Errorf("open intent (-want +got):\n%s", diff)
	}

	must(t, s.AppendOutcome(ctx, id, AuditResult{At: t0.Add(time.Second), Outcome: "failed", Code: "timeout", Detail: "no answer"}))
	want.Outcome, want.Code, want.Detail, want.OutcomeAt = "failed", "timeout", "no answer", t0.Add(time.Second)
	if diff := cmp.Diff([]AuditRecord{want}, history("@b:hs")); diff != "" {
		t.Errorf("ended intent (-want +got):\n%s", diff)
	}
	if got := history("@c:hs"); len(got) != 0 {
		t.Errorf("history of a stranger: %v", got)
	}
	other, err := s.AuditHistory(ctx, "other", "@a:hs", 0, 10)
	must(t, err)
	if len(other) != 0 {
		t.Errorf("history on another homeserver: %v", other)
	}
}

func TestAuditOutcomeRules(t *testing.T) { storetest.Each(t, testAuditOutcomeRules) }

func testAuditOutcomeRules(t *testing.T) {
	tests := []struct {
		name     string
		outcomes []string
		last     error
	}{
		{"one", []string{"done"}, nil},
		{"a known one is final", []string{"done", "failed"}, ErrExists},
		{"and is not forgotten", []string{"done", "unknown"}, ErrExists},
		{"unknown may become known", []string{"unknown", "done"}, nil},
		{"once", []string{"unknown", "done", "done"}, ErrExists},
		{"unknown twice says nothing new", []string{"unknown", "unknown"}, ErrExists},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			id, err := s.AppendAudit(t.Context(), intent("@a:hs"))
			must(t, err)
			for i, outcome := range tt.outcomes {
				err := s.AppendOutcome(t.Context(), id, AuditResult{At: t0, Outcome: outcome})
				if i < len(tt.outcomes)-1 {
					must(t, err)
				} else if !errors.Is(err, tt.last) {
					t.Errorf("last: got %v, want %v", err, tt.last)
				}
			}
		})
	}
}

func TestAuditOutcomeOfNothing(t *testing.T) { storetest.Each(t, testAuditOutcomeOfNothing) }

func testAuditOutcomeOfNothing(t *testing.T) {
	s := open(t)
	event := intent("@a:hs")
	event.Phase, event.Outcome = AuditEvent, "refused"
	id, err := s.AppendAudit(t.Context(), event)
	must(t, err)
	for _, id := range []int64{id, 0, 99} {
		if err := s.AppendOutcome(t.Context(), id, AuditResult{At: t0, Outcome: "done"}); !errors.Is(err, ErrNotFound) {
			t.Errorf("outcome of %d: %v, want ErrNotFound", id, err)
		}
	}
}

func TestAuditRefusesWhatIsNoRow(t *testing.T) { storetest.Each(t, testAuditRefusesWhatIsNoRow) }

func testAuditRefusesWhatIsNoRow(t *testing.T) {
	s := open(t)
	for name, change := range map[string]func(*AuditRow){
		"unknown phase":        func(r *AuditRow) { r.Phase = "maybe" },
		"intent with outcome":  func(r *AuditRow) { r.Outcome = "done" },
		"event without":        func(r *AuditRow) { r.Phase = AuditEvent },
		"unknown outcome word": func(r *AuditRow) { r.Phase, r.Outcome = AuditEvent, "fine" },
		"outcome of nothing":   func(r *AuditRow) { r.Phase, r.Outcome = AuditOutcome, "done" },
	} {
		t.Run(name, func(t *testing.T) {
			row := intent("@a:hs")
			change(&row)
			if _, err := s.AppendAudit(t.Context(), row); err == nil {
				t.Error("stored")
			}
		})
	}
}

func TestAuditIsAppendOnly(t *testing.T) { storetest.Each(t, testAuditIsAppendOnly) }

func testAuditIsAppendOnly(t *testing.T) {
	s := open(t)
	_, err := s.AppendAudit(t.Context(), intent("@a:hs"))
	must(t, err)
	own := `INSERT OR REPLACE INTO audit SELECT * FROM audit` // SQLite's
	if s.Pool() != nil {
		own = `TRUNCATE audit CASCADE`
	}
	for _, query := range []string{
		own,
		`UPDATE audit SET actor = '@nobody:hs'`,
		`DELETE FROM audit`,
		`DELETE FROM audit WHERE id = 1`,
		`UPDATE audit_targets SET target = '@z:hs'`,
		`DELETE FROM audit_targets`,
	} {
		if _, err := s.exec(t.Context(), query); err == nil {
			t.Errorf("%s: allowed", query)
		}
	}
	got, err := s.AuditHistory(t.Context(), "hs", "@a:hs", 0, 10)
	must(t, err)
	if len(got) != 1 || got[0].Actor != "@admin:hs" {
		t.Errorf("after the attempts: %+v", got)
	}
}

func TestSettleAudit(t *testing.T) { storetest.Each(t, testSettleAudit) }

func testSettleAudit(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	unknown := AuditResult{At: t0.Add(time.Hour), Outcome: "unknown", Code: "interrupted"}
	var ids []int64
	for i := range 4 {
		id, err := s.AppendAudit(ctx, intent(fmt.Sprintf("@u%d:hs", i)))
		must(t, err)
		ids = append(ids, id)
	}
	must(t, s.AppendOutcome(ctx, ids[1], AuditResult{At: t0, Outcome: "done"}))

	settle := func(want []int64) {
		t.Helper()
		got, err := s.SettleAudit(ctx, unknown)
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("settled (-want +got):\n%s", diff)
		}
	}
	settle([]int64{ids[0], ids[2], ids[3]})
	settle(nil)
	later, err := s.AppendAudit(ctx, intent("@late:hs"))
	must(t, err)
	settle([]int64{later})

	for i, want := range []string{"unknown", "done", "unknown", "unknown"} {
		got, err := s.AuditHistory(ctx, "hs", fmt.Sprintf("@u%d:hs", i), 0, 1)
		must(t, err)
		if len(got) != 1 || got[0].Outcome != want {
			t.Errorf("@u%d: %+v, want %s", i, got, want)
		}
	}
}

// Settling does not read again what it settled before.
func TestSettleAuditGoesOnWhereItWas(t *testing.T) {
	storetest.Each(t, testSettleAuditGoesOnWhereItWas)
}

func testSettleAuditGoesOnWhereItWas(t *testing.T) {
	s := open(t)
	for range 3 {
		_, err := s.AppendAudit(t.Context(), intent("@a:hs"))
		must(t, err)
	}
	must(t, s.SetMeta(t.Context(), auditSettledKey, "2"))
	got, err := s.SettleAudit(t.Context(), AuditResult{At: t0, Outcome: "unknown"})
	must(t, err)
	if diff := cmp.Diff([]int64{3}, got); diff != "" {
		t.Errorf("settled (-want +got):\n%s", diff)
	}
}

func TestAuditHistoryIsNewestFirstAndBounded(t *testing.T) {
	storetest.Each(t, testAuditHistoryIsNewestFirstAndBounded)
}

func testAuditHistoryIsNewestFirstAndBounded(t *testing.T) {
	s := open(t)
	for range 5 {
		_, err := s.AppendAudit(t.Context(), intent("@a:hs"))
		must(t, err)
	}
	got, err := s.AuditHistory(t.Context(), "hs", "@a:hs", 0, 3)
	must(t, err)
	var ids []int64
	for _, r := range got {
		ids = append(ids, r.ID)
	}
	if diff := cmp.Diff([]int64{5, 4, 3}, ids); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
