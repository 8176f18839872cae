// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// wireMedia is a local file as Synapse writes it, in lists and alone.
type wireMedia struct {
	ID          api.MediaID    `json:"media_id"`
	Owner       api.UserID     `json:"user_id"`
	Type        string         `json:"media_type"`
	Bytes       int64          `json:"media_length"` // null while it is being uploaded
	Name        string         `json:"upload_name"`
	Created     int64          `json:"created_ts"`     // milliseconds
	LastAccess  int64          `json:"last_access_ts"` // null: never
	Quarantined string         `json:"quarantined_by"`
	Protected   optional[bool] `json:"safe_from_quarantine"`
}

// scaled are the types of files that Synapse makes thumbnails of (config/repository.py, THUMBNAIL_SUPPORTED_MEDIA_FORMAT_MAP).
var scaled = []string{"image/jpeg", "image/jpg", "image/webp", "image/gif", "image/png"}

func (w wireMedia) media(owner api.UserID) api.Media {
	return api.Media{
		ID: w.ID, Owner: owner, Type: w.Type, Bytes: w.Bytes, Name: w.Name, CreatedMS: w.Created, LastAccessMS: w.LastAccess,
		Quarantined: w.Quarantined != "", By: w.Quarantined, Protected: w.Protected.value,
		Thumbnail: w.Quarantined == "" && slices.Contains(scaled, w.Type),
	}
}

// mediaColumns are Synapse's names of the sort orders.
var mediaColumns = map[api.MediaSort]string{
	api.MediaByCreated: "created_ts", api.MediaBySize: "media_length", api.MediaByLastAccess: "last_access_ts",
	api.MediaByName: "upload_name", api.MediaByType: "media_type",
}

// listMedia returns a page of the files of an account. Two requests: the page, and how large all of them are.
func (s *synapse) listMedia(ctx context.Context, q api.MediaQuery) (api.MediaPage, error) {
	if err := s.local(ctx, q.ID); err != nil {
		return api.MediaPage{}, err
	}
	from, err := offset(q.Cursor)
	if err != nil {
		return api.MediaPage{}, err
	}
	limit := int64(q.Limit)
	if limit == 0 {
		limit = api.DefaultPage
	}
	sort := q.Sort
	if sort == "" {
		sort = api.MediaByCreated
	}
	direction := "b"
	if q.Ascending {
		direction = "f"
	}
	list, total, err := s.readMedia(ctx, q.ID, from, limit, mediaColumns[sort], direction)
	if err != nil {
		return api.MediaPage{}, err
	}
	page := api.MediaPage{Media: list, Total: &total, Offset: from, Bytes: s.mediaBytes(ctx, q.ID)}
	if from+limit < total {
		page.Next = strconv.FormatInt(from+limit, 10)
	}
	if from > 0 {
		page.Previous = strconv.FormatInt(max(0, from-limit), 10)
	}
	return page, nil
}

// offset reads the cursor of a list that is paged by how many come before.
func offset(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(cursor, 10, 62)
	if err != nil || n < 0 {
		return 0, api.NewProblem(api.StatusUnprocessable, "invalid_cursor").At("cursor")
	}
	return n, nil
}

// readMedia reads files of an account (GET /_synapse/admin/v1/users/{id}/media) and how many there are.
func (s *synapse) readMedia(ctx context.Context, id api.UserID, from, limit int64, column, direction string) ([]api.Media, int64, error) {
	var out struct {
		Media []wireMedia `json:"media"`
		Total int64       `json:"total"`
	}
	query := url.Values{"from": {strconv.FormatInt(from, 10)}, "limit": {strconv.FormatInt(limit, 10)}, "order_by": {column}, "dir": {direction}}
	if _, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: mediaOfPath(id), Query: query}, &out); err != nil {
		return nil, 0, about(id, err)
	}
	list := make([]api.Media, 0, len(out.Media))
	for _, w := range out.Media {
		list = append(list, w.media(id))
	}
	return list, out.Total, nil
}

func mediaOfPath(id api.UserID) matrix.Path {
	return matrix.At("/_synapse/admin/v1/users/{}/media", string(id))
}

// mediaBytes returns how large the files of an account are together (GET /_synapse/admin/v1/statistics/users/media), nil where that
// cannot be had. The search finds parts of names, too: of a short one perhaps more than are looked through.
func (s *synapse) mediaBytes(ctx context.Context, id api.UserID) *int64 {
	var out struct {
		Users []struct {
			ID    api.UserID `json:"user_id"`
			Bytes int64      `json:"media_length"`
		} `json:"users"`
	}
	query := url.Values{"search_term": {id.Localpart()}, "limit": {"500"}}
	call := matrix.Call{Method: http.MethodGet, Path: matrix.At("/_synapse/admin/v1/statistics/users/media"), Query: query}
	if _, err := s.keys.Do(ctx, call, &out); err != nil {
		return nil // what is asked for is the list; this only belongs to it
	}
	for _, u := range out.Users {
		if u.ID == id {
			return &u.Bytes
		}
	}
	return nil
}

