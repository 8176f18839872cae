// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"strings"
	"testing"
	"time"
)

// TestChecks has, for each check, texts that come back as they are, and texts that are refused.
func TestChecks(t *testing.T) {
	for _, tt := range []struct {
		name      string
		check     check
		good, bad []string
	}{
		{
			"listen", checkListen,
			[]string{":1", "127.0.0.1:65535", "[::1]:80", "localhost:8765", "0.0.0.0:80"},
			[]string{"", "80", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:http", "127.0.0.1:080", "::1:80", "example.org:80", "127.0.0.1:80:80", "127.0.0.1: 80", "127.0.0.1:+80"},
		},
		{
			"url", checkURL,
			[]string{"http://a", "https://example.org:8448", "http://synapse_1:8008", "http://[::1]:8008", "https://example.org/matrix", "https://xn--bcher-kva.example"},
			[]string{"", "a", "/a", "//a", "ftp://a", "http:///a", "http://", "http://a:99999", "http://a:", "http://u@a", "http://a?", "http://a?b", "http://a#", "http://-a", "http://a..b", "http://a b", "http://[::1%25lo]", "http://[::1", "http://ä", "http://a\n"},
		},
		{
			"server name", checkServerName,
			[]string{"example.org", "example.org:8448", "localhost", "192.0.2.1:80", "[2001:db8::1]", "[2001:db8::1]:8448"},
			[]string{"", "@a:b", "https://example.org", "a:b", "a:", ":80", "2001:db8::1", "[::1", "[a]", "[]", "a/b", "a:0"},
		},
		{
			"pattern", checkPattern,
			[]string{"telegram_*", "a", "*bot", "a*b*c", "Historical/Name!"},
			[]string{"", "*", "***", "@a", "a:b", "a b", "ä", "a\x00"},
		},
		{
			"shared secret", checkSharedSecret,
			[]string{"a", "a b", "ä", "#'\"\\", "~"},
			[]string{" a", "a ", "a\nb", "a\x00", "a\xff", "a\u0085b"},
		},
		{
			"token", checkToken,
			[]string{"syt_YWRtaW4_abc_123", "mct_~.-_+/="},
			[]string{"a b", "a\n", "ä", "a\x7f"},
		},
		{
			"database", checkDatabase,
			[]string{"postgres://u:p@h/d", "postgresql:///d?host=/run/postgresql", "file:/a/b.db", "file:///a/b.db", "file:/a?mode=ro"},
			[]string{"", "a", "mysql://a", "postgres:a", "file:", "file:/", "file:///", "file:a.db", "file://host/a", "file:?a", "postgres://u:%zz@h", "file:/a\n", "Postgres://h/d"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, text := range tt.good {
				if got, err := tt.check(text); err != nil || got != text {
					t.Errorf("%q = %q, %v; want it as it is", text, got, err)
				}
			}
			for _, text := range tt.bad {
				if got, err := tt.check(text); err == nil {
					t.Errorf("%q is accepted as %q", text, got)
				}
			}
		})
	}
}

func TestParseKey(t *testing.T) {
	raw := []byte("\xfb\xff\xfe9\x01k\xe2\x90\x13\x7f\xaa\x04\xd8\x5c\x21\xb7\xf0\x66\x0c\xee\x35\x9d\x72\x18\xc4\x4b\xa1\x8f\x50\x07\xfb \n"[:31] + "\n") // base64 has + and / in it, and it ends like white space
	for name, data := range map[string][]byte{
		"raw":            raw,
		"hex":            []byte(hex.EncodeToString(raw)),
		"hex, capitals":  bytes.ToUpper([]byte(hex.EncodeToString(raw))),
		"hex, line":      []byte(hex.EncodeToString(raw) + "\r\n"),
		"base64":         []byte(base64.StdEncoding.EncodeToString(raw)),
		"base64, bare":   []byte(base64.RawStdEncoding.EncodeToString(raw)),
		"base64url":      []byte(base64.URLEncoding.EncodeToString(raw)),
		"base64url line": []byte(" " + base64.RawURLEncoding.EncodeToString(raw) + "\n"),
	} {
		if got, err := parseKey(data); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
	for name, data := range map[string][]byte{
		"empty":          nil,
		"31 bytes":       raw[:31],
		"33 bytes":       append(bytes.Clone(raw), 'x'),
		"half the size":  []byte(hex.EncodeToString(raw[:16])),
		"twice the size": []byte(hex.EncodeToString(append(bytes.Clone(raw), raw...))),
		"base64 of 31":   []byte(base64.StdEncoding.EncodeToString(raw[:31])),
		"zeros":          []byte(strings.Repeat("0", 64)),
		"a passphrase":   []byte("correct horse battery staple 123"),
		"two keys":       []byte(testKey + "\n" + testKey + "\n"),
	} {
		if _, err := parseKey(data); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	made, err := parseKey(newKey())
	if err != nil || len(made) != keySize {
		t.Errorf("a new key: %d bytes, %v", len(made), err)
	}
	if other, _ := parseKey(newKey()); bytes.Equal(made, other) {
		t.Error("two new keys are the same")
	}
}

func TestMayHoldSecret(t *testing.T) {
	for _, tt := range []struct {
		path string
		mode fs.FileMode
		uid  uint32
		want bool
	}{
		{"/etc/gatehouse/token", 0o600, 1000, true},
		{"/etc/gatehouse/token", 0o400, 1000, true},
		{"/etc/gatehouse/token", 0o600, 0, true},
		{"/etc/gatehouse/token", 0o640, 0, true},
		{"/etc/gatehouse/token", 0o440, 0, true},
		{"/etc/gatehouse/token", 0o640, 1000, false},
		{"/etc/gatehouse/token", 0o660, 0, false},
		{"/etc/gatehouse/token", 0o644, 0, false},
		{"/etc/gatehouse/token", 0o604, 0, false},
		{"/etc/gatehouse/token", 0o644, 1000, false},
		{"/run/secrets/token", 0o444, 0, true},
		{"/run/secrets/token", 0o644, 0, true},
		{"/run/secrets/token", 0o644, 1000, false},
		{"/run/secrets/token", 0o666, 0, false},
		{"/run/credentials/gatehouse.service/token", 0o440, 0, true},
		{"/runny/token", 0o444, 0, false},
	} {
		if got := mayHoldSecret(tt.path, tt.mode, tt.uid); got != tt.want {
			t.Errorf("%s, mode %04o, user %d: %t, want %t", tt.path, tt.mode, tt.uid, got, tt.want)
		}
	}
}

func TestBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{
		15 * time.Minute: "15m", 8 * time.Hour: "8h", 90 * time.Minute: "1h30m", 10 * time.Second: "10s",
		100 * time.Millisecond: "100ms", time.Hour + time.Second: "1h0m1s", 20 * time.Minute: "20m", 10 * time.Hour: "10h",
	} {
		if got := brief(d); got != want {
			t.Errorf("%d: %s, want %s", d, got, want)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for path, want := range map[string]string{
		"/etc/gatehouse.yaml": "/etc/gatehouse.yaml", "/a b": "'/a b'", "/it's": `'/it'\''s'`, "/$(x)": "'/$(x)'", "/ü": "'/ü'",
	} {
		if got := shellQuote(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
