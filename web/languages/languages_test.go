// SPDX-License-Identifier: Apache-2.0

package languages

import (
	"slices"
	"strings"
	"testing"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
)

func TestTags(t *testing.T) {
	if got := Tags(); !slices.Equal(got, []string{"en", "de"}) {
		t.Errorf("Tags() = %q", got)
	}
	for _, lang := range Tags() {
		p := Printer(lang)
		if p.Lang() != lang || !p.Has("language.name") || p.T("language.dir") != "ltr" && p.T("language.dir") != "rtl" {
			t.Errorf("%s: lang %q, name %q, dir %q", lang, p.Lang(), p.T("language.name"), p.T("language.dir"))
		}
		if data, ok := JSON(lang); !ok || len(data) == 0 {
			t.Errorf("%s: no file for the browser", lang)
		}
	}
	if got := Printer("tlh").Lang(); got != Default {
		t.Errorf("an unknown language is printed in %q", got)
	}
	if _, ok := JSON("../languages"); ok {
		t.Error("JSON led out of the folder")
	}
}

// All may be given to anybody: what they do to the map reaches nobody else.
func TestAllIsACopy(t *testing.T) {
	clear(All())
	if len(All()) != len(Tags()) {
		t.Error("All() was emptied")
	}
}

// A language has exactly the keys of English, but for the plural forms, of which each has its own.
func TestSameKeys(t *testing.T) {
	english := base(All()[Default])
	for lang, c := range All() {
		keys := base(c)
		for key := range english {
			if _, ok := keys[key]; !ok {
				t.Errorf("%s.json lacks %s", lang, key)
			}
		}
		for key := range keys {
			if _, ok := english[key]; !ok {
				t.Errorf("%s.json has %s, which %s.json lacks", lang, key, Default)
			}
		}
	}
}

func TestPluralForms(t *testing.T) {
	for lang, c := range All() {
		for key, forms := range base(c) {
			if forms == nil {
				continue
			}
			for _, form := range c.Forms() {
				if !slices.Contains(forms, form) {
					t.Errorf("%s.json lacks %s.%s", lang, key, form)
				}
			}
			if _, ok := c.Text(key); ok {
				t.Errorf("%s.json has %s both with and without plural forms", lang, key)
			}
		}
	}
}

// All languages fill in the same values. The form may differ, and a plural form may leave the number out.
func TestSamePlaceholders(t *testing.T) {
	english := All()[Default]
	for lang, c := range All() {
		for key, text := range c.Texts() {
			other, ok := english.Text(key)
			if !ok {
				stem, _ := plural(key)
				if other, ok = english.Text(stem + ".other"); !ok {
					continue // TestSameKeys reports it
				}
			}
			if got, want := names(t, key, text), names(t, key, other); !slices.Equal(got, want) {
				t.Errorf("%s.json, %s: placeholders %q, in %s.json %q", lang, key, got, Default, want)
			}
		}
	}
}

// What the catalogue of operations names, the panel can say.
func TestCatalogueHasTexts(t *testing.T) {
	var keys []string
	for _, op := range api.All() {
		keys = append(keys, "operation."+op.Info().Name)
	}
	for _, p := range api.Permissions() {
		keys = append(keys, "permission."+string(p))
	}
	for _, r := range api.Roles() {
		keys = append(keys, "role."+string(r))
	}
	for lang, c := range All() {
		for _, key := range keys {
			if _, ok := c.Text(key); !ok {
				t.Errorf("%s.json lacks %s", lang, key)
			}
		}
	}
}

// The tone: plain sentences, no praise, no shouting, nobody addressed as Sie or du, no gendered forms.
func TestTone(t *testing.T) {
	never := map[string][]string{
		"en": {"!", "successful", "please", "oops", "sorry", "invalid", " his ", " her ", "...", "\"", "'"},
		"de": {"!", "erfolgreich", "bitte", "leider", " sie ", " ihr", " ihnen ", " du ", " dein", "benutzer", "administrator", "...", "\"", "'"},
	}
	allowed := map[string]bool{"missing.dendrite_no_list": true}                    // it names Dendrite's Benutzerverzeichnis
	labels := []string{"problem.title", "problem.try_again", "problem.to_overview"} // what stands beside the sentence
	for lang, c := range All() {
		for key, text := range c.Texts() {
			if strings.TrimSpace(text) != text && key != "format.list_comma" || text == "" {
				t.Errorf("%s.json, %s: empty, or space around it: %q", lang, key, text)
			}
			for _, word := range never[lang] {
				if strings.Contains(strings.ToLower(" "+text+" "), word) && !allowed[key] {
					t.Errorf("%s.json, %s: %q is not said: %q", lang, key, strings.TrimSpace(word), text)
				}
			}
			if area, _, _ := strings.Cut(key, "."); !slices.Contains(labels, key) && (area == "problem" || area == "missing" || area == "effect") {
				if !strings.ContainsAny(text[len(text)-1:], ".}") && !example(text) {
					t.Errorf("%s.json, %s: not a sentence: %q", lang, key, text)
				}
			}
		}
	}
}

// example reports whether a text ends with something that is to be typed, after which a full stop would be typed too.
func example(text string) bool {
	for _, end := range []string{"@name:server", "name@example.org", "+49 7541 12345", "- / +"} {
		if strings.HasSuffix(text, end) {
			return true
		}
	}
	return false
}

// plural cuts a plural form off a key.
func plural(key string) (stem, form string) {
	at := strings.LastIndexByte(key, '.')
	if at >= 0 && slices.Contains([]string{"zero", "one", "two", "few", "many", "other"}, key[at+1:]) {
		return key[:at], key[at+1:]
	}
	return key, ""
}

// base returns the keys of a catalogue with the plural forms of each; nil for a text without.
func base(c *i18n.Catalogue) map[string][]string {
	keys := map[string][]string{}
	for key := range c.Texts() {
		if stem, form := plural(key); form != "" {
			keys[stem] = append(keys[stem], form)
		} else {
			keys[key] = nil
		}
	}
	return keys
}

func names(t *testing.T, key, text string) []string {
	t.Helper()
	list, err := i18n.Placeholders(text)
	if err != nil {
		t.Errorf("%s: %v", key, err)
	}
	_, form := plural(key)
	set := []string{}
	for _, p := range list {
		name, _, _ := strings.Cut(p, ":")
		if !(form != "" && name == "n") && !slices.Contains(set, name) {
			set = append(set, name)
		}
	}
	slices.Sort(set)
	return set
}
