// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
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

// What the adapter sends to MAS and what the fake answers is held against two things. The first is testdata/shapes.json: the shape of every
// request and answer, recorded from these tests (-update records what is new), so that none changes unseen. The second is MAS's own
// OpenAPI document, where the environment variable MAS_OPENAPI names it.

const shapesFile = "testdata/shapes.json"

var update = flag.Bool("update", false, "record the shapes that are new")

// shape is what is known of one endpoint.
type shape struct {
	Query   []string                     `json:"query,omitempty"`
	Body    map[string][]string          `json:"body,omitempty"`    // types by field
	Answers map[string]map[string]string `json:"answers,omitempty"` // types of attributes, by status
}

var (
	shapesMu sync.Mutex
	shapes   = map[string]*shape{}
	document *openapi3.T
	router   routers.Router
)

func TestMain(m *testing.M) {
	flag.Parse()
	data, err := os.ReadFile(shapesFile)
	if err == nil {
		err = json.Unmarshal(data, &shapes)
	}
	if err == nil || *update {
		err = openDocument(os.Getenv("MAS_OPENAPI"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	stopReal()
	if *update && status == 0 {
		data, err := json.MarshalIndent(shapes, "", "\t")
		if err == nil {
			err = os.WriteFile(shapesFile, append(data, '\n'), 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

func openDocument(path string) error {
	if path == "" {
		return nil
	}
	var err error
	if document, err = openapi3.NewLoader().LoadFromFile(path); err != nil {
		return err
	}
	document.Servers = nil // its only one is a placeholder
	router, err = gorillamux.NewRouter(document)
	return err
}

func TestDocument(t *testing.T) {
	if document == nil {
		t.Log("MAS_OPENAPI names no document: requests and answers were held against testdata/shapes.json alone")
		return
	}
	if document.Paths.Len() < 30 {
		t.Errorf("the document has %d paths", document.Paths.Len())
	}
	// A fault is seen.
	r, _ := http.NewRequest(http.MethodPost, "http://localhost/api/admin/v1/users", strings.NewReader(`{"username":"a"}`))
	r.Header.Set("Content-Type", "application/json")
	good := `{"data":{"type":"user","id":"01J44RKQYM4G3TNVANTMTDYTX6","attributes":{"username":"a","created_at":"2026-01-01T00:00:00Z","locked_at":null,"admin":false,"legacy_guest":false},"links":{"self":"/x"}},"links":{"self":"/x"}}`
	if err := conforms(r, []byte(`{"username":"a"}`), 201, []byte(good)); err != nil {
		t.Error(err)
	}
	for _, wrong := range [][2]string{
		{`{"usrname":"a"}`, good}, {`{"username":"a","colour":"red"}`, good}, {`{"username":5}`, good}, {`{"username":"a"}`, strings.Replace(good, "null", "7", 1)},
		{`{"username":"a"}`, strings.Replace(good, `"admin":false,`, "", 1)},
	} {
		if conforms(r, []byte(wrong[0]), 201, []byte(wrong[1])) == nil {
			t.Errorf("%s and %s pass", wrong[0], wrong[1])
		}
	}
}

// checker returns what a fake calls with every request.
func checker(t *testing.T) func(*http.Request, []byte, int, []byte) {
	return func(r *http.Request, body []byte, status int, answer []byte) {
		if !strings.HasPrefix(r.URL.Path, "/api/admin/") || status >= 500 || bytes.HasPrefix(answer, []byte("<")) {
			return // OAuth and sign-in are no part of the document; a proxy's answers are nobody's
		}
		if status == http.StatusTeapot {
			t.Errorf("%s %s: MAS would ignore a part of this: %s", r.Method, r.URL, answer)
			return
		}
		if err := recorded(r, body, status, answer); err != nil {
			t.Errorf("%s %s: %v (-update records it)", r.Method, r.URL, err)
		}
		if document != nil {
			if err := conforms(r, body, status, answer); err != nil {
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
func recorded(r *http.Request, body []byte, status int, answer []byte) error {
	shapesMu.Lock()
	defer shapesMu.Unlock()
	name := r.Method + " " + username.ReplaceAllString(identifier.ReplaceAllString(r.URL.Path, "/{id}$1"), "/by-username/{username}")
	have := shapes[name]
	if have == nil {
		if !*update {
			return fmt.Errorf("nothing like it was recorded")
		}
		have = &shape{Body: map[string][]string{}, Answers: map[string]map[string]string{}}
		shapes[name] = have
	}
	for _, key := range slices.Sorted(maps.Keys(r.URL.Query())) {
		if !slices.Contains(have.Query, key) {
			if !*update {
				return fmt.Errorf("the parameter %s was not recorded", key)
			}
			have.Query = append(have.Query, key)
			slices.Sort(have.Query)
		}
	}
	var fields map[string]any
	_ = json.Unmarshal(body, &fields)
	for field, value := range fields {
		if kind := kindOf(value); !slices.Contains(have.Body[field], kind) {
			if !*update {
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
	if !ok && !*update {
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
			if before == "null" && *update {
				known[field] = kind
			}
		case *update:
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
		data = nil
		if len(list) > 0 {
			data = list[0]
		}
	}
	if one, ok := data.(map[string]any); ok {
		fields, _ = one["attributes"].(map[string]any)
	}
	out := map[string]string{}
	for field, value := range fields {
		out[field] = kindOf(value)
	}
	return out
}

func kindOf(value any) string {
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

// conforms holds a request and its answer against the document, more strictly than a validator does: what the document does not name is
// no part of a request.
func conforms(r *http.Request, body []byte, status int, answer []byte) error {
	r = r.Clone(context.Background())
	r.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := router.FindRoute(r)
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
		kind := kindOf(value)
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
