// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"
)

// What is said of rows.
const (
	hidden  = `password="••••••••"`
	isSame  = "skipped The account is so already."
	isGone  = "failed The account is deactivated. Nothing was changed; reactivate it first."
	isNot   = "failed There is no such account on this homeserver."
	welcome = "Welcome, Zoë."
)

// TestImportFields imports accounts with every field that there is, changes some, makes and changes some, imports an export that was edited, and lets
// accounts change while a plan waits. What became of them is asked at the homeserver.
func TestImportFields(t *testing.T) {
	t.Run("synapse", func(t *testing.T) {
		t.Parallel()
		c := newClass(t, synapse(t))
		makesEveryField(c)
		password := changesEveryField(c)
		makesOrChanges(c, password)
		comesBack(c)
		changedMeanwhile(c)
	})
	t.Run("dendrite", func(t *testing.T) {
		t.Parallel()
		c := newClass(t, dendrite(t))
		makesOnDendrite(c)
		changesOnDendrite(c)
	})
}

func makesEveryField(c *class) {
	all, locked := c.password("all", "first"), c.password("locked", "first")
	c.imports(`localpart,display_name,password,admin,user_type,email,phone,sso,avatar,locked,rooms,notice,deactivated
~all,Zoë <Z>,`+all+`,yes,teacher,~all@B.example,PHONE,oidc-school:~all,mxc://synapse.example/zoe,no,"#~hall, !lab","`+welcome+`",no
~locked,Ann,`+locked+`,,,,,,,1,,,
~gone,Bob,,,bot,,,,,,,,ja
~made,Cat,,0,,"~made@b.example, ~tom@b.example",,,,,!lab,,
`, []string{"--passwords", "random", "--length", "24"},
		`2 @~all to do users.create display_name="Zoë <Z>" admin="true" user_type="teacher" emails="~all@b.example" phones="PHONE" sso="oidc-school:~all" `+
			`avatar_url="mxc://synapse.example/zoe" locked="false" rooms="#~hall, !lab" notice="Welcome, Zoë." deactivated="false" `+hidden,
		`3 @~locked to do users.create display_name="Ann" locked="true" `+hidden,
		`4 @~gone to do users.create display_name="Bob" user_type="bot" deactivated="true" `+hidden,
		`5 @~made to do users.create display_name="Cat" admin="false" emails="~made@b.example, ~tom@b.example" rooms="!lab" `+hidden)
	c.imports("id,displayname\n~phrase,Phrase\n~leaves,Leaves\n", []string{"--passwords", "passphrase", "--length", "5"},
		`2 @~phrase to do users.create display_name="Phrase" `+hidden, `3 @~leaves to do users.create display_name="Leaves" `+hidden)
	c.now = map[string]pupil{
		"all": {
			DisplayName: "Zoë <Z>", UserType: "teacher", Avatar: "mxc://synapse.example/zoe", Admin: true,
			Addresses: []string{"email ~all@b.example", "msisdn PHONE"}, Identities: []string{"oidc-school ~all"}, Rooms: []string{"!lab", "#~hall"},
		},
		"locked": {DisplayName: "Ann", Locked: true},
		"gone":   {DisplayName: "Bob", UserType: "bot", Deactivated: true},
		"made":   {DisplayName: "Cat", Addresses: []string{"email ~made@b.example", "email ~tom@b.example"}, Rooms: []string{"!lab"}},
		"phrase": {DisplayName: "Phrase"},
		"leaves": {DisplayName: "Leaves"},
	}
	c.checks("made")
	if len(c.made["made"]) != 24 || strings.Count(c.made["phrase"], "-") < 4 { // a word can have a hyphen of its own
		c.t.Errorf("passwords of %d characters and %d words were made", len(c.made["made"]), strings.Count(c.made["phrase"], "-")+1)
	}
	c.signsIn("all", all)
	for _, name := range []string{"made", "phrase", "leaves"} {
		c.signsIn(name, c.made[name])
	}
}

