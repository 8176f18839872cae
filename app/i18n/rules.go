// SPDX-License-Identifier: Apache-2.0

package i18n

// rules are the facts of a language that are no texts, from the Unicode CLDR.
type rules struct {
	forms   []string              // the plural forms that whole numbers take; "other" is the last
	plural  func(n uint64) string // the form of a whole number's absolute value
	group   string                // between groups of three digits
	decimal string                // before the fraction
}

// known has an entry for each language that there are texts of. A new language starts here: plural forms from
// https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html, separators from its numbers chart.
var known = map[string]rules{
	"en": {forms: []string{"one", "other"}, plural: oneOther, group: ",", decimal: "."},
	"de": {forms: []string{"one", "other"}, plural: oneOther, group: ".", decimal: ","},
}

// oneOther is the rule `one: i = 1 and v = 0`.
func oneOther(n uint64) string {
	if n == 1 {
		return "one"
	}
	return "other"
}
