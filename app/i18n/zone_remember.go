// SPDX-License-Identifier: Apache-2.0

package i18n

import "time"

// span is how long an offset is taken to stay where it is the same at both ends: no zone has changed its clocks and changed
// them back within a week since 1990.
const span = 6 * 86400 // seconds

// Remember returns a function that answers as offset does and asks it once for each few days: a browser takes longer to tell
// the offset of an instant than Go to write all of the date. The function is for one goroutine at a time.
func Remember(offset func(time.Time) int) func(time.Time) int {
	known := map[int64]int{}
	at := func(n int64) int {
		o, ok := known[n]
		if !ok {
			o = offset(time.Unix(n*span, 0))
			known[n] = o
		}
		return o
	}
	return func(t time.Time) int {
		n := t.Unix() / span
		if before := at(n); before == at(n+1) && t.Unix() >= 0 {
			return before
		}
		return offset(t)
	}
}
