// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An operation is one entry of "gatehouse operations --json".
type operation struct {
	Name        string         `json:"name"`
	Kind        string         `json:"kind"`
	Permission  string         `json:"permission"`
	Destructive *bool          `json:"destructive"`
	Servers     map[string]any `json:"servers"`
}

// operations asks the program for its catalogue, which takes no configuration.
func operations(t *testing.T) []operation {
	t.Helper()
	out, errs, code := run(t, "", "operations", "--json")
	if code != 0 || errs != "" {
		t.Fatalf("operations --json: status %d\n%s", code, errs)
	}
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	var list []operation
	if err := decoder.Decode(&list); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return list
}

// TestCLIOperations holds the list of operations against what it is to look like.
func TestCLIOperations(t *testing.T) {
	t.Parallel()
	list := operations(t)
	names := map[string]operation{}
	for _, o := range list {
		names[o.Name] = o
		if o.Kind != "read" && o.Kind != "write" || o.Permission == "" || o.Destructive == nil {
			t.Errorf("%s: kind %q, permission %q", o.Name, o.Kind, o.Permission)
		}
		if !regexp.MustCompile(`^[a-z]+\.[a-z_]+$`).MatchString(o.Name) {
			t.Errorf("an operation is called %q", o.Name)
		}
		var kinds []string
		for kind, can := range o.Servers {
			kinds = append(kinds, kind)
			why, isText := can.(string)
			if can != true && (!isText || !strings.HasSuffix(why, ".")) {
				t.Errorf("%s on %s: %v; want true, or the reason in a sentence", o.Name, kind, can)
			}
		}
		slices.Sort(kinds)
		if diff := cmp.Diff([]string{"dendrite", "mas", "synapse"}, kinds); diff != "" {
			t.Errorf("%s: kinds of server (-want +got):\n%s", o.Name, diff)
		}
		// What differs between Synapse and MAS, what only MAS has, and what only it does with tokens, is not to be had without MAS; nor, with it, what MAS has not got.
		without := slices.Contains([]string{
			"users.repair", "users.allow_key_reset", "tokens.revoke", "tokens.unrevoke", "providers.list", "clients.list", "clients.get", "site.get", "policy.get",
			"personal.list", "personal.get", "personal.create", "personal.renew", "personal.revoke",
		}, o.Name)
		with := slices.Contains([]string{"devices.create", "devices.rename", "tokens.delete", "users.renew"}, o.Name)
		if (o.Servers["synapse"] != true) != without || (o.Servers["mas"] != true) != with {
			t.Errorf("%s on Synapse: %v, with MAS: %v", o.Name, o.Servers["synapse"], o.Servers["mas"])
		}
	}
	if len(names) != len(list) {
		t.Error("a name is in the list twice")
	}
	for name, destructive := range map[string]bool{"users.deactivate": true, "users.erase": true, "users.create": false, "users.list": false} {
		if o, ok := names[name]; !ok || *o.Destructive != destructive {
			t.Errorf("%s: %+v, want destructive to be %t", name, o, destructive)
		}
	}
	for _, name := range []string{"users.lock", "users.unlock", "users.erase", "devices.sign_out"} {
		if _, isText := names[name].Servers["dendrite"].(string); !isText {
			t.Errorf("%s is said to work on Dendrite", name)
		}
	}

	out, _, code := run(t, "", "operations")
	rows, _, _ := strings.Cut(out, "\n\n")
	if lines := strings.Count(rows, "\n") + 1; code != 0 || lines != len(list)+1 {
		t.Errorf("operations: status %d and %d lines, want a head and %d", code, lines, len(list))
	}
	// What is wrong with a command line is said in few lines, with a status of its own.
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"help", "operations"}, 0, "List the operations."},
		{[]string{"oprations"}, 2, `did you mean "operations"?`},
		{[]string{"operations", "--nonsense"}, 2, "gatehouse operations --help"},
		{[]string{"operations", "nonsense"}, 1, `"nonsense"`},
	} {
		out, errs, code := run(t, "", c.args...)
		if said := out + errs; code != c.status || !strings.Contains(said, c.want) || code != 0 && strings.Count(said, "\n") > 5 {
			t.Errorf("%v: status %d\n%s", c.args, code, said)
		}
	}
}
