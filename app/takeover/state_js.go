// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"syscall/js"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/ui"
)

// state is what a page's elements know and its HTML does not: where the focus is, what is selected, how far it is scrolled, and what
// was typed into the fields of lists.
type state struct {
	x, y       int
	focus      path
	start, end js.Value // selection within the focused field
	anchor     point
	extent     point
	values     []value
	open       []path    // details that are unfolded
	kept       app.Value // elements whose contents are taken over as they are
}

// path leads from the page's root element to another, by the numbers of children.
type path []int

type point struct {
	at     path
	offset int
	ok     bool
}

type value struct {
	at   path
	text string
}

func root() js.Value { return js.Global().Get("document").Get("body").Get("firstElementChild") }

// capture notes the state of the page just before it is replaced.
func capture() state {
	window, document := js.Global(), js.Global().Get("document")
	s := state{x: window.Get("scrollX").Int(), y: window.Get("scrollY").Int(), kept: ui.Kept(app.Window().Get("document"))}
	if active := document.Get("activeElement"); active.Truthy() && root().Call("contains", active).Bool() {
		s.focus = pathTo(active)
		if t := active.Get("type"); t.Type() == js.TypeString && (t.String() == "text" || t.String() == "search") {
			s.start, s.end = active.Get("selectionStart"), active.Get("selectionEnd")
		}
	}
	if selection := document.Call("getSelection"); selection.Truthy() && selection.Get("rangeCount").Int() > 0 {
		s.anchor = pointAt(selection.Get("anchorNode"), selection.Get("anchorOffset").Int())
		s.extent = pointAt(selection.Get("focusNode"), selection.Get("focusOffset").Int())
	}
	fields := root().Call("querySelectorAll", "form[method=get] input:not([type=hidden]), form[method=get] select")
	for i := range fields.Length() {
		if field := fields.Index(i); changed(field) {
			s.values = append(s.values, value{pathTo(field), field.Get("value").String()})
		}
	}
	details := root().Call("querySelectorAll", "details[open]")
	for i := range details.Length() {
		s.open = append(s.open, pathTo(details.Index(i)))
	}
	return s
}

// restore puts the state back into the page that took the other's place. Both are the same tree, so the same paths lead to the same elements.
func (s state) restore() {
	window, document := js.Global(), js.Global().Get("document")
	ui.PutKept(s.kept)
	for _, v := range s.values {
		if e := v.at.follow(); e.Truthy() {
			e.Set("value", v.text)
		}
	}
	for _, p := range s.open {
		if e := p.follow(); e.Truthy() {
			e.Set("open", true)
		}
	}
	if s.focus != nil {
		if e := s.focus.follow(); e.Truthy() && e.Get("focus").Truthy() {
			e.Call("focus", map[string]any{"preventScroll": true})
			if s.start.Type() == js.TypeNumber {
				e.Call("setSelectionRange", s.start, s.end)
			}
		}
	}
	// What is selected within a field is the document's selection, too.
	if s.start.Type() != js.TypeNumber && s.anchor.ok && s.extent.ok {
		if a, b := s.anchor.at.follow(), s.extent.at.follow(); a.Truthy() && b.Truthy() {
			document.Call("getSelection").Call("setBaseAndExtent", a, s.anchor.offset, b, s.extent.offset)
		}
	}
	window.Call("scrollTo", s.x, s.y)
}

func pathTo(node js.Value) path {
	var p path
	for top := root(); node.Truthy() && !node.Equal(top); node = node.Get("parentNode") {
		n := 0
		for before := node.Get("previousSibling"); before.Truthy(); before = before.Get("previousSibling") {
			n++
		}
		p = append(p, n)
	}
	return p
}

func pointAt(node js.Value, offset int) point {
	if !node.Truthy() || !root().Call("contains", node).Bool() {
		return point{}
	}
	return point{pathTo(node), offset, true}
}

// follow returns the node that the path leads to, or undefined.
func (p path) follow() js.Value {
	node := root()
	for i := len(p) - 1; i >= 0; i-- {
		node = node.Get("childNodes").Index(p[i])
		if !node.Truthy() {
			return js.Undefined()
		}
	}
	return node
}
