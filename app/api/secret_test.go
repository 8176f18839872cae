// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const canary = "Zq9-never-to-be-seen"

// inner and outer hold secrets in every way that a struct can.
type inner struct {
	Public Secret
	hidden Secret
}

type outer struct {
	Plain    Secret
	Inner    inner
	Pointer  *inner
	List     []Secret
	Map      map[string]Secret
	Any      any
	Choice   PasswordChoice
	unseen   inner
	unseenP  *Secret
	unseenIn any
}

func holding() outer {
	s := NewSecret(canary)
	in := inner{s, s}
	return outer{s, in, &in, []Secret{s}, map[string]Secret{"k": s}, s, PasswordChoice{Mode: PasswordTyped, Password: s}, in, &s, in}
}

// However a secret is printed, alone or deep in something else, it is not seen.
func TestSecretIsNotPrinted(t *testing.T) {
	s := NewSecret(canary)
	values := map[string]any{
		"secret": s, "pointer": &s, "outer": holding(), "outer pointer": func() any { o := holding(); return &o }(),
		"list": []any{s, holding()}, "error": fmt.Errorf("it went wrong with %v and %+v", s, holding()),
		"joined":  errors.Join(errors.New("a"), fmt.Errorf("%s: %w", s, errors.New("b"))),
		"request": UserCreate{Localpart: "ann", Password: PasswordChoice{Mode: PasswordTyped, Password: s}},
	}
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%U", "%c", "%o", "%e", "% x", "%#x", "%10.3s", "%-8v", "%T %[1]v", "%!", "%z"}
	for name, value := range values {
		for _, verb := range verbs {
			unseen(t, name+" "+verb, fmt.Sprintf(verb, value))
		}
		unseen(t, name+" Sprint", fmt.Sprint(value))
		unseen(t, name+" Sprintln", fmt.Sprintln("x", value))
		data, err := json.Marshal(value)
		if err == nil {
			unseen(t, name+" json", string(data))
		}
		if data, err := xml.Marshal(value); err == nil {
			unseen(t, name+" xml", string(data))
		}
		for kind, handler := range map[string]func(*bytes.Buffer) slog.Handler{
			"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
			"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
		} {
			var b bytes.Buffer
			l := slog.New(handler(&b))
			l.With("with", value).WithGroup("group").Info("said", "value", value, slog.Group("g", "value", value), slog.Any("any", value))
			unseen(t, name+" slog "+kind, b.String())
		}
	}
}

// unseen looks for the canary as it is and in hexadecimal.
func unseen(t *testing.T, where, text string) {
	t.Helper()
	for _, form := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprintf("% x", canary)} {
		if strings.Contains(text, form) {
			t.Errorf("%s shows it: %s", where, text)
		}
	}
}

func TestSecretShowsThatItIsThere(t *testing.T) {
	for _, c := range []struct {
		secret Secret
		want   string
	}{{NewSecret(canary), Redacted}, {Secret{}, ""}, {NewSecret(""), ""}} {
		data, err := json.Marshal(c.secret)
		if got := fmt.Sprintf("%v|%s|%s", c.secret, c.secret.String(), data); err != nil || got != fmt.Sprintf("%s|%s|%q", c.want, c.want, c.want) {
			t.Errorf("%s, %v", got, err)
		}
		if c.secret.IsZero() != (c.want == "") {
			t.Errorf("IsZero of %q", c.want)
		}
	}
	if NewSecret(canary).Reveal() != canary || (Secret{}).Reveal() != "" {
		t.Error("Reveal")
	}
	if NewSecret("a") != NewSecret("a") || NewSecret("a") == NewSecret("b") || NewSecret("") != (Secret{}) {
		t.Error("secrets are compared by their texts")
	}
}

func TestSecretIsReadBack(t *testing.T) {
	var s Secret
	if err := json.Unmarshal([]byte(`"a text"`), &s); err != nil || s.Reveal() != "a text" {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{`"[redacted]"`, `7`, `{}`, `["a"]`, `true`} {
		s = NewSecret("before")
		err := json.Unmarshal([]byte(bad), &s)
		if err == nil || s.Reveal() != "before" {
			t.Errorf("%s: %v", bad, err)
		}
	}
	// An error of decoding does not repeat what was there.
	err := json.Unmarshal([]byte(`{"password":["`+canary+`"]}`), &PasswordChoice{})
	if err == nil {
		t.Fatal("no error")
	}
	unseen(t, "error", err.Error())
}

// EncodeWire reveals, and the value that it was given still does not.
func TestEncodeWire(t *testing.T) {
	value := holding()
	before := fmt.Sprintf("%+v", value.Inner)
	parts := struct {
		Inner   inner
		Pointer *inner
		List    []Secret
		Map     map[string]Secret
		Any     any
		Choice  PasswordChoice
		Array   [2]Secret
		None    *inner
		Empty   []Secret
		Nil     map[string]Secret
	}{value.Inner, value.Pointer, value.List, value.Map, value.Any, value.Choice, [2]Secret{value.Plain, {}}, nil, nil, nil}
	data, err := EncodeWire(parts)
	if err != nil || strings.Count(string(data), canary) != 7 || strings.Contains(string(data), Redacted) {
		t.Errorf("%s, %v", data, err)
	}
	if !strings.Contains(string(data), `"None":null,"Empty":null,"Nil":null`) {
		t.Errorf("what is absent is not: %s", data)
	}
	redacted, err := json.Marshal(parts)
	if err != nil || strings.Contains(string(redacted), canary) {
		t.Errorf("the original was altered: %s, %v", redacted, err)
	}
	unseen(t, "the original", fmt.Sprintf("%+v", parts))
	if after := fmt.Sprintf("%+v", value.Inner); after != before {
		t.Errorf("%s, before %s", after, before)
	}
	if data, err := EncodeWire(nil); err != nil || string(data) != "null" {
		t.Errorf("%s, %v", data, err)
	}
}

// What a client writes for the wire, the gate reads as it was.
func TestEncodeWireRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Filter(func(s string) bool { return s != Redacted }).Draw(t, "text")
		data, err := EncodeWire(PasswordChoice{Mode: PasswordTyped, Password: NewSecret(text)})
		if err != nil {
			t.Fatal(err)
		}
		var back PasswordChoice
		if err := json.Unmarshal(data, &back); err != nil || back.Password.Reveal() != text {
			t.Fatalf("%q came back as %q, %v", text, back.Password.Reveal(), err)
		}
	})
}
