// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"slices"
)

// writeSmall writes a picture in as few bytes as it can without showing it, and returns how many that are.
func writeSmall(path string, data []byte) (int, error) {
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return 0, fmt.Errorf("read the browser's picture: %w", err)
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, reduced(img)); err != nil {
		return 0, err
	}
	return b.Len(), os.WriteFile(path, b.Bytes(), 0o644)
}

// exact is how many of a picture's colours stay what they are: those of flat areas, and of soft shadows.
const exact = 128

// reduced is a picture with a palette of 256 colours. The most frequent stay what they are. Of the others, which are the edges of letters,
// those that differ in their last bits only become one.
func reduced(img image.Image) *image.Paletted {
	bounds := img.Bounds()
	count := map[color.RGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[at(img, x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		// The second part only makes the order the same every time.
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(number(a), number(b)))
	})
	var palette color.Palette
	var index map[color.RGBA]uint8
	for bits := 0; palette == nil; bits++ {
		palette, index = grouped(colours, bits)
	}
	out := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(img, x, y)])
		}
	}
	return out
}

// grouped puts colours that are the same but for their last bits into one group, named by its first, and the first colours into groups of
// their own. It returns nothing if there are more than 256 groups.
func grouped(colours []color.RGBA, bits int) (color.Palette, map[color.RGBA]uint8) {
	var palette color.Palette
	index := make(map[color.RGBA]uint8, len(colours))
	groups := map[color.RGBA]uint8{}
	for i, c := range colours {
		key := color.RGBA{c.R >> bits, c.G >> bits, c.B >> bits, c.A >> bits}
		group, ok := groups[key]
		if !ok || i < exact {
			if len(palette) == 256 {
				return nil, nil
			}
			group = uint8(len(palette))
			palette = append(palette, c)
			if !ok {
				groups[key] = group
			}
		}
		index[c] = group
	}
	return palette, index
}

func at(img image.Image, x, y int) color.RGBA {
	return color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
}

func number(c color.RGBA) uint32 {
	return uint32(c.R)<<24 | uint32(c.G)<<16 | uint32(c.B)<<8 | uint32(c.A)
}
