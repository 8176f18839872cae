// SPDX-License-Identifier: Apache-2.0

package api

import (
	"slices"
	"strconv"
	"strings"
)

// The operations on the media of an account: the files that it has uploaded.
var (
	// ListMedia returns one page of them.
	ListMedia = Read[MediaQuery, MediaPage]("media.list", ReadMedia, Listing)
	// GetMedia returns what is known of one.
	GetMedia = Read[MediaRef, Media]("media.get", ReadMedia)
	// GetThumbnail returns a small picture of one.
	GetThumbnail = Read[ThumbnailQuery, Picture]("media.thumbnail", ReadMedia)
	// QuarantineMedia keeps anybody from downloading one.
	QuarantineMedia = Write[MediaDeed, Media]("media.quarantine", QuarantineFiles)
	// UnquarantineMedia ends that.
	UnquarantineMedia = Write[MediaRef, Media]("media.unquarantine", QuarantineFiles)
	// ProtectMedia keeps one from being quarantined.
	ProtectMedia = Write[MediaRef, Media]("media.protect", QuarantineFiles)
	// UnprotectMedia ends that.
	UnprotectMedia = Write[MediaRef, Media]("media.unprotect", QuarantineFiles)
	// DeleteMedia deletes one.
	DeleteMedia = Write[MediaDeed, MediaDone]("media.delete", DeleteFiles, Destructive)
	// QuarantineAllMedia quarantines all that an account has uploaded so far, but what is protected.
	QuarantineAllMedia = Write[UserDeed, MediaDone]("media.quarantine_all", QuarantineFiles, Many, Repeatable)
	// DeleteAllMedia deletes all that an account has uploaded, or what of it is old or large.
	DeleteAllMedia = Write[MediaDeletion, MediaDone]("media.delete_all", DeleteFiles, Destructive, Many, Repeatable)
)

// MediaID names a file on its homeserver: the last part of its MXC address.
type MediaID string

// Validate checks the grammar (specification, "Matrix Content URIs").
func (id MediaID) Validate() error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	switch {
	case id == "":
		return NewProblem(StatusUnprocessable, "missing")
	case len(id) > 255 || strings.Trim(string(id), letters) != "":
		return NewProblem(StatusUnprocessable, "invalid_media_id")
	}
	return nil
}

// Media is a file that an account has uploaded.
type Media struct {
	ID           MediaID `json:"id"`
	Owner        UserID  `json:"owner"`
	Type         string  `json:"type,omitempty"` // as its uploader calls it (RFC 9110, section 8.3)
	Bytes        int64   `json:"bytes"`
	Name         string  `json:"name,omitempty"`
	CreatedMS    int64   `json:"created_ms,omitempty"`     // unix milliseconds
	LastAccessMS int64   `json:"last_access_ms,omitempty"` // 0: never
	Quarantined  bool    `json:"quarantined,omitempty"`
	By           string  `json:"quarantined_by,omitempty"`
	Protected    bool    `json:"protected,omitempty"`
	// Thumbnail says that the homeserver can make a small picture of it; of what is quarantined it makes none.
	Thumbnail bool `json:"thumbnail,omitempty"`
}

// MXC returns the file's address.
func (m Media) MXC() MXC { return MXC("mxc://" + m.Owner.Server() + "/" + string(m.ID)) }

// MediaSort is what a list of files is sorted by.
type MediaSort string

// The sort orders.
const (
	MediaByCreated    MediaSort = "created"
	MediaBySize       MediaSort = "size"
	MediaByLastAccess MediaSort = "last_access"
	MediaByName       MediaSort = "name"
	MediaByType       MediaSort = "type"
)

// MediaQuery asks for a page of the files of an account; unless told otherwise the newest come first.
type MediaQuery struct {
	ID        UserID    `json:"id"`
	Sort      MediaSort `json:"sort,omitempty"`
	Ascending bool      `json:"ascending,omitempty"`
	Limit     int       `json:"limit,omitempty"`
	Cursor    string    `json:"cursor,omitempty"` // from Next or Previous of a page asked with the same other fields
}

// Validate implements Request.
func (q MediaQuery) Validate() error {
	var v Invalid
	v.Check("id", q.ID.Validate())
	if q.Sort != "" && !slices.Contains([]MediaSort{MediaByCreated, MediaBySize, MediaByLastAccess, MediaByName, MediaByType}, q.Sort) {
		v.Add("sort", "invalid_choice", "choices", "created, size, last_access, name, type")
	}
	if q.Limit < 0 || q.Limit > MaxPage {
		v.Add("limit", "out_of_range", "min", "1", "max", strconv.Itoa(MaxPage))
	}
	if len(q.Cursor) > 100 {
		v.Add("cursor", "invalid_cursor")
	}
	return v.Err()
}

