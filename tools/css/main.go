// SPDX-License-Identifier: Apache-2.0

package main

import "os"

func main() {
	if err := writeIcons("."); err != nil {
		println(err.Error())
		os.Exit(1)
	}
}
