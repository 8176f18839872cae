// SPDX-License-Identifier: Apache-2.0

// The program css makes the panel's style sheet and icons. It is run from the root of the repository.
//
//	go run ./tools/css          web/styles/dist/gatehouse.css from web/styles/*.css; first web/styles/patternfly/patternfly.css from
//	                            the npm package, where that is installed (npm ci in web/)
//	go run ./tools/css icons    app/ui/icon_paths.go from the npm package of the icons, and web/icons/*.png from the SVG files
//
// All that it writes is committed, so a build needs no Node and no browser.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	if err := run(".", os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "css:", err)
		os.Exit(1)
	}
}

func run(root string, args []string) error {
	switch {
	case len(args) == 1 && args[0] == "icons":
		if err := writeIcons(root); err != nil {
			return err
		}
		return writePNGs(root)
	case len(args) > 0:
		return fmt.Errorf("unknown argument %q: want none, or icons", args[0])
	}
	if _, err := os.Stat(filepath.Join(root, packageDir)); err == nil {
		css, err := purged(root)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(root, purgedFile), []byte(css), 0o644); err != nil {
			return err
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(os.Stderr, "css: PatternFly is not installed (npm ci in web/), so its purged part stays as it is")
	}
	css, err := build(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, distFile), []byte(css), 0o644)
}
