// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	_ "embed" // marks.js
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"gatehouse/tools/stage"
)

//go:embed marks.js
var marksScript string

// patience is how long a page may take to show what is waited for.
const patience = 60 * time.Second

// A mark is something that a page has shown. At is milliseconds since the navigation began.
type mark struct {
	Name string  `json:"name"`
	At   float64 `json:"at"`
	X    float64 `json:"x"` // where to click, for rows
	Y    float64 `json:"y"`
}

func (m mark) time() time.Duration { return time.Duration(m.At * float64(time.Millisecond)) }

// A visitor is a tab that tells what its pages show.
type visitor struct {
	tab      *stage.Tab
	marks    chan mark
	requests chan *network.EventRequestWillBeSent // documents and calls of the API
}

// newVisitor opens a tab with nothing in its cache.
func newVisitor(b *stage.Browser, cookies []*http.Cookie) (*visitor, error) {
	tab, err := b.NewTab(cookies)
	if err != nil {
		return nil, err
	}
	v := &visitor{tab: tab, marks: make(chan mark, 100), requests: make(chan *network.EventRequestWillBeSent, 1000)}
	if err := v.prepare(); err != nil {
		tab.Close()
		return nil, err
	}
	return v, nil
}

func (v *visitor) prepare() error {
	if err := chromedp.Listen(v.tab.Ctx, v.hear); err != nil {
		return err
	}
	if _, err := chromedp.Call(v.tab.Ctx, network.Enable, network.EnableParams{}); err != nil {
		return err
	}
	if _, err := chromedp.Call(v.tab.Ctx, runtime.AddBinding, runtime.AddBindingParams{Name: "benchMark"}); err != nil {
		return err
	}
	_, err := chromedp.Call(v.tab.Ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: marksScript})
	return err
}

func (v *visitor) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventBindingCalled:
		var m mark
		if json.Unmarshal([]byte(e.Payload), &m) == nil {
			v.marks <- m
		}
	case *network.EventRequestWillBeSent:
		if e.Type == network.ResourceTypeDocument || strings.Contains(e.Request.URL, "/api/") {
			v.requests <- e
		}
	}
}

// slow makes the page's processor so many times slower.
func (v *visitor) slow(times float64) error {
	_, err := chromedp.Call(v.tab.Ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: times})
	return err
}

// visit goes to an address and returns when the marks are there. It does not wait for anything else.
func (v *visitor) visit(url string, names ...string) (map[string]mark, error) {
	v.forget()
	if err := v.leave(url); err != nil {
		return nil, err
	}
	return v.await(names...)
}

// leave begins a navigation.
func (v *visitor) leave(url string) error {
	answer, err := chromedp.Call(v.tab.Ctx, page.Navigate, page.NavigateParams{URL: url})
	if err == nil && answer.ErrorText != "" {
		err = errors.New(answer.ErrorText)
	}
	return err
}

func (v *visitor) forget() {
	for len(v.marks) > 0 {
		<-v.marks
	}
	for len(v.requests) > 0 {
		<-v.requests
	}
}

func (v *visitor) await(names ...string) (map[string]mark, error) {
	ctx, cancel := context.WithTimeout(v.tab.Ctx, patience)
	defer cancel()
	got := map[string]mark{}
	for {
		missing := ""
		for _, name := range names {
			if _, ok := got[name]; !ok {
				missing = name
			}
		}
		if missing == "" {
			return got, nil
		}
		select {
		case m := <-v.marks:
			got[m.Name] = m
		case <-ctx.Done():
			seen, _ := stage.Eval[string](v.tab, `location.href + "\n" + document.body.innerText.slice(0, 2000)`)
			return nil, fmt.Errorf("the page does not show %q within %s; it shows %s", missing, patience, seen)
		}
	}
}

// A click is the first one on a page, made as soon as its rows were on screen.
type click struct {
	taken   time.Duration // since the navigation began: the browser asks for what the click asked for
	program bool          // the program had taken the page over by then
}

// visitAndClick goes to an address, clicks on the first row's link when the rows are on screen, and returns when the browser begins to
// fetch what it leads to.
func (v *visitor) visitAndClick(url string) (click, error) {
	marks, err := v.visit(url, "rows")
	if err != nil {
		return click{}, err
	}
	m := marks["rows"]
	if err := chromedp.Do(v.tab.Ctx, chromedp.MouseClickXY(m.X, m.Y)); err != nil {
		return click{}, err
	}
	ctx, cancel := context.WithTimeout(v.tab.Ctx, patience)
	defer cancel()
	var first *network.EventRequestWillBeSent
	for {
		select {
		case e := <-v.requests:
			if first == nil {
				first = e
				continue
			}
			taken := time.Duration(float64(e.Timestamp-first.Timestamp) * float64(time.Second))
			return click{taken, e.Type != network.ResourceTypeDocument}, nil
		case <-ctx.Done():
			return click{}, fmt.Errorf("the click on a row was not answered within %s", patience)
		}
	}
}

// replace has the browser alone put another page of rows in place, and returns how long that took once the answer was there.
func (v *visitor) replace(link string) (time.Duration, error) {
	took, err := stage.Eval[float64](v.tab, "benchReplace("+stage.Quote(link)+")")
	return time.Duration(took * float64(time.Millisecond)), err
}

// redraw has the program draw another page of rows, and returns how long it took once the answer was there.
func (v *visitor) redraw(link string) (time.Duration, error) {
	took, err := stage.Eval[float64](v.tab, "benchRedraw("+stage.Quote(link)+")")
	return time.Duration(took * float64(time.Millisecond)), err
}
