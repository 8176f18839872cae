// SPDX-License-Identifier: Apache-2.0

package page

import (
	"encoding/base64"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/app/ui"
	"gatehouse/server/operator"
	"gatehouse/server/seal"
	"gatehouse/web/languages"
)

// A notice is the sentence that the page after a write begins with. It travels in a cookie that the page takes away, sealed, so that nobody
// else can put words there.
const noticeCookie = "gatehouse-notice"

// noticeFor binds a notice to the person that it is for: a neighbouring site that can set cookies cannot show it to another.
func noticeFor(person *operator.Person) []byte { return []byte(noticeCookie + "\x00" + person.ID) }

func (p *Pages) leaveNotice(c echo.Context, person *operator.Person, text string) {
	if text == "" {
		return
	}
	sealed, err := p.Seal.Seal(seal.PurposeDraft, []byte(text), noticeFor(person))
	if err != nil {
		return
	}
	p.Web.SetCookie(c, noticeCookie, base64.RawURLEncoding.EncodeToString(sealed), time.Minute)
}

func (p *Pages) takeNotice(c echo.Context, person *operator.Person) string {
	cookie, err := p.Web.Cookie(c, noticeCookie)
	if err != nil {
		return ""
	}
	p.Web.SetCookie(c, noticeCookie, "", 0)
	sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return ""
	}
	text, err := p.Seal.Open(seal.PurposeDraft, sealed, noticeFor(person))
	if err != nil {
		return ""
	}
	return string(text)
}

// allLanguages are those that the panel speaks, each named in itself.
var allLanguages = sync.OnceValue(func() []ui.Language {
	var list []ui.Language
	for _, tag := range languages.Tags() {
		list = append(list, ui.Language{Tag: tag, Name: languages.Printer(tag).T("language.name")})
	}
	return list
})
