// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"time"
)

// times are measurements of one thing.
type times []time.Duration

// quantile returns the time that a share of the measurements do not exceed (nearest rank), zero where there are none.
func (t times) quantile(share float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	rank := int(share*float64(len(sorted)) + 0.999999)
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// median returns the middle one; of an even number the mean of the two in the middle.
func (t times) median() time.Duration {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// String is the median and what it lies between.
func (t times) String() string {
	if len(t) == 0 {
		return "–"
	}
	return fmt.Sprintf("**%s** (%s–%s)", shown(t.median()), shown(slices.Min(t)), shown(slices.Max(t)))
}

// shown writes a time with three digits at most: 4.3 ms, 180 ms, 7.82 s.
func shown(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms < 9.95:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 999.5:
		return fmt.Sprintf("%.0f ms", ms)
	case ms < 9995:
		return fmt.Sprintf("%.2f s", ms/1000)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}

// kilobytes writes a number of bytes in units of 1,000.
func kilobytes(n int64) string { return fmt.Sprintf("%.1f kB", float64(n)/1000) }

// mebibytes writes a number of bytes in units of 2^20, as memory is counted.
func mebibytes(n int64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }
