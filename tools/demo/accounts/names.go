// SPDX-License-Identifier: Apache-2.0

package accounts

import "strings"

// A name as people write it, and as a localpart can hold it.
type name struct{ shown, plain string }

// names reads a list of names. What differs in a localpart stands behind a bar.
func names(list string) []name {
	var all []name
	for field := range strings.FieldsSeq(list) {
		shown, plain, differs := strings.Cut(field, "|")
		if !differs {
			plain = strings.ToLower(shown)
		}
		all = append(all, name{shown, plain})
	}
	return all
}

var (
	given = names(`Anna Ben Clara David Elif Felix Greta Hannah Ibrahim Jana Jonas Karim Lena Luca Maja Mehmet Nils
		Olivia Paul Quentin Rosa Samir Tara Uwe Vera Wanda Yusuf Zoë|zoe Amélie|amelie Søren|soeren Łukasz|lukasz
		Inês|ines Björk|bjoerk Chloé|chloe Dóra|dora Emre Freya Giulia Hugo Isla Jakub Katya Liam Mila Noor Oskar
		Priya Ravi Sofia Théo|theo`)
	family = names(`Adler Baumann Castillo Dvořák|dvorak Eriksson Fischer García|garcia Haddad Ivanov Jansen Keller
		Lindqvist Müller|mueller Nowak O'Brien|obrien Pereira Quist Rossi Schröder|schroeder Tanaka Ünal|uenal Vogel
		Weiß|weiss Yılmaz|yilmaz Zając|zajac Bakker Conti Diallo Esposito Fernández|fernandez Gruber Hansen Jensen
		Kowalski Laurent Moreau Nguyen Okafor Papadopoulos Richter Silva Thompson Virtanen Wagner`)
)

// foreign are people whose names run from right to left, or are written in
// letters that a localpart cannot hold.
var foreign = []struct{ localpart, name string }{
	{"fatima.zahra", "فاطمة الزهراء"},
	{"omar.haddad", "عمر حدّاد"},
	{"layla", "ليلى بنت محمد العامري"},
	{"youssef", "يوسف (Youssef)"},
	{"noa.levi", "נועה לוי"},
	{"david.cohen", "דוד כהן"},
	{"shira", "שירה Ben-Ami"},
	{"reza", "رضا کریمی"},
	{"wang.wei", "王伟"},
	{"li.na", "李娜"},
	{"chen.xiaoming", "陈晓明（研究部）"},
	{"sato.yuki", "佐藤 由紀"},
	{"takahashi", "高橋 健太郎"},
	{"kim.minjun", "김민준"},
	{"park.seoyeon", "박서연"},
	{"nguyen.an", "Nguyễn Thị Ánh"},
	{"dmitri", "Дмитрий Соколов"},
	{"olena", "Олена Шевченко"},
	{"eleni", "Ελένη Παπαδοπούλου"},
	{"ananya", "अनन्या शर्मा"},
	{"somchai", "สมชาย ใจดี"},
}

// special are accounts that are no ordinary person, or whose names do not fit.
var special = []Account{
	{Localpart: "reminder-bot", DisplayName: "Reminders", UserType: "bot"},
	{Localpart: "ci-bot", DisplayName: "Build results", UserType: "bot"},
	{Localpart: "weather-bot", DisplayName: "Weather", UserType: "bot"},
	{Localpart: "feeds", DisplayName: "News feeds", UserType: "bot"},
	{Localpart: "moderation-bot", DisplayName: "Draupnir", UserType: "bot", Admin: true},
	{Localpart: "helpdesk", DisplayName: "Help desk", UserType: "support"},
	{Localpart: "welcome", DisplayName: "Welcome", UserType: "support"},
	{Localpart: "whatsappbot", DisplayName: "WhatsApp bridge", UserType: "bot"},
	{Localpart: "telegrambot", DisplayName: "Telegram bridge", UserType: "bot"},
	{Localpart: "maximiliane", DisplayName: "Maximiliane Alexandra Friederike von und zu Hohenstein-Wartenberg-Lichtenau, Vertretung der Abteilungsleitung (Gebäude C, 4. Stock)"},
	{Localpart: "a-localpart-that-is-about-as-long-as-anybody-will-ever-make-one-for-a-shared-mailbox-of-a-committee", DisplayName: "Committee"},
	{Localpart: "donaudampfschifffahrt", DisplayName: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"},
	{Localpart: "rosalind", DisplayName: "Rosalind Franklin (she/her) | on leave until March | please write to the team instead"},
	{Localpart: "quotes", DisplayName: `"Tiny" <Tim> & Sons`},
	{Localpart: "party", DisplayName: "🎉 Party Committee 🎈"},
	{Localpart: "family", DisplayName: "👩‍👩‍👧‍👦"},
	{Localpart: "room-101", DisplayName: "Winston"},
	{Localpart: "x", DisplayName: "X"},
	{Localpart: "a.b-c=d/e+f", DisplayName: "Every character that a name may have"},
}

// clients are what people use.
var clients = []Device{
	{Name: "Element X on Android", UserAgent: "Element X/25.11.2 (Google Pixel 8; Android 16; Sdk 36)"},
	{Name: "Element X on iPhone", UserAgent: "Element X/25.11.1 (iPhone 16; iOS 19.1; Scale/3.00)"},
	{Name: "app.element.io: Firefox on Linux", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"},
	{Name: "Element Desktop: Windows", UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Element/1.12.3 Chrome/142.0.0.0 Electron/39.1.0 Safari/537.36"},
	{Name: "FluffyChat android", UserAgent: "FluffyChat/2.3.0"},
	{Name: "Cinny", UserAgent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0"},
	{Name: "nheko", UserAgent: "nheko/0.12.1"},
}
