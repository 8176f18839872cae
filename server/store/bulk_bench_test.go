// SPDX-License-Identifier: Apache-2.0

//go:build unix

package store

import (
	"encoding/json"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkBulk is what work in bulk writes for each account: an intent and an
// outcome. The processor's time is what is not there for a homeserver beside it.
func BenchmarkBulk(b *testing.B) {
	s, err := Open(b.Context(), b.TempDir()+"/gatehouse.db")
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	request := json.RawMessage(`{"localpart":"person000001","display_name":"person000001","password":{"mode":"typed","password":"[redacted]"},"admin":false}`)
	ctx := Patient(b.Context(), func() bool { return true })
	before := processorTime()
	b.ResetTimer()
	var wg sync.WaitGroup
	const writers = 32
	for w := range writers {
		wg.Go(func() {
			for i := w; i < b.N; i += writers {
				id, err := s.AppendAudit(ctx, AuditRow{
					At: time.Now(), RequestID: fmt.Sprintf("01JDQ8Z5Y8V6M1.%d.1.0", i), Phase: AuditIntent, Actor: "@admin:bench.example", Role: "owner",
					Address: "127.0.0.1", Homeserver: "main", Operation: "users.create", Targets: []string{fmt.Sprintf("@person%06d:bench.example", i)}, Request: request,
				})
				if err == nil {
					err = s.AppendOutcome(ctx, id, AuditResult{At: time.Now(), Outcome: "done"})
				}
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(processorTime()-before)/float64(b.N)/1e3, "cpu-µs/op")
}

func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
