// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

func oneOf(allowed ...string) check {
	return func(text string) (string, error) {
		if slices.Contains(allowed, text) {
			return text, nil
		}
		list := strings.Join(allowed[:len(allowed)-1], ", ") + " or " + allowed[len(allowed)-1]
		return "", errors.New("is not one of " + list)
	}
}

func checkListen(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", errors.New("is not an address and a port. Write it like 127.0.0.1:8765, [::1]:8765 or :8765")
	}
	if !validPort(port) {
		return "", errors.New("has no port from 1 to 65535")
	}
	if host != "" && host != "localhost" {
		if _, err := netip.ParseAddr(host); err != nil {
			return "", errors.New("has a host that is neither an IP address nor localhost")
		}
	}
	return text, nil
}

// onLoopbackNames lists the hosts that http is accepted for: browsers count these as secure contexts.
var onLoopbackNames = []string{"localhost", "127.0.0.1", "::1"}

// checkPublicURL accepts an origin: https anywhere, http on this machine only. What it returns is written as browsers
// write the Origin header (RFC 6454 section 6.2): lower case, without the scheme's own port.
func checkPublicURL(text string) (string, error) {
	u, err := parseURL(text)
	switch {
	case err != nil:
		return "", err
	case u.Path != "" && u.Path != "/":
		return "", errors.New("has a path. The panel lives at the root of its host: leave the path out")
	case u.Scheme == "http" && !slices.Contains(onLoopbackNames, u.Hostname()):
		return "", errors.New("is http, which is accepted for localhost, 127.0.0.1 and [::1] only: passwords would cross the network in clear. Use https")
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != defaultPort(u.Scheme) {
		host += ":" + port
	}
	return u.Scheme + "://" + host, nil
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// checkURL accepts an http or https address that paths can be put after.
func checkURL(text string) (string, error) {
	u, err := parseURL(text)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// parseURL never passes on an error of url.Parse: those repeat the address, and with it what password is in it.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Opaque != "":
		return nil, errors.New("is not a web address. Write it like https://matrix.example.org")
	case u.User != nil:
		return nil, errors.New("has a name or a password in it. Leave out what stands before the @")
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#"):
		return nil, errors.New("has a ? or a # in it. Leave it out, and what follows it")
	case !validHost(u.Hostname()):
		return nil, errors.New("has no valid host. A name outside a–z is written in its xn-- form")
	case strings.HasSuffix(u.Host, ":"), u.Port() != "" && !validPort(u.Port()):
		return nil, errors.New("has no port from 1 to 65535 after its colon")
	}
	u.Host = strings.ToLower(u.Host)
	return u, nil
}

func validPort(port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == port
}

// validHost accepts IP addresses and DNS names. Underscores are no part of DNS names, but containers have them.
func validHost(host string) bool {
	if strings.Contains(host, ":") {
		addr, err := netip.ParseAddr(host)
		return err == nil && addr.Zone() == ""
	}
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(host, "."), ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		if strings.ContainsFunc(label, func(r rune) bool { return !isAlphanumeric(r) && r != '-' && r != '_' }) {
			return false
		}
	}
	return true
}

func isAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// checkServerName accepts what the Matrix specification calls a server name: host [":" port], at most 230 bytes here,
// as a user ID has 255 of them (Appendices, "Server Name").
func checkServerName(text string) (string, error) {
	host, port := text, ""
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		host, port = text[:i], text[i+1:]
		if !validPort(port) {
			return "", errors.New("is not a server name. Write it like example.org, without @, https:// or a path")
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		if !closed || !strings.Contains(inner, ":") {
			host = ""
		} else {
			host = inner
		}
	} else if strings.Contains(host, ":") {
		host = ""
	}
	if !validHost(host) || len(text) > 230 {
		return "", errors.New("is not a server name. Write it like example.org, without @, https:// or a path")
	}
	return text, nil
}

