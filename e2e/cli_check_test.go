// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/tools/homeserver"
)

// A report is what "gatehouse check --json" prints of one homeserver.
type report struct {
	Server struct {
		Name        string            `json:"name"`
		Kind        string            `json:"kind"`
		State       string            `json:"state"`
		Unavailable map[string]string `json:"unavailable"`
	} `json:"server"`
	Checks []struct {
		Code  string `json:"code"`
		State string `json:"state"`
	} `json:"checks"`
}

// failed lists the checks that failed.
func (r report) failed() []string {
	var list []string
	for _, c := range r.Checks {
		if c.State == "failed" {
			list = append(list, c.Code)
		}
	}
	return list
}

// check runs "gatehouse check" twice, as text and as JSON.
func (g *gatehouse) check(t *testing.T) (text string, reports []report, code int) {
	t.Helper()
	text, errs, code := g.command("", "check")
	if errs != "" {
		t.Errorf("check complains: %s", errs)
	}
	out, errs, again := g.command("", "check", "--json")
	if err := json.Unmarshal([]byte(out), &reports); err != nil || again != code {
		t.Fatalf("check --json: status %d (as text %d), %v\n%s%s", again, code, err, out, errs)
	}
	return text, reports, code
}

// TestCLICheck looks at homeservers that are well, and at such that are not.
func TestCLICheck(t *testing.T) {
	t.Parallel()
	both := []*homeserver.Server{synapse(t), dendrite(t)}
	t.Run("well", func(t *testing.T) {
		t.Parallel()
		g := prepareGatehouse(t, homeservers(both...))
		text, reports, code := g.check(t)
		if code != 0 || len(reports) != 2 || strings.Contains(text, "FAILED") {
			t.Errorf("status %d\n%s", code, text)
		}
		for _, want := range []string{"synapse (synapse.example, synapse " + homeserver.SynapseVersion, "dendrite (dendrite.example, dendrite ", "Works: ", "Does not work here:", "users.erase"} {
			if !strings.Contains(text, want) {
				t.Errorf("the report does not say %q:\n%s", want, text)
			}
		}
		for _, r := range reports {
			if len(r.failed()) != 0 || len(r.Checks) < 3 || r.Server.State == "down" {
				t.Errorf("%s: %+v", r.Server.Name, r)
			}
		}
		if out, _, code := g.command("", "check", "dendrite"); code != 0 || strings.Contains(out, "synapse") {
			t.Errorf("check dendrite: status %d\n%s", code, out)
		}
		if _, errs, code := g.command("", "check", "nothing"); code != 1 || !strings.Contains(errs, "dendrite") {
			t.Errorf("check nothing: status %d\n%s", code, errs)
		}
	})
	for _, hs := range both {
		t.Run("wrong secret of "+hs.Kind, func(t *testing.T) {
			t.Parallel()
			liar := &homeserver.Server{Kind: hs.Kind, URL: hs.URL, SharedSecret: "not the <secret> of this server", Database: hs.Database}
			g := prepareGatehouse(t, homeservers(liar))
			text, reports, code := g.check(t)
			if code != 1 || !strings.Contains(text, "FAILED") || !strings.Contains(text, "secret") || len(reports[0].failed()) == 0 {
				t.Errorf("status %d\n%s", code, text)
			}
		})
		t.Run("dead token of "+hs.Kind, func(t *testing.T) {
			t.Parallel()
			admin := register(t, hs, unique("dead"), "an administrator's own", true)
			config := fmt.Sprintf("homeservers:\n  %s:\n    url: %s\n    admin_token: %q\n", hs.Kind, hs.URL, admin.AccessToken)
			g := prepareGatehouse(t, config)
			if text, reports, code := g.check(t); code != 0 || len(reports[0].failed()) != 0 {
				t.Errorf("with a good token: status %d\n%s", code, text)
			}
			if err := hs.Call(timeout(t), http.MethodPost, "/_matrix/client/v3/logout", admin.AccessToken, struct{}{}, nil); err != nil {
				t.Fatal(err)
			}
			text, reports, code := g.check(t)
			if code != 1 || !strings.Contains(text, "token") || len(reports[0].failed()) == 0 {
				t.Errorf("with a dead token: status %d\n%s", code, text)
			}
		})
		t.Run("token of a user of "+hs.Kind, func(t *testing.T) {
			t.Parallel()
			user := register(t, hs, unique("user"), "just a user's own", false)
			g := prepareGatehouse(t, fmt.Sprintf("homeservers:\n  %s:\n    url: %s\n    admin_token: %q\n", hs.Kind, hs.URL, user.AccessToken))
			if text, reports, code := g.check(t); code != 1 || len(reports[0].failed()) == 0 {
				t.Errorf("status %d\n%s", code, text)
			}
		})
		t.Run("down "+hs.Kind, func(t *testing.T) {
			t.Parallel()
			address, err := homeserver.FreeAddress()
			if err != nil {
				t.Fatal(err)
			}
			config := fmt.Sprintf("homeservers:\n  gone:\n    url: http://%s\n    registration_shared_secret: %q\n", address, hs.SharedSecret)
			g := prepareGatehouse(t, config+fmt.Sprintf("    kind: %s\n    server_name: %s\n", hs.Kind, hs.ServerName))
			text, reports, code := g.check(t)
			if code != 1 || !strings.Contains(text, "FAILED") || reports[0].Server.State != "down" {
				t.Errorf("status %d\n%s", code, text)
			}
			unknown := prepareGatehouse(t, config)
			if _, errs, code := unknown.command("", "check"); code != 1 || !strings.Contains(errs, "set kind and server_name") {
				t.Errorf("where nothing is known of it: status %d\n%s", code, errs)
			}
		})
	}
	t.Run("broken configuration", func(t *testing.T) {
		t.Parallel()
		g := prepareGatehouse(t, "homeservers:\n  main:\n    url: ftp://nonsense\n    colour: red\n    timeout: soon\n  other: {}\n")
		_, errs, code := g.command("", "check")
		for _, want := range []string{"main.url", "no such field", "timeout", "other", ":6:", ":7:", ":8:"} {
			if !strings.Contains(errs, want) {
				t.Errorf("not every mistake is named: %q is missing in\n%s", want, errs)
			}
		}
		if code != 1 {
			t.Errorf("status %d", code)
		}
	})
}

