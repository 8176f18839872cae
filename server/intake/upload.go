// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/jobs"
	"gatehouse/server/seal"
	"gatehouse/server/store"
	"gatehouse/server/table"
)

// chunkSize is how much of a file is sealed at once, in bytes; keepUploads is how long a file waits to be planned, arriving how long it may be on its way.
const (
	chunkSize   = 256 << 10
	keepUploads = 24 * time.Hour
	arriving    = time.Hour
	maxName     = 200
)

// A Desk keeps files and makes jobs of them.
type Desk struct {
	Store *store.Store
	Seal  *seal.Keys
	Jobs  *jobs.Engine
	Log   *slog.Logger
	Now   func() time.Time

	gate *gate.Gate
}

// Use tells the desk the corridor, and the engine who plans files. Both are made with what the desk gives them.
func (d *Desk) Use(g *gate.Gate) {
	d.gate = g
	d.Jobs.Register(api.JobImport, planner{d})
	d.Jobs.UseFiles(accounts{d})
}

// head is what is kept of a file besides its bytes, sealed as they are.
type head struct {
	Name   string       `json:"name"`
	Format table.Format `json:"format"`
	Lines  int64        `json:"lines"` // ends of lines in it, LF, CR or both: there are no more rows
}

// An Arrival is a file on its way: who sends it, where to, and under which request.
type Arrival struct {
	Person     gate.Person
	Homeserver string
	RequestID  string
	Name       string // as it is called where it comes from
	Content    io.Reader
}

// Take stores a file of a person as it arrives, sealed piece by piece, and returns its ID. That it came is recorded, and its content is not. The
// error is a *api.Problem.
func (d *Desk) Take(ctx context.Context, a Arrival) (string, error) {
	a.Name = called(a.Name)
	v := gate.Visit{Person: &a.Person, Homeserver: a.Homeserver, RequestID: a.RequestID}
	done, err := d.gate.Receive(ctx, v, api.ImportUpload{Name: a.Name}, func() (api.Uploaded, error) { return d.take(ctx, a) })
	return done.ID, err
}

func (d *Desk) take(ctx context.Context, a Arrival) (done api.Uploaded, err error) {
	id := gate.NewKey()
	u := store.Upload{ID: id, Homeserver: a.Homeserver, Person: a.Person.ID, SealedHead: []byte{}, Created: d.Now(), Expires: d.Now().Add(arriving)}
	if err := d.Store.AddUpload(ctx, u); err != nil {
		return done, err
	}
	defer func() {
		if err == nil {
			return
		}
		if ctx.Err() != nil { // with the request its sender is gone
			err = cutOff()
		}
		if left := d.Store.DeleteUpload(context.WithoutCancel(ctx), id); left != nil {
			d.Log.Warn("a file that was turned away is deleted later", "error", left.Error())
		}
	}()
	var look table.Sniffer
	h := head{Name: a.Name}
	size, err := d.chunks(ctx, id, io.TeeReader(io.LimitReader(a.Content, table.MaxBytes+1), &look), &h)
	if err != nil {
		return done, err
	}
	if size > table.MaxBytes {
		return done, api.NewProblem(api.StatusTooLarge, "file_too_large", "max", fmt.Sprint(table.MaxBytes>>20))
	}
	if h.Format, err = look.Format(); err != nil {
		return done, err
	}
	u.Bytes = size
	if err := complete(&file{Upload: u, desk: d, ctx: ctx}, &h.Format); err != nil {
		return done, err
	}
	text, err := json.Marshal(h)
	if err != nil {
		return done, err
	}
	u.Expires = d.Now().Add(keepUploads)
	if u.SealedHead, err = d.Seal.Seal(seal.PurposeSeal, text, sealedAs(id, "head")); err != nil {
		return done, err
	}
	return api.Uploaded{ID: id, Bytes: size}, d.Store.FinishUpload(ctx, u)
}

// complete finds out what the beginning of a file does not say: the keys of all its objects, and that a list of names and passwords has no names
// of columns.
func complete(f *file, format *table.Format) error {
	if format.Kind == table.JSONLines {
		f.rewind()
		defer f.rewind()
		return format.ReadKeys(f)
	}
	if format.Comma != table.Colon || slices.ContainsFunc(Guess(format.Columns), func(field string) bool { return field != "" }) {
		return nil
	}
	format.Headless = true
	return f.look(format)
}