// changesEveryField returns the password that ~all has then.
func changesEveryField(c *class) (second string) {
	second = c.password("all", "second")
	unlocked := c.password("locked", "second") // a locked account gets its name and its password before it is unlocked
	c.imports(`id,display_name,password,admin,user_type,emails,phones,sso,avatar_url,locked,rooms,notice,deactivated
`+c.id("all")+`,Zoë Ada,`+second+`,no,bot,"~all@b.example, ~ada@b.example",,oidc-other:~all,mxc://synapse.example/ada,,!den,"`+welcome+`",
~locked,Lou,`+unlocked+`,,,,,,,no,,,
~phrase,,,,,,,,,yes,,,
~leaves,,,,,,,,,,,,yes
~made,Cat,,0,,"~tom@b.example, ~made@b.example",,,,no,,,no
~gone,Robert,,,,,,,,,,,
~nobody,Nobody,,,,,,,,,,,
`, []string{"--mode", "update", "--reset"},
		`2 @~all to do users.update display_name="Zoë <Z>"→"Zoë Ada" admin="true"→"false" user_type="teacher"→"bot" avatar_url="mxc://synapse.example/zoe"→"mxc://synapse.example/ada" `+
			`emails="~all@b.example"→"~all@b.example, ~ada@b.example" sso="oidc-school:~all"→"oidc-other:~all" `+hidden+` rooms="!den" notice="Welcome, Zoë."`,
		`3 @~locked to do users.update display_name="Ann"→"Lou" `+hidden+` locked="true"→"false"`,
		`4 @~phrase to do users.lock locked="false"→"true"`,
		`5 @~leaves to do users.deactivate deactivated="false"→"true"`,
		"6 @~made "+isSame, "7 @~gone "+isGone, "8 @~nobody "+isNot)
	c.now["all"] = pupil{
		DisplayName: "Zoë Ada", UserType: "bot", Avatar: "mxc://synapse.example/ada", Rooms: []string{"!den", "!lab", "#~hall"},
		Addresses: []string{"email ~ada@b.example", "email ~all@b.example", "msisdn PHONE"}, Identities: []string{"oidc-other ~all"},
	}
	c.changes("locked", func(p *pupil) { p.DisplayName, p.Locked = "Lou", false })
	c.changes("phrase", func(p *pupil) { p.Locked = true })
	c.changes("leaves", func(p *pupil) { p.Deactivated = true })
	c.checks("changed")
	cannotSignIn(c.t, c.hs, c.prefix+"all", c.password("all", "first"))
	cannotSignIn(c.t, c.hs, c.prefix+"leaves", c.made["leaves"])
	c.signsIn("locked", unlocked)
	c.signsIn("made", c.made["made"])
	c.hears(c.signsIn("all", second), welcome, welcome) // the same words twice are two notices
	return second
}

func makesOrChanges(c *class, password string) {
	late := c.password("late", "first")
	c.imports("id,display_name,user_type,password\n~all,Zoë Ada,support,"+c.password("all", "third")+"\n~made,Cat,,\n~late,Late,,"+late+"\n", []string{"--mode", "both"},
		`2 @~all to do users.update user_type="bot"→"support"`, "3 @~made "+isSame, `4 @~late to do users.create display_name="Late" `+hidden)
	c.changes("all", func(p *pupil) { p.UserType = "support" })
	c.changes("late", func(p *pupil) { p.DisplayName = "Late" })
	c.checks("made or changed")
	c.signsIn("all", password) // still, because it was not said to reset it
	c.signsIn("late", late)
}

func comesBack(c *class) {
	c.imports(c.exported(",Zoë Ada,", ",Ada,", ",Late,", ",Early,"), []string{"--mode", "both"},
		`2 @~all to do users.update display_name="Zoë Ada"→"Ada"`, "3 @~gone "+isSame, `4 @~late to do users.update display_name="Late"→"Early"`,
		"5 @~leaves "+isSame, "6 @~locked "+isSame, "7 @~made "+isSame, "8 @~phrase "+isSame)
	c.changes("all", func(p *pupil) { p.DisplayName = "Ada" })
	c.changes("late", func(p *pupil) { p.DisplayName = "Early" })
	c.checks("exported, edited and imported")
}

