// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"encoding/json"
	"reflect"
	"strings"

	"gatehouse/app/api"
)

type object = map[string]any

// OpenAPI returns the document of the API (OpenAPI 3.1), generated from the catalogue.
func OpenAPI(version string) []byte {
	s := schemas{object{}}
	paths := object{}
	for _, op := range api.All() {
		info := op.Info()
		if info.Internal {
			continue
		}
		req, res := op.Types()
		entry := object{
			"operationId":              info.Name,
			"x-gatehouse-permission":   info.Permission,
			"x-gatehouse-destructive":  info.Destructive,
			"x-gatehouse-shows-secret": info.Reveals,
			"x-gatehouse-recorded":     info.Audited(),
			"responses": object{
				"200":     object{"description": "done", "content": s.answer(reflect.TypeOf(res))},
				"default": object{"description": "not done; a problem document says why", "content": object{"application/problem+json": object{"schema": s.of(reflect.TypeFor[api.Problem]())}}},
			},
		}
		homeserver := object{"name": "homeserver", "in": "path", "required": true, "description": "its name in the configuration", "schema": object{"type": "string"}}
		method := "get"
		if info.Kind == api.KindWrite {
			method = "post"
			entry["parameters"] = []any{homeserver, object{
				"name": KeyHeader, "in": "header", "required": true, "description": "random, one for each deed: sent twice, the deed is done once",
				"schema": object{"type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$"},
			}}
			entry["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": s.of(reflect.TypeOf(req))}}}
		} else {
			entry["parameters"] = append([]any{homeserver}, s.query(reflect.TypeOf(req))...)
		}
		paths["/api/{homeserver}/"+info.Name] = object{method: entry}
	}
	doc, err := json.MarshalIndent(object{
		"openapi":    "3.1.0",
		"info":       object{"title": "Gatehouse", "version": version, "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"}},
		"security":   []any{object{"session": []any{}}},
		"paths":      paths,
		"components": object{"schemas": s.made, "securitySchemes": object{"session": object{"type": "apiKey", "in": "cookie", "name": "__Host-gatehouse"}}},
	}, "", "  ")
	if err != nil {
		panic(err) // it is made of maps and texts alone
	}
	return doc
}

// schemas makes JSON schemas of Go types; structs go under components.
type schemas struct{ made object }

// answer is the content of a result: JSON, a picture, or a file.
func (s schemas) answer(t reflect.Type) object {
	var kinds []string
	switch t {
	case reflect.TypeFor[api.Picture]():
		kinds = api.PictureTypes()
	case reflect.TypeFor[api.ExportedList]():
		kinds = []string{"text/csv", "application/jsonl"}
	default:
		return object{"application/json": object{"schema": s.of(t)}}
	}
	content := object{}
	for _, kind := range kinds {
		content[kind] = object{}
	}
	return content
}

func (s schemas) of(t reflect.Type) object {
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		if t == reflect.TypeFor[api.Secret]() {
			return object{"type": "string", "format": "password"}
		}
		name := schemaName(t)
		if _, ok := s.made[name]; !ok {
			s.made[name] = object{} // a type may hold itself
			s.made[name] = s.fields(t)
		}
		return object{"$ref": "#/components/schemas/" + name}
	}
	return object{"type": "integer", "format": "int64"}
}

func (s schemas) fields(t reflect.Type) object {
	properties, required := object{}, []string{}
	for i := range t.NumField() {
		name, rest, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		properties[name] = s.of(t.Field(i).Type)
		if !strings.Contains(rest, "omit") {
			required = append(required, name)
		}
	}
	out := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (s schemas) query(t reflect.Type) []any {
	var list []any
	for i := range t.NumField() {
		name, rest, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			list = append(list, object{"name": name, "in": "query", "required": !strings.Contains(rest, "omit"), "schema": s.of(t.Field(i).Type)})
		}
	}
	return list
}

// schemaName names a type in the document; Change[string] becomes Change_string.
func schemaName(t reflect.Type) string {
	name := t.Name()
	outer, inner, generic := strings.Cut(name, "[")
	if !generic {
		return name
	}
	inner = strings.TrimSuffix(inner, "]")
	list := ""
	if rest, ok := strings.CutPrefix(inner, "[]"); ok {
		inner, list = rest, "List"
	}
	if i := strings.LastIndexAny(inner, "./"); i >= 0 {
		inner = inner[i+1:]
	}
	return outer + "_" + inner + list
}