// Targets implements Request.
func (q MediaQuery) Targets() []UserID { return []UserID{q.ID} }

// MediaPage is a page of the files of an account.
type MediaPage struct {
	Media    []Media `json:"media"`
	Total    *int64  `json:"total,omitempty"` // how many there are
	Bytes    *int64  `json:"bytes,omitempty"` // how large they are together
	Offset   int64   `json:"offset"`
	Next     string  `json:"next,omitempty"` // cursor; "" on the last page
	Previous string  `json:"previous,omitempty"`
}

// MediaRef names a file of an account.
type MediaRef struct {
	ID    UserID  `json:"id"` // whose it is
	Media MediaID `json:"media"`
}

// Validate implements Request.
func (r MediaRef) Validate() error {
	var v Invalid
	v.Check("id", r.ID.Validate())
	v.Check("media", r.Media.Validate())
	return v.Err()
}

// Targets implements Request.
func (r MediaRef) Targets() []UserID { return []UserID{r.ID} }

// MediaDeed names a file to do something to, with a reason for the audit log.
type MediaDeed struct {
	ID     UserID  `json:"id"`
	Media  MediaID `json:"media"`
	Reason string  `json:"reason,omitempty"`
}

// Ref is the file of the deed.
func (d MediaDeed) Ref() MediaRef { return MediaRef{ID: d.ID, Media: d.Media} }

// Validate implements Request.
func (d MediaDeed) Validate() error {
	var v Invalid
	v.Check("id", d.ID.Validate())
	v.Check("media", d.Media.Validate())
	checkText(&v, "reason", d.Reason, maxReason)
	return v.Err()
}

// Targets implements Request.
func (d MediaDeed) Targets() []UserID { return []UserID{d.ID} }

// MediaDeletion asks for files of an account to be deleted: all, or those that are both old and large enough.
type MediaDeletion struct {
	ID     UserID `json:"id"`
	Before string `json:"before,omitempty"` // uploaded on that day (UTC) or before: 2026-01-31
	Larger int64  `json:"larger,omitempty"` // than so many kB
	Reason string `json:"reason,omitempty"`
}

func (d *MediaDeletion) settle() { d.Before = strings.TrimSpace(d.Before) }

// Validate implements Request.
func (d MediaDeletion) Validate() error {
	var v Invalid
	v.Check("id", d.ID.Validate())
	checkFiles(&v, d.Before, d.Larger)
	checkText(&v, "reason", d.Reason, maxReason)
	return v.Err()
}

func checkFiles(v *Invalid, before string, larger int64) {
	checkDay(v, "before", before)
	if larger < 0 || larger > maxLarger {
		v.Add("larger", "out_of_range", "min", "0", "max", strconv.Itoa(maxLarger))
	}
}

// maxLarger is the largest size that is asked about, in kB: a terabyte.
const maxLarger = 1_000_000_000

// Targets implements Request.
func (d MediaDeletion) Targets() []UserID { return []UserID{d.ID} }

// Of reports whether a file is one of those to be deleted.
func (d MediaDeletion) Of(m Media) bool {
	before, err := Expiry(d.Before)
	if err != nil {
		return false
	}
	return (before.IsZero() || m.CreatedMS <= before.UnixMilli()) && (d.Larger == 0 || m.Bytes > d.Larger*1000)
}

// MediaDone says how many files of an account something was done to.
type MediaDone struct {
	ID    UserID `json:"id"`
	Count int64  `json:"count"`
	// More says that there are more, which the time did not suffice for.
	More bool `json:"more,omitempty"`
}

// ThumbnailQuery asks for a small picture of a file: to stand in a list, or large enough to see what it is.
type ThumbnailQuery struct {
	ID    UserID  `json:"id"`
	Media MediaID `json:"media"`
	Large bool    `json:"large,omitempty"`
}

// Validate implements Request.
func (q ThumbnailQuery) Validate() error { return MediaRef{ID: q.ID, Media: q.Media}.Validate() }

// Targets implements Request.
func (q ThumbnailQuery) Targets() []UserID { return []UserID{q.ID} }

// Picture is a picture as it came from a homeserver. At its address the gate answers with the picture itself.
type Picture struct {
	Type string `json:"type"` // one of PictureTypes
	Data []byte `json:"data"`
}

// PictureTypes are the types of pictures that are passed on: none that can hold a script.
func PictureTypes() []string { return []string{"image/png", "image/jpeg", "image/gif", "image/webp"} }

// MaxPicture bounds a picture, in bytes.
const MaxPicture = 1 << 20
