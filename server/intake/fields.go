// SPDX-License-Identifier: Apache-2.0

// Package intake takes files of accounts in: it keeps them sealed while somebody says what their columns mean, holds their rows against the
// accounts that there are, and makes of each what a job is to do for it. It changes nothing itself.
package intake

import (
	"strings"

	"gatehouse/app/api"
	"gatehouse/server/table"
)

// names are what columns are called, in small letters without what stands between words: in files of ours, of synapse-admin and Ketesa, in lists
// that people kept for register_new_matrix_user, and in German ones.
var names = map[string]string{
	"id": api.FieldID, "userid": api.FieldID, "user": api.FieldID, "username": api.FieldID, "localpart": api.FieldID, "mxid": api.FieldID,
	"matrixid": api.FieldID, "matrixuserid": api.FieldID, "benutzername": api.FieldID, "benutzer": api.FieldID, "login": api.FieldID, "account": api.FieldID, "konto": api.FieldID,
	"loginname": api.FieldID, "accountname": api.FieldID, "nutzername": api.FieldID, "anmeldename": api.FieldID, "kontoname": api.FieldID,
	"displayname": api.FieldDisplayName, "fullname": api.FieldDisplayName, "realname": api.FieldDisplayName, "anzeigename": api.FieldDisplayName, "vollername": api.FieldDisplayName,
	"password": api.FieldPassword, "pass": api.FieldPassword, "passwd": api.FieldPassword, "passwort": api.FieldPassword, "kennwort": api.FieldPassword,
	"admin": api.FieldAdmin, "isadmin": api.FieldAdmin, "administrator": api.FieldAdmin,
	"usertype": api.FieldUserType,
	"email":    api.FieldEmails, "emails": api.FieldEmails, "mail": api.FieldEmails, "emailaddress": api.FieldEmails, "emailaddresses": api.FieldEmails,
	"mailaddress": api.FieldEmails, "emailadresse": api.FieldEmails, "emailadressen": api.FieldEmails, "mailadresse": api.FieldEmails,
	"phone": api.FieldPhones, "phones": api.FieldPhones, "phonenumber": api.FieldPhones, "phonenumbers": api.FieldPhones, "telephone": api.FieldPhones, "mobile": api.FieldPhones,
	"msisdn": api.FieldPhones, "telefon": api.FieldPhones, "telefonnummer": api.FieldPhones, "telefonnummern": api.FieldPhones, "mobil": api.FieldPhones, "handy": api.FieldPhones,
	"threepids": api.FieldThreepids, "3pids": api.FieldThreepids,
	"sso": api.FieldSSO, "externalids": api.FieldSSO, "externalid": api.FieldSSO,
	"avatarurl": api.FieldAvatar, "avatar": api.FieldAvatar,
	"locked": api.FieldLocked, "rooms": api.FieldRooms, "room": api.FieldRooms, "notice": api.FieldNotice, "deactivated": api.FieldDeactivated,
	"gesperrt": api.FieldLocked, "räume": api.FieldRooms, "deaktiviert": api.FieldDeactivated,
	"guest": api.FieldGuest, "isguest": api.FieldGuest, "gast": api.FieldGuest,
}

// guessed says what the columns of a file seem to be. One without names that separates two cells by colons is a list of names and passwords.
func guessed(f table.Format) []string {
	if f.Headless && f.Comma == table.Colon && len(f.Columns) == 2 {
		return []string{api.FieldID, api.FieldPassword}
	}
	return Guess(f.Columns)
}

// Guess says what columns seem to be: each field once, the first column that is called so.
func Guess(columns []string) []string {
	between := strings.NewReplacer(" ", "", "_", "", "-", "", ".", "")
	taken := map[string]bool{}
	out := make([]string, len(columns))
	for i, name := range columns {
		field := names[between.Replace(strings.ToLower(name))]
		if field == "" || taken[field] || field == api.FieldThreepids && (taken[api.FieldEmails] || taken[api.FieldPhones]) ||
			(field == api.FieldEmails || field == api.FieldPhones) && taken[api.FieldThreepids] {
			continue
		}
		out[i], taken[field] = field, true
	}
	return out
}

// yes and no are what people and programs write for them.
var (
	yes = words("1 true t yes y on x wahr ja")
	no  = words("0 false f no n off null undefined none falsch nein")
)

func words(list string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		m[w] = true
	}
	return m
}
