// SPDX-License-Identifier: Apache-2.0

package api

import (
	"net/url"
	"testing"
)

// TestPhone takes phone numbers as people and files write them. Synapse checks none, and wants them as digits with the country code.
func TestPhone(t *testing.T) {
	for _, c := range []struct{ written, want, wrong string }{
		{"+44 20 7946 0018", "442079460018", ""},
		{"+44 (20) 7946-0018", "442079460018", ""},
		{"+49.7541/12345", "49754112345", ""},
		{"+49 (0) 7541 12345", "49754112345", ""},
		{"  +49\u00a07541\u201112345 ", "49754112345", ""},
		{"\u202a+49 7541 12345\u202c", "49754112345", ""}, // as address books copy them
		{"0049 7541 12345", "49754112345", ""},
		{"00 49 (0)7541 12345", "49754112345", ""},
		{"+0049 7541 12345", "49754112345", ""},
		{"49754112345", "49754112345", ""}, // as homeservers, exports and spreadsheets have them
		{"+683 4123", "6834123", ""},       // the shortest
		{"+123456789012345", "123456789012345", ""},

		{"07541 12345", "07541 12345", "phone_no_country"},
		{"0754112345", "0754112345", "phone_no_country"},
		{"+07541 12345", "0754112345", "phone_no_country"},
		{"(555) 123-4567", "(555) 123-4567", "phone_no_country"},
		{"49 7541 12345", "49 7541 12345", "phone_no_country"}, // who knows?
		{"12345", "12345", "invalid_phone"},
		{"+49 12", "4912", "invalid_phone"},
		{"+1234567890123456", "1234567890123456", "invalid_phone"},
		{"+49 7541 12345 ext. 6", "49754112345ext6", "invalid_phone"},
		{"+49 7541 1, +49 7541 2", "4975411,+4975412", "invalid_phone"},
		{"4.97541E+10", "4.97541E+10", "invalid_phone"}, // a spreadsheet's
		{"call me", "call me", "invalid_phone"},
		{"--", "--", "invalid_phone"},
	} {
		got := CanonicalAddress("msisdn", c.written)
		if got != c.want {
			t.Errorf("%q is written %q, want %q", c.written, got, c.want)
		}
		if again := CanonicalAddress("msisdn", got); c.wrong == "" && again != got {
			t.Errorf("%q written again is %q", got, again)
		}
		var v Invalid
		checkAddress(&v, "number", Threepid{Medium: "msisdn", Address: got})
		if wrong := mistakes(v.Err()); wrong != c.wrong && wrong != "number: "+c.wrong {
			t.Errorf("%q: %q, want %q", c.written, wrong, c.wrong)
		}
	}
}

// TestPhoneOfAnAccount leaves a number alone that an account has from elsewhere, while something else is changed.
func TestPhoneOfAnAccount(t *testing.T) {
	for _, c := range []struct{ has, to, want string }{
		{"0754112345", "+0754112345", "nothing_changed"}, // as the form shows it
		{"0754112345", "0754112345", "nothing_changed"},
		{"+0754112345", "0754112345", "nothing_changed"},
		{"\u202a07541 12345\u202c", "0754112345", "nothing_changed"},
		{"0754112345", "+49 7541 12345", ""},
		{"0754112345", "07541 99999", "threepids.to.0.address: phone_no_country"},
	} {
		req, err := UpdateUser.DecodeForm(url.Values{
			"id": {"@ann:example.org"}, "threepids.from.0.medium": {"msisdn"}, "threepids.from.0.address": {c.has},
			"threepids.to.0.medium": {"msisdn"}, "threepids.to.0.address": {c.to},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := mistakes(req.Validate()); got != c.want {
			t.Errorf("%q to %q: %q, want %q", c.has, c.to, got, c.want)
		}
	}
	u := UserUpdate{ID: "@ann:example.org", Threepids: &Change[[]Threepid]{
		From: &[]Threepid{{Medium: "msisdn", Address: "0754112345"}},
		To:   []Threepid{{Medium: "msisdn", Address: "0754112345"}, {Medium: "email", Address: "a@b.example"}},
	}}
	if err := u.Validate(); err != nil {
		t.Errorf("an address beside a number that is there: %v", err)
	}
}

// TestFindPhone finds numbers as people write them, and those without a country code that an account may have all the same.
func TestFindPhone(t *testing.T) {
	for written, want := range map[string]string{"+49 (0) 7541/12345": "49754112345", "0049 7541 12345": "49754112345", "07541 12345": "0754112345", "(555) 123-4567": "5551234567"} {
		req, err := FindUser.DecodeForm(url.Values{"by": {ByPhone}, "value": {written}})
		if err != nil {
			t.Fatal(err)
		}
		if got := req.(UserFind); got.Value != want || got.Validate() != nil {
			t.Errorf("%q: %q (%v), want %q", written, got.Value, got.Validate(), want)
		}
	}
}
