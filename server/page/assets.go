// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
)

// Assets are the files that pages are made of. Each has an address with a hash of its content in it, so that browsers may keep it for
// ever, and a new version is another address.
type Assets struct {
	byName map[string]*asset
	byURL  map[string]*asset
}

type asset struct {
	url    string
	kind   string // Content-Type
	plain  []byte
	brotli []byte // nil where the build made none
	gzip   []byte
}

// assetPath is where they are.
const assetPath = "/assets/"

// NewAssets reads the files of a folder. `x.br` and `x.gz` beside x are x, compressed when the program was built.
func NewAssets(files fs.FS) (*Assets, error) {
	a := &Assets{byName: map[string]*asset{}, byURL: map[string]*asset{}}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz") {
			continue
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		a.add(name, data)
		a.byName[name].brotli, _ = fs.ReadFile(files, name+".br")
		a.byName[name].gzip, _ = fs.ReadFile(files, name+".gz")
	}
	a.style("offline.html")
	return a, nil
}

// style puts the address of the style sheet into a page that is a file; that changes what it is, and so its own address.
func (a *Assets) style(name string) {
	if page, ok := a.byName[name]; ok {
		delete(a.byURL, page.url)
		a.add(name, bytes.ReplaceAll(page.plain, []byte("STYLESHEET"), []byte(a.URL("gatehouse.css"))))
	}
}

func (a *Assets) add(name string, data []byte) {
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	one := &asset{
		url:  assetPath + strings.TrimSuffix(name, ext) + "." + base64.RawURLEncoding.EncodeToString(sum[:9]) + ext,
		kind: contentType(ext), plain: data,
	}
	a.byName[name], a.byURL[one.url] = one, one
}

func contentType(ext string) string {
	switch ext {
	case ".wasm":
		return "application/wasm"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".json":
		return "application/json"
	}
	return mime.TypeByExtension(ext)
}

// URL returns the address of a file, or "" where there is none.
func (a *Assets) URL(name string) string {
	if one, ok := a.byName[name]; ok {
		return one.url
	}
	return ""
}

// HasProgram reports whether the WASM is among them.
func (a *Assets) HasProgram() bool { return a.URL("gatehouse.wasm") != "" }

func (a *Assets) routes(e *echo.Echo) {
	e.GET("/manifest.webmanifest", a.manifest)
	e.GET("/sw.js", a.serviceWorker)
	e.GET(assetPath+"*", func(c echo.Context) error {
		one, ok := a.byURL[c.Request().URL.Path]
		if !ok {
			return api.NewProblem(api.StatusNotFound, "no_such_page")
		}
		c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		return one.send(c)
	})
}

// send writes the file in the smallest encoding that the browser takes.
func (a *asset) send(c echo.Context) error {
	h := c.Response().Header()
	h.Set("Vary", "Accept-Encoding")
	accepts := c.Request().Header.Get("Accept-Encoding")
	switch {
	case len(a.brotli) > 0 && strings.Contains(accepts, "br"):
		h.Set("Content-Encoding", "br")
		return c.Blob(http.StatusOK, a.kind, a.brotli)
	case len(a.gzip) > 0 && strings.Contains(accepts, "gzip"):
		h.Set("Content-Encoding", "gzip")
		return c.Blob(http.StatusOK, a.kind, a.gzip)
	}
	return c.Blob(http.StatusOK, a.kind, a.plain)
}

// scripts writes the elements that start the program, or on the sign-in page those that only fetch it ahead of time.
func (a *Assets) scripts(b *strings.Builder, language string, prefetch, bare bool) {
	if !a.HasProgram() {
		return
	}
	if prefetch {
		fmt.Fprintf(b, `<link rel="prefetch" href="%s" as="fetch" type="application/wasm" crossorigin="anonymous">`, html.EscapeString(a.URL("gatehouse.wasm")))
		return
	}
	if !bare {
		fmt.Fprintf(b, `<script src="%s" defer></script><script src="%s" data-wasm="%s" data-language="%s" defer></script>`,
			html.EscapeString(a.URL("wasm_exec.js")), html.EscapeString(a.URL("boot.js")), html.EscapeString(a.URL("gatehouse.wasm")),
			html.EscapeString(a.URL("language-"+language+".json")))
	}
}
