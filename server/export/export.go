// SPDX-License-Identifier: Apache-2.0

// Package export writes the lists of the catalogue as files, page by page: however long a list is, one page of it is in memory. What the
// columns are follows from the types of the catalogue; those of accounts are the ones that an import reads.
package export

import (
	"context"
	"errors"
	"io"
	"reflect"

	"gatehouse/app/api"
	"gatehouse/server/table"
)

// Call makes the calls that fetch the pages.
type Call func(ctx context.Context, op api.Op, req api.Request) (any, error)

// File is a list on its way into a file.
type File struct {
	op    api.Op
	call  Call
	kind  table.Kind
	next  reflect.Value // the request of the page that comes next
	page  page
	shown map[string]bool // the rows of the page before: lists move while they are read
}

// Open fetches the first page, so that what is wrong is known before a file begins.
func Open(ctx context.Context, e api.ListExport, call Call) (*File, error) {
	op, req, err := e.List()
	if err != nil {
		return nil, err
	}
	f := &File{op: op, call: call, kind: table.Kind(e.Format)}
	f.next = reflect.New(reflect.TypeOf(req)).Elem()
	f.next.Set(reflect.ValueOf(req))
	if cursor := f.next.FieldByName("Cursor"); cursor.IsValid() {
		cursor.SetString("") // a list is exported from its beginning
	}
	f.largest()
	return f, f.fetch(ctx)
}

// largest asks for pages as large as the list has them.
func (f *File) largest() {
	limit := f.next.FieldByName("Limit")
	if !limit.IsValid() {
		return
	}
	for _, n := range []int64{api.MaxPage, api.MaxHistory, 0} {
		if limit.SetInt(n); f.request().Validate() == nil {
			return
		}
	}
}

func (f *File) request() api.Request { return f.next.Interface().(api.Request) }

func (f *File) fetch(ctx context.Context) error {
	result, err := f.call(ctx, f.op, f.request())
	if err != nil {
		return err
	}
	f.page, err = pageOf(result)
	f.page.reveals = f.op.Info().InFile
	return err
}

// errTurning means that a list leads back to a page that it has led to just now.
var errTurning = errors.New("export: the list does not get on")

// Write writes the whole list. before is called before each page is written, for who has to say that there is still something coming.
func (f *File) Write(ctx context.Context, w io.Writer, before func()) (rows int, err error) {
	columns := columnsOf(f.page)
	names := make([]string, 0, len(columns))
	for _, c := range columns {
		names = append(names, c.name)
	}
	out, err := table.NewWriter(w, f.kind, names)
	if err != nil {
		return 0, err
	}
	values := make([]table.Value, len(columns))
	for {
		before()
		shown := make(map[string]bool, f.page.rows.Len())
		for i := range f.page.rows.Len() {
			row := f.page.rows.Index(i)
			key := keyOf(row)
			if shown[key] = true; key != "" && f.shown[key] {
				continue
			}
			for n, c := range columns {
				values[n] = c.value(row)
			}
			if err := out.Write(values); err != nil {
				return rows, err
			}
			rows++
		}
		f.shown = shown
		if f.page.next == "" {
			return rows, out.Flush()
		}
		cursor := f.next.FieldByName("Cursor")
		if cursor.String() == f.page.next {
			return rows, errTurning
		}
		cursor.SetString(f.page.next)
		if err := f.fetch(ctx); err != nil {
			return rows, err
		}
	}
}
