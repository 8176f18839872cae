// SPDX-License-Identifier: Apache-2.0

package arrows

import (
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// packages lists the packages of a pattern as the compiler sees them, for the browser or for the server.
func packages(t *testing.T, browser bool, pattern string) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", pattern)
	cmd.Dir = "../.."
	cmd.Env = cmd.Environ()
	if browser {
		cmd.Env = append(cmd.Env, "GOOS=js", "GOARCH=wasm")
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func under(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return path == "gatehouse/"+f || strings.HasPrefix(path, "gatehouse/"+f+"/") })
}

func TestArrows(t *testing.T) {
	ours := func(path string) bool { return strings.HasPrefix(path, "gatehouse/") }
	rules := []struct {
		name    string
		browser bool
		of      func(string) bool
		no      func(string) bool
	}{
		{"the catalogue imports nothing of ours", true, func(p string) bool { return p == "gatehouse/app/api" }, ours},
		{"the panel knows no server", true, func(p string) bool { return under(p, "app", "wasm") },
			func(i string) bool { return ours(i) && !under(i, "app") }},
		{"the panel does without what costs bytes", true, func(p string) bool { return under(p, "app", "wasm") },
			func(i string) bool {
				return slices.Contains([]string{"net/http", "regexp", "text/template", "html/template"}, i)
			}},
		{"adapters know no gate", false, func(p string) bool { return under(p, "server/homeserver") },
			func(i string) bool {
				return under(i, "server/gate", "server/page", "server/operator", "server/store", "server/audit")
			}},
		{"only gate and page know Echo", false, func(p string) bool { return ours(p) && !under(p, "server/gate", "server/page") },
			func(i string) bool { return strings.HasPrefix(i, "github.com/labstack/echo") }},
		{"the server does not import its tests' homeservers or tools", false,
			func(p string) bool {
				return under(p, "server", "cmd", "app") && !under(p, "server/store/storetest", "server/gate/gatetest")
			},
			func(i string) bool { return under(i, "tools", "e2e") }},
		{"end-to-end tests drive the program from outside", false, func(p string) bool { return under(p, "e2e") },
			func(i string) bool { return ours(i) && !under(i, "tools") && !under(i, "e2e") }},
	}
	for _, browser := range []bool{false, true} {
		pattern := "./..."
		if browser {
			pattern = "./app/..."
		}
		list := packages(t, browser, pattern)
		for _, rule := range rules {
			if rule.browser != browser {
				continue
			}
			checked := 0
			for _, p := range list {
				if !rule.of(p.ImportPath) {
					continue
				}
				checked++
				for _, i := range p.Imports {
					if rule.no(i) {
						t.Errorf("%s: %s imports %s", rule.name, p.ImportPath, i)
					}
				}
			}
			if checked == 0 {
				t.Errorf("%s: there is no such package", rule.name)
			}
		}
	}
}
