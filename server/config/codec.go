// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"gatehouse/app/api"
)

// place is where a field's value goes: into the configuration, or into one homeserver of it.
type place struct {
	config     *Config
	homeserver *Homeserver
	// base is the folder that relative paths start at; empty leaves them as they are.
	base string
}

// codec carries one field's value between its text and its place.
type codec struct {
	// set checks one text and puts it in its place; with a list, it adds to it. Its error goes on from the value:
	// "is not a number". It never has the value in it.
	set func(p *place, text string) error
	// get returns the value as texts that set takes; none where there is no value.
	get func(p *place) []string
}

// A check tells whether a text will do and returns the form of it that is kept. Its error reads as codec.set's.
type check func(text string) (string, error)

func text(at func(*place) *string, check check) codec {
	return codec{
		set: func(p *place, text string) error {
			kept, err := check(text)
			if err == nil {
				*at(p) = kept
			}
			return err
		},
		get: func(p *place) []string { return given(*at(p)) },
	}
}

func texts(at func(*place) *[]string, check check) codec {
	return codec{
		set: func(p *place, text string) error {
			kept, err := check(text)
			if err == nil {
				*at(p) = append(*at(p), kept)
			}
			return err
		},
		get: func(p *place) []string { return *at(p) },
	}
}

func file(at func(*place) *string) codec {
	return codec{
		set: func(p *place, text string) error {
			path, err := resolve(p.base, text)
			if err == nil {
				*at(p) = path
			}
			return err
		},
		get: func(p *place) []string { return given(*at(p)) },
	}
}

// resolve makes a path absolute, starting at base.
func resolve(base, path string) (string, error) {
	if strings.ContainsRune(path, 0) {
		return "", errors.New("is not a path")
	}
	if filepath.IsAbs(path) || base == "" {
		return filepath.Clean(path), nil
	}
	return filepath.Join(base, path), nil
}

func secret(at func(*place) *api.Secret, check check) codec {
	return codec{
		set: func(p *place, text string) error {
			kept, err := check(text)
			if err == nil {
				*at(p) = api.NewSecret(kept)
			}
			return err
		},
		get: func(p *place) []string { return given(at(p).Reveal()) },
	}
}

func key(at func(*place) *api.Secret) codec {
	return codec{
		set: func(p *place, text string) error {
			raw, err := parseKey([]byte(text))
			if err == nil {
				*at(p) = api.NewSecret(string(raw))
			}
			return err
		},
		get: func(p *place) []string { return given(at(p).Reveal()) },
	}
}

func number(at func(*place) *int, least, most int) codec {
	return codec{
		set: func(p *place, text string) error {
			n, err := strconv.Atoi(text)
			switch {
			case err != nil || strconv.Itoa(n) != text:
				return errors.New("is not a whole number")
			case n < least || n > most:
				return fmt.Errorf("is out of range: it can be from %d to %d", least, most)
			}
			*at(p) = n
			return nil
		},
		get: func(p *place) []string {
			if *at(p) == 0 {
				return nil
			}
			return []string{strconv.Itoa(*at(p))}
		},
	}
}

func yesNo(at func(*place) *bool) codec {
	return codec{
		set: func(p *place, text string) error {
			switch text {
			case "true", "false":
				*at(p) = text == "true"
				return nil
			}
			return errors.New("is neither true nor false")
		},
		get: func(p *place) []string { return []string{strconv.FormatBool(*at(p))} },
	}
}

func span(at func(*place) *time.Duration, shortest, longest time.Duration) codec {
	return codec{
		set: func(p *place, text string) error {
			d, err := time.ParseDuration(text)
			switch {
			case err != nil:
				return errors.New("is not a length of time. Write it like 90s, 15m or 1h30m")
			case d < shortest || d > longest:
				return fmt.Errorf("is out of range: it can be from %s to %s", brief(shortest), brief(longest))
			}
			*at(p) = d
			return nil
		},
		get: func(p *place) []string {
			if *at(p) == 0 {
				return nil
			}
			return []string{brief(*at(p))}
		},
	}
}

// brief writes a duration as people do: 15m, not 15m0s.
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func level() codec {
	names := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	allowed := oneOf("debug", "info", "warn", "error")
	return codec{
		set: func(p *place, text string) error {
			name, err := allowed(text)
			if err == nil {
				p.config.Log.Level = names[name]
			}
			return err
		},
		get: func(p *place) []string { return []string{strings.ToLower(p.config.Log.Level.String())} },
	}
}

func networks() codec {
	return codec{
		set: func(p *place, text string) error {
			network, err := parseNetwork(text)
			if err == nil {
				p.config.TrustedProxies = append(p.config.TrustedProxies, network)
			}
			return err
		},
		get: func(p *place) []string {
			var all []string
			for _, network := range p.config.TrustedProxies {
				all = append(all, network.String())
			}
			return all
		},
	}
}

func terms() codec {
	return codec{
		set: func(p *place, text string) error {
			term, err := parseTerm(text)
			if err == nil {
				p.homeserver.Terms = append(p.homeserver.Terms, term)
			}
			return err
		},
		get: func(p *place) []string {
			var all []string
			for _, term := range p.homeserver.Terms {
				all = append(all, term.Name+" "+term.URL)
			}
			return all
		},
	}
}

// parseTerm reads a name, which may have spaces in it, and an address behind it.
func parseTerm(text string) (Term, error) {
	words := strings.Fields(text)
	if len(words) < 2 {
		return Term{}, errors.New("is not a name and an address. Write it like Terms of use https://example.org/terms")
	}
	name, address := strings.Join(words[:len(words)-1], " "), words[len(words)-1]
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Scheme != "https", u.Opaque != "", u.Hostname() == "", u.User != nil:
		return Term{}, errors.New("does not end with an https address. Write it like Terms of use https://example.org/terms")
	case utf8.RuneCountInString(name) > 100:
		return Term{}, errors.New("has a name of more than 100 characters")
	case strings.ContainsFunc(text, unicode.IsControl):
		return Term{}, errors.New("has a control character in it")
	}
	return Term{name, u.String()}, nil
}

// parseNetwork reads a CIDR prefix, or one address as the network of itself alone.
func parseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return netip.Prefix{}, errors.New("is not a network. Write it like 10.0.0.0/8, fd00::/8 or 192.0.2.1")
	case network.Bits() == 0:
		return netip.Prefix{}, errors.New("is the whole internet: everybody could then claim any address in X-Forwarded-For")
	case network.Addr().Is4In6():
		return netip.Prefix{}, errors.New("is an IPv4 network in IPv6 clothes. Write it like 10.0.0.0/8")
	case network != network.Masked():
		return netip.Prefix{}, fmt.Errorf("has digits after its first %d bits. Was %s meant?", network.Bits(), network.Masked())
	}
	return network, nil
}

func setDefaults(p *place) {
	for _, f := range fields {
		if f.Default == "" || f.FileOf != "" || f.ofHomeserver() != (p.homeserver != nil) {
			continue
		}
		if err := f.codec.set(p, f.Default); err != nil {
			panic("config: the default of " + f.Path + " " + err.Error())
		}
	}
}

func given(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}
