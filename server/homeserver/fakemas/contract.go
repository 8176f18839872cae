// SPDX-License-Identifier: Apache-2.0

package fakemas

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Contract is what requests to MAS and the answers of the fake are held against. The first part is a file of shapes: of every request and answer,
// recorded from tests, so that none changes unseen. The second is MAS's own OpenAPI document, where there is one.
type Contract struct {
	// Update has shapes that are new recorded.
	Update bool

	file     string
	mu       sync.Mutex
	shapes   map[string]*shape
	document *openapi3.T
	router   routers.Router
}

// shape is what is known of one endpoint.
type shape struct {
	Query   []string                     `json:"query,omitempty"`
	Body    map[string][]string          `json:"body,omitempty"`    // types by field
	Answers map[string]map[string]string `json:"answers,omitempty"` // types of attributes, by status
}

// OpenContract reads a file of shapes, and a document; "" for none.
func OpenContract(shapes, document string) (*Contract, error) {
	c := &Contract{file: shapes, shapes: map[string]*shape{}}
	data, err := os.ReadFile(shapes)
	if err == nil {
		err = json.Unmarshal(data, &c.shapes)
	}
	if err != nil || document == "" {
		return c, err
	}
	if c.document, err = openapi3.NewLoader().LoadFromFile(document); err != nil {
		return nil, err
	}
	c.document.Servers = nil // its only one is a placeholder
	c.router, err = gorillamux.NewRouter(c.document)
	return c, err
}

// Save writes the shapes.
func (c *Contract) Save() error {
	data, err := json.MarshalIndent(c.shapes, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(c.file, append(data, '\n'), 0o644)
}

// Paths is how many paths the document has, 0 where there is none.
func (c *Contract) Paths() int {
	if c.document == nil {
		return 0
	}
	return c.document.Paths.Len()
}

// Check returns what a fake calls with every request ([Options]).
func (c *Contract) Check(t testing.TB) func(*http.Request, []byte, int, []byte) {
	return func(r *http.Request, body []byte, status int, answer []byte) {
		if !strings.HasPrefix(r.URL.Path, "/api/admin/") || status >= 500 || bytes.HasPrefix(answer, []byte("<")) {
			return // OAuth and sign-in are no part of the document; a proxy's answers are nobody's
		}
		if status == http.StatusTeapot {
			t.Errorf("%s %s: MAS would ignore a part of this: %s", r.Method, r.URL, answer)
			return
		}
		if err := c.recorded(r, body, status, answer); err != nil {
			t.Errorf("%s %s: %v (-update records it)", r.Method, r.URL, err)
		}
		if c.document != nil {
			if err := c.Conforms(r, body, status, answer); err != nil {
				t.Errorf("%s %s, %d: not as MAS's document has it: %v\n%s", r.Method, r.URL, status, err, answer)
			}
		}
	}
}

var (
	identifier = regexp.MustCompile(`/[0-9A-HJKMNP-TV-Z]{26}(/|$)`)
	username   = regexp.MustCompile(`/by-username/.*$`)
)

// recorded compares with what was recorded, or records.
func (c *Contract) recorded(r *http.Request, body []byte, status int, answer []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := r.Method + " " + username.ReplaceAllString(identifier.ReplaceAllString(r.URL.Path, "/{id}$1"), "/by-username/{username}")
	have := c.shapes[name]
	if have == nil {
		if !c.Update {
			return fmt.Errorf("nothing like it was recorded")
		}
		have = &shape{Body: map[string][]string{}, Answers: map[string]map[string]string{}}
		c.shapes[name] = have
	}
	for _, key := range slices.Sorted(maps.Keys(r.URL.Query())) {
		if !slices.Contains(have.Query, key) {
			if !c.Update {
				return fmt.Errorf("the parameter %s was not recorded", key)
			}
			have.Query = append(have.Query, key)
			slices.Sort(have.Query)
		}
	}
	var fields map[string]any
	_ = json.Unmarshal(body, &fields)
	for field, value := range fields {
		if kind := jsonKind(value); !slices.Contains(have.Body[field], kind) {
			if !c.Update {
				return fmt.Errorf("the field %s was not recorded as %s", field, kind)
			}
			if have.Body == nil {
				have.Body = map[string][]string{}
			}
			have.Body[field] = append(have.Body[field], kind)
			slices.Sort(have.Body[field])
		}
	}
	seen := attributes(answer)
	known, ok := have.Answers[fmt.Sprint(status)]
	if !ok && !c.Update {
		return fmt.Errorf("the status %d was not recorded", status)
	}
	if !ok {
		known = map[string]string{}
		if have.Answers == nil {
			have.Answers = map[string]map[string]string{}
		}
		have.Answers[fmt.Sprint(status)] = known
	}
	for field, kind := range seen {
		switch before, ok := known[field]; {
		case ok && (before == kind || before == "null" || kind == "null"):
			if before == "null" && c.Update {
				known[field] = kind
			}
		case c.Update:
			known[field] = kind
		default:
			return fmt.Errorf("the attribute %s was recorded as %q, not as %s", field, before, kind)
		}
	}
	return nil
}

// attributes are the attributes of an answer, or of the first of its list, by their types; of an answer without any, its own fields.
func attributes(answer []byte) map[string]string {
	var fields map[string]any
	_ = json.Unmarshal(answer, &fields)
	data := fields["data"]
	if list, ok := data.([]any); ok {
		if len(list) == 0 {
			return nil
		}
		data = list[0]
	}
	if one, ok := data.(map[string]any); ok {
		fields, _ = one["attributes"].(map[string]any)
	}
	out := map[string]string{}
	for field, value := range fields {
		out[field] = jsonKind(value)
	}
	return out
}

func jsonKind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// Conforms holds a request and its answer against the document, more strictly than a validator does: what the document does not name is
// no part of a request.
func (c *Contract) Conforms(r *http.Request, body []byte, status int, answer []byte) error {
	r = r.Clone(context.Background())
	r.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		return err
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if status < 400 || status == 404 || status == 409 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			return err
		}
	}
	if err := named(route, r, body); err != nil {
		return err
	}
	if route.Operation.Responses.Status(status) == nil && status >= 400 {
		return titled(answer) // not every refusal is in the document
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(answer)), Options: options,
	}
	return openapi3filter.ValidateResponse(context.Background(), out)
}

