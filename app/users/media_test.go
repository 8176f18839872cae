// SPDX-License-Identifier: Apache-2.0

package users

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
	"gatehouse/internal/screentest"
)

func files() []api.Media {
	owner := mix()[2].ID
	return []api.Media{
		{ID: "GardenXy", Owner: owner, Type: "image/jpeg", Bytes: 1_432_110, Name: "Garten im Mai.jpg", CreatedMS: ago(3), LastAccessMS: ago(1), Thumbnail: true},
		{ID: "BadPic", Owner: owner, Type: "image/png", Bytes: 88_000, Name: "<img src=x onerror=alert(1)>.png", CreatedMS: ago(20), Quarantined: true, By: "@root:uni-lindau.example"},
		{ID: "Logo_1", Owner: owner, Type: "image/webp", Bytes: 5120, Name: "logo.webp", CreatedMS: ago(200), LastAccessMS: ago(2), Protected: true, Thumbnail: true},
		{ID: "NoName", Owner: owner, Type: "application/octet-stream", Bytes: 0, CreatedMS: ago(400)},
	}
}

func filePage() api.MediaPage {
	return api.MediaPage{Media: files(), Total: number(104), Bytes: number(1_602_000_000), Offset: 100, Previous: "0", Next: "104"}
}

func withFiles(page any) screentest.Caller {
	return screentest.NewCaller(screentest.Answers{"users.get": mix()[2], "devices.list": devices(), "media.list": page, "media.get": files()[0]})
}

func TestMediaGolden(t *testing.T) {
	env := screentest.Env()
	none := int64(0)
	for _, c := range []struct {
		name, query string
		env         ui.Env
		page        any
	}{
		{"full", "", env, filePage()},
		{"sorted", "&sort=size&ascending=true&cursor=100", env, filePage()},
		{"german", "", screentest.In(env, "de"), filePage()},
		{"moderator", "", screentest.As(env, api.Moderator), filePage()},
		{"old", "", unable(env, map[string]string{"media.thumbnail": "synapse_old"}), filePage()},
		{"empty", "", env, api.MediaPage{Total: &none}},
		{"past-end", "&cursor=300", env, api.MediaPage{Total: number(104), Offset: 300, Previous: "200"}},
		{"dendrite", "", unable(env, map[string]string{"media.list": "dendrite_no_media"}), nil},
		{"auditor", "", screentest.As(env, api.Auditor), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			drawn := screentest.Draw(t, NewMedia, c.env, withFiles(c.page), about("account/media", mix()[2])+c.query)
			screentest.Golden(t, "media-"+c.name, drawn)
			if n, want := strings.Count(drawn, "<img "), map[bool]int{true: 2}[c.page != nil && strings.Contains("full sorted german moderator", c.name)]; n != want {
				t.Errorf("%d pictures, want %d", n, want)
			}
		})
	}
}

func TestFileGolden(t *testing.T) {
	env := screentest.Env()
	for _, c := range []struct {
		name string
		env  ui.Env
		file api.Media
	}{
		{"picture", env, files()[0]},
		{"quarantined", env, files()[1]},
		{"protected", screentest.In(env, "de"), files()[2]},
		{"nameless", env, files()[3]},
		{"moderator", screentest.As(env, api.Moderator), files()[0]},
		{"old", unable(env, map[string]string{"media.thumbnail": "synapse_old"}), files()[0]},
		{"helpdesk", screentest.As(env, api.Helpdesk), files()[0]},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := screentest.NewCaller(screentest.Answers{"users.get": mix()[2], "media.get": c.file})
			screentest.Golden(t, "file-"+c.name, screentest.Draw(t, NewFile, c.env, call, about("account/media/file", mix()[2])+"&media="+string(c.file.ID)))
		})
	}
}

// fileQuestions are the questions about files, with the requests that they mean.
var fileQuestions = []struct {
	name, address string
	open          func() screen.Screen
	op            api.Op
	happens       []api.Effect
	want          url.Values
}{
	{"quarantine", "account/media/quarantine", NewQuarantine, api.QuarantineMedia, []api.Effect{{Code: "media_refused"}}, url.Values{"media": {"GardenXy"}}},
	{"unquarantine", "account/media/unquarantine", NewUnquarantine, api.UnquarantineMedia, []api.Effect{{Code: "media_served"}}, url.Values{"media": {"GardenXy"}}},
	{"protect", "account/media/protect", NewProtect, api.ProtectMedia, []api.Effect{{Code: "media_not_quarantinable"}}, url.Values{"media": {"GardenXy"}}},
	{"unprotect", "account/media/unprotect", NewUnprotect, api.UnprotectMedia, []api.Effect{{Code: "media_quarantinable"}}, url.Values{"media": {"GardenXy"}}},
	{"delete-file", "account/media/delete", NewDeleteFile, api.DeleteMedia, []api.Effect{{Code: "media_deleted"}}, url.Values{"media": {"GardenXy"}}},
	{"quarantine-files", "account/media/quarantine-all", NewQuarantineFiles, api.QuarantineAllMedia, []api.Effect{{Code: "media_quarantined_n", N: number(3)}}, nil},
	{"delete-files", "account/media/delete-all", NewDeleteFiles, api.DeleteAllMedia, []api.Effect{{Code: "media_deleted_n", N: number(104)}}, nil},
	{"delete-old-files", "account/media/delete-all", NewDeleteFiles, api.DeleteAllMedia, []api.Effect{{Code: "media_deleted_n", N: number(1)}}, url.Values{"before": {"2026-01-31"}, "larger": {"500"}}},
	{"delete-no-files", "account/media/delete-all", NewDeleteFiles, api.DeleteAllMedia, []api.Effect{{Code: "media_deleted_n", N: number(0)}}, url.Values{"larger": {"500"}}},
	{"notice", "account/notice", NewNotice, api.SendNotice, []api.Effect{{Code: "notice_arrives"}}, nil},
}

