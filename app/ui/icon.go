// SPDX-License-Identifier: Apache-2.0

package ui

import "github.com/maxence-charriere/go-app/v10/pkg/app"

// Icon names an outline icon of Tabler (MIT). `go run ./tools/css icons` writes their paths into icon_paths.go.
type Icon string

// The icons that the panel uses.
const (
	IconAdmin       Icon = "shield-half"
	IconAdd         Icon = "plus"
	IconAlert       Icon = "alert-circle"
	IconAlertTri    Icon = "alert-triangle"
	IconArrowDown   Icon = "arrow-down"
	IconArrowUp     Icon = "arrow-up"
	IconBan         Icon = "ban"
	IconBot         Icon = "robot"
	IconBridge      Icon = "plug-connected"
	IconCheck       Icon = "check"
	IconChecked     Icon = "circle-check"
	IconChevronDown Icon = "chevron-down"
	IconChevronEnd  Icon = "chevron-right"
	IconChevron     Icon = "chevron-left"
	IconClose       Icon = "x"
	IconColumns     Icon = "columns-3"
	IconCopy        Icon = "copy"
	IconDeactivate  Icon = "user-off"
	IconDevice      Icon = "device-mobile"
	IconDoor        Icon = "door-exit"
	IconDots        Icon = "dots"
	IconDown        Icon = "plug-connected-x"
	IconDownload    Icon = "download"
	IconEdit        Icon = "pencil"
	IconEye         Icon = "eye"
	IconErase       Icon = "eraser"
	IconFile        Icon = "file"
	IconEyeOff      Icon = "eye-off"
	IconFilter      Icon = "filter-plus"
	IconFilterOff   Icon = "filter-off"
	IconGhost       Icon = "ghost"
	IconGone        Icon = "user-x"
	IconGuest       Icon = "walk"
	IconHelp        Icon = "help-circle"
	IconHistory     Icon = "history"
	IconIdentity    Icon = "id"
	IconInfo        Icon = "info-circle"
	IconKey         Icon = "key"
	IconLanguage    Icon = "language"
	IconLock        Icon = "lock"
	IconMail        Icon = "mail"
	IconMailOff     Icon = "mail-off"
	IconMenu        Icon = "menu-2"
	IconMessageOff  Icon = "message-off"
	IconMessages    Icon = "messages"
	IconOffline     Icon = "wifi-off"
	IconOnce        Icon = "eye-exclamation"
	IconNotice      Icon = "speakerphone"
	IconOverview    Icon = "layout-dashboard"
	IconPause       Icon = "player-pause"
	IconPhone       Icon = "phone"
	IconPhoto       Icon = "photo"
	IconPhotoOff    Icon = "photo-off"
	IconPlay        Icon = "player-play"
	IconPrint       Icon = "printer"
	IconQuarantine  Icon = "barrier-block"
	IconProtect     Icon = "shield-check"
	IconRefresh     Icon = "refresh"
	IconRestore     Icon = "rotate-clockwise"
	IconSearch      Icon = "search"
	IconSelector    Icon = "selector"
	IconServer      Icon = "server"
	IconServerOff   Icon = "server-off"
	IconSettings    Icon = "settings"
	IconSignIn      Icon = "login-2"
	IconSignOut     Icon = "logout"
	IconSkip        Icon = "player-skip-forward"
	IconSupport     Icon = "lifebuoy"
	IconTheme       Icon = "contrast"
	IconToken       Icon = "ticket"
	IconTrash       Icon = "trash"
	IconUnknown     Icon = "help"
	IconUnlink      Icon = "unlink"
	IconUnlock      Icon = "lock-open"
	IconUp          Icon = "circle-arrow-up"
	IconUser        Icon = "user"
	IconUserAdd     Icon = "user-plus"
	IconUserCheck   Icon = "user-check"
	IconUsers       Icon = "users"
	IconWait        Icon = "clock"
	IconWorld       Icon = "world"
)

const svgNamespace = "http://www.w3.org/2000/svg"

// Draw draws the icon, hidden from screen readers: the words beside it say the same. The empty icon draws nothing.
func (i Icon) Draw() app.UI { return i.class("gh-icon") }

func (i Icon) class(class string) app.UI {
	d, ok := iconPaths[i]
	if !ok {
		return nil
	}
	return svg(class, "0 0 24 24", svgPath(d))
}

// mirrored draws an icon that points along the line of text, so that it turns round where that runs from right to left.
func (i Icon) mirrored() app.UI { return i.class("gh-icon gh-icon--mirror") }

// svg draws a hidden picture. Class and box are constants of this package.
func svg(class, box string, body ...app.UI) app.UI {
	return app.Elem("svg").XMLNS(svgNamespace).
		Attr("class", class).
		Attr("viewBox", box).
		Attr("aria-hidden", yes()).
		Attr("focusable", "false").
		Body(body...)
}

func svgPath(d string) app.UI {
	return app.Elem("path").XMLNS(svgNamespace).Attr("d", d)
}

// Mark draws the sign of Gatehouse in the colour of the text.
func Mark() app.UI {
	const d = "M2.5 22V11.5a9.5 9.5 0 0 1 19 0V22h-6l-1.6-7.1a3.4 3.4 0 1 0-3.8 0L8.5 22z"
	return svg("gh-mark", "0 0 24 24", app.Elem("path").XMLNS(svgNamespace).Attr("d", d).Attr("fill-rule", "evenodd"))
}
