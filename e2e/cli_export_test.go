// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/tools/homeserver"
)

// cliExport writes lists as files from the command line.
func cliExport(g *gatehouse, hs *homeserver.Server) cliStep {
	return cliStep{"lists.export", func(t *testing.T) {
		prefix := unique("filed")
		for _, n := range []string{"a", "b", "c"} {
			register(t, hs, prefix+n, "a password of theirs", false)
		}
		var allowed struct{ Export object }
		request := object{"operation": "users.list", "query": "search=" + prefix, "format": "csv"}
		if g.call(t, "lists.export", request, &allowed); allowed.Export["query"] != request["query"] {
			t.Errorf("%+v", allowed)
		}
		out, errs, code := g.command("", "export", "users", "search="+prefix, "limit=2")
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out, "\ufeff"))).ReadAll()
		if code != 0 || err != nil || len(rows) != 4 || rows[0][0] != "id" || rows[1][0] != "'"+hs.UserID(prefix+"a") {
			t.Errorf("status %d, %v: %q\n%s", code, err, rows, errs)
		}
		file := filepath.Join(t.TempDir(), "users.jsonl")
		if _, errs, code := g.command("", "export", "users", "search="+prefix, "--format", "jsonl", "-o", file); code != 0 || !strings.Contains(errs, "3 rows") {
			t.Errorf("status %d\n%s", code, errs)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var first cliUser
		if err := json.Unmarshal([]byte(strings.SplitN(string(data), "\n", 2)[0]), &first); err != nil || first.ID != hs.UserID(prefix+"a") {
			t.Errorf("%v: %s", err, data)
		}
		if _, errs, code := g.command("", "export", "users", "-o", file); code != 1 || !strings.Contains(errs, "exists") {
			t.Errorf("over a file that is there: status %d\n%s", code, errs)
		}
		if _, errs, code := g.command("", "export", "users.get"); code != 1 || !strings.Contains(errs, "(no_list, request ") {
			t.Errorf("what is no list: status %d\n%s", code, errs)
		}
	}}
}
