// SPDX-License-Identifier: Apache-2.0

package export_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/app/api"
	"gatehouse/server/export"
)

// write exports a list whose pages are what call answers.
func write(t *testing.T, e api.ListExport, call func(api.Request) (any, error)) (string, error) {
	t.Helper()
	f, err := export.Open(t.Context(), e, func(_ context.Context, op api.Op, req api.Request) (any, error) {
		if op.Info().Name != e.Operation {
			t.Errorf("%s was called", op.Info().Name)
		}
		return call(req)
	})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	_, err = f.Write(t.Context(), &b, func() {})
	return b.String(), err
}

var ann = api.User{
	ID: "@ann:example.org", DisplayName: "=HYPERLINK(1)", Admin: true, CreatedMS: 1_700_000_000_000,
	Threepids:   []api.Threepid{{Medium: "email", Address: "a@b.example"}, {Medium: "msisdn", Address: "4975"}, {Medium: "email", Address: "c@d.example"}},
	ExternalIDs: []api.ExternalID{{AuthProvider: "oidc", ExternalID: "x,y"}},
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	page := func(api.Request) (any, error) {
		return api.UserPage{Users: []api.User{ann, {ID: "@bob:example.org", Unknown: []string{"locked"}}}, Unknown: []string{"erased", "appservice_id", "last_seen_ms", "suspended"}}, nil
	}
	got, err := write(t, api.ListExport{Operation: "users.list", Format: "csv"}, page)
	want := "\ufeffid,display_name,admin,user_type,emails,phones,sso,avatar_url,locked,deactivated,guest,shadow_banned,created\r\n" +
		`'@ann:example.org,'=HYPERLINK(1),true,,"a@b.example, c@d.example",4975,"[""oidc:x,y""]",,false,false,false,false,2023-11-14T22:13:20Z` + "\r\n" +
		"'@bob:example.org,,false,,,,,,,false,false,false,\r\n"
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	got, err = write(t, api.ListExport{Operation: "users.list", Format: "jsonl"}, page)
	first, _, _ := strings.Cut(got, "\n")
	if want := `{"id":"@ann:example.org","display_name":"=HYPERLINK(1)","admin":true,"user_type":"","emails":["a@b.example","c@d.example"],"phones":["4975"],` +
		`"sso":["oidc:x,y"],"avatar_url":"","locked":false,"deactivated":false,"guest":false,"shadow_banned":false,"created":"2023-11-14T22:13:20Z"}`; err != nil || first != want {
		t.Errorf("%v %s", err, first)
	}
}

// All pages, each as large as it can be; one that moved on to the next page meanwhile is not in the file twice.
func TestPages(t *testing.T) {
	t.Parallel()
	var asked []string
	got, err := write(t, api.ListExport{Operation: "users.list", Query: "search=a&cursor=old&limit=7", Format: "jsonl"}, func(req api.Request) (any, error) {
		q := req.(api.UserQuery)
		asked = append(asked, fmt.Sprint(q.Search, " ", q.Limit, " ", q.Cursor))
		n, _ := strconv.Atoi(q.Cursor)
		p := api.UserPage{Users: []api.User{{ID: api.UserID(fmt.Sprintf("@%d:example.org", n))}, {ID: api.UserID(fmt.Sprintf("@%d:example.org", n+1))}}}
		if n < 3 {
			p.Next = strconv.Itoa(n + 1)
		}
		return p, nil
	})
	if diff := cmp.Diff([]string{"a 500 ", "a 500 1", "a 500 2", "a 500 3"}, asked); err != nil || diff != "" || strings.Count(got, "\n") != 5 {
		t.Error(err, diff, got)
	}
}

func TestBreaksOff(t *testing.T) {
	t.Parallel()
	down := api.NewProblem(api.StatusBadGateway, "homeserver_down")
	if _, err := write(t, api.ListExport{Operation: "users.list", Format: "csv"}, func(api.Request) (any, error) { return nil, down }); !errors.Is(err, down) {
		t.Errorf("before the file begins: %v", err)
	}
	got, err := write(t, api.ListExport{Operation: "users.list", Format: "csv"}, func(req api.Request) (any, error) {
		if req.(api.UserQuery).Cursor != "" {
			return nil, down
		}
		return api.UserPage{Users: []api.User{ann}, Next: "2"}, nil
	})
	if !errors.Is(err, down) {
		t.Errorf("in the middle: %v %q", err, got)
	}
	if _, err := write(t, api.ListExport{Operation: "users.list", Format: "csv"}, func(api.Request) (any, error) { return api.UserPage{Next: "2"}, nil }); err == nil {
		t.Error("a list that leads in a circle came to an end")
	}
}

// Every list of the catalogue becomes a file: its rows are found, and what it is asked with is a request of its own.
func TestEveryList(t *testing.T) {
	t.Parallel()
	lists := 0
	for _, op := range api.All() {
		if !op.Info().Listing {
			continue
		}
		lists++
		_, result := op.Types()
		for _, format := range []string{"csv", "jsonl"} {
			var got string
			var err error
			for _, query := range []string{"id=%40ann%3Aexample.org", "id=job", ""} {
				got, err = write(t, api.ListExport{Operation: op.Info().Name, Query: query, Format: format}, func(api.Request) (any, error) { return result, nil })
				if err == nil {
					break
				}
			}
			if err != nil {
				t.Errorf("%s: %v", op.Info().Name, err)
			}
			if head, _, _ := strings.Cut(got, "\r\n"); format == "csv" && strings.Count(head, ",") < 2 {
				t.Errorf("%s has the columns %q", op.Info().Name, head)
			}
		}
	}
	if lists < 9 {
		t.Errorf("%d lists", lists)
	}
}
