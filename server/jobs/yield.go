// SPDX-License-Identifier: Apache-2.0

package jobs

import "sync"

// A courtesy is what a process shows others on its machine while it works in bulk: it does not take the processor from them each time that
// it is answered. A homeserver beside it is interrupted less (docs/decisions/0017). Where the system does not allow it, everything works as well.
type courtesy struct {
	mu sync.Mutex
	n  int
}

// shown is the courtesy of this process: a system knows threads, which belong to no engine.
var shown courtesy

// begin shows it until end is called, once, by all who began. The error is that the system does not allow it.
func (c *courtesy) begin() (end func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n++; c.n == 1 {
		err = behind(true)
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.n--; c.n == 0 {
			_ = behind(false)
		}
	}, err
}
