// SPDX-License-Identifier: Apache-2.0

//go:build race

package intake_test

// rows is how many the largest file has: fewer, where everything takes ten times as long.
const rows = 20_000
