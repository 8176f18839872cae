// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// pngs are the pictures of the web app manifest, and the SVG files they are made of.
var pngs = []struct {
	file, svg string
	size      int
}{
	{"icon-192.png", "gatehouse-icon.svg", 192},
	{"icon-512.png", "gatehouse-icon.svg", 512},
	{"icon-maskable-192.png", "gatehouse-icon-maskable.svg", 192},
	{"icon-maskable-512.png", "gatehouse-icon-maskable.svg", 512},
	{"apple-touch-icon.png", "gatehouse-icon-maskable.svg", 180},
}

// writePNGs draws them with a headless Chromium.
func writePNGs(root string) error {
	dir, err := filepath.Abs(filepath.Join(root, "web/icons"))
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "icons")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	page := filepath.Join(tmp, "icon.html")
	for _, p := range pngs {
		svg, err := os.ReadFile(filepath.Join(dir, p.svg))
		if err != nil {
			return err
		}
		html := fmt.Sprintf("<!doctype html><style>body{margin:0}svg{display:block;width:%[1]dpx;height:%[1]dpx}</style>%[2]s", p.size, svg)
		if err := os.WriteFile(page, []byte(html), 0o600); err != nil {
			return err
		}
		cmd := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars",
			"--force-device-scale-factor=1", "--default-background-color=00000000", "--user-data-dir="+filepath.Join(tmp, "profile"),
			fmt.Sprintf("--window-size=%[1]d,%[1]d", p.size), "--screenshot="+filepath.Join(dir, p.file), "file://"+page)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", p.file, err, out)
		}
	}
	return nil
}
