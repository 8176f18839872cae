// SPDX-License-Identifier: Apache-2.0

package config

import "strings"

// nearest returns the name that a misspelt one was probably meant to be, or "". Case, "-" and "_" do not count.
func nearest(wrong string, names []string) string {
	if len(wrong) > 100 {
		return ""
	}
	plain := strings.NewReplacer("-", "", "_", "")
	w := strings.ToLower(plain.Replace(wrong))
	best, bestDistance := "", 0
	for _, name := range names {
		n := strings.ToLower(plain.Replace(name))
		d := distance(w, n)
		if d > max(1, len(n)/4) {
			continue
		}
		if best == "" || d < bestDistance {
			best, bestDistance = name, d
		}
	}
	return best
}

// distance counts the insertions, deletions, substitutions and swaps of neighbours between two texts (the optimal
// string alignment distance).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