// named refuses parameters and fields that the document does not have.
func named(route *routers.Route, r *http.Request, body []byte) error {
	for key := range r.URL.Query() {
		if route.Operation.Parameters.GetByInAndName("query", key) == nil {
			return fmt.Errorf("there is no parameter %s", key)
		}
	}
	if len(body) == 0 {
		return nil
	}
	if route.Operation.RequestBody == nil {
		return fmt.Errorf("there is no body")
	}
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		return err
	}
	schema := route.Operation.RequestBody.Value.Content.Get("application/json").Schema.Value
	for field, value := range fields {
		property := property(schema, field)
		if property == nil {
			return fmt.Errorf("there is no field %s", field)
		}
		kind := jsonKind(value)
		if types := property.Type; types != nil && !types.Includes(kind) && !(kind == "number" && types.Includes("integer")) {
			return fmt.Errorf("the field %s cannot be a %s", field, kind) // the validator lets a number pass for a string
		}
	}
	return nil
}

func property(schema *openapi3.Schema, field string) *openapi3.Schema {
	if p := schema.Properties[field]; p != nil {
		return p.Value
	}
	for _, list := range []openapi3.SchemaRefs{schema.AnyOf, schema.OneOf, schema.AllOf} {
		for _, s := range list {
			if p := property(s.Value, field); p != nil {
				return p
			}
		}
	}
	return nil
}

func titled(answer []byte) error {
	var out struct {
		Errors []struct {
			Title string `json:"title"`
		} `json:"errors"`
	}
	if json.Unmarshal(answer, &out) == nil && len(out.Errors) > 0 && out.Errors[0].Title != "" {
		return nil
	}
	if len(answer) > 0 && answer[0] != '{' {
		return nil // what the framework refuses, it refuses in plain text
	}
	return fmt.Errorf("not an error of the admin API")
}
