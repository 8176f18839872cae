// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/tools/homeserver"
)

func decode(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
}

// painting is a picture in a colour.
func painting(t *testing.T, c color.RGBA) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, 320, 200))
	seed := uint32(1)
	for i := range 320 * 200 {
		x, y := i%320, i/320
		seed = seed*1664525 + 1013904223
		grain := uint8(seed >> 24 & 63) // so that it does not compress to nothing
		picture.Set(x, y, color.RGBA{c.R + uint8(x/4), c.G + uint8(y/3), c.B + grain, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// upload puts a file of an account on the homeserver, as its client does.
func upload(t *testing.T, hs *homeserver.Server, token, kind, name string, data []byte) string {
	t.Helper()
	id, err := hs.Upload(timeout(t), token, kind, name, data)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A mediaInfo is a file as Synapse itself tells of it.
type mediaInfo struct {
	By        string `json:"quarantined_by"`
	Protected any    `json:"safe_from_quarantine"` // 1 and 0 on SQLite
}

// mediaAt asks Synapse for a file and whether there is one.
func mediaAt(t *testing.T, hs *homeserver.Server, id string) (mediaInfo, bool) {
	t.Helper()
	var found struct {
		Info mediaInfo `json:"media_info"`
	}
	err := hs.Admin(timeout(t), http.MethodGet, "/_synapse/admin/v1/media/"+hs.ServerName+"/"+url.PathEscape(id), nil, &found)
	if e := errorOf(err); e != nil && e.Status == http.StatusNotFound {
		return found.Info, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return found.Info, true
}

// pictures waits until the pictures of the page are there, and returns how wide each is.
func (p *page) pictures() []int {
	p.t.Helper()
	return poll[[]int](p, "load the pictures", `(() => {
		const all = [...document.images]
		all.forEach(i => i.loading = "eager")
		return all.every(i => i.complete) ? all.map(i => i.naturalWidth) : null
	})()`)
}

// TestNoscriptMedia looks at the files of an account without scripts, quarantines,
// releases, protects and deletes them.
func TestNoscriptMedia(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := signedIn(t, g, hs)
	_, id, token := d.account("painter", "the owner's own")
	red := upload(t, hs, token, "image/png", "red <b>.png", painting(t, color.RGBA{180, 30, 30, 255}))
	upload(t, hs, token, "image/png", "blue.png", painting(t, color.RGBA{20, 40, 120, 255}))
	notes := upload(t, hs, token, "text/html", "notes.html", []byte("<script>alert('notes')</script>"+strings.Repeat(" ", 4000)))
	once := []string{"intent", "outcome done"}
	audited := func(operation, about string) {
		t.Helper()
		if diff := cmp.Diff(once, g.audit(operation, about)); diff != "" {
			t.Errorf("the audit log of %s (-want +got):\n%s", operation, diff)
		}
	}

	d.visit("account", "id", id)
	d.link("Files")
	if got := d.text("main h2"); !strings.Contains(got, "3 files") {
		t.Errorf("the page says %q", got)
	}
	if got := d.pictures(); len(got) != 2 || got[0] == 0 || got[1] == 0 {
		t.Errorf("the pictures are %v wide", got)
	}
	d.shot("files")
	d.resize(390, 844)
	d.prefer("prefers-color-scheme", "dark")
	d.shot("files-390-dark")
	d.resize(1280, 800)
	d.prefer("prefers-color-scheme", "light")
	d.link("Size")
	d.link("Size") // the other way round
	if got := d.texts("main tbody tr"); len(got) != 3 || !strings.HasPrefix(got[0], "notes.html") {
		t.Errorf("sorted by size: %q", got)
	}

	d.link("red <b>.png")
	if got := d.pictures(); len(got) != 1 || got[0] < 300 {
		t.Errorf("the picture is %v wide", got)
	}
	d.shot("file")
	d.link("Quarantine")
	d.fill("#f-reason", "reported by three people")
	d.doneTwice("is quarantined")
	if m, _ := mediaAt(t, hs, red); m.By == "" {
		t.Error("the file is not quarantined at the homeserver")
	}
	if got := d.text("main"); !strings.Contains(got, "makes no preview of it") || d.count("main img") != 0 {
		t.Errorf("the page of a quarantined file says %q", got)
	}
	audited("media.quarantine", "reported by three people")
	d.shot("file-quarantined")
	d.link("Release")
	d.done("available again")
	d.link("Protect")
	d.done("protected from quarantine")
	if m, _ := mediaAt(t, hs, red); m.By != "" || m.Protected == float64(0) {
		t.Errorf("at the homeserver: %+v", m)
	}

	// All at once leaves out what is protected.
	d.link("Files")
	d.link("Quarantine all")
	if got := d.text(mainButton); !strings.Contains(got, "Quarantine 2 files") {
		t.Errorf("the button says %q", got)
	}
	d.doneTwice("2 files are quarantined")
	for file, want := range map[string]bool{red: false, notes: true} {
		if m, _ := mediaAt(t, hs, file); (m.By != "") != want {
			t.Errorf("%s is quarantined by %q", file, m.By)
		}
	}
	audited("media.quarantine_all", id)

	// Those that are larger than 5 kB; then the rest.
	d.fill("#f-larger", "5")
	if status := d.clickAndLoad("#some-files button"); status != http.StatusOK {
		t.Fatalf("status %d\n%s", status, d.whereabouts())
	}
	d.shot("files-delete")
	if got := d.text("main"); !strings.Contains(got, "Delete all files larger than 5\u00a0kB?") {
		t.Errorf("the question says %q", got)
	}
	d.done("2 files are deleted")
	if _, there := mediaAt(t, hs, red); there {
		t.Error("a large file is still there")
	}
	if _, there := mediaAt(t, hs, notes); !there {
		t.Error("the small file was deleted, too")
	}
	d.link("Delete all")
	d.doneTwice("1 file is deleted")
	if _, there := mediaAt(t, hs, notes); there {
		t.Error("the last file is still there")
	}
	if got := d.text("main"); !strings.Contains(got, "No files") {
		t.Errorf("the page says %q", got)
	}
}

// TestProgramMedia deletes one file with the program, and looks at what a picture is
// answered with.
func TestProgramMedia(t *testing.T) {
	t.Parallel()
	hs := synapse(t)
	g := startGatehouse(t, homeservers(hs))
	d := atProgram(t, g, hs)
	_, id, token := d.account("painter", "the owner's own")
	file := upload(t, hs, token, "image/png", "green.png", painting(t, color.RGBA{20, 130, 60, 255}))
	evil := upload(t, hs, token, "image/png", "evil.png", []byte("<script>alert(1)</script>"))
	d.start("account", "id", id)
	same := d.same()
	d.follow("main a", "Files")
	d.until(`document.querySelectorAll("main tbody tr").length === 2`)
	if got := d.pictures(); len(got) != 2 || slices.Contains(got, 0) { // of what is no picture an icon
		t.Errorf("the pictures are %v wide", got)
	}
	d.shot("program-files")
	d.follow("main tbody a", "evil.png")
	d.heading("evil.png")
	if got := d.pictures(); len(got) != 1 || got[0] == 0 {
		t.Errorf("the picture of what is none is %v wide", got)
	}
	d.shot("program-file-no-picture")
	d.back()
	d.until(`document.querySelectorAll("main tbody tr").length === 2`)
	d.follow("main tbody a", "green.png")
	d.heading("green.png")
	d.follow("main a", "Delete…")
	d.dialog("Delete this file?")
	d.confirm("The file is deleted.")
	if _, there := mediaAt(t, hs, file); there {
		t.Error("the file is still there")
	}
	d.until(`document.querySelectorAll("main tbody tr").length === 1`)
	same()

	type answer struct {
		Status                int
		Type, Policy, Caching string
	}
	fetched := func(media string) answer {
		return eval[answer](d.page, `fetch("/api/synapse/media.thumbnail?" + new URLSearchParams({id: `+quote(id)+`, media: `+quote(media)+`})).then(r => ({
			Status: r.status, Type: r.headers.get("Content-Type"), Policy: r.headers.get("Content-Security-Policy"), Caching: r.headers.get("Cache-Control")}))`)
	}
	for _, media := range []string{evil, file, "None"} {
		if got := fetched(media); got.Status != http.StatusNotFound || !strings.HasPrefix(got.Type, "application/problem+json") {
			t.Errorf("%s: %+v", media, got)
		}
	}
	good := upload(t, hs, token, "image/png", "good.png", painting(t, color.RGBA{90, 90, 10, 255}))
	if diff := cmp.Diff(answer{200, "image/png", "default-src 'none'; sandbox", "private, no-store"}, fetched(good)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
