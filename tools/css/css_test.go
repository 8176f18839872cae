// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

const root = "../.."

func TestEveryClassHasARule(t *testing.T) {
	used, err := sourceClasses(filepath.Join(root, sourceDir))
	if err != nil {
		t.Fatal(err)
	}
	if len(used) < 100 {
		t.Fatalf("only %d classes were found in the source", len(used))
	}
	css, err := build(root)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := parse(css)
	if err != nil {
		t.Fatal(err)
	}
	ruled := sheetClasses(nodes)
	for _, class := range slices.Sorted(maps.Keys(used)) {
		if !ruled[class] {
			t.Errorf("class %s is written in %s and has no rule", class, sourceDir)
		}
	}
}

func TestEveryRuleIsUsed(t *testing.T) {
	used, err := sourceClasses(filepath.Join(root, sourceDir))
	if err != nil {
		t.Fatal(err)
	}
	own, err := ownSheet(root)
	if err != nil {
		t.Fatal(err)
	}
	used["pf-v6-theme-dark"] = true
	for _, class := range slices.Sorted(maps.Keys(sheetClasses(own))) {
		if !used[class] && (strings.HasPrefix(class, "gh-") || strings.HasPrefix(class, "pf-")) {
			t.Errorf("class %s has a rule in %s and is written nowhere in %s", class, stylesDir, sourceDir)
		}
	}
}

func TestCommittedSheetIsFresh(t *testing.T) {
	css, err := build(root)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile(filepath.Join(root, distFile))
	if err != nil {
		t.Fatal(err)
	}
	if css != string(committed) {
		t.Errorf("%s is not what its sources give: run go run ./tools/css", distFile)
	}
}

// TestPurgedIsFresh needs the npm package; where it is not installed there is nothing to compare with.
func TestPurgedIsFresh(t *testing.T) {
	if _, err := os.Stat(filepath.Join(root, packageDir)); err != nil {
		t.Skip("PatternFly is not installed: npm ci in web/")
	}
	css, err := purged(root)
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile(filepath.Join(root, purgedFile))
	if err != nil {
		t.Fatal(err)
	}
	if css != string(committed) {
		t.Errorf("%s is not what the package gives: run go run ./tools/css", purgedFile)
	}
}

func TestBudget(t *testing.T) {
	const budget = 30 << 10
	css, err := os.ReadFile(filepath.Join(root, distFile))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, brotli.BestCompression)
	if _, err := w.Write(css); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d in brotli", len(css), b.Len())
	if b.Len() > budget {
		t.Errorf("%d bytes in brotli, the budget is %d", b.Len(), budget)
	}
}

// TestNothingIsFetched: the policy of the pages lets a style sheet fetch nothing.
func TestNothingIsFetched(t *testing.T) {
	css, err := os.ReadFile(filepath.Join(root, distFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"url(", "@import", "@font-face", "image-set("} {
		if bytes.Contains(css, []byte(bad)) {
			t.Errorf("the style sheet contains %s", bad)
		}
	}
}

// TestLogicalProperties: our rules name no side of the screen, so that right-to-left needs no second set.
func TestLogicalProperties(t *testing.T) {
	physical := []string{"left", "right", "top", "bottom", "width", "height", "min-width", "max-width", "min-height", "max-height"}
	own, err := ownSheet(root)
	if err != nil {
		t.Fatal(err)
	}
	declarations(own, func(d node) {
		name := d.name()
		for _, p := range physical {
			if name == p || strings.HasSuffix(name, "-left") || strings.HasSuffix(name, "-right") || strings.HasSuffix(name, "-top") || strings.HasSuffix(name, "-bottom") {
				t.Errorf("%s is a physical property: %s", name, d.prelude)
				return
			}
		}
		if v := d.value(); (name == "text-align" || name == "float") && (v == "left" || v == "right") {
			t.Errorf("%s is a physical value", d.prelude)
		}
		if n := len(strings.Fields(d.value())); (name == "margin" || name == "padding" || name == "inset") && n == 4 {
			t.Errorf("%s names four sides of the screen", d.prelude)
		}
	})
}

// TestDarkTwice: what the class of the dark theme sets, a dark system sets too, and in the same order.
func TestDarkTwice(t *testing.T) {
	own, err := ownSheet(root)
	if err != nil {
		t.Fatal(err)
	}
	var chosen, system []string
	for _, n := range own {
		if strings.Contains(n.prelude, darkClass) {
			declarations(n.body, func(d node) { chosen = append(chosen, d.prelude) })
		}
	}
	declarations(darkCopies(own), func(d node) { system = append(system, d.prelude) })
	if len(chosen) < 30 || !slices.Equal(chosen, system) {
		t.Errorf("the dark theme has %d declarations by its class and %d by the system", len(chosen), len(system))
	}
	light := map[string]bool{}
	for _, n := range own {
		if n.prelude == ":root" {
			declarations(n.body, func(d node) { light[d.name()] = true })
		}
	}
	for _, d := range chosen {
		name, _, _ := strings.Cut(d, ":")
		if !light[name] && !strings.HasPrefix(name, "--pf-t--global--dark--") {
			t.Errorf("%s is set in the dark theme and not in the light one", name)
		}
	}
}