// chunks stores what is read in pieces, and counts lines.
func (d *Desk) chunks(ctx context.Context, id string, r io.Reader, h *head) (size int64, err error) {
	buf := make([]byte, chunkSize)
	feeds, returns := 0, 0
	r = toItsEnd{r}
	for n := 0; ; n++ {
		read, err := io.ReadFull(r, buf)
		if read > 0 {
			size += int64(read)
			feeds, returns = feeds+bytes.Count(buf[:read], []byte("\n")), returns+bytes.Count(buf[:read], []byte("\r"))
			h.Lines = int64(max(feeds, returns))
			sealed, err := d.Seal.Seal(seal.PurposeSeal, buf[:read], sealedAs(id, fmt.Sprint(n)))
			if err != nil {
				return size, err
			}
			if err := d.Store.AddUploadChunk(ctx, id, n, sealed); err != nil {
				return size, err
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return size, nil
		}
		if err != nil {
			return size, cutOff()
		}
	}
}

func cutOff() *api.Problem { return api.NewProblem(api.StatusBadRequest, "file_cut_off") }

// toItsEnd is a file that ends only where its sender says so: io.ReadFull tells an end that comes too early and the last piece of a file alike.
type toItsEnd struct{ io.Reader }

// Read implements io.Reader.
func (r toItsEnd) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.ErrUnexpectedEOF {
		err = cutOff()
	}
	return n, err
}

// sealedAs is what a piece of a file is bound to.
func sealedAs(upload, part string) []byte { return []byte("upload\x00" + upload + "\x00" + part) }

// called is the name of a file as it is shown: without folders, and not longer than needed.
func called(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.ReplaceAll(strings.ToValidUTF8(name, ""), "\x00", "")
	if utf8.RuneCountInString(name) > maxName {
		name = string([]rune(name)[:maxName])
	}
	return name
}

// file is an upload, opened.
type file struct {
	store.Upload
	head
	desk *Desk
	ctx  context.Context
	n    int
	rest []byte
}

// open returns a file of a homeserver and a person.
func (d *Desk) open(ctx context.Context, homeserver, person, id string) (*file, error) {
	gone := api.NewProblem(api.StatusNotFound, "import_not_found")
	u, err := d.Store.Upload(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (u.Homeserver != homeserver || u.Person != person || !d.Now().Before(u.Expires) || len(u.SealedHead) == 0) {
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	f := &file{Upload: u, desk: d, ctx: ctx}
	text, err := d.Seal.Open(seal.PurposeSeal, u.SealedHead, sealedAs(id, "head"))
	if err != nil {
		return nil, gone
	}
	return f, json.Unmarshal(text, &f.head)
}

// Read implements io.Reader, from the file's beginning.
func (f *file) Read(p []byte) (int, error) {
	for len(f.rest) == 0 {
		sealed, err := f.desk.Store.UploadChunk(f.ctx, f.ID, f.n)
		if errors.Is(err, store.ErrNotFound) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		if f.rest, err = f.desk.Seal.Open(seal.PurposeSeal, sealed, sealedAs(f.ID, fmt.Sprint(f.n))); err != nil {
			return 0, api.NewProblem(api.StatusConflict, "file_unreadable")
		}
		f.n++
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

// rewind goes back to the beginning.
func (f *file) rewind() { f.n, f.rest = 0, nil }

// as is the file's format, with what a person says of it.
func (f *file) as(told api.FileFormat) (table.Format, error) {
	if told == (api.FileFormat{}) {
		return f.Format, nil
	}
	format := table.Format{Kind: f.Format.Kind, Encoding: f.Format.Encoding, Headless: told.Headless, Comma: told.Comma}
	if told.Encoding != "" {
		format.Encoding = table.Encoding(told.Encoding)
	}
	if told.Comma == "tab" {
		format.Comma = "\t"
	}
	if err := f.look(&format); err != nil {
		return format, err
	}
	if format.Kind == table.CSV && told.Comma != "" {
		return format, nil // then it was also said whether there are names of columns
	}
	return format, complete(f, &format)
}

// look reads the beginning of the file for what a format does not say.
func (f *file) look(format *table.Format) error {
	sample := make([]byte, table.SampleSize)
	f.rewind()
	defer f.rewind()
	n, err := io.ReadFull(f, sample)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	return table.Look(sample[:n], int64(n) < f.Bytes, format)
}

// Clear deletes files that nobody needs any more.
func (d *Desk) Clear(ctx context.Context) {
	stale, err := d.Store.StaleUploads(ctx, d.Now())
	if err != nil && ctx.Err() == nil {
		d.Log.Warn("uploaded files could not be cleared away", "error", err.Error())
	}
	for _, id := range stale {
		if err := d.Store.DeleteUpload(ctx, id); err != nil && ctx.Err() == nil {
			d.Log.Warn("an uploaded file could not be deleted", "error", err.Error())
		}
	}
}
