// SPDX-License-Identifier: Apache-2.0

package process

import "syscall"

// signalOnParentDeath has the kernel signal the child when this program ends
// without having stopped it, a kill -9 included (prctl(2), PR_SET_PDEATHSIG).
func signalOnParentDeath(attr *syscall.SysProcAttr, sig syscall.Signal) {
	attr.Pdeathsig = sig
}
