// SPDX-License-Identifier: Apache-2.0

package matrix

import (
	"errors"
	"net/url"
	"strings"
)

// Path is an escaped path on a homeserver. Only At makes one, so that nothing but what an adapter spells out goes upstream.
type Path struct {
	escaped string
	err     error
}

// template has no exported name: other packages can pass nothing but constants for it.
type template string

var (
	errPathShape   = errors.New("the path has another number of segments than values")
	errPathSegment = errors.New("a path segment is empty or made of dots, which proxies would resolve")
)

// At fills the `{}` of a constant template, in order. Every value is one segment and is escaped once: `/`, `?`, `#` and `%` in
// it stay part of the segment. Values that proxies rewrite however they are escaped ("", "." and "..") are refused by Do.
func At(t template, values ...string) Path {
	parts := strings.Split(string(t), "{}")
	if len(parts) != len(values)+1 {
		return Path{err: errPathShape}
	}
	var b strings.Builder
	b.WriteString(parts[0])
	for i, value := range values {
		if value == "" || value == "." || value == ".." {
			return Path{err: errPathSegment}
		}
		b.WriteString(url.PathEscape(value))
		b.WriteString(parts[i+1])
	}
	return Path{escaped: b.String()}
}

// String returns the path as it goes upstream, escaped.
func (p Path) String() string { return p.escaped }
