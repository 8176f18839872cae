// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package store

import "os"

// running reports whether there is a process with a number.
func running(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = p.Release()
	return true
}
