// SPDX-License-Identifier: Apache-2.0

package jobs_test

import (
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"gatehouse/server/gate/gatetest"
	"gatehouse/server/jobs"
)

// While a job works, and as long as another does, no thread takes the processor from others when it wakes; then all do again.
func TestCourtesy(t *testing.T) { // alone: threads belong to the process
	end, err := jobs.BeginCourtesy()
	end()
	if err != nil {
		t.Skip("this system does not let a process choose how it is scheduled:", err)
	}
	is := func(when string, got []uint32, want uint32) {
		t.Helper()
		if !slices.Equal(slices.Compact(got), []uint32{want}) {
			t.Errorf("%s: %v, want %d", when, got, want)
		}
	}
	w := gatetest.New(t, gatetest.Options{})
	var mu sync.Mutex
	var during []uint32
	jobWorks := func() {
		_, id := makes(t, w, 3, func(int) (time.Duration, error) {
			mu.Lock()
			defer mu.Unlock()
			during = append(during, policies(t)...)
			return 0, nil
		})
		work(t, w, id)
	}
	jobWorks()
	is("while the job worked", during, unix.SCHED_BATCH)
	is("afterwards", policies(t), unix.SCHED_NORMAL)

	end, _ = jobs.BeginCourtesy()
	w = gatetest.New(t, gatetest.Options{})
	jobWorks()
	is("while another one works", policies(t), unix.SCHED_BATCH)
	end()
	is("after all", policies(t), unix.SCHED_NORMAL)
}

// policies are those of this process's threads.
func policies(t *testing.T) (list []uint32) {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			continue
		}
		if attr, err := unix.SchedGetAttr(id, 0); err == nil { // else it has ended
			list = append(list, attr.Policy)
		}
	}
	return list
}
