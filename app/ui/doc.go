// SPDX-License-Identifier: Apache-2.0

// Package ui holds the building blocks of the panel. They know no Matrix server and do no I/O; screens are composed of them.
// Only this package writes CSS class names and attributes.
//
// # How a block is used
//
// A block with several inputs is a struct: set its fields and call Draw with the environment of the page.
//
//	ui.Note{Kind: ui.Bad, Title: env.T("ui.offline")}.Draw(env)
//
// A block with one or two inputs is a function that returns an element: [Text], [Name], [ID], [Time], [Num] …
// A nil element is left out wherever a block takes elements, so a part that is not there needs no condition.
//
// # The families
//
//	Frame   Shell, PageTitle, Crumbs, Views, Section, Columns, Card, Steps, SignInPage, RootClass
//	List    Toolbar, Search, FilterChip, Table, BulkBar, Pager
//	Value   AccountCell, ID, Name, Avatar, StateChip, Chip, Role, Health, Time, Date, Num, Diff, Copy, Link, QuietLink
//	Act     Button, Actions, Menu, Dialog, Consequences, Why, EndBox
//	Form    Form, FormState, Field, SecretField, TextArea, Select, Joined, Choice, Check, Repeat, Fields, Help, FormFoot
//	Tell    Note, Facts, Timeline, Todo, Counts, Progress, HandOut, QR
//	State   Empty, Skeleton, ProblemPage, ProblemNote, Offline
//
// # Rules that every block keeps
//
//   - Data reaches an attribute only through [Attr], a link only through [Href]: the HTML encoder of go-app escapes neither.
//   - [HTML] writes a tree as HTML on the server. It is the only way to write one: it removes the white space that go-app
//     puts between elements, so that both sides show the same.
//   - There is no inline style and no inline script, and no package variable changes after init.
//   - Everything works without the program. A button is a link or submits a form; a menu is a popover; OnClick and OnSubmit
//     only make it quicker where the program runs.
package ui
