// SPDX-License-Identifier: Apache-2.0

package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// sourceClasses returns the class names in the string literals of a Go package's source, tests left out: the words that begin
// with gh- or pf-.
func sourceClasses(dir string) (map[string]bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	classes := map[string]bool{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, e.Name()), nil, 0)
		if err != nil {
			return nil, err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				return true
			}
			for _, word := range strings.Fields(text) {
				if ident(word) == word && (strings.HasPrefix(word, "gh-") || strings.HasPrefix(word, "pf-")) {
					classes[word] = true
				}
			}
			return true
		})
	}
	return classes, nil
}

// sheetClasses returns the class names in the selectors of a style sheet.
func sheetClasses(nodes []node) map[string]bool {
	classes := map[string]bool{}
	var walk func([]node)
	walk = func(nodes []node) {
		for _, n := range nodes {
			if n.block && !strings.HasPrefix(n.prelude, "@") {
				rest := n.prelude
				for {
					i := strings.IndexByte(rest, '.')
					if i < 0 {
						break
					}
					rest = rest[i+1:]
					if class := ident(rest); class != "" {
						classes[class] = true
					}
				}
			}
			walk(n.body)
		}
	}
	walk(nodes)
	return classes
}
