// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The document is what the catalogue and the adapters say today; `make generate` writes it.
func TestOperationsDocument(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		if kindTitles[k.name] == "" {
			t.Errorf("the kind %s has no title", k.name)
		}
	}
	have, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(operationsDocument(), string(have)); diff != "" {
		t.Errorf("docs/operations.md is not of today, run make generate (-want +have):\n%s", diff)
	}
}
