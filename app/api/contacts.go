// SPDX-License-Identifier: Apache-2.0

package api

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// canonical writes addresses as homeservers store them: no space around, e-mail in lower case, phone numbers as digits alone.
func canonical(list []Threepid) []Threepid {
	out := make([]Threepid, 0, len(list))
	for _, t := range list {
		t.Address, t.ValidatedMS = CanonicalAddress(t.Medium, t.Address), 0
		if t.Address != "" {
			out = append(out, t)
		}
	}
	if list == nil {
		return nil
	}
	return out
}

// CanonicalAddress writes one address so.
func CanonicalAddress(medium, address string) string {
	address = strings.TrimSpace(address)
	switch medium {
	case "email":
		return strings.ToLower(address)
	case "msisdn":
		return strings.TrimLeft(strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || strings.ContainsRune("-()/.", r) {
				return -1
			}
			return r
		}, address), "+")
	}
	return address
}

func checkThreepids(v *Invalid, field string, list []Threepid) {
	if len(list) > maxThreepids {
		v.Add(field, "too_many", "max", strconv.Itoa(maxThreepids))
		return
	}
	seen := map[Threepid]bool{}
	for i, t := range list {
		at := field + "." + strconv.Itoa(i)
		switch t.Medium {
		case "email", "msisdn":
			checkAddress(v, at+".address", t)
		default:
			v.Add(at+".medium", "invalid_choice", "choices", "email, msisdn")
		}
		if seen[t] {
			v.Add(at+".address", "twice")
		}
		seen[t] = true
	}
}

// checkAddress checks an e-mail address or a phone number as canonical writes it.
func checkAddress(v *Invalid, field string, t Threepid) {
	if t.Medium == "msisdn" {
		if strings.Trim(t.Address, "0123456789") != "" || len(t.Address) < 3 || len(t.Address) > 15 {
			v.Add(field, "invalid_phone")
		}
		return
	}
	local, domain, ok := strings.Cut(t.Address, "@")
	if !ok || local == "" || domain == "" || strings.ContainsAny(domain, "@ ") || strings.ContainsAny(t.Address, " \t\r\n") || !utf8.ValidString(t.Address) {
		v.Add(field, "invalid_email")
	} else if !strings.Contains(strings.Trim(domain, "."), ".") {
		v.Add(field, "email_no_ending")
	}
}

func checkExternalIDs(v *Invalid, field string, list []ExternalID) {
	if len(list) > maxThreepids {
		v.Add(field, "too_many", "max", strconv.Itoa(maxThreepids))
		return
	}
	for i, e := range list {
		at := field + "." + strconv.Itoa(i)
		if e.AuthProvider == "" {
			v.Add(at+".auth_provider", "missing")
		}
		if e.ExternalID == "" {
			v.Add(at+".external_id", "missing")
		}
		checkText(v, at+".auth_provider", e.AuthProvider, 255)
		checkText(v, at+".external_id", e.ExternalID, 255)
	}
}
