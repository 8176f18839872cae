// SPDX-License-Identifier: Apache-2.0

//go:build unix

package store

import (
	"errors"
	"syscall"
)

// running reports whether there is a process with a number, whoever's it is.
func running(pid int) bool {
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