func changedMeanwhile(c *class) {
	const theirs = "a password of theirs"
	c.meanwhile(`id,display_name,emails,locked,password
~all,Ours,,,
~late,,~late@b.example,yes,
~made,Kitty,,,
~phrase,,,,`+c.password("phrase", "second")+`
~taken,Ours,,,
~fresh,Fresh,,,
`, func() {
		alter(c.t, c.hs, c.id("all"), object{"displayname": "Theirs"})
		alter(c.t, c.hs, c.id("late"), emails(c.prefix+"theirs@b.example"))
		alter(c.t, c.hs, c.id("made"), emails(c.prefix+"cat@b.example")) // of which the file says nothing
		alter(c.t, c.hs, c.id("phrase"), object{"locked": false})
		register(c.t, c.hs, c.prefix+"taken", theirs, false)
	}, "2 @~all failed item_changed_meanwhile", "3 @~late failed item_changed_meanwhile", "4 @~made done",
		"5 @~phrase failed item_changed_meanwhile", "6 @~taken failed name_in_use", "7 @~fresh done")
	c.changes("all", func(p *pupil) { p.DisplayName = "Theirs" })
	c.changes("late", func(p *pupil) { p.Addresses = []string{"email ~theirs@b.example"} })
	c.changes("made", func(p *pupil) { p.DisplayName, p.Addresses = "Kitty", []string{"email ~cat@b.example"} })
	c.changes("phrase", func(p *pupil) { p.Locked = false })
	c.changes("taken", func(p *pupil) { p.DisplayName = c.prefix + "taken" })
	c.changes("fresh", func(p *pupil) { p.DisplayName = "Fresh" })
	c.checks("changed meanwhile")
	c.signsIn("phrase", c.made["phrase"])
	c.signsIn("taken", theirs)
}

// dendriteHas fails the test unless Dendrite has an account so.
func (c *class) dendriteHas(name, password, display string, admin bool) {
	c.t.Helper()
	got, err := c.hs.DisplayName(timeout(c.t), c.id(name))
	if is := administers(c.t, c.hs, c.signsIn(name, password)); err != nil || got != display || is != admin {
		c.t.Errorf("%s is called %q, %v, an administrator: %t", name, got, err, is)
	}
}

func makesOnDendrite(c *class) {
	const nothing = " Nothing was changed."
	all := c.password("all", "first")
	c.imports(`localpart,display_name,password,admin,user_type,email,phone,sso,avatar,locked,rooms,notice,deactivated
~type,T,,,teacher,,,,,,,,
~mail,T,,,,~mail@b.example,,,,,,,
~phone,T,,,,,PHONE,,,,,,
~sso,T,,,,,,oidc-school:~sso,,,,,
~avatar,T,,,,,,,mxc://dendrite.example/t,,,,
~locked,T,,,,,,,,yes,,,
~room,T,,,,,,,,,#hall:dendrite.example,,
~all,Zoë <Z>,`+all+`,yes,,,,,,no,,"`+welcome+`",no
~gone,Bob,,,,,,,,,,,ja
~made,Cat,,0,,,,,,,,,
`, []string{"--length", "24"},
		"2 @~type failed Dendrite has no account types."+nothing,
		"3 @~mail failed Dendrite offers administrators no e-mail addresses and phone numbers."+nothing,
		"4 @~phone failed Dendrite offers administrators no e-mail addresses and phone numbers."+nothing,
		"5 @~sso failed Dendrite has no sign-in identities."+nothing,
		"6 @~avatar failed Dendrite cannot change the picture of others."+nothing,
		"7 @~locked failed Dendrite has no lock."+nothing,
		"8 @~room failed Dendrite offers no way to make others members of rooms."+nothing,
		`9 @~all to do users.create display_name="Zoë <Z>" admin="true" locked="false" notice="Welcome, Zoë." deactivated="false" `+hidden,
		`10 @~gone to do users.create display_name="Bob" deactivated="true" `+hidden,
		`11 @~made to do users.create display_name="Cat" admin="false" `+hidden)
	for _, name := range []string{"type", "mail", "phone", "sso", "avatar", "locked", "room"} {
		if isThere(c.t, c.hs, c.id(name)) {
			c.t.Errorf("%s was refused, and is there", name)
		}
	}
	c.imports("id,displayname\n~phrase,Phrase\n~leaves,Leaves\n", []string{"--passwords", "passphrase", "--length", "5"},
		`2 @~phrase to do users.create display_name="Phrase" `+hidden, `3 @~leaves to do users.create display_name="Leaves" `+hidden)
	c.dendriteHas("all", all, "Zoë <Z>", true)
	c.dendriteHas("made", c.made["made"], "Cat", false)
	c.dendriteHas("phrase", c.made["phrase"], "Phrase", false)
	c.dendriteHas("leaves", c.made["leaves"], "Leaves", false)
	cannotSignIn(c.t, c.hs, c.prefix+"gone", c.made["gone"])
}

