// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
)

// checkTogether checks what no field can tell alone.
func (l *loader) checkTogether(c *Config) {
	l.checkOrigin(c)
	l.checkTLS(c)
	l.checkStore(c)
	l.checkKey(c)
	if !l.failed[slot{"", "session.idle"}] && !l.failed[slot{"", "session.absolute"}] && c.Session.Idle > c.Session.Absolute {
		path := "session.idle"
		if !l.isGiven("", path) {
			path = "session.absolute"
		}
		at := l.where("", path)
		l.add(at, shownField(path, "", at), "session.idle (%s) is longer than session.absolute (%s).", brief(c.Session.Idle), brief(c.Session.Absolute))
	}
	if len(l.servers) == 0 && !l.brokenServers && !l.isBroken(homeserversKey) {
		l.add(origin{}, homeserversKey, "there is no homeserver. Add one, or let gatehouse init ask for it.")
	}
	for _, name := range l.serverNames() {
		l.checkHomeserver(name, c.Homeservers[name])
	}
	if l.hasInlineSecret() {
		if fault := l.files.private(l.file); fault != "" {
			l.add(origin{}, "", "there are secrets in the file, and it %s", fault)
		}
	}
}

// isBroken reports whether something that is meant to be the section was refused.
func (l *loader) isBroken(section string) bool {
	return slices.ContainsFunc(l.mistakes, func(m Mistake) bool {
		return m.Field == section || strings.Contains(m.Text, "Did you mean \""+section+"\"?")
	})
}

// checkOrigin fills in public_url where the listener tells it, and compares the two.
func (l *loader) checkOrigin(c *Config) {
	if l.failed[slot{"", "listen"}] || l.failed[slot{"", "public_url"}] {
		return
	}
	host, port, _ := net.SplitHostPort(c.Listen)
	tls := l.isGiven("", "tls.certificate_file") || l.isGiven("", "tls.key_file")
	if !l.isGiven("", "public_url") {
		if !slices.Contains(onLoopbackNames, host) {
			at := l.where("", "listen")
			l.add(at, "public_url", "this is missing. Gatehouse listens for other machines (%s): give the address that people type, such as https://gatehouse.example.org.", c.Listen)
			return
		}
		scheme := "http"
		if tls {
			scheme = "https"
		}
		c.PublicURL, _ = checkPublicURL(scheme + "://" + net.JoinHostPort(host, port))
		return
	}
	if tls && !c.SecureCookies() {
		at := l.where("", "public_url")
		l.add(at, shownField("public_url", "", at), "this is http, but with tls Gatehouse speaks https. Write https here, or remove tls.")
	}
}

func (l *loader) checkTLS(c *Config) {
	certificate, key := "tls.certificate_file", "tls.key_file"
	for _, pair := range [][2]string{{certificate, key}, {key, certificate}} {
		if l.isGiven("", pair[0]) && !l.isGiven("", pair[1]) {
			at := l.where("", pair[0])
			l.add(at, shownField(pair[0], "", at), "%s is missing: the two go together.", pair[1])
			return
		}
	}
	if !c.TLS.Enabled() || l.failed[slot{"", certificate}] || l.failed[slot{"", key}] {
		return
	}
	at := l.where("", certificate)
	chain, fault := l.files.read(c.TLS.CertificateFile, maxSecret)
	if fault != "" {
		l.add(at, shownField(certificate, "", at), "the file %s", fault)
	}
	keyAt := l.where("", key)
	private, keyFault := l.files.readPrivate(c.TLS.KeyFile, maxSecret)
	if keyFault != "" {
		l.add(keyAt, shownField(key, "", keyAt), "the file %s", keyFault)
	}
	if fault == "" && keyFault == "" && !isKeyPair(chain, private) {
		l.add(at, shownField(certificate, "", at), "this file and the one of %s are not a certificate and its key, both in PEM.", key)
	}
}

