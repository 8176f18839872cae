// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"mime"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/server/export"
	"gatehouse/server/homeserver"
)

// exports is the table of what leads to files of lists. The corridor has looked at the permissions by then, and records who asked; what is
// left to say is whether this homeserver has the list.
func exports(adapter homeserver.Adapter) homeserver.Adapter {
	return homeserver.Adapter{
		homeserver.Implement(api.ExportList, func(_ context.Context, e api.ListExport) (api.ExportedList, error) {
			if entry, ok := adapter.Find(e.Operation); ok && entry.Why() != "" {
				return api.ExportedList{}, api.NewProblem(api.StatusNotSupported, "not_supported", "reason", entry.Why())
			}
			return api.ExportedList{Export: e}, nil
		}),
	}
}

// OpenExport begins a file of what api.ExportList was allowed for: the pages of the list are fetched as everybody fetches them.
func (g *Gate) OpenExport(ctx context.Context, v Visit, e api.ListExport) (*export.File, error) {
	return export.Open(ctx, e, func(ctx context.Context, op api.Op, req api.Request) (any, error) {
		return g.Do(ctx, Visit{
			Person: v.Person, Homeserver: v.Homeserver, Operation: op.Info().Name, Kind: api.KindRead, RequestID: v.RequestID,
			Decode: func(api.Op) (api.Request, error) { return req, nil },
		})
	})
}

// pageWrite is how long a page of a file may take on its way.
const pageWrite = 90 * time.Second

// Export answers with a list as a file. Where it breaks off, the connection does, too: half a list is not to be taken for all of it.
func (w *Web) Export(c echo.Context, v Visit) error {
	result, err := w.Gate.Do(c.Request().Context(), v)
	if err != nil {
		return err
	}
	return w.sendExport(c, v, result.(api.ExportedList).Export)
}

func (w *Web) sendExport(c echo.Context, v Visit, e api.ListExport) error {
	file, err := w.Gate.OpenExport(c.Request().Context(), v, e)
	if err != nil {
		return err
	}
	kind := "text/csv; charset=utf-8; header=present" // RFC 4180, section 3
	if e.Format == api.FormatJSONLines {
		kind = "application/jsonl; charset=utf-8"
	}
	h := c.Response().Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": v.Homeserver + "-" + e.Operation + "-" + w.Gate.now().UTC().Format("2006-01-02") + "." + e.Format}))
	h.Set("Cache-Control", "private, no-store")
	c.Response().WriteHeader(http.StatusOK)
	patience := http.NewResponseController(c.Response())
	rows, err := file.Write(c.Request().Context(), c.Response(), func() { _ = patience.SetWriteDeadline(time.Now().Add(pageWrite)) })
	if err != nil {
		w.Log.Error("a file broke off", "request_id", v.RequestID, "operation", e.Operation, "rows", rows, "error", err.Error())
		panic(http.ErrAbortHandler)
	}
	return nil
}
