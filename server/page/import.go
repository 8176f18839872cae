// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/imports"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/server/gate"
	"gatehouse/server/intake"
	"gatehouse/server/operator"
	"gatehouse/server/table"
)

// The pages of an import are written here alone: a file goes from the browser to the server, and the program has no part in it.

// uploadTime is how long a file may take on its way, as long as something of it arrives.
const uploadTime = 30 * time.Second

// importPage is what these pages have alike.
type importPage interface {
	app.UI
	Use(env ui.Env)
	Title() string
}

func (p *Pages) writeImport(c echo.Context, status int, person *operator.Person, page importPage) error {
	env := p.env(c, person, c.Param("homeserver"))
	page.Use(env)
	return p.write(c, status, document{env: env, title: page.Title(), body: page, url: here(c.Request()), secret: true})
}

// importer is who asks for a page of an import, of a homeserver that is theirs.
func (p *Pages) importer(c echo.Context) (*operator.Person, error) {
	person, err := p.signedIn(c)
	if person == nil || err != nil {
		return nil, err
	}
	name := c.Param("homeserver")
	if _, known := p.Gate.Homeserver(name); !known || !person.May(name) {
		return nil, api.NewProblem(api.StatusNotFound, "no_such_homeserver", "name", name)
	}
	return person, nil
}

// importForm answers GET: with the form for a file, or with the columns of one that was sent.
func (p *Pages) importForm(c echo.Context) error {
	person, err := p.importer(c)
	if person == nil || err != nil {
		return err
	}
	query := c.Request().URL.Query()
	if query.Get("id") == "" {
		return p.writeImport(c, http.StatusOK, person, uploadPage(ui.FormState{}))
	}
	return p.columns(c, http.StatusOK, person, query, ui.FormState{Key: gate.NewKey()})
}

func uploadPage(state ui.FormState) *imports.Upload {
	return &imports.Upload{State: state, MaxMB: table.MaxBytes >> 20, MaxRow: table.MaxRows}
}

// columns answers with the columns of a file, read as the query says.
func (p *Pages) columns(c echo.Context, status int, person *operator.Person, query url.Values, state ui.FormState) error {
	look := url.Values{}
	for _, name := range []string{"id", "format.encoding", "format.comma", "format.headless"} {
		if query.Has(name) {
			look[name] = query[name]
		}
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), waitTime)
	defer cancel()
	req, err := api.LookAtImport.DecodeForm(look)
	if err == nil {
		err = req.Validate()
	}
	if err != nil {
		return err
	}
	seen, err := client.Call(ctx, p.caller(c, person, c.Param("homeserver")), api.LookAtImport, req.(api.ImportLook))
	if err != nil {
		if problem := problemOf(err); problem.Code == "import_not_found" {
			return p.sendAgain(c, person, problem) // whoever goes back from a plan to the columns comes here
		}
		return err
	}
	return p.writeImport(c, status, person, &imports.Columns{Import: seen, State: state, Same: query.Get(route.ImportPurpose) == route.ImportPurposeSame})
}

// sendAgain says why a file was not taken, or is not kept any more, where another one is taken.
func (p *Pages) sendAgain(c echo.Context, person *operator.Person, problem *api.Problem) error {
	problem = tell(c, problem)
	return p.writeImport(c, problem.Status, person, uploadPage(ui.FormState{Problem: problem}))
}

// upload takes a file, in pieces as it arrives, and goes on to its columns.
func (p *Pages) upload(c echo.Context) error {
	if err := p.Web.FormOrigin(c.Request()); err != nil {
		return err
	}
	person, err := p.importer(c)
	if person == nil || err != nil {
		p.swallow(c)
		return err
	}
	id, err := p.take(c, person)
	if err != nil {
		p.swallow(c)
		return p.sendAgain(c, person, problemOf(err))
	}
	return c.Redirect(http.StatusSeeOther, route.Import(c.Param("homeserver"), id))
}

func (p *Pages) take(c echo.Context, person *operator.Person) (id string, err error) {
	missing := api.NewProblem(api.StatusUnprocessable, "missing").At(imports.File)
	parts, err := c.Request().MultipartReader()
	if err != nil {
		return "", api.NewProblem(http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return "", missing
		}
		if err != nil {
			return "", api.NewProblem(api.StatusBadRequest, "file_cut_off")
		}
		if part.FormName() != imports.File {
			continue
		}
		if part.FileName() == "" {
			return "", missing
		}
		return p.Intake.Take(c.Request().Context(), intake.Arrival{
			Person: *person, Homeserver: c.Param("homeserver"), RequestID: gate.RequestID(c), Name: part.FileName(),
			Content: patient{closable{part, p.Web.Closing()}, http.NewResponseController(c.Response())},
		})
	}
}

// patient is a file on its way: as long as something arrives, the connection stays open. It is cut off when the program is told to stop.
type patient struct {
	closable
	connection *http.ResponseController
}

func (r patient) Read(b []byte) (int, error) {
	_ = r.connection.SetReadDeadline(time.Now().Add(uploadTime))
	_ = r.connection.SetWriteDeadline(time.Now().Add(3 * uploadTime))
	return r.closable.Read(b)
}

// closable ends when the program is told to stop.
type closable struct {
	io.Reader
	closing <-chan struct{}
}

func (r closable) Read(b []byte) (int, error) {
	select {
	case <-r.closing:
		return 0, io.ErrUnexpectedEOF
	default:
		return r.Reader.Read(b)
	}
}

// swallow reads what is left of a file that is not taken. A browser that is still sending when the connection is closed shows that, and not
// the answer. It has no more time than a file may stand still, and a file that is far larger than any is not waited for.
func (p *Pages) swallow(c echo.Context) {
	connection, until := http.NewResponseController(c.Response()), time.Now().Add(uploadTime)
	_ = connection.SetReadDeadline(until)
	_ = connection.SetWriteDeadline(until.Add(uploadTime))
	_, _ = io.Copy(io.Discard, closable{io.LimitReader(c.Request().Body, 4*table.MaxBytes), p.Web.Closing()})
}

// planImport takes the form of the columns and makes a job of the file. Where another file is wanted, this one is deleted.
func (p *Pages) planImport(c echo.Context) error {
	values, err := p.form(c)
	if err != nil {
		return err
	}
	person, err := p.importer(c)
	if person == nil || err != nil {
		return err
	}
	homeserver, operation, typed := c.Param("homeserver"), api.PlanImport.Info().Name, screen.Own(values)
	if values.Has(imports.Other) {
		operation, typed = api.AbandonImport.Info().Name, url.Values{"id": typed["id"]}
	}
	result, err := p.Gate.Do(c.Request().Context(), gate.Visit{
		Person: person, Homeserver: homeserver, Operation: operation, Kind: api.KindWrite, Key: values.Get("_key"), RequestID: gate.RequestID(c),
		Decode: func(op api.Op) (api.Request, error) { return op.DecodeForm(typed) },
	})
	if job, ok := result.(api.Job); ok && err == nil {
		return c.Redirect(http.StatusSeeOther, route.Job(homeserver, job.ID))
	}
	if err == nil || values.Has(imports.Other) {
		return c.Redirect(http.StatusSeeOther, route.Import(homeserver, ""))
	}
	problem := tell(c, problemOf(err))
	if problem.Code == "import_not_found" {
		return p.sendAgain(c, person, problem)
	}
	return p.columns(c, problem.Status, person, typed, ui.FormState{Key: gate.NewKey(), Typed: typed, Problem: problem})
}
