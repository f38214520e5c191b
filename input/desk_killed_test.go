//go:build unix && !darwin

package input_test

// What an injector that was killed leaves behind.

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"rac/input"
	"rac/screen/screentest"
)

// TestMain is also the injector that tests kill.
func TestMain(m *testing.M) {
	if display := os.Getenv("RAC_TEST_INJECTOR"); display != "" {
		holdUntilKilled(display)
	}
	os.Exit(m.Run())
}

func holdUntilKilled(display string) {
	inj, err := input.OpenX11(context.Background(), display, slog.Default())
	if err != nil {
		panic(err)
	}
	for _, ev := range []input.Event{key(0xe1, true), input.Key{Sym: 0x10065e5, Down: true}, button(1, true)} {
		if err := inj.Inject(ev); err != nil {
			panic(err)
		}
	}
	fmt.Println("holding")
	select {}
}

// startInjector starts a process that holds Shift, 日 and a button.
func startInjector(t *testing.T, s *screentest.Server) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(s.Env(), "RAC_TEST_INJECTOR="+s.Display)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	eventually(t, "the injector holds", func() bool { return len(keysDown(t, s)) == 2 && buttonsDown(t, s) == 1 })
	return cmd
}

func TestWhatAKilledInjectorLeftIsCleanedUpByTheNext(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	s.Run(t, "xset", "r", "rate", "20", "100")
	w, before := watch(t, s), spareCodes(t, s)
	cmd := startInjector(t, s)
	cmd.Process.Kill()
	cmd.Wait()
	if len(keysDown(t, s)) != 2 {
		t.Fatal("XTEST keys are expected to stay down without us")
	}
	w.story(t)
	time.Sleep(200 * time.Millisecond) // some twenty repeats
	w.want(t, "")
	openX11(t, s)
	if keys, buttons := keysDown(t, s), buttonsDown(t, s); len(keys) > 0 || buttons != 0 {
		t.Errorf("keys %v, buttons %b are still down", keys, buttons)
	}
	if after := spareCodes(t, s); !slices.Equal(before, after) {
		t.Errorf("spare keycodes are %v, were %v", after, before)
	}
}

func TestASecondInjectorLeavesALivingOneAlone(t *testing.T) {
	s := screentest.Xvfb(t, 640, 480)
	startInjector(t, s)
	bound := spareCodes(t, s)
	inj := openX11(t, s)
	inject(t, inj, input.Text{Text: "本語"})
	inj.Close()
	if keys, buttons := keysDown(t, s), buttonsDown(t, s); len(keys) != 2 || buttons != 1 {
		t.Errorf("keys %v, buttons %b are down, want two and one", keys, buttons)
	}
	if after := spareCodes(t, s); !slices.Equal(bound, after) {
		t.Errorf("spare keycodes are %v, were %v", after, bound)
	}
}
