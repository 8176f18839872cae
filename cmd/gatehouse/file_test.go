// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/server/config"
)

// Of a file of which no job is made nothing is kept.
func TestRefusedFilesAreDropped(t *testing.T) {
	all := &commands{Config: written(t, func(*config.Homeserver) {})}
	file := filepath.Join(t.TempDir(), "users.csv")
	if err := os.WriteFile(file, []byte("who,what\nann,is locked\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := fileFlags{File: file, DryRun: true}
	otherwise := flags
	otherwise.Comma = ",,"
	for name, c := range map[string]interface {
		Run(context.Context, *commands) error
	}{
		"no column with accounts": applyCommand{Operation: "users.lock", fileFlags: flags},
		"no such column":          applyCommand{Operation: "users.lock", fileFlags: flags, Column: "whose"},
		"no such operation":       applyCommand{Operation: "users.nonsense", fileFlags: flags, Column: "who"},
		"no such separator":       applyCommand{Operation: "users.lock", fileFlags: otherwise, Column: "who"},
		"an import of nobody":     importCommand{Mode: "create", Passwords: "random", fileFlags: flags},
		"a column that is not":    importCommand{Mode: "create", Passwords: "random", fileFlags: flags, Column: map[string]string{"whose": "id"}},
	} {
		if err := c.Run(t.Context(), all); err == nil {
			t.Errorf("%s: it is planned", name)
		}
	}
	h := opened(t, all.Config, "")
	defer h.close()
	if kept, err := h.store.StaleUploads(t.Context(), time.Now().Add(48*time.Hour)); err != nil || len(kept) > 0 {
		t.Errorf("%d files are kept (%v)", len(kept), err)
	}
}