func (l *loader) checkStore(c *Config) {
	const path, database = "store.path", "store.database"
	if l.failed[slot{"", path}] {
		return
	}
	at := l.where("", path)
	if l.isGiven("", database) {
		if l.isGiven("", path) {
			l.add(at, shownField(path, "", at), "%s is given, too. Leave one of the two.", database)
		}
		c.Store.Path = ""
		return
	}
	folder := filepath.Dir(c.Store.Path)
	switch {
	case !l.files.isFolder(folder):
		l.add(at, shownField(path, "", at), "the folder %s is not there. Make it with: mkdir -p -m 700 %s", folder, shellQuote(folder))
	case l.files.isFolder(c.Store.Path):
		l.add(at, shownField(path, "", at), "%s is a folder. Name a file in it, such as gatehouse.db.", c.Store.Path)
	}
}

// checkKey reads the key from its usual file where none is given, and compares it with the previous one.
func (l *loader) checkKey(c *Config) {
	const previous = "previous_secret_key"
	if !l.isGiven("", "secret_key") {
		l.readUsualKey(c)
	}
	if !c.PreviousSecretKey.IsZero() && c.PreviousSecretKey == c.SecretKey {
		at := l.where("", previous)
		l.add(at, shownField(previous, "", at), "this is the same key as secret_key. Remove it, or give the one from before.")
	}
}

func (l *loader) readUsualKey(c *Config) {
	f, _ := fieldAt("secret_key" + fileSuffix)
	path := filepath.Join(l.base, defaultKeyFile)
	if !l.files.exists(path) {
		l.add(origin{}, "secret_key", "there is no secret key: %s is not there, and neither secret_key nor secret_key_file is given. If there was one, bring it back: what is sealed in the store cannot be read without it. Else make one with: (umask 077; openssl rand -base64 32 > %s)", path, path)
		return
	}
	l.readSecret(&place{config: c, base: l.base}, f, path, origin{}, f.Path)
}

func (l *loader) checkHomeserver(name string, h Homeserver) {
	field := func(key string) string { return homeserverPath + "." + key }
	shared, token := field("registration_shared_secret"), field("admin_token")
	mas := l.checkMAS(name, h)
	if !l.isGiven(name, shared) && !l.isGiven(name, token) && !mas {
		at := l.servers[name]
		l.add(at, homeserversKey+"."+name, "there is no key to this homeserver. Give registration_shared_secret or admin_token, or the file of one (registration_shared_secret_file, admin_token_file).")
	}
	if types := field("user_types"); l.isGiven(name, types) && h.Kind == "dendrite" {
		at := l.where(name, types)
		l.add(at, shownField(types, name, at), "Dendrite has no types of accounts. Remove this.")
	}
	database, writes := field("database"), field("database_writes")
	if l.isGiven(name, database) && h.Kind == "synapse" {
		at := l.where(name, database)
		l.add(at, shownField(database, name, at), "a Synapse needs no database here: its API does everything. Remove it.")
	}
	if h.DatabaseWrites && !l.isGiven(name, database) {
		at := l.where(name, writes)
		l.add(at, shownField(writes, name, at), "there is no database to write to. Give database, or remove this.")
	}
}

// checkMAS checks the section of Matrix Authentication Service, and reports whether there is one.
func (l *loader) checkMAS(name string, h Homeserver) bool {
	var given, missing []string
	for _, f := range fields {
		switch {
		case f.section() != masPath || f.FileOf != "":
		case l.isGiven(name, f.Path):
			given = append(given, f.Path)
		case f.name() != "url":
			missing = append(missing, f.name())
		}
	}
	if len(given) == 0 {
		return false
	}
	at := l.where(name, given[0])
	if len(missing) > 0 {
		l.add(at, shownPath(masPath, name), "this lacks %s. admin_url, client_id and client_secret go together.", strings.Join(missing, ", "))
	}
	if h.Kind == "dendrite" {
		l.add(at, shownPath(masPath, name), "a Dendrite has no Matrix Authentication Service. Remove it.")
	}
	if shared := homeserverPath + ".registration_shared_secret"; l.isGiven(name, shared) {
		at := l.where(name, shared)
		l.add(at, shownField(shared, name, at), "with Matrix Authentication Service Synapse takes no shared secret. Remove it: it is of no use but to whoever steals it.")
	}
	return true
}

// hasInlineSecret reports whether the file itself has a secret in it.
func (l *loader) hasInlineSecret() bool {
	for s, v := range l.values {
		if f, ok := fieldAt(s.path); ok && f.Secret && v.at.line > 0 {
			return true
		}
	}
	return false
}
