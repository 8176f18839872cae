// SPDX-License-Identifier: Apache-2.0

//go:build !race

package intake_test

import "gatehouse/server/table"

// rows is how many the largest file has.
const rows = table.MaxRows