func TestFileQuestions(t *testing.T) {
	u := mix()[2]
	for _, c := range fileQuestions {
		t.Run(c.name, func(t *testing.T) {
			effects := api.Effects{User: u, Happens: c.happens}
			if c.want.Has("media") {
				effects.Media = &files()[0]
			}
			address := about(c.address, u)
			if len(c.want) > 0 {
				address += "&" + c.want.Encode()
			}
			for _, env := range []ui.Env{screentest.Env(), screentest.In(screentest.Env(), "de")} {
				call := screentest.NewCaller(screentest.Answers{"users.preview": effects, "users.get": u})
				drawn := screentest.Draw(t, c.open, env, call, address)
				if env.Language == "en" {
					screentest.Golden(t, "question-"+c.name, drawn)
				}
				made := call.Made()
				query, ok := made[0].Request.(api.DeedQuery)
				if len(made) != 1 || !ok || query.Operation != c.op.Info().Name || string(query.Media) != c.want.Get("media") || query.Before != c.want.Get("before") {
					t.Errorf("asked %+v", made)
				}
				for name, list := range c.want {
					field := regexp.MustCompile(`<input [^>]*name="` + name + `"[^>]*>`).FindString(drawn) // attributes come in any order
					if c.name != "delete-no-files" && !strings.Contains(field, `value="`+list[0]+`"`) {
						t.Errorf("the form does not say %s=%s", name, list[0])
					}
				}
			}
			// Where it cannot be done the page says why, and has no button for it.
			lacking := unable(screentest.Env(), map[string]string{c.op.Info().Name: "synapse_old"})
			drawn := screentest.Draw(t, c.open, lacking, screentest.NewCaller(screentest.Answers{"users.get": u}), address)
			if !strings.Contains(drawn, "newer Synapse") || strings.Contains(drawn, `type="submit"`) {
				t.Error("a deed that cannot be done is offered")
			}
		})
	}
}

// After a deed one comes back to what it was done to; without scripts the form's screen was loaded anew for that.
func TestAfterFileDeeds(t *testing.T) {
	u, m := mix()[2], files()[0]
	for _, c := range []struct {
		open        func() screen.Screen
		result      any
		url, notice string
	}{
		{NewQuarantine, m, "/uni/account/media/file?id=%40f.benyoussef%3Auni-lindau.example&media=GardenXy", "The file is quarantined."},
		{NewDeleteFile, api.MediaDone{ID: u.ID, Count: 1}, "/uni/account/media?id=%40f.benyoussef%3Auni-lindau.example", "The file is deleted."},
		{NewQuarantineFiles, api.MediaDone{ID: u.ID, Count: 2}, "/uni/account/media?id=%40f.benyoussef%3Auni-lindau.example", "2 files are quarantined."},
		{NewDeleteFiles, api.MediaDone{ID: u.ID, Count: 1}, "/uni/account/media?id=%40f.benyoussef%3Auni-lindau.example", "1 file is deleted."},
		{NewDeleteFiles, api.MediaDone{ID: u.ID, Count: 900, More: true}, "/uni/account/media?id=%40f.benyoussef%3Auni-lindau.example", "900 files are deleted. There are more: delete again to go on."},
		{NewNotice, api.NoticeReport{Sent: []api.NoticeSent{{ID: u.ID}}}, "/uni/account?id=%40f.benyoussef%3Auni-lindau.example", "The server notice to \u2068@f.benyoussef:uni-lindau.example\u2069 was sent."},
	} {
		w := c.open().(screen.Writer)
		w.Use(screentest.Env())
		if next := w.After("", c.result); next.URL != c.url || next.Notice != c.notice {
			t.Errorf("%T: %+v", w, next)
		}
	}
}

// Pictures come from the gate's own address, with the file in the query.
func TestThumbnailAddress(t *testing.T) {
	drawn := screentest.Draw(t, NewFile, screentest.Env(), withFiles(nil), about("account/media/file", mix()[2])+"&media=GardenXy")
	if want := `src="/api/uni/media.thumbnail?id=%40f.benyoussef%3Auni-lindau.example&#38;large=true&#38;media=GardenXy"`; !strings.Contains(drawn, want) {
		t.Errorf("no %s in %s", want, drawn)
	}
}
