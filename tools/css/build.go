// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Files, from the root of the repository.
const (
	packageDir = "web/node_modules/@patternfly/patternfly"
	stylesDir  = "web/styles"
	purgedFile = "web/styles/patternfly/patternfly.css"
	distFile   = "web/styles/dist/gatehouse.css"
	sourceDir  = "app/ui"
)

// parts are the files of PatternFly that the blocks are built on.
var parts = []string{
	"base/patternfly-variables.css",
	"components/Button/button.css",
	"components/FormControl/form-control.css",
	"components/Label/label.css",
	"components/Skeleton/skeleton.css",
	"components/Table/table.css",
	"components/Title/title.css",
}

// purged returns what the blocks use of PatternFly.
func purged(root string) (string, error) {
	classes, err := sourceClasses(filepath.Join(root, sourceDir))
	if err != nil {
		return "", err
	}
	classes["pf-v6-theme-dark"] = true
	var nodes []node
	for _, part := range parts {
		data, err := os.ReadFile(filepath.Join(root, packageDir, part))
		if err != nil {
			return "", err
		}
		list, err := parse(string(data))
		if err != nil {
			return "", fmt.Errorf("%s: %w", part, err)
		}
		nodes = append(nodes, list...)
	}
	own, err := ownSheet(root)
	if err != nil {
		return "", err
	}
	nodes = dropUnused(purge(nodes, func(c string) bool { return classes[c] }), own)
	var b strings.Builder
	b.WriteString("/* Made by tools/css of PatternFly 6.6.1 (https://www.patternfly.org, MIT licence): what app/ui uses of it. Do not edit. */\n")
	write(&b, nodes, "")
	return b.String(), nil
}

// ownSheet reads our own files, in the order of their names.
func ownSheet(root string) ([]node, error) {
	files, err := filepath.Glob(filepath.Join(root, stylesDir, "*.css"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var nodes []node
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		list, err := parse(string(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		nodes = append(nodes, list...)
	}
	return nodes, nil
}

// build returns the style sheet: PatternFly in a layer below ours, so that ours win whatever their specificity, the copies of the dark theme
// for dark systems at the end of each, all minified.
func build(root string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, purgedFile))
	if err != nil {
		return "", err
	}
	pf, err := parse(string(data))
	if err != nil {
		return "", err
	}
	own, err := ownSheet(root)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("@layer pf, own;\n")
	write(&b, []node{layer("pf", pf), layer("own", own)}, "")
	out := api.Transform(b.String(), api.TransformOptions{
		Loader:            api.LoaderCSS,
		MinifyWhitespace:  true,
		MinifySyntax:      true,
		MinifyIdentifiers: false,
		LegalComments:     api.LegalCommentsNone,
		Charset:           api.CharsetUTF8,
	})
	var problems []error
	for _, m := range append(out.Errors, out.Warnings...) {
		problems = append(problems, errors.New(m.Text))
	}
	if len(problems) > 0 {
		return "", errors.Join(problems...)
	}
	const head = "/*! Gatehouse, Apache-2.0. With parts of PatternFly 6.6.1, MIT, copyright Red Hat, Inc. */\n"
	return head + string(out.Code), nil
}

func layer(name string, nodes []node) node {
	body := slices.Clone(nodes)
	if dark := darkCopies(nodes); len(dark) > 0 {
		body = append(body, node{prelude: "@media (prefers-color-scheme: dark)", block: true, body: dark})
	}
	return node{prelude: "@layer " + name, block: true, body: body}
}
