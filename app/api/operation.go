// SPDX-License-Identifier: Apache-2.0

// Package api is the catalogue: every operation that Gatehouse knows, its types, what it validates and the permission it
// takes. The gate routes, authorises, validates and audits by it; adapters implement it; the browser, the command line and
// the OpenAPI document are drawn from it. It imports nothing of ours and no net/http: it is part of the WASM.
package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
)

// Kind says whether an operation only reads or also writes.
type Kind string

// The two kinds. Reads are GET with a query, writes are POST with a JSON body.
const (
	KindRead  Kind = "read"
	KindWrite Kind = "write"
)

// Info is what there is to know about an operation but its types.
type Info struct {
	Name        string     // stable, `area.verb`
	Kind        Kind       //
	Permission  Permission // what a person needs to call it
	Destructive bool       // it ends something that cannot simply be made again
	Reveals     bool       // its result holds a secret that is shown once
	Internal    bool       // the gate itself calls it; it has no address and no command
	Loud        bool       // the gate also says in its log that it was done
	AtGate      bool       // the gate answers it from its own store, for every homeserver; no adapter has it
	Recorded    bool       // it is a read, and stands in the audit log as writes do
	Listing     bool       // its result is a list, page by page or whole, that can be exported as a file
	InFile      bool       // the file of its list shows secrets, to whom it shows the rows at all
	Many        bool       // a job can do it to many accounts, one after the other
	Repeatable  bool       // done twice it ends as done once, so a job that did not learn the end does it again
	// Shows is the field of User that says whether it was done, and is then ShowsAs. "" where accounts do not tell.
	Shows   string
	ShowsAs bool
}

// Request is what an operation is asked with. It validates itself, with the same code in the browser and in the gate.
type Request interface {
	// Validate returns nil or a *Problem that names every field at fault.
	Validate() error
	// Targets names the accounts that the operation is about, for the audit log and for patterns of accounts.
	Targets() []UserID
}

// Demanding is a request that takes more than its operation's permission, depending on what it asks for.
type Demanding interface {
	Demands() []Permission
}

// Noting is a result with a sentence for the audit log, in English and without secrets: what the request alone does not tell.
type Noting interface{ Noted() string }

// Reasoned is a request that says why.
type Reasoned interface{ Why() string }

// settled is a request that tidies itself after decoding, before it is validated.
type settled interface{ settle() }

// Op is an operation without its types.
type Op interface {
	Info() Info
	// DecodeJSON reads a request; unknown fields are refused. The error is a *Problem.
	DecodeJSON(data []byte) (Request, error)
	// DecodeForm reads a request from a query or a form (see form.go). The error is a *Problem.
	DecodeForm(values url.Values) (Request, error)
	// DecodeResult reads a result.
	DecodeResult(data []byte) (any, error)
	// Types returns a zero request and a zero result, for documents made from the catalogue.
	Types() (request Request, result any)
}

// Operation is one entry of the catalogue, with the types of its request and result.
type Operation[Req Request, Res any] struct{ info Info }

// Option says more of an operation where it is declared.
type Option func(*Info)

// The options.
var (
	Destructive Option = func(i *Info) { i.Destructive = true }
	Reveals     Option = func(i *Info) { i.Reveals = true }
	Internal    Option = func(i *Info) { i.Internal = true }
	Loud        Option = func(i *Info) { i.Loud = true }
	AtGate      Option = func(i *Info) { i.AtGate = true }
	Recorded    Option = func(i *Info) { i.Recorded = true }
	Listing     Option = func(i *Info) { i.Listing = true }
	InFile      Option = func(i *Info) { i.InFile = true }
	Many        Option = func(i *Info) { i.Many = true }
	Repeatable  Option = func(i *Info) { i.Repeatable = true }
)

// Shows is the option of an operation whose end is seen at the account: the field (its JSON name) is then as told. One that is so already
// needs nothing.
func Shows(field string, as bool) Option {
	return func(i *Info) { i.Shows, i.ShowsAs = field, as }
}

// Seen tells whether an account looks as it does when the operation was done to it. Where accounts do not tell, or this one does not, tells is
// false.
func (i Info) Seen(u User) (done, tells bool) {
	if i.Shows == "" || !u.Knows(i.Shows) {
		return false, false
	}
	return u.flag(i.Shows) == i.ShowsAs, true
}

// Read declares an operation that changes nothing.
func Read[Req Request, Res any](name string, p Permission, options ...Option) *Operation[Req, Res] {
	return declare[Req, Res](Info{Name: name, Kind: KindRead, Permission: p}, options)
}

// Write declares an operation that changes something.
func Write[Req Request, Res any](name string, p Permission, options ...Option) *Operation[Req, Res] {
	return declare[Req, Res](Info{Name: name, Kind: KindWrite, Permission: p}, options)
}

// catalogue is filled while the package's variables are initialised and never changes after.
var (
	catalogue []Op
	byName    = map[string]Op{}
)

func declare[Req Request, Res any](info Info, options []Option) *Operation[Req, Res] {
	for _, option := range options {
		option(&info)
	}
	op := &Operation[Req, Res]{info}
	catalogue, byName[info.Name] = append(catalogue, op), op
	return op
}

// Audited reports whether what is asked stands in the audit log: writes do, and the reads that are declared so.
func (i Info) Audited() bool { return i.Kind == KindWrite || i.Recorded }

// All returns the operations, sorted by name.
func All() []Op {
	ops := slices.Clone(catalogue)
	slices.SortFunc(ops, func(a, b Op) int { return strings.Compare(a.Info().Name, b.Info().Name) })
	return ops
}

// Find returns the operation of that name.
func Find(name string) (Op, bool) {
	op, ok := byName[name]
	return op, ok
}

// Info implements Op.
func (o *Operation[Req, Res]) Info() Info { return o.info }

// Types implements Op.
func (o *Operation[Req, Res]) Types() (Request, any) {
	var req Req
	var res Res
	return req, res
}

// DecodeJSON implements Op.
func (o *Operation[Req, Res]) DecodeJSON(data []byte) (Request, error) {
	var req Req
	if err := strict(data, &req); err != nil {
		return nil, err
	}
	return finish(&req), nil
}

// DecodeForm implements Op.
func (o *Operation[Req, Res]) DecodeForm(values url.Values) (Request, error) {
	var req Req
	if err := decodeForm(values, &req); err != nil {
		return nil, err
	}
	return finish(&req), nil
}

// DecodeResult implements Op.
func (o *Operation[Req, Res]) DecodeResult(data []byte) (any, error) {
	var res Res
	err := json.Unmarshal(data, &res)
	return res, err
}

func finish[Req Request](req *Req) Request {
	if s, ok := any(req).(settled); ok {
		s.settle()
	}
	return *req
}

// strict decodes exactly one JSON value and refuses unknown fields.
func strict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil {
		if _, more := dec.Token(); more == io.EOF {
			return nil
		}
		return NewProblem(StatusBadRequest, "invalid_json")
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		p := NewProblem(StatusUnprocessable, "invalid_request")
		p.Fields = []FieldProblem{{Field: wrong.Field, Code: "invalid_type", Params: map[string]string{"type": wrong.Type.Kind().String()}}}
		return p
	}
	if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
		name = strings.Trim(name, `"`)
		p := NewProblem(StatusUnprocessable, "invalid_request")
		p.Fields = []FieldProblem{{Field: name, Code: "unknown_field", Params: map[string]string{"field": name}}}
		return p
	}
	return NewProblem(StatusBadRequest, "invalid_json")
}
