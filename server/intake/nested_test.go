// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"strings"
	"testing"

	"gatehouse/app/api"
)

// In JSON Lines a value can be of a shape that no field has. It is refused with its line and column, and never taken as its text; numbers, true and false are
// as good as texts, and null is nothing at all.
func TestShapesOfValues(t *testing.T) {
	t.Parallel()
	for row, want := range map[string]string{
		`{"id": ["ann"]}`:                        "import_field id import_text",
		`{"id": {"localpart": "ann"}}`:           "import_field id import_text",
		`{"id": []}`:                             "import_field id import_text",
		`{"id": null}`:                           "import_field id missing",
		`{"id": 42}`:                             "@42:example.org",
		`{"id": true}`:                           "@true:example.org",
		`{"id": "ann", "password": {"x": 1}}`:    "import_field password import_text",
		`{"id": "ann", "password": ["a", "b"]}`:  "import_field password import_text",
		`{"id": "ann", "password": []}`:          "import_field password import_text",
		`{"id": "ann", "password": null}`:        "@ann:example.org",
		`{"id": "ann", "password": 123456}`:      "@ann:example.org PASSWORD",
		`{"id": "ann", "password": "{\"x\":1}"}`: "@ann:example.org PASSWORD",
		`{"id": "ann", "displayname": ["Ann"]}`:  "import_field display_name import_text",
		`{"id": "ann", "displayname": {}}`:       "import_field display_name import_text",
		`{"id": "ann", "displayname": null}`:     "@ann:example.org",
		`{"id": "ann", "displayname": 7}`:        "@ann:example.org display_name=7",
		`{"id": "ann", "admin": [true]}`:         "import_field admin import_text",
		`{"id": "ann", "admin": 1}`:              "@ann:example.org admin=true",
		`{"id": "ann", "avatar": ["mxc://a/b"]}`: "import_field avatar_url import_text",
		`{"id": "ann", "notice": {"body": "x"}}`: "import_field notice import_text",

		`{"id": "ann", "emails": {"a": "a@b.example"}}`:                                 "import_field emails import_list",
		`{"id": "ann", "emails": ["a@b.example", null]}`:                                "@ann:example.org emails=a@b.example",
		`{"id": "ann", "rooms": {"a": 1}}`:                                              "import_field rooms import_list",
		`{"id": "ann", "threepids": {"medium": "email", "address": "a@b.example"}}`:     "import_field threepids import_list",
		`{"id": "ann", "threepids": [null]}`:                                            "@ann:example.org",
		`{"id": "ann", "threepids": [7]}`:                                               "import_field threepids import_threepid",
		`{"id": "ann", "threepids": [["email", "a@b.example"]]}`:                        "import_field threepids import_threepid",
		`{"id": "ann", "threepids": [{"medium": "email", "address": ["a@b.example"]}]}`: "import_field threepids import_threepid",
		`{"id": "ann", "threepids": [{"medium": "email", "address": null}]}`:            "import_field threepids import_threepid",
		`{"id": "ann", "threepids": [{"medium": {"x": 1}, "address": "a@b.example"}]}`:  "import_field threepids import_threepid",
		`{"id": "ann", "threepids": [{"address": "a@b.example"}]}`:                      "import_field threepids import_threepid",
		`{"id": "ann", "threepids": [[{"medium": "email", "address": "a@b.example"}]]}`: "import_field threepids import_threepid",
		`{"id": "ann", "threepids": null}`:                                              "@ann:example.org",
		`{"id": "ann", "sso": {"auth_provider": "oidc", "external_id": "x"}}`:           "import_field sso import_list",
		`{"id": "ann", "sso": [{"auth_provider": 1, "external_id": "x"}]}`:              "import_field sso import_sso",
		`{"id": "ann", "sso": [["oidc", "x"]]}`:                                         "import_field sso import_sso",
		`{"id": "ann", "sso": [["oidc:x"]]}`:                                            "import_field sso import_sso",
		`{"id": "ann", "sso": [null]}`:                                                  "@ann:example.org",
		`{"id": "ann", "sso": ["oidc:x", {"auth_provider": "o", "external_id": "y"}]}`:  "@ann:example.org sso=oidc:x, o:y",
		`{"id": "ann", "ours": {"x": 1}}`:                                               "@ann:example.org", // not imported
	} {
		before := `{"id": "zoe", "password": "", "displayname": "", "admin": "", "avatar": "", "notice": "", "emails": "", "rooms": "", "threepids": "", "sso": "", "ours": ""}`
		if strings.Contains(row, "threepids") { // a file has these or the others
			before = strings.Replace(before, `"emails": "", `, "", 1)
		}
		if got := short(wishes(t, before+"\n"+row+"\n", api.ImportPlan{})[1]); got != "2 "+want {
			t.Errorf("%s\n got %s\nwant 2 %s", row, got, want)
		}
	}
	// In a cell of CSV they are as wrong, where they are no texts.
	for cell, want := range map[string]string{
		`{""auth_provider"":""oidc"",""external_id"":""x""}`:   "import_field sso import_sso",
		`[{""auth_provider"":""oidc"",""external_id"":""x""}]`: "@ann:example.org sso=oidc:x",
	} {
		if got := short(wishes(t, "id,sso\nann,\""+cell+"\"\n", api.ImportPlan{})[0]); got != "2 "+want {
			t.Errorf("%s\n got %s\nwant 2 %s", cell, got, want)
		}
	}
}
