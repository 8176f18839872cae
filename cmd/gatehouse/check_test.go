// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"gatehouse/app/api"
)

// TestPrintReportLeavesOutWhatNobodyMisses: where there is no Matrix Authentication Service, what only that can do is not called missing.
func TestPrintReportLeavesOutWhatNobodyMisses(t *testing.T) {
	r := api.Report{Server: api.Server{Kind: "synapse", Unavailable: map[string]string{"clients.list": "no_mas"}}}
	var b strings.Builder
	printReport(&b, r)
	if said := b.String(); strings.Contains(said, "clients.list") || strings.Contains(said, "Does not work") {
		t.Errorf("the report misses what nobody does:\n%s", said)
	}
	for line := range strings.Lines(b.String()) {
		if len(line) > 81 {
			t.Errorf("what works is wider than a terminal: %s", line)
		}
	}
	r.Server.Unavailable["tokens.revoke"] = "synapse_no_revoke"
	b.Reset()
	printReport(&b, r)
	if said := b.String(); !strings.Contains(said, "\n    tokens.revoke ") || strings.Contains(said, "clients.list") {
		t.Errorf("the report says:\n%s", said)
	}
}