// checkPattern accepts a localpart in which "*" stands for any text. Historical localparts hold any printable ASCII
// character but the colon (Matrix specification, Appendices, "Historical User IDs").
func checkPattern(text string) (string, error) {
	switch {
	case strings.HasPrefix(text, "@") || strings.Contains(text, ":"):
		return "", errors.New("is more than a localpart. Leave out the @ and the server's name, as in telegram_*")
	case len(text) > 255 || !isGraphicASCII(text):
		return "", errors.New("cannot be a pattern of localparts: those are at most 255 printable ASCII characters without spaces")
	case strings.Trim(text, "*") == "":
		return "", errors.New("would hide every account")
	}
	return text, nil
}

// checkUserType accepts a type of accounts that a Synapse's configuration adds. Synapse takes any text; what is wrong here would only be
// found when an account is given it.
func checkUserType(text string) (string, error) {
	switch {
	case text == "support" || text == "bot":
		return "", errors.New("is known to every Synapse. Only the types that its configuration adds belong here")
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || strings.TrimSpace(text) != text || utf8.RuneCountInString(text) > 64:
		return "", errors.New("cannot be a type of accounts: those are at most 64 characters, without line breaks and without spaces around them")
	}
	return text, nil
}

func isGraphicASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func checkSharedSecret(text string) (string, error) {
	switch {
	case !utf8.ValidString(text):
		return "", errors.New("is not UTF-8 text")
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", errors.New("has a control character or a line break in it")
	case strings.TrimSpace(text) != text:
		return "", errors.New("begins or ends with a space")
	}
	return text, nil
}

// checkToken accepts what can stand in an Authorization header (RFC 6750 section 2.1 allows less, servers take more).
func checkToken(text string) (string, error) {
	if !isGraphicASCII(text) {
		return "", errors.New("is not a token: those are printable ASCII characters without spaces")
	}
	return text, nil
}

// checkULID accepts an identifier of Matrix Authentication Service (github.com/ulid/spec: 26 characters of Crockford's base 32, of
// which the first is at most 7). It is kept in capitals, as MAS compares client IDs.
func checkULID(text string) (string, error) {
	id := strings.ToUpper(text)
	if len(id) != 26 || id[0] > '7' || strings.Trim(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
		return "", errors.New("is not a ULID, and MAS takes no other client IDs: 26 letters and digits, like 01J44RKQYM4G3TNVANTMTDYTX6")
	}
	return id, nil
}

// oneLine refuses what is no text on one line.
func oneLine(text string) error {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return errors.New("has a control character or a line break in it")
	}
	return nil
}

func checkDatabase(text string) (string, error) {
	if err := oneLine(text); err != nil {
		return "", err
	}
	if path, ok := strings.CutPrefix(text, "file:"); ok {
		path, _, _ = strings.Cut(path, "?")
		local := strings.HasPrefix(path, "///") || !strings.HasPrefix(path, "//")
		if !local || !strings.HasPrefix(path, "/") || strings.Trim(path, "/") == "" {
			return "", errors.New("does not have the file's whole path. Write it like file:/var/lib/dendrite/dendrite.db")
		}
		return text, nil
	}
	if !isPostgres(text) {
		return "", errors.New("is neither postgres://… nor file:…")
	}
	if _, err := parsePostgres(text); err != nil {
		return "", err
	}
	return text, nil
}

// parsePostgres does not repeat the address in its error.
func parsePostgres(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("is not a valid postgres:// address. Characters such as / ? # @ in a password are written as %2F %3F %23 %40")
	}
	return u, nil
}

func isPostgres(text string) bool {
	return strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://")
}

// checkPostgres is for the gate's own database.
func checkPostgres(text string) (string, error) {
	if err := oneLine(text); err != nil {
		return "", err
	}
	if !isPostgres(text) {
		return "", errors.New("is not the address of a PostgreSQL database. Write it like postgres://gatehouse:password@127.0.0.1:5432/gatehouse; a SQLite file is store.path")
	}
	u, err := parsePostgres(text)
	if err != nil {
		return "", err
	}
	if strings.Trim(u.Path, "/") == "" {
		return "", errors.New("does not name a database. Write it like postgres://gatehouse:password@127.0.0.1:5432/gatehouse")
	}
	return text, nil
}
