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
	if err != nil {
		end()
		t.Skip("this system does not let a process choose how it is scheduled:", err)
	}
	w := gatetest.New(t, gatetest.Options{})
	var mu sync.Mutex
	var during []uint32
	_, id := makes(t, w, 3, func(int) (time.Duration, error) {
		mu.Lock()
		defer mu.Unlock()
		during = append(during, policies(t)...)
		return 0, nil
	})
	work(t, w, id)
	if got := slices.Compact(during); !slices.Equal(got, []uint32{unix.SCHED_BATCH}) {
		t.Errorf("while the job worked: %v", got)
	}
	if got := policies(t); !slices.Equal(slices.Compact(got), []uint32{unix.SCHED_BATCH}) {
		t.Errorf("while another one works: %v", got)
	}
	end()
	if got := policies(t); !slices.Equal(slices.Compact(got), []uint32{unix.SCHED_NORMAL}) {
		t.Errorf("afterwards: %v", got)
	}
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
