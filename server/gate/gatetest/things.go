// SPDX-License-Identifier: Apache-2.0

package gatetest

import (
	"bytes"
	"image"
	"image/png"

	"gatehouse/app/api"
)

// RegistrationToken is what the registration token of every Stub reads.
const RegistrationToken = "Kw-registration-token-of-the-stub"

func (s *Stub) token() api.Token {
	return api.Token{ID: "Kw~1", Start: "Kw", State: api.TokenValid, Uses: 3, Completed: 1}
}

func (s *Stub) tokenCard(text string) api.TokenCard {
	return api.TokenCard{Token: s.token(), Text: api.NewSecret(text), Homeserver: "https://" + s.name, ClientURL: "https://client.example"}
}

// Media is the one file that every account of a Stub has.
func Media(owner api.UserID) api.Media {
	return api.Media{ID: "Picture", Owner: owner, Type: "image/png", Bytes: int64(len(Pixel())), Name: "pixel.png", CreatedMS: Start.UnixMilli(), Thumbnail: true}
}

// Pixel is a picture.
func Pixel() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))) // nothing can go wrong with it
	return b.Bytes()
}
