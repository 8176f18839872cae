// SPDX-License-Identifier: Apache-2.0

package jobs

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// behind has the threads of this process leave the processor to whoever has it when they wake (SCHED_BATCH), or take it as others do
// (SCHED_OTHER). Their share stays the same. Threads that begin later are like the one that begins them. Source: sched(7).
func behind(yes bool) error {
	policy := uint32(unix.SCHED_NORMAL)
	if yes {
		policy = unix.SCHED_BATCH
	}
	var failed error
	for range 2 { // one that began meanwhile may have been like one that was not told yet
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, task := range tasks {
			id, err := strconv.Atoi(task.Name())
			if err != nil {
				continue
			}
			attr, err := unix.SchedGetAttr(id, 0)
			if err == nil && attr.Policy != policy {
				attr.Policy = policy
				err = unix.SchedSetAttr(id, attr, 0)
			}
			if err != nil && !errors.Is(err, unix.ESRCH) { // it has ended
				failed = err
			}
		}
	}
	return failed
}
