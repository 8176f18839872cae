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
