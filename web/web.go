// SPDX-License-Identifier: Apache-2.0

// Package web holds the files that pages are made of, as `go run ./tools/build` put them into dist: part of the program.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist returns the files.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the folder is embedded just above
	}
	return sub
}