// The files of an account are looked through in steps, and no further than maxMedia: more would take longer than anybody waits.
const (
	mediaStep = 500
	maxMedia  = 20_000
)

// eachMedia calls a function with every file of an account, the oldest first, until it returns false. more says that there are
// more than were looked at.
func (s *synapse) eachMedia(ctx context.Context, id api.UserID, do func(api.Media) bool) (more bool, err error) {
	for from := int64(0); from < maxMedia; from += mediaStep {
		list, total, err := s.readMedia(ctx, id, from, mediaStep, "created_ts", "f")
		if err != nil {
			return false, err
		}
		for _, m := range list {
			if !do(m) {
				return false, nil
			}
		}
		if from+mediaStep >= total {
			return false, nil
		}
	}
	return true, nil
}

// getMedia returns one file of an account (GET /_synapse/admin/v1/media/{server}/{media}, since 1.140; before, it is looked for in
// the list).
func (s *synapse) getMedia(ctx context.Context, ref api.MediaRef) (api.Media, error) {
	if err := s.local(ctx, ref.ID); err != nil {
		return api.Media{}, err
	}
	if !s.learn(ctx).version.atLeast(1, 140) {
		return s.findMedia(ctx, ref)
	}
	var out struct {
		Media wireMedia `json:"media_info"`
	}
	path := matrix.At("/_synapse/admin/v1/media/{}/{}", ref.ID.Server(), string(ref.Media))
	if _, err := s.keys.Do(ctx, matrix.Call{Method: http.MethodGet, Path: path}, &out); err != nil {
		return api.Media{}, mediaProblem(err)
	}
	if out.Media.ID != ref.Media || out.Media.Owner != ref.ID { // what was allowed to be done to one account is not done to another
		return api.Media{}, noSuchMedia()
	}
	return out.Media.media(ref.ID), nil
}

func (s *synapse) findMedia(ctx context.Context, ref api.MediaRef) (api.Media, error) {
	var found *api.Media
	_, err := s.eachMedia(ctx, ref.ID, func(m api.Media) bool {
		if m.ID == ref.Media {
			found = &m
		}
		return found == nil
	})
	switch {
	case err != nil:
		return api.Media{}, err
	case found == nil:
		return api.Media{}, noSuchMedia()
	}
	return *found, nil
}

// thumbnail returns a small picture of a file, from where clients have it too (GET /_matrix/client/v1/media/thumbnail/{server}/{media},
// since 1.111). Synapse takes that for an access to the file.
func (s *synapse) thumbnail(ctx context.Context, q api.ThumbnailQuery) (api.Picture, error) {
	m, err := s.getMedia(ctx, api.MediaRef{ID: q.ID, Media: q.Media})
	if err != nil {
		return api.Picture{}, err
	}
	if !m.Thumbnail {
		return api.Picture{}, api.NewProblem(api.StatusNotFound, "no_thumbnail")
	}
	query := url.Values{"width": {"96"}, "height": {"96"}, "method": {"crop"}} // two of the sizes that Synapse makes beforehand
	if q.Large {
		query = url.Values{"width": {"640"}, "height": {"480"}, "method": {"scale"}}
	}
	raw := matrix.Raw{Max: api.MaxPicture}
	call := matrix.Call{
		Method: http.MethodGet, Path: matrix.At("/_matrix/client/v1/media/thumbnail/{}/{}", q.ID.Server(), string(q.Media)), Query: query,
	}
	_, err = s.keys.Do(ctx, call, &raw)
	switch e, ok := matrix.As(err); {
	case matrix.NotFound(err), ok && e.Kind == matrix.Refused && e.Status == http.StatusBadRequest: // its uploader calls it a picture
		return api.Picture{}, api.NewProblem(api.StatusNotFound, "no_thumbnail")
	case err != nil:
		return api.Picture{}, matrix.Problem(err)
	case !slices.Contains(api.PictureTypes(), raw.Type):
		return api.Picture{}, api.NewProblem(api.StatusBadGateway, "no_picture")
	}
	return api.Picture{Type: raw.Type, Data: raw.Data}, nil
}

func noSuchMedia() *api.Problem { return api.NewProblem(api.StatusNotFound, "no_such_media") }

// mediaProblem turns the error of a call about a file into a problem.
func mediaProblem(err error) *api.Problem {
	if matrix.NotFound(err) {
		return noSuchMedia()
	}
	return matrix.Problem(err)
}
