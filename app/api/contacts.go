// SPDX-License-Identifier: Apache-2.0

package api

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// canonical writes addresses as homeservers store them: no space around, e-mail in lower case, phone numbers as digits alone.
func canonical(list []Threepid) []Threepid { return written(list, CanonicalAddress) }

// written writes each address so, without those of which nothing is left.
func written(list []Threepid, write func(medium, address string) string) []Threepid {
	if list == nil {
		return nil
	}
	out := make([]Threepid, 0, len(list))
	for _, t := range list {
		t.Address, t.ValidatedMS = write(t.Medium, t.Address), 0
		if t.Address != "" {
			out = append(out, t)
		}
	}
	return out
}

// CanonicalAddress writes one address so. A phone number is international then: it has its country code, after a plus or 00, or is nothing but
// digits, as homeservers write it. Others stay as they are, and are none.
func CanonicalAddress(medium, address string) string {
	if medium != "msisdn" {
		return plainAddress(medium, address)
	}
	address = strings.TrimSpace(unmarked(address))
	number, code := strings.CutPrefix(address, "+")
	if abroad, ok := strings.CutPrefix(number, "00"); ok {
		number, code = abroad, true
	}
	if !code {
		return address
	}
	return phoneDigits(strings.ReplaceAll(number, "(0)", "")) // dialled at home alone
}

// plainAddress writes an address that a homeserver has, whatever it is.
func plainAddress(medium, address string) string {
	switch address = strings.TrimSpace(address); medium {
	case "email":
		return strings.ToLower(address)
	case "msisdn":
		return strings.TrimLeft(phoneDigits(unmarked(address)), "+")
	}
	return address
}

// phoneDigits leaves out what people write between the digits of a phone number.
func phoneDigits(number string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-()/.\u2010\u2011\u2012\u2013", r) {
			return -1
		}
		return r
	}, number)
}

// unmarked leaves out the invisible marks of direction with which phone numbers are copied from address books.
func unmarked(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '\u200e' && r <= '\u200f' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return -1
		}
		return r
	}, number)
}

// checkThreepids checks addresses as canonical writes them. Those that the account has already are not new to the homeserver, whatever they are.
func checkThreepids(v *Invalid, field string, list []Threepid, has ...Threepid) {
	if len(list) > maxThreepids {
		v.Add(field, "too_many", "max", strconv.Itoa(maxThreepids))
		return
	}
	seen := map[Threepid]bool{}
	for i, t := range list {
		at := field + "." + strconv.Itoa(i)
		switch {
		case slices.Contains(has, t):
		case t.Medium == "email" || t.Medium == "msisdn":
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
		checkPhone(v, field, t.Address)
		return
	}
	local, domain, ok := strings.Cut(t.Address, "@")
	if !ok || local == "" || domain == "" || strings.ContainsAny(domain, "@ ") || strings.ContainsAny(t.Address, " \t\r\n") || !utf8.ValidString(t.Address) {
		v.Add(field, "invalid_email")
	} else if !strings.Contains(strings.Trim(domain, "."), ".") {
		v.Add(field, "email_no_ending")
	}
}

// The digits of an international phone number: ITU-T E.164 says how many there are at most, and the shortest in use, of islands, have seven.
const minPhone, maxPhone = 7, 15

func checkPhone(v *Invalid, field, number string) {
	digits := phoneDigits(number)
	switch {
	case digits == "" || !isDigits(digits) || len(digits) > maxPhone:
		v.Add(field, "invalid_phone")
	case digits != number || digits[0] == '0': // no country code begins so
		v.Add(field, "phone_no_country")
	case len(digits) < minPhone:
		v.Add(field, "invalid_phone")
	}
}

func isDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }

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
