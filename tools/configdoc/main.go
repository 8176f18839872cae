// SPDX-License-Identifier: Apache-2.0

// Command configdoc writes the reference of the configuration, docs/configuration.md, from the table of fields in
// gatehouse/server/config. Run it from the top of the repository:
//
//	go run ./tools/configdoc
package main

import (
	"fmt"
	"os"
)

//go:generate go -C ../.. run ./tools/configdoc

const document = "docs/configuration.md"

func main() {
	if err := os.WriteFile(document, reference(), 0o644); err != nil {
		fmt.Fprintln(os.Stderr, "configdoc:", err)
		os.Exit(1)
	}
}
