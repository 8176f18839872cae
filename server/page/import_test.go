// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/gate/gatetest"
)

// sendFile posts a file as a browser does.
func (s *site) sendFile(field, name, content string, change func(header map[string]string)) *httptest.ResponseRecorder {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile(field, name)
	if err != nil {
		s.t.Fatal(err)
	}
	_, _ = part.Write([]byte(content))
	_ = w.Close()
	r := s.Request("POST", "/import/hs", body.String())
	header := map[string]string{"Content-Type": w.FormDataContentType(), "Origin": s.Options.Public, "Sec-Fetch-Site": "same-origin"}
	if change != nil {
		change(header)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	return s.send(r)
}

// A file that is not taken is read to its end all the same: a browser that still sends when the connection is closed shows no answer.
func TestImportIsReadToItsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		site   *site
		status int
	}{
		"nobody is signed in": {newSite(t, gatetest.Options{}), 303},
		"an auditor":          {newSite(t, gatetest.Options{}).as(api.Auditor), 403},
	} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		part, err := w.CreateFormFile("file", "users.csv")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(bytes.Repeat([]byte("id\n"), 1<<20))
		_ = w.Close()
		r := c.site.Request("POST", "/import/hs", "")
		r.Body, r.ContentLength = io.NopCloser(&body), int64(body.Len())
		for name, value := range map[string]string{"Content-Type": w.FormDataContentType(), "Origin": c.site.Options.Public, "Sec-Fetch-Site": "same-origin"} {
			r.Header.Set(name, value)
		}
		if rec := c.site.send(r); rec.Code != c.status || body.Len() > 0 {
			t.Errorf("%s: %d, want %d; %d bytes are left of the file", name, rec.Code, c.status, body.Len())
		}
	}
}

// From the list of accounts to a plan: a file is sent, its columns are looked at, and a job is made of it. No password is on any page.
func TestImport(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	if !strings.Contains(s.get("/hs/accounts").Body.String(), `href="/import/hs"`) {
		t.Error("the list does not lead to it")
	}
	if rec := s.get("/import/hs"); rec.Code != 200 || attr(one(parse(t, rec), "form", "enctype", "multipart/form-data"), "action") != "/import/hs" {
		t.Fatalf("%d %.300s", rec.Code, rec.Body)
	}
	next := seeOther(t, s.sendFile("file", `C:\lists\users.csv`, "\xef\xbb\xbfid;displayname;Kennwort;x\r\nzoe;Zoë;the canary password;1\r\nann;Ann;;2\r\n", nil))
	if !strings.HasPrefix(next, "/import/hs?id=") {
		t.Fatal(next)
	}
	rec := s.get(next)
	if body := rec.Body.String(); rec.Code != 200 || strings.Contains(body, "canary") || !strings.Contains(body, "users.csv") || !strings.Contains(body, "Zoë · Ann") {
		t.Errorf("%d %s", rec.Code, body)
	}
	action, values := form(t, rec, "/import/hs/plan")
	if values.Get("columns.0.field") != "id" || values.Get("columns.1.field") != "display_name" || values.Get("columns.2.field") != "password" || values.Get("columns.3.field") != "" {
		t.Errorf("%v", values)
	}
	// Read otherwise: the same page, with other columns.
	again := next + "&format.comma=%2C&format.encoding=utf-8&format.headless=true"
	if rec := s.get(again); rec.Code != 200 || strings.Count(rec.Body.String(), `name="columns.`) != 2 {
		t.Errorf("%d: %d fields", rec.Code, strings.Count(rec.Body.String(), `name="columns.`))
	}
	// Rows that cannot be read so are no dead end.
	quoted := seeOther(t, s.sendFile("file", "quoted.csv", "id,displayname\nann,Ann\nbob,The \"Bob\"\n", nil))
	if body := s.get(quoted).Body.String(); !strings.Contains(body, "stands within a text in line") || !strings.Contains(body, `name="format.comma"`) || !strings.Contains(body, "Ann") {
		t.Errorf("%s", body)
	}
	// What is wrong is said on the page, and nothing that was chosen is lost.
	wrong := url.Values{}
	for name, list := range values {
		wrong[name] = list
	}
	wrong.Set("columns.0.field", "")
	wrong.Set("note", "for class 7b")
	rec = s.post(action, wrong)
	if rec.Code != 422 || !strings.Contains(rec.Body.String(), "No column says which accounts") || !strings.Contains(rec.Body.String(), "for class 7b") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	job := seeOther(t, s.post(action, values))
	if !strings.HasPrefix(job, "/hs/jobs/job?id=") && !strings.HasPrefix(job, "/hs/job?id=") {
		t.Errorf("it goes on to %s", job)
	}
	if woken := s.Woken.Jobs(); len(woken) != 1 {
		t.Errorf("%d jobs are to be planned", len(woken))
	} else if _, err := s.Jobs.Work(t.Context(), woken[0]); err != nil {
		t.Error(err)
	}
	body := s.get(job).Body.String()
	if !strings.Contains(body, "@zoe:example.org") || strings.Contains(body, "canary") {
		t.Errorf("the plan: %s", body)
	}
	if rec := s.get(next); rec.Code != 404 {
		t.Errorf("the file is still there: %d", rec.Code)
	}
}

