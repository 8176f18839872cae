// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"gatehouse/server/homeserver/fakemas"
)

var update = flag.Bool("update", false, "record the shapes that are new")

// contract is what every request of these tests is held against: shapes, and MAS's own OpenAPI document, where the environment variable MAS_OPENAPI
// names it.
var contract *fakemas.Contract

func TestMain(m *testing.M) {
	flag.Parse()
	document := os.Getenv("MAS_OPENAPI")
	var err error
	if contract, err = fakemas.OpenContract("testdata/shapes.json", document); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if contract.Update = *update; document == "" {
		fmt.Fprintln(os.Stderr, "MAS_OPENAPI names no document: requests and answers are held against testdata/shapes.json alone")
	}
	status := m.Run()
	stopReal()
	if *update && status == 0 {
		if err := contract.Save(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

func TestDocument(t *testing.T) {
	if os.Getenv("MAS_OPENAPI") == "" {
		t.Skip("MAS_OPENAPI names no document")
	}
	if n := contract.Paths(); n < 30 {
		t.Errorf("the document has %d paths", n)
	}
	// A fault is seen.
	r, _ := http.NewRequest(http.MethodPost, "http://localhost/api/admin/v1/users", strings.NewReader(`{"username":"a"}`))
	r.Header.Set("Content-Type", "application/json")
	good := `{"data":{"type":"user","id":"01J44RKQYM4G3TNVANTMTDYTX6","attributes":{"username":"a","created_at":"2026-01-01T00:00:00Z","locked_at":null,"admin":false,"legacy_guest":false},"links":{"self":"/x"}},"links":{"self":"/x"}}`
	if err := contract.Conforms(r, []byte(`{"username":"a"}`), 201, []byte(good)); err != nil {
		t.Error(err)
	}
	for _, wrong := range [][2]string{
		{`{"usrname":"a"}`, good}, {`{"username":"a","colour":"red"}`, good}, {`{"username":5}`, good}, {`{"username":"a"}`, strings.Replace(good, "null", "7", 1)},
		{`{"username":"a"}`, strings.Replace(good, `"admin":false,`, "", 1)},
	} {
		if contract.Conforms(r, []byte(wrong[0]), 201, []byte(wrong[1])) == nil {
			t.Errorf("%s and %s pass", wrong[0], wrong[1])
		}
	}
}
