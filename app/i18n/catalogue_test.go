// SPDX-License-Identifier: Apache-2.0

package i18n

import (
	"slices"
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, lang, data, want string }{
		{"unknown language", "tlh", `{}`, "no plural rule"},
		{"nothing", "en", ``, "not a JSON object"},
		{"array", "en", `[]`, "not a JSON object"},
		{"number", "en", `{"a": 1}`, "not a text"},
		{"nested", "en", `{"a": {"b": "c"}}`, "not a text"},
		{"twice", "en", `{"a": "b", "a": "b"}`, "twice"},
		{"cut off", "en", `{"a": "b"`, "EOF"},
		{"cut off in a value", "en", `{"a": `, "EOF"},
		{"two objects", "en", `{} {}`, "after the object"},
		{"open placeholder", "en", `{"a": "b {c"}`, "placeholder"},
		{"closed before it opened", "en", `{"a": "b } {c}"}`, "placeholder"},
		{"no name", "en", `{"a": "{}"}`, "placeholder"},
		{"bad name", "en", `{"a": "{Name}"}`, "placeholder"},
		{"unknown form", "en", `{"a": "{n:loud}"}`, "placeholder"},
		{"empty form", "en", `{"a": "{n:}"}`, "placeholder"},
		{"empty prefix", "en", `{"a": "{n:@}"}`, "placeholder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.lang, []byte(tt.data))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Parse(%s) = %v, want an error with %q", tt.data, err, tt.want)
			}
		})
	}
}

func TestPlaceholders(t *testing.T) {
	got, err := Placeholders("{a} of {b:iso}, {reason:@missing} {wait:duration}")
	want := []string{"a", "b:iso", "reason:@missing", "wait:duration"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"a": "b {c:iso} d"}`, "x")
	f.Add(`{"a.one": "{n}", "a.other": "{n:@a}"}`, "other")
	f.Add(`{"a": "{x:@a"}`, "")
	f.Fuzz(func(t *testing.T, data, value string) {
		c, err := Parse("en", []byte(data))
		if err != nil {
			return
		}
		p := NewPrinter(c, nil)
		for key, text := range c.Texts() {
			if _, err := Placeholders(text); err != nil {
				t.Errorf("%s passed Parse: %v", key, err)
			}
			if !strings.Contains(text, "{") && p.T(key) != text {
				t.Errorf("T(%q) = %q, want %q", key, p.T(key), text)
			}
			p.T(key, "n", value, "c", value)
			p.N(key, len(value))
		}
	})
}
