// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
	"gatehouse/server/operator"
	"gatehouse/web/languages"
)

// KeyHeader carries the request key of a write (draft-ietf-httpapi-idempotency-key-header).
const KeyHeader = "Idempotency-Key"

// againHeader marks a write that asks for the answer to an earlier one of its request key, such as after a reload of the page that showed it.
const againHeader = "Gatehouse-Again"

// api adds the API: GET for reads, with the request in the query, POST for writes, with the request as JSON.
func (w *Web) api(e *echo.Echo) {
	e.GET("/api/openapi.json", func(c echo.Context) error {
		return c.Blob(http.StatusOK, "application/json", OpenAPI(w.Version))
	})
	e.Any("/api/:homeserver/:operation", w.call)
	e.GET("/api/:homeserver/jobs/:id/events", w.events)
	e.Any("/api/*", func(echo.Context) error { return api.NewProblem(api.StatusNotFound, "no_such_operation", "name", "") })
}

func (w *Web) call(c echo.Context) error {
	person, err := w.Person(c)
	if errors.Is(err, operator.ErrSignedOut) || errors.Is(err, operator.ErrExpired) {
		person = nil
	} else if err != nil {
		return err
	}
	visit := Visit{
		Person: person, Homeserver: segment(c, "homeserver"), Operation: segment(c, "operation"),
		Key: c.Request().Header.Get(KeyHeader), RequestID: RequestID(c),
	}
	switch c.Request().Method {
	case http.MethodGet, http.MethodHead:
		visit.Kind = api.KindRead
		visit.Decode = func(op api.Op) (api.Request, error) {
			values, err := url.ParseQuery(c.Request().URL.RawQuery)
			if err != nil {
				return nil, api.NewProblem(api.StatusBadRequest, "invalid_request")
			}
			return op.DecodeForm(values)
		}
	case http.MethodPost:
		visit.Kind, visit.Again = api.KindWrite, c.Request().Header.Get(againHeader) != ""
		visit.Decode = func(op api.Op) (api.Request, error) {
			if kind, _, _ := mime.ParseMediaType(c.Request().Header.Get("Content-Type")); kind != "application/json" {
				return nil, api.NewProblem(http.StatusUnsupportedMediaType, "unsupported_media_type")
			}
			body, err := io.ReadAll(c.Request().Body)
			if err != nil {
				return nil, asProblem(err)
			}
			return op.DecodeJSON(body)
		}
	default:
		c.Response().Header().Set("Allow", "GET, HEAD, POST")
		return api.NewProblem(http.StatusMethodNotAllowed, "method_not_allowed")
	}
	result, err := w.Gate.Do(c.Request().Context(), visit)
	w.tellHealth(c, visit)
	if err != nil {
		if p, ok := errors.AsType[*api.Problem](err); ok && p.Status == http.StatusMethodNotAllowed {
			c.Response().Header().Set("Allow", allowed(visit.Kind))
		}
		return err
	}
	switch result := result.(type) {
	case api.Picture:
		return sendPicture(c, result)
	case api.ExportedList:
		return w.sendExport(c, visit, result.Export)
	}
	body, err := Encode(visit.Operation, result)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/json", body)
}

// tellHealth says with an answer how the gate last saw the homeserver, for the head of the page.
func (w *Web) tellHealth(c echo.Context, v Visit) {
	if server, err := w.Gate.admit(v); err == nil {
		if seen, _ := server.Seen(); seen.State != "" {
			c.Response().Header().Set("Gatehouse-Homeserver", seen.State)
		}
	}
}

// allowed returns the methods of the operations that are not of a kind (RFC 9110, section 15.5.6).
func allowed(not api.Kind) string {
	if not == api.KindRead {
		return http.MethodPost
	}
	return "GET, HEAD"
}

// Encode writes a result as JSON. Only operations that are declared to reveal show their secrets.
func Encode(operation string, result any) ([]byte, error) {
	if op, ok := api.Find(operation); ok && op.Info().Reveals {
		return api.EncodeWire(result)
	}
	return json.Marshal(result)
}

// segment returns a path parameter, decoded once. Names of homeservers and operations need no escapes, so one that has them is
// no name of either.
func segment(c echo.Context, name string) string { return c.Param(name) }

// writeProblem writes a problem document (RFC 9457), or what stands for one where it cannot be read.
func writeProblem(c echo.Context, p *api.Problem) error {
	Describe(p)
	if p.RetryMS > 0 {
		c.Response().Header().Set("Retry-After", strconv.FormatInt((p.RetryMS+999)/1000, 10))
	}
	if forPicture(c.Request()) {
		return sendNoPicture(c, p.Status)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return c.Blob(p.Status, "application/problem+json", body)
}

// Describe fills in what people read in a problem document: the status in words, and the sentences in English.
func Describe(p *api.Problem) {
	english := languages.Printer(languages.Default)
	p.Title = http.StatusText(p.Status)
	p.Detail = i18n.Bare(english.Problem(p.Code, p.Params))
	fields := make([]api.FieldProblem, len(p.Fields))
	for i, f := range p.Fields {
		f.Detail = i18n.Bare(english.Problem(f.Code, f.Params))
		fields[i] = f
	}
	p.Fields = fields
}
