// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestParentDeath kills a program that has started a child, and expects the
// child to end too. The program is this test binary, run again.
func TestParentDeath(t *testing.T) {
	if os.Getenv("PROCESS_TEST_PARENT") != "" {
		p, err := Start(exec.Command("sleep", "600"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("pid %d\n", p.Pid())
		<-p.Done()
		return
	}
	parent := exec.Command(os.Args[0], "-test.run=^TestParentDeath$")
	parent.Env = append(os.Environ(), "PROCESS_TEST_PARENT=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid := strings.TrimPrefix(strings.TrimSpace(line), "pid ")
	if !alive(t, pid) {
		t.Fatalf("child %q never ran", pid)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	for deadline := time.Now().Add(5 * time.Second); alive(t, pid); {
		if time.Now().After(deadline) {
			t.Fatalf("child %s outlived its parent", pid)
		}
		time.Sleep(time.Millisecond)
	}
}
