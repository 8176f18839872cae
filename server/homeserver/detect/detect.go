// SPDX-License-Identifier: Apache-2.0

// Package detect finds out what answers at an address, with requests that need no key.
package detect

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"gatehouse/server/homeserver/matrix"
)

// Found is what was found.
type Found struct {
	URL        string // of the client and admin APIs
	Kind       string // synapse or dendrite
	Version    string // "" where it is not told
	ServerName string // "" where it is not told
	MAS        bool   // accounts are Matrix Authentication Service's business
	// NoSecret says that the homeserver has no registration shared secret. Only Dendrite tells without being given one.
	NoSecret bool
}

// timeout bounds one question.
const timeout = 10 * time.Second

// Detect looks at an address, or at what the well-known file of a server name points to. The error is a sentence that says
// what to do.
func Detect(ctx context.Context, address string) (Found, error) {
	return detect(ctx, address, http.DefaultTransport)
}

func detect(ctx context.Context, address string, transport http.RoundTripper) (Found, error) {
	address = strings.TrimRight(strings.TrimSpace(address), "/")
	if address == "" {
		return Found{}, fmt.Errorf("there is no address to look at")
	}
	named := !strings.Contains(address, "://")
	if named {
		address = scheme(address) + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || strings.HasSuffix(u.Host, ":") || u.RawQuery != "" || u.Fragment != "" {
		return Found{}, fmt.Errorf("%q is not the http or https address of a homeserver", address)
	}
	probe := func(base string) *prober { return &prober{matrix.New(base, timeout, matrix.WithTransport(transport))} }
	// A server name's own host need not be its homeserver, so its well-known file goes first. An address that was given as one
	// is taken at its word, and the file is only looked at where no homeserver answers.
	origin := u.Scheme + "://" + u.Host
	if named {
		if base := probe(origin).wellKnown(ctx); base != "" {
			return probe(base).look(ctx)
		}
		return probe(address).look(ctx)
	}
	found, err := probe(address).look(ctx)
	if e, ok := matrix.As(err); ok && (e.Kind == matrix.Refused || e.Kind == matrix.Odd) {
		if base := probe(origin).wellKnown(ctx); base != "" && base != address {
			return probe(base).look(ctx)
		}
	}
	return found, err
}

// scheme is what a name without one is asked by: https, but on this machine.
func scheme(address string) string {
	u, err := url.Parse("http://" + address)
	if err != nil {
		return "https://"
	}
	if loopback(u.Hostname()) {
		return "http://"
	}
	return "https://"
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// prober asks one address.
type prober struct{ client *matrix.Client }

func (p *prober) get(ctx context.Context, path matrix.Path, out any) error {
	_, err := p.client.Do(ctx, matrix.Call{Method: http.MethodGet, Path: path}, out)
	return err
}

// wellKnown asks where the client API of a server name is (GET /.well-known/matrix/client; specification, client-server API,
// "Server Discovery").
func (p *prober) wellKnown(ctx context.Context) string {
	var out struct {
		Homeserver struct {
			BaseURL string `json:"base_url"`
		} `json:"m.homeserver"`
	}
	if err := p.get(ctx, matrix.At("/.well-known/matrix/client"), &out); err != nil {
		return ""
	}
	u, err := url.Parse(out.Homeserver.BaseURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return ""
	}
	if u.Scheme == "http" && strings.HasPrefix(p.client.Base(), "https:") && !loopback(u.Hostname()) {
		return "" // who was asked by https does not lead to where keys would cross the network in clear
	}
	return strings.TrimRight(out.Homeserver.BaseURL, "/")
}

// look asks in the order that costs least: is it Matrix at all, then Synapse's version, then Dendrite's health, then the
// federation version, which either may have switched off.
func (p *prober) look(ctx context.Context) (Found, error) {
	found := Found{URL: p.client.Base()}
	var versions struct {
		Versions []string `json:"versions"`
	}
	if err := p.get(ctx, matrix.At("/_matrix/client/versions"), &versions); err != nil {
		return found, p.explain(err)
	}
	if len(versions.Versions) == 0 {
		return found, fmt.Errorf("something answers at %s, but it is no Matrix homeserver", found.URL)
	}
	var synapse struct {
		Version string `json:"server_version"`
	}
	admin := p.get(ctx, matrix.At("/_synapse/admin/v1/server_version"), &synapse)
	if admin == nil {
		found.Kind, found.Version = "synapse", synapse.Version
		found.MAS = matrix.Unrecognized(p.get(ctx, matrix.At("/_synapse/admin/v1/register"), nil))
		found.ServerName = p.serverName(ctx)
		return found, nil
	}
	name, version := p.federation(ctx)
	up := p.get(ctx, matrix.At("/_dendrite/monitor/up"), nil) == nil
	switch {
	case name == "Dendrite", name == "" && up:
		if !up {
			return found, p.hidden("/_dendrite")
		}
		found.Kind, found.Version = "dendrite", version
		found.NoSecret = matrix.Unrecognized(p.get(ctx, matrix.At("/_synapse/admin/v1/register"), nil))
		found.ServerName = p.serverName(ctx)
		return found, nil
	case name == "Synapse", name == "" && !matrix.Unrecognized(admin):
		return found, p.hidden("/_synapse/admin")
	case name != "":
		return found, fmt.Errorf("%s is %s; Gatehouse works with Synapse and Dendrite", found.URL, name)
	}
	return found, fmt.Errorf("%s speaks Matrix, but is neither Synapse nor Dendrite, or a reverse proxy hides what it is", found.URL)
}

// federation asks for software and version (GET /_matrix/federation/v1/version; specification, server-server API).
func (p *prober) federation(ctx context.Context) (name, version string) {
	var out struct {
		Server struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"server"`
	}
	if err := p.get(ctx, matrix.At("/_matrix/federation/v1/version"), &out); err != nil {
		return "", ""
	}
	return out.Server.Name, out.Server.Version
}

// serverName asks for the name that the server signs with (GET /_matrix/key/v2/server; specification, server-server API).
func (p *prober) serverName(ctx context.Context) string {
	var out struct {
		ServerName string `json:"server_name"`
	}
	if err := p.get(ctx, matrix.At("/_matrix/key/v2/server"), &out); err != nil {
		return ""
	}
	return out.ServerName
}

func (p *prober) hidden(path string) error {
	return fmt.Errorf("there is a homeserver at %s, but not its admin API: a reverse proxy keeps %s to itself. Give the address that the homeserver itself listens on, or let the proxy pass %s for this machine", p.client.Base(), path, path)
}

// sentence is an error whose words are for people; what it came from stays reachable.
type sentence struct {
	text  string
	cause error
}

func (s sentence) Error() string { return s.text }
func (s sentence) Unwrap() error { return s.cause }

// explain says what the failure of the first question means.
func (p *prober) explain(err error) error {
	base := p.client.Base()
	e, ok := matrix.As(err)
	switch {
	case !ok:
		return sentence{fmt.Sprintf("%s could not be asked: %v", base, err), err}
	case e.Kind == matrix.Odd && e.Location != "":
		return sentence{fmt.Sprintf("%s sends on to %s; give that address if it is the homeserver's", base, e.Location), err}
	case e.Kind == matrix.Refused && e.Status >= 500:
		return sentence{fmt.Sprintf("a reverse proxy answers at %s, but no homeserver behind it (status %d); check that the homeserver runs", base, e.Status), err}
	case e.Kind == matrix.Odd || e.Kind == matrix.Refused:
		return sentence{fmt.Sprintf("something answers at %s, but it is no Matrix homeserver", base), err}
	case e.Kind == matrix.TimedOut:
		return sentence{fmt.Sprintf("%s did not answer within %s", base, timeout), err}
	}
	return sentence{fmt.Sprintf("%s cannot be reached (%v); check the address and that the homeserver runs", base, e.Unwrap()), err}
}
