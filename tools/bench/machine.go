// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// A machine is what the measurements were made on. What a system does not tell is left out.
type machine struct {
	CPU    string
	Cores  int
	Memory string
	System string
	Go     string
	Load   string // of the last minute, before the first measurement
}

func thisMachine() machine {
	m := machine{Cores: runtime.NumCPU(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	m.CPU = field("/proc/cpuinfo", "model name")
	var kib int64
	if _, err := fmt.Sscanf(field("/proc/meminfo", "MemTotal"), "%d kB", &kib); err == nil {
		m.Memory = fmt.Sprintf("%.0f GiB", float64(kib)/(1<<20))
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _, _ = strings.Cut(string(load), " ")
	}
	if name := strings.Trim(field("/etc/os-release", "PRETTY_NAME"), `"`); name != "" {
		m.System += ", " + name
	}
	return m
}

// busy reports whether something else was at work before the first measurement.
func (m machine) busy() bool {
	load, err := strconv.ParseFloat(m.Load, 64)
	return err == nil && load >= 1
}

// field is the first value of a name in a file of "name: value" or "name=value" lines, "" if it is not there.
func field(path, name string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
		if key, value, ok := strings.Cut(line, "="); ok && key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// resident is how many bytes of memory a process holds (VmRSS); zero where the system does not tell.
func resident(pid int) int64 { return status(pid, "VmRSS") }

// peak is how many bytes a process has held at most (VmHWM); zero where the system does not tell.
func peak(pid int) int64 { return status(pid, "VmHWM") }

func status(pid int, name string) int64 {
	var kib int64
	if _, err := fmt.Sscanf(field(fmt.Sprintf("/proc/%d/status", pid), name), "%d kB", &kib); err != nil {
		return 0
	}
	return kib << 10
}

// programVersion asks the built program.
func programVersion(binary string) string {
	out, err := exec.Command(binary, "version").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(strings.TrimPrefix(string(out), "gatehouse"))
}
