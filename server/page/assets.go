// SPDX-License-Identifier: Apache-2.0

package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
)

// Assets are the files that pages are made of. Each has an address with a hash of its content in it, so that browsers may keep it for
// ever, and a new version is another address. They are read when they are sent: what is embedded is in the program's file, and only what is
// sent of it need be in memory.
type Assets struct {
	files  fs.FS
	byName map[string]*asset
	byURL  map[string]*asset
}

type asset struct {
	name    string // of its file
	url     string
	kind    string   // Content-Type
	smaller []coding // those that the build made, the smallest first
	page    []byte   // in place of the file
}

// A coding is a way to send a file compressed.
type coding struct{ name, ext string }

var codings = []coding{{"br", ".br"}, {"gzip", ".gz"}}

// assetPath is where they are.
const assetPath = "/assets/"

// NewAssets finds the files of a folder. `x.br` and `x.gz` beside x are x, compressed when the program was built.
func NewAssets(files fs.FS) (*Assets, error) {
	a := &Assets{files: files, byName: map[string]*asset{}, byURL: map[string]*asset{}}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, e := range entries {
		there[e.Name()] = true
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz") {
			continue
		}
		one := &asset{name: name}
		for _, c := range codings {
			if there[name+c.ext] {
				one.smaller = append(one.smaller, c)
			}
		}
		if err := a.add(one); err != nil {
			return nil, err
		}
	}
	if page, ok := a.byName["offline.html"]; ok {
		return a, a.style(page)
	}
	return a, nil
}

// style puts the address of the style sheet into a page that is a file; that changes what it is, and so its own address.
func (a *Assets) style(page *asset) error {
	delete(a.byURL, page.url)
	plain, err := fs.ReadFile(a.files, page.name)
	if err != nil {
		return err
	}
	return a.add(&asset{name: page.name, page: bytes.ReplaceAll(plain, []byte("STYLESHEET"), []byte(a.URL("gatehouse.css")))})
}

// add gives a file its address. The hash is that of its smallest form.
func (a *Assets) add(one *asset) error {
	in, err := a.open(one, first(one.smaller))
	if err != nil {
		return err
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return err
	}
	ext := path.Ext(one.name)
	one.url = assetPath + strings.TrimSuffix(one.name, ext) + "." + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:9]) + ext
	one.kind = contentType(ext)
	a.byName[one.name], a.byURL[one.url] = one, one
	return nil
}

// first returns the first of some codings, or that of the file as it is.
func first(of []coding) coding {
	if len(of) == 0 {
		return coding{}
	}
	return of[0]
}

func (a *Assets) open(one *asset, c coding) (io.ReadCloser, error) {
	if one.page != nil {
		return io.NopCloser(bytes.NewReader(one.page)), nil
	}
	return a.files.Open(one.name + c.ext)
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
		return a.send(c, one)
	})
}

// send writes a file in the smallest form that the browser takes.
func (a *Assets) send(c echo.Context, one *asset) error {
	h := c.Response().Header()
	h.Set("Vary", "Accept-Encoding")
	accepts := c.Request().Header.Get("Accept-Encoding")
	form := first(slices.DeleteFunc(slices.Clone(one.smaller), func(c coding) bool { return !strings.Contains(accepts, c.name) }))
	if form.name != "" {
		h.Set("Content-Encoding", form.name)
	}
	in, err := a.open(one, form)
	if err != nil {
		return err
	}
	defer in.Close()
	return c.Stream(http.StatusOK, one.kind, in)
}

// scripts writes the elements that start the program, or on the sign-in page those that only fetch it ahead of time. again is where the server has
// what a page with placeholders waits for, in case that the program does not come.
func (a *Assets) scripts(b *strings.Builder, language, again string, prefetch, bare bool) {
	if !a.HasProgram() {
		return
	}
	if prefetch {
		fmt.Fprintf(b, `<link rel="prefetch" href="%s" as="fetch" type="application/wasm" crossorigin="anonymous">`, html.EscapeString(a.URL("gatehouse.wasm")))
		return
	}
	if !bare {
		fmt.Fprintf(b, `<script src="%s" defer></script><script src="%s" data-wasm="%s" data-language="%s"`,
			html.EscapeString(a.URL("wasm_exec.js")), html.EscapeString(a.URL("boot.js")), html.EscapeString(a.URL("gatehouse.wasm")),
			html.EscapeString(a.URL("language-"+language+".json")))
		if again != "" {
			fmt.Fprintf(b, ` data-again="%s"`, html.EscapeString(again))
		}
		b.WriteString(` defer></script>`)
	}
}
