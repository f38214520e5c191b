package config

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestAFileIsReplacedWhole(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	texts := []string{strings.Repeat("a", 1<<16), strings.Repeat("b", 1<<16)}
	save(t, file, texts[0])
	var writers sync.WaitGroup
	for _, text := range texts {
		writers.Go(func() {
			for range 20 {
				if err := ReplaceFile(file, []byte(text), 0o600); err != nil {
					t.Error(err)
				}
				if now := read(t, file); now != texts[0] && now != texts[1] {
					t.Errorf("%d bytes that nobody has written", len(now))
				}
			}
		})
	}
	writers.Wait()
	wantMode(t, file, 0o600)
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if err := ReplaceFile(filepath.Join(file, "no"), nil, 0o600); err == nil {
		t.Error("written below a file")
	}
}
