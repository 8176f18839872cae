// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
)

// picturePolicy is the Content-Security-Policy of a picture: whatever it turns out to be, it runs nothing and loads nothing.
const picturePolicy = "default-src 'none'; sandbox"

// sendPicture answers with a picture that somebody has uploaded to a homeserver. It is one of few types, by its bytes as well as by
// its name, and no larger than a picture in a page has to be.
func sendPicture(c echo.Context, p api.Picture) error {
	if !slices.Contains(api.PictureTypes(), p.Type) || http.DetectContentType(p.Data) != p.Type || len(p.Data) > api.MaxPicture {
		return api.NewProblem(api.StatusBadGateway, "no_picture")
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", picturePolicy)
	h.Set("Cache-Control", "private, no-store")
	return c.Blob(http.StatusOK, p.Type, p.Data)
}

// noPicture is what stands where a picture cannot be had, as the icon of a file of which there is none (Tabler photo-off, MIT). Its grey is seen on
// light and dark.
const noPicture = `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96" viewBox="-12 -12 48 48" fill="none" stroke="#7d868e" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">` +
	`<path d="M15 8h.01M7 3h11a3 3 0 0 1 3 3v11m-.856 3.099a2.991 2.991 0 0 1 -2.144 .901h-12a3 3 0 0 1 -3 -3v-12c0 -.845 .349 -1.608 .91 -2.153M3 16l5 -5c.928 -.893 2.072 -.893 3 0l5 5M16.33 12.338c.574 -.054 1.155 .166 1.67 .662l3 3M3 3l18 18"/></svg>`

// forPicture reports whether an element of a page asks, which can show nothing but a picture.
func forPicture(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Dest") == "image"
}

// sendNoPicture answers such an element where there is a problem: browsers draw the body of an answer whatever its status is, and without one they
// draw that something is broken.
func sendNoPicture(c echo.Context, status int) error {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", picturePolicy)
	h.Set("Cache-Control", "private, no-store")
	return c.Blob(status, "image/svg+xml", []byte(noPicture))
}
