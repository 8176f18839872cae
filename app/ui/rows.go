// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"slices"
	"strconv"
	"strings"
)

// NewRow is the name within a row of a list that stands for a row with nothing in it yet.
const NewRow = "_"

// Rows returns the numbers of the rows of a list in a form, in order: those that were typed into, or, where the form was not
// sent yet, as many as there are.
func (s FormState) Rows(list string, otherwise int) []int {
	var rows []int
	if s.Typed == nil {
		for i := range otherwise {
			rows = append(rows, i)
		}
		return rows
	}
	for name := range s.Typed {
		rest, ok := strings.CutPrefix(name, list+".")
		if !ok {
			continue
		}
		number, _, _ := strings.Cut(rest, ".")
		if i, err := strconv.Atoi(number); err == nil && i >= 0 && !slices.Contains(rows, i) {
			rows = append(rows, i)
		}
	}
	slices.Sort(rows)
	return rows
}

// Allowed reports whether the person has a permission.
func (e Env) Allowed(permission string) bool { return e.Permissions[permission] }
