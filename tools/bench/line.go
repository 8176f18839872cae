// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"net"
	"sync"
	"time"
)

// conditions are what a network line is like.
type conditions struct {
	name        string
	roundTrip   time.Duration // half of it each way; connecting takes one more
	bytesPerSec float64       // each way; zero: no limit
}

var (
	loopback = conditions{name: "loopback"}
	slowLine = conditions{name: "1.6 Mbit/s, 150 ms", roundTrip: 150 * time.Millisecond, bytesPerSec: 1.6e6 / 8}
)

// A line is a TCP relay that is as slow as it is told to be. The browser's own emulation is not used: it leaves out what a service
// worker asks for, and every page of the panel goes through one.
type line struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	is    conditions
	up    direction
	down  direction
	conns map[net.Conn]bool
	wg    sync.WaitGroup
}

// newLine opens a relay to an address on a free port.
func newLine(target string) (*line, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n := &line{listener: l, target: target, conns: map[net.Conn]bool{}}
	n.wg.Go(n.accept)
	return n, nil
}

func (l *line) addr() string { return l.listener.Addr().String() }

// become changes the line, and hangs up what was connected over the one before.
func (l *line) become(c conditions) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.is = c
	for conn := range l.conns {
		conn.Close()
	}
	l.up, l.down = direction{}, direction{}
}

func (l *line) close() {
	l.listener.Close()
	l.become(conditions{})
	l.wg.Wait()
}

func (l *line) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return // closed
		}
		l.wg.Go(func() { l.connect(client) })
	}
}

func (l *line) connect(client net.Conn) {
	server, err := net.Dial("tcp", l.target)
	if err != nil {
		client.Close()
		return
	}
	l.mu.Lock()
	c := l.is
	l.conns[client], l.conns[server] = true, true
	l.mu.Unlock()
	defer func() {
		client.Close()
		server.Close()
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.conns, client)
		delete(l.conns, server)
	}()
	if c == loopback {
		var both sync.WaitGroup
		both.Go(func() { copyHalf(server, client) })
		both.Go(func() { copyHalf(client, server) })
		both.Wait()
		return
	}
	time.Sleep(c.roundTrip) // the handshake
	var both sync.WaitGroup
	both.Go(func() { l.carry(server, client, c, &l.up) })
	both.Go(func() { l.carry(client, server, c, &l.down) })
	both.Wait()
}

// copyHalf copies one direction of a connection. An error is one side hanging up: the other side is told so.
func copyHalf(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	closeWrite(to)
}

func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// A direction is one way of a line. Connections share it packet by packet.
type direction struct{ free time.Time }

// packet is how much is sent in one piece: what fits into an Ethernet frame.
const packet = 1460

// carry copies one direction of a connection as the line allows.
func (l *line) carry(to, from net.Conn, c conditions, way *direction) {
	type piece struct {
		data   []byte
		arrive time.Time
	}
	underway := make(chan piece, 1024) // more than fits into a round trip
	var writer sync.WaitGroup
	writer.Go(func() {
		failed := false
		for p := range underway {
			time.Sleep(time.Until(p.arrive))
			if !failed {
				_, err := to.Write(p.data)
				failed = err != nil
			}
		}
		closeWrite(to)
	})
	for {
		data := make([]byte, packet)
		n, err := from.Read(data)
		if n > 0 {
			sent := l.send(way, n, c.bytesPerSec)
			time.Sleep(time.Until(sent))
			underway <- piece{data[:n], sent.Add(c.roundTrip / 2)}
		}
		if err != nil {
			break
		}
	}
	close(underway)
	writer.Wait()
}

// send takes the next place on the line for n bytes and returns when the last of them is sent.
func (l *line) send(way *direction, n int, bytesPerSec float64) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); way.free.Before(now) {
		way.free = now
	}
	way.free = way.free.Add(time.Duration(float64(n) / bytesPerSec * float64(time.Second)))
	return way.free
}
