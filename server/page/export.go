// SPDX-License-Identifier: Apache-2.0

package page

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/server/gate"
)

// export answers with a list as a file, at the address that the list's own page leads to. What is wrong is a page, as everywhere.
func (p *Pages) export(c echo.Context) error {
	person, err := p.signedIn(c)
	if person == nil || err != nil {
		return err
	}
	query := c.Request().URL.Query()
	format := query.Get("_format")
	for name := range query {
		if strings.HasPrefix(name, "_") {
			query.Del(name)
		}
	}
	return p.Web.Export(c, gate.Visit{
		Person: person, Homeserver: c.Param("homeserver"), Operation: api.ExportList.Info().Name, Kind: api.KindRead, RequestID: gate.RequestID(c),
		Decode: func(op api.Op) (api.Request, error) {
			return op.DecodeForm(url.Values{"operation": {c.Param("operation")}, "query": {query.Encode()}, "format": {format}})
		},
	})
}