// From a file to an operation that is done to all accounts in it, through the same plan as for a selection.
func TestSameToAll(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	s.Stub.Put(api.User{ID: "@ann:example.org"})
	next := seeOther(t, s.sendFile("file", "left.csv", "name;account\r\nThe canary name;ann\r\n;nobody\r\n", nil))
	if !strings.Contains(s.get(next).Body.String(), "&#38;purpose=same\"") {
		t.Error("the page of the columns does not lead to it")
	}
	rec := s.get(next + "&purpose=same")
	if body := rec.Body.String(); rec.Code != 200 || !strings.Contains(body, "account: ann · nobody") {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	values := url.Values{} // the form asks only, and is sent by GET
	for _, input := range all(one(parse(t, rec), "form", "action", "/hs/jobs/plan"), "input", "type", "hidden") {
		values.Set(attr(input, "name"), attr(input, "value"))
	}
	values.Set("file.column", attr(one(one(parse(t, rec), "select", "name", "file.column"), "option", "selected", ""), "value"))
	rec = s.get("/hs/jobs/plan?" + values.Encode())
	if rec.Code != 200 || !strings.Contains(rec.Body.String(), "do not count: name") {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	lock := ""
	for _, a := range all(parse(t, rec), "a", "", "") {
		if strings.Contains(attr(a, "href"), "operation=users.lock") {
			lock = attr(a, "href")
		}
	}
	action, values := form(t, s.get(lock), "/do/hs/jobs.plan")
	job := seeOther(t, s.post(action, values))
	if _, err := s.Jobs.Work(t.Context(), s.Woken.Jobs()[0]); err != nil {
		t.Error(err)
	}
	if body := s.get(job).Body.String(); !strings.Contains(body, "@ann:example.org") || !strings.Contains(body, "Line 3") || strings.Contains(body, "canary") {
		t.Errorf("the plan: %s", body)
	}
	if rec := s.get(lock); rec.Code != 404 {
		t.Errorf("the file is still there: %d", rec.Code)
	}
}

func TestImportTurnedAway(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	for _, c := range []struct {
		field, name, content string
		status               int
		text                 string
	}{
		{"file", "users.xlsx", "PK\x03\x04\x14", 422, "workbook"},
		{"file", "users.csv", "", 422, "empty"},
		{"other", "users.csv", "id\nann\n", 422, "This is needed"},
		{"file", "", "id\nann\n", 422, "This is needed"},
	} {
		if rec := s.sendFile(c.field, c.name, c.content, nil); rec.Code != c.status || !strings.Contains(rec.Body.String(), c.text) {
			t.Errorf("%s %q: %d %s", c.field, c.name, rec.Code, rec.Body)
		}
	}
	evil := func(h map[string]string) { h["Origin"], h["Sec-Fetch-Site"] = "https://evil.example", "cross-site" }
	if rec := s.sendFile("file", "users.csv", "id\nann\n", evil); rec.Code != 403 {
		t.Errorf("from another site: %d", rec.Code)
	}
	if rec := s.sendFile("file", "users.csv", strings.Repeat("id\n", 2<<20), func(h map[string]string) { h["Content-Type"] = "application/x-www-form-urlencoded" }); rec.Code != 413 {
		t.Errorf("what is no upload is as bounded as ever: %d", rec.Code)
	}
	if rec := s.as(api.Auditor).sendFile("file", "users.csv", "id\nann\n", nil); rec.Code != 403 {
		t.Errorf("an auditor: %d", rec.Code)
	}
	if rec := newSite(t, gatetest.Options{}).sendFile("file", "users.csv", "id\nann\n", nil); rec.Code != 303 {
		t.Errorf("signed out: %d", rec.Code)
	}
	// A file that is not wanted is deleted.
	next := seeOther(t, s.sendFile("file", "users.csv", "id\nann\n", nil))
	action, values := form(t, s.get(next), "/import/hs/plan")
	values.Set("_other", "1")
	if to := seeOther(t, s.post(action, values)); to != "/import/hs" {
		t.Error(to)
	}
	// Who goes back to its columns, or has them in another tab, is told, and can send it again.
	values.Del("_other")
	for _, rec := range []*httptest.ResponseRecorder{s.get(next), s.post(action, values)} {
		if rec.Code != 404 || !strings.Contains(rec.Body.String(), "There is no such file here") || one(parse(t, rec), "form", "enctype", "multipart/form-data") == nil {
			t.Errorf("%d %.2000s", rec.Code, rec.Body)
		}
	}
}

// When the program is told to stop it does not wait for a file that is on its way: its sender is told, and it is recorded.
func TestFileOnItsWayWhenTheServerEnds(t *testing.T) {
	s := newSite(t, gatetest.Options{}).as(api.Owner)
	body, to := io.Pipe()
	form := multipart.NewWriter(to)
	r := s.Request("POST", "/import/hs", "")
	r.Body, r.ContentLength = body, -1
	for name, value := range map[string]string{"Content-Type": form.FormDataContentType(), "Origin": s.Options.Public, "Sec-Fetch-Site": "same-origin"} {
		r.Header.Set(name, value)
	}
	answer := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		answer <- s.send(r)
		_ = body.Close()
	}()
	part, err := form.CreateFormFile("file", "users.csv")
	if err == nil {
		err = s.Web.Server(s.Handler).Shutdown(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	row := []byte("ann,Ann" + strings.Repeat(" and more", 10) + "\n")
	for err == nil { // it would never end
		_, err = part.Write(row)
	}
	if rec := <-answer; rec.Code != 400 || !strings.Contains(rec.Body.String(), "did not arrive") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	log := s.Log()
	if last := log[len(log)-1]; last.Operation != "imports.upload" || last.Code != "file_cut_off" {
		t.Errorf("the last row of the log is %+v", last)
	}
}
