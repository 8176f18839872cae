// SPDX-License-Identifier: Apache-2.0

package promises

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	folder = regexp.MustCompile("`([a-z0-9/]+)`((?: Test[A-Za-z0-9]+)+)")
	row    = regexp.MustCompile(`(?m)^\| (\d+) \|`)
)

func TestPromisesAreTested(t *testing.T) {
	data, err := os.ReadFile("../../docs/promises.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if n := len(row.FindAllString(text, -1)); n != 28 {
		t.Errorf("there are %d promises, not 28", n)
	}
	for _, line := range strings.Split(text, "\n") {
		if row.MatchString(line) && !folder.MatchString(line) {
			t.Errorf("no test is named in: %.80s", line)
		}
	}
	sources := map[string]string{}
	for _, m := range folder.FindAllStringSubmatch(text, -1) {
		if _, read := sources[m[1]]; !read {
			sources[m[1]] = tests(t, m[1])
		}
		for name := range strings.FieldsSeq(m[2]) {
			if !strings.Contains(sources[m[1]], "func "+name+"(") {
				t.Errorf("%s has no %s", m[1], name)
			}
		}
	}
}

// tests returns all test source of a folder.
func tests(t *testing.T, name string) string {
	t.Helper()
	files, err := filepath.Glob("../../" + name + "/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no tests (%v)", name, err)
	}
	var all strings.Builder
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}
