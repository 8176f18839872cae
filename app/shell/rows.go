// SPDX-License-Identifier: Apache-2.0

package shell

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// rowBox is the box that selects a row.
const rowBox = ".gh-col-check input[type=checkbox]"

// elements returns what matches, in the order of the page.
func elements(selector string) []app.Value {
	found := document().Call("querySelectorAll", selector)
	list := make([]app.Value, found.Length())
	for i := range list {
		list[i] = found.Index(i)
	}
	return list
}

// currentRow is the number of the row that has the focus, -1 for none.
func currentRow(rows []app.Value) int {
	active := document().Get("activeElement")
	for i, row := range rows {
		if row.Call("contains", active).Bool() {
			return i
		}
	}
	return -1
}

// moveRow moves the focus to the next or the previous row: to its link, or where it leads nowhere to its box.
func moveRow(down bool) {
	rows := elements(".gh-row")
	at := currentRow(rows)
	if down {
		at++
	} else {
		at--
	}
	if at < 0 || at >= len(rows) {
		return
	}
	for _, stop := range []string{".gh-account__link", rowBox, "a[href], button"} {
		if e := rows[at].Call("querySelector", stop); e.Truthy() {
			e.Call("focus")
			return
		}
	}
}

// selectRow checks the box of the row that has the focus, or takes the check away.
func selectRow() {
	rows := elements(".gh-row")
	if at := currentRow(rows); at >= 0 {
		if box := rows[at].Call("querySelector", rowBox); box.Truthy() {
			box.Call("click")
		}
	}
}

// selectRange gives the rows between the box that was clicked before and this one, clicked with Shift, what this one has now.
func (s *Shell) selectRange(e app.Value) {
	box := e.Get("target")
	if !box.Get("matches").Truthy() || !box.Call("matches", ".gh-row "+rowBox).Bool() {
		return
	}
	boxes := elements(".gh-row " + rowBox)
	from, to := -1, -1
	for i, b := range boxes {
		if b.Get("value").String() == s.checked {
			from = i
		}
		if b.Equal(box) {
			to = i
		}
	}
	if e.Get("shiftKey").Bool() && from >= 0 {
		on := box.Get("checked").Bool()
		for i := min(from, to); i <= max(from, to); i++ {
			check(boxes[i], on)
		}
	}
	s.checked = box.Get("value").String()
}

// unselect takes all checks of the list away.
func (s *Shell) unselect() {
	for _, box := range elements(".gh-row " + rowBox + ":checked") {
		check(box, false)
	}
}

// check clicks a box that is not as it shall be, so that who listens to it hears of it. s.selectRange hears of it too, and does nothing,
// because such a click has no Shift.
func check(box app.Value, on bool) {
	if box.Get("checked").Bool() != on {
		box.Call("click")
	}
}
