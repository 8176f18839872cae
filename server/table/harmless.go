// SPDX-License-Identifier: Apache-2.0

package table

import "strings"

// formula are the characters with which a cell begins that a spreadsheet takes for a formula instead of a text (OWASP, "CSV Injection").
const formula = "=+-@\t\r\n"

// Harmless writes a text so that no spreadsheet runs it: an apostrophe goes before a cell that begins like a formula, and before one that
// begins so behind apostrophes, so that Undo can tell ours from those that were there.
func Harmless(text string) string {
	if rest := strings.TrimLeft(text, "'"); rest != "" && strings.ContainsRune(formula, rune(rest[0])) {
		return "'" + text
	}
	return text
}

// Undo returns the text that Harmless was given. Of a text that it never touched, and that does not look so, nothing is changed.
func Undo(cell string) string {
	rest := strings.TrimLeft(cell, "'")
	if len(rest) < len(cell) && rest != "" && strings.ContainsRune(formula, rune(rest[0])) {
		return cell[1:]
	}
	return cell
}
