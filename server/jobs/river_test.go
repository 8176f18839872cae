// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"gatehouse/server/store"
	"gatehouse/server/store/storetest"
)

// What fails is left to Sweep: River keeps no row of it, which would be one more with each time that Sweep wakes it.
func TestRiverKeepsNothingThatFails(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), storetest.Source(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // so that everything fails
		t.Fatal(err)
	}
	var log strings.Builder
	w := &worker{engine: New(Config{Store: s, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now})}
	if err := w.Work(t.Context(), &river.Job[args]{Args: args{Job: "abc"}}); err != nil || !strings.Contains(log.String(), "job=abc") {
		t.Errorf("River is told %v, the log says %q", err, log.String())
	}
}
