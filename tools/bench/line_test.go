// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestCarry sends bytes over a slow line, on a clock of its own: they take the line's time, no more and no less, and arrive as they were.
func TestCarry(t *testing.T) {
	c := conditions{roundTrip: 150 * time.Millisecond, bytesPerSec: 200_000}
	for _, test := range []struct {
		connections, bytes int
		want               time.Duration
	}{
		{1, 1, 75*time.Millisecond + 5*time.Microsecond},
		{1, 200_000, 1075 * time.Millisecond},
		{2, 100_000, 1075 * time.Millisecond}, // they share it
		{1, 2_000_000, 10_075 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := &line{}
			began := time.Now()
			var all sync.WaitGroup
			for range test.connections {
				near, relayNear := net.Pipe()
				relayFar, far := net.Pipe()
				sent := bytes.Repeat([]byte("abcdefg"), test.bytes/7+1)[:test.bytes]
				all.Go(func() {
					l.carry(relayFar, relayNear, c, &l.down)
					relayFar.Close()
				})
				all.Go(func() {
					near.Write(sent)
					near.Close()
				})
				all.Go(func() {
					got, err := io.ReadAll(far)
					if err != nil || !bytes.Equal(got, sent) {
						t.Errorf("%d bytes arrived as %d bytes, %v", len(sent), len(got), err)
					}
				})
			}
			all.Wait()
			if took := time.Since(began).Round(time.Millisecond / 100); took != test.want.Round(time.Millisecond/100) {
				t.Errorf("%d × %d bytes took %v, want %v", test.connections, test.bytes, took, test.want)
			}
		})
	}
}

// TestLine sends a request over a line on real sockets, before and after the line changed.
func TestLine(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	l, err := newLine(echo.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	for _, c := range []conditions{loopback, {roundTrip: time.Millisecond, bytesPerSec: 1e9}, loopback} {
		l.become(c)
		conn, err := net.Dial("tcp", l.addr())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			conn.Write([]byte("hello"))
			closeWrite(conn)
		}()
		got, err := io.ReadAll(conn)
		if err != nil || string(got) != "hello" {
			t.Errorf("over %+v came %q, %v", c, got, err)
		}
		conn.Close()
	}
}
