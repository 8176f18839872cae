// SPDX-License-Identifier: Apache-2.0

// Package languages embeds the texts of the panel, one JSON file a language, for the server. The browser does not link it:
// it is given the file of its language alone.
package languages

import (
	"embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"gatehouse/app/i18n"
)

// Default is the language that is complete and that the others fall back to.
const Default = "en"

//go:embed *.json
var files embed.FS

var all = sync.OnceValue(func() map[string]*i18n.Catalogue {
	m := map[string]*i18n.Catalogue{}
	for _, lang := range Tags() {
		data, _ := JSON(lang)
		c, err := i18n.Parse(lang, data)
		if err != nil {
			panic(err) // the files are part of the program, and a test parses them
		}
		m[lang] = c
	}
	return m
})

// All returns the catalogues by tag.
func All() map[string]*i18n.Catalogue { return maps.Clone(all()) }

// Tags returns the tags of the languages, the default first.
func Tags() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(err)
	}
	tags := []string{Default}
	for _, e := range entries {
		if lang := strings.TrimSuffix(e.Name(), ".json"); lang != Default {
			tags = append(tags, lang)
		}
	}
	slices.Sort(tags[1:])
	return tags
}

// JSON returns the file of a language, for the browser, and whether there is one.
func JSON(lang string) ([]byte, bool) {
	data, err := files.ReadFile(lang + ".json")
	return data, err == nil
}

// Printer returns the printer of a language, which falls back to English; of an unknown language it is the English one.
func Printer(lang string) *i18n.Printer {
	c, ok := all()[lang]
	if !ok {
		c = all()[Default]
	}
	return i18n.NewPrinter(c, all()[Default])
}
