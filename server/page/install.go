// SPDX-License-Identifier: Apache-2.0

package page

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// manifest makes the panel an app that can be installed (W3C Web Application Manifest).
func (a *Assets) manifest(c echo.Context) error {
	type icon struct {
		Src     string `json:"src"`
		Sizes   string `json:"sizes"`
		Type    string `json:"type"`
		Purpose string `json:"purpose,omitempty"`
	}
	body, err := json.Marshal(struct {
		Name       string `json:"name"`
		ShortName  string `json:"short_name"`
		ID         string `json:"id"`
		StartURL   string `json:"start_url"`
		Scope      string `json:"scope"`
		Display    string `json:"display"`
		Background string `json:"background_color"`
		Theme      string `json:"theme_color"`
		Icons      []icon `json:"icons"`
	}{
		Name: "Gatehouse", ShortName: "Gatehouse", ID: "/", StartURL: "/", Scope: "/", Display: "standalone",
		Background: "#f3f5f6", Theme: "#0a677d",
		Icons: []icon{
			{a.URL("gatehouse-icon.svg"), "any", "image/svg+xml", ""},
			{a.URL("icon-192.png"), "192x192", "image/png", ""},
			{a.URL("icon-512.png"), "512x512", "image/png", ""},
			{a.URL("icon-maskable-512.png"), "512x512", "image/png", "maskable"},
		},
	})
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.Blob(http.StatusOK, "application/manifest+json", body)
}

// serviceWorker writes the service worker with the addresses of this version's files. It is another file with every version, so
// that browsers take the new one at the first reload.
func (a *Assets) serviceWorker(c echo.Context) error {
	files, err := json.Marshal(slices.Sorted(maps.Keys(a.byURL)))
	if err != nil {
		return err
	}
	offline, err := json.Marshal([]string{a.URL("offline.html"), a.URL("gatehouse.css")})
	if err != nil {
		return err
	}
	worker, err := fs.ReadFile(a.files, "sw.js")
	if err != nil {
		return err
	}
	text := strings.NewReplacer("FILES", string(files), "OFFLINE", string(offline)).Replace(string(worker))
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", []byte(text))
}
