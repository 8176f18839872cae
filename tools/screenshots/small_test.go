// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

func TestWriteSmall(t *testing.T) {
	// Above 512 colours, once each; below, a flat area and a shadow.
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			c := color.RGBA{255, 255, 255, 255}
			switch {
			case y < 8:
				c = color.RGBA{4 * uint8(x), 16 * uint8(y), 0, 255}
			case y < 24:
				c = color.RGBA{uint8(x), uint8(x), uint8(x), 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.png")
	n, err := writeSmall(path, b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil || len(data) != n {
		t.Fatalf("%d bytes, said %d, %v", len(data), n, err)
	}
	got, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := got.(*image.Paletted); !ok {
		t.Errorf("the picture is a %T", got)
	}
	for x := range 64 {
		for y := range 64 {
			a, b := at(img, x, y), at(got, x, y)
			if y >= 8 && a != b || far(a.R, b.R) || far(a.G, b.G) || far(a.B, b.B) {
				t.Fatalf("at %d,%d %v became %v", x, y, a, b)
			}
		}
	}
}

// far reports whether two parts of colours differ in more than their last four bits.
func far(a, b uint8) bool { return max(a, b)-min(a, b) >= 16 }