// changesOnDendrite changes what Dendrite has, makes and changes, and takes an export back in. A name that was taken meanwhile stays theirs.
func changesOnDendrite(c *class) {
	second, late := c.password("all", "second"), c.password("late", "first")
	c.imports(`id,display_name,password,admin,notice,deactivated
~all,Zoë <Z>,`+second+`,no,"`+welcome+`",
~made,Kitty,,,,
~phrase,Phrase,,no,,
~leaves,,,,,yes
~nobody,Nobody,,,,
`, []string{"--mode", "update", "--reset"},
		`2 @~all to do users.update admin="true"→"false" `+hidden+` notice="Welcome, Zoë."`,
		"3 @~made failed Dendrite cannot change the display name of others. Nothing was changed.",
		"4 @~phrase "+isSame, `5 @~leaves to do users.deactivate deactivated="false"→"true"`, "6 @~nobody "+isNot)
	cannotSignIn(c.t, c.hs, c.prefix+"all", c.password("all", "first"))
	cannotSignIn(c.t, c.hs, c.prefix+"leaves", c.made["leaves"])
	c.dendriteHas("all", second, "Zoë <Z>", false)
	c.dendriteHas("made", c.made["made"], "Cat", false)
	c.hears(c.signsIn("all", second), welcome, welcome)

	c.imports("id,display_name,admin,password\n~all,Zoë <Z>,yes,"+c.password("all", "third")+"\n~made,Cat,,\n~late,Late,,"+late+"\n", []string{"--mode", "both"},
		`2 @~all to do users.update admin="false"→"true"`, "3 @~made "+isSame, `4 @~late to do users.create display_name="Late" `+hidden)
	c.dendriteHas("all", second, "Zoë <Z>", true)
	c.dendriteHas("late", late, "Late", false)

	c.imports(c.exported("Late,false,", "Late,true,", "Phrase,false,", "Phrase,true,"), []string{"--mode", "both"},
		"2 @~all "+isSame, "3 @~gone "+isSame, `4 @~late to do users.update admin="false"→"true"`, "5 @~leaves "+isSame, "6 @~made "+isSame,
		`7 @~phrase to do users.update admin="false"→"true"`)
	c.dendriteHas("late", late, "Late", true)
	c.dendriteHas("phrase", c.made["phrase"], "Phrase", true)

	const theirs = "a password of theirs"
	c.meanwhile("id,display_name\n~taken,Ours\n~fresh,Fresh\n", func() { register(c.t, c.hs, c.prefix+"taken", theirs, false) },
		"2 @~taken failed name_in_use", "3 @~fresh done")
	c.dendriteHas("taken", theirs, c.prefix+"taken", false)
}
