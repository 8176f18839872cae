// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// memory is a file system in which every file is there, private, and has the same text in it.
type memory string

func (m memory) read(string, int64) ([]byte, string)        { return []byte(m), "" }
func (m memory) readPrivate(string, int64) ([]byte, string) { return []byte(m), "" }
func (memory) private(string) string                        { return "" }
func (memory) exists(string) bool                           { return true }
func (memory) isFolder(path string) bool                    { return !strings.HasSuffix(path, ".db") }

func loadFromMemory(data, env, file string) (*Config, error) {
	l := newLoader("gatehouse.yaml")
	l.base, l.files = "/etc/gatehouse", memory(file)
	l.readYAML([]byte(data))
	return l.load(strings.Split(env, "\n"))
}

// FuzzLoad reads any file, environment and content of secret files. Either there are mistakes, each with a text and,
// in the file, a place inside it; or the configuration holds what its consumers rely on, and survives being written.
func FuzzLoad(f *testing.F) {
	f.Add(minimal, "", testKey)
	f.Add("listen: :1\ntls: {key_file: a}\nhomeservers:\n  a:\n    url: 'http://a'\n    database_file: b\n", "GATEHOUSE_SESSION_IDLE=1h\nGATEHOUSE_HOMESERVERS_B_C_URL=http://b", "file:/a")
	f.Add("a: &x [*x, {? <<: !!str y}]\n---\n", "GATEHOUSE_=\nGATEHOUSE_HOMESERVERS_=x", "")
	f.Add("a: \"\\q", "GATEHOUSE_HOMESERVERS__URL=a", "\x00")
	f.Add(string(render(newConfig())), "GATEHOUSE_PORT=tcp://a", testKey)
	f.Fuzz(func(t *testing.T, data, env, file string) {
		c, err := loadFromMemory(data, env, file)
		if err != nil {
			var refused *Error
			if !errors.As(err, &refused) || len(refused.Mistakes) == 0 || c != nil {
				t.Fatalf("Load = %v, %v", c, err)
			}
			height := strings.Count(strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(data), "\n") + 1
			for _, m := range refused.Mistakes {
				if m.Text == "" || strings.ContainsAny(m.Text, "\n\r") || m.Line < 0 || m.Line > height+1 || (m.Line > 0) != (m.Column > 0) {
					t.Errorf("mistake %+v in %d lines", m, height)
				}
			}
			return
		}
		if origin, err := checkPublicURL(c.PublicURL); err != nil || origin != c.PublicURL {
			t.Errorf("PublicURL %q: %v", c.PublicURL, err)
		}
		if len(c.Homeservers) == 0 || len(c.SecretKey.Reveal()) != keySize || c.Session.Idle > c.Session.Absolute {
			t.Errorf("half a configuration: %+v", c)
		}
		for name, h := range c.Homeservers {
			if checkName(name) != "" || h.URL == "" || h.Timeout <= 0 || h.RegistrationSharedSecret.IsZero() && h.AdminToken.IsZero() && h.MAS.ClientSecret.IsZero() ||
				h.MAS.Enabled() == h.MAS.ClientSecret.IsZero() {
				t.Errorf("half a homeserver %q: %+v", name, h)
			}
		}
		again, err := loadFromMemory(string(render(c)), "GATEHOUSE_SECRET_KEY="+testKey, file)
		if err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
		again.SecretKey = c.SecretKey
		if diff := cmp.Diff(c, again, compareSecrets); diff != "" {
			t.Errorf("what was written reads differently (-want +got):\n%s", diff)
		}
	})
}