// TestCLIInit sets the panel up from answers on standard input.
func TestCLIInit(t *testing.T) {
	t.Parallel()
	for _, hs := range []*homeserver.Server{synapse(t), dendrite(t)} {
		answers := []string{hs.URL, hs.SharedSecret}
		if hs.Kind == homeserver.Dendrite {
			answers = append(answers, hs.Database)
		}
		t.Run(hs.Kind, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			out, errs, code := runIn(t, dir, nil, lines(append(answers, "", "https://chat.example.org")...), "init")
			if code != 0 || out != "" || !strings.Contains(errs, "The shared secret is right") {
				t.Fatalf("init: status %d\n%s%s", code, out, errs)
			}
			if strings.Contains(errs, hs.SharedSecret) {
				t.Error("init prints the secret")
			}
			for _, name := range []string{"gatehouse.yaml", "gatehouse.key"} {
				checkPrivate(t, filepath.Join(dir, name))
			}
			if out, errs, code := runIn(t, dir, nil, "", "check"); code != 0 || !strings.Contains(out, hs.ServerName) {
				t.Errorf("check after init: status %d\n%s%s", code, out, errs)
			}
			before, _ := os.ReadFile(filepath.Join(dir, "gatehouse.yaml"))
			if !strings.Contains(string(before), "https://chat.example.org") {
				t.Errorf("the web client is not in the configuration:\n%s", before)
			}
			if _, errs, code := runIn(t, dir, nil, lines(answers...), "init"); code != 1 || !strings.Contains(errs, "not overwritten") {
				t.Errorf("init once more: status %d\n%s", code, errs)
			}
			if after, _ := os.ReadFile(filepath.Join(dir, "gatehouse.yaml")); string(after) != string(before) {
				t.Error("the configuration was overwritten")
			}
		})
		t.Run(hs.Kind+" with a token", func(t *testing.T) {
			t.Parallel()
			admin := register(t, hs, unique("init"), "an administrator's own", true)
			dir := t.TempDir()
			more := answers[2:]
			_, errs, code := runIn(t, dir, nil, lines(append([]string{hs.URL, "", admin.AccessToken}, append(more, "", "-")...)...), "init")
			if code != 0 || !strings.Contains(errs, "The token is an administrator") || strings.Contains(errs, admin.AccessToken) {
				t.Fatalf("init: status %d\n%s", code, errs)
			}
			if out, errs, code := runIn(t, dir, nil, "", "check"); code != 0 {
				t.Errorf("check after init: status %d\n%s%s", code, out, errs)
			}
		})
		user := register(t, hs, unique("init"), "just a user's own", false)
		for name, wrong := range map[string][]string{
			"wrong secret":    {hs.URL, "not the secret of this server", "", "", ""},
			"wrong token":     {hs.URL, "", "not_a_token_of_this_server", "", ""},
			"a user's token":  {hs.URL, "", user.AccessToken, "", ""},
			"nothing":         {hs.URL, "", ""},
			"no answers":      {},
			"no such server":  {"http://127.0.0.1:1"},
			"a wrong address": {"not an address at all"},
		} {
			t.Run(hs.Kind+" "+name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				_, errs, code := runIn(t, dir, nil, lines(wrong...), "init")
				if code != 1 || strings.TrimSpace(errs) == "" {
					t.Errorf("status %d\n%s", code, errs)
				}
				if left, _ := os.ReadDir(dir); len(left) != 0 {
					t.Errorf("there is %v now", left)
				}
			})
		}
	}
}

// TestCLIInitMakesNothing shows that proving keys makes no account: the homeserver has as
// many as before.
func TestCLIInitMakesNothing(t *testing.T) {
	t.Parallel()
	hs := ownSynapse(t, homeserver.SynapseOptions{SharedSecret: "a secret of <its> own"})
	before := accounts(t, hs)
	for _, secret := range []string{hs.SharedSecret, "another secret"} {
		_, errs, code := run(t, lines(hs.URL, secret, "", ""), "init")
		if want := map[bool]int{true: 0, false: 1}[secret == hs.SharedSecret]; code != want {
			t.Errorf("init: status %d, want %d\n%s", code, want, errs)
		}
	}
	if after := accounts(t, hs); !slices.Equal(before, after) {
		t.Errorf("the homeserver has the accounts %q, it had %q", after, before)
	}
}

// accounts are the Matrix IDs of all accounts of a Synapse.
func accounts(t *testing.T, hs *homeserver.Server) []string {
	t.Helper()
	var page struct {
		Users []struct {
			Name string `json:"name"`
		} `json:"users"`
	}
	if err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v2/users?limit=1000&deactivated=true", nil, &page); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, u := range page.Users {
		list = append(list, u.Name)
	}
	return list
}

// lines are answers to questions, one a line.
func lines(answers ...string) string {
	var b strings.Builder
	for _, a := range answers {
		b.WriteString(a + "\n")
	}
	return b.String()
}

// checkPrivate fails the test unless a file is there and its owner's alone.
func checkPrivate(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Error(err)
		return
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has the mode %o, want 600", filepath.Base(path), info.Mode().Perm())
	}
}
