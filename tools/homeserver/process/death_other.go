// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package process

import "syscall"

// signalOnParentDeath does nothing: other systems have no such signal.
func signalOnParentDeath(*syscall.SysProcAttr, syscall.Signal) {}
