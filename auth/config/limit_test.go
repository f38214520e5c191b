//go:build unix && !freebsd

package config

import "syscall"

// limitFileSize makes writes beyond n bytes fail with EFBIG; the Go runtime
// ignores the signal.
func limitFileSize(n uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n})
}
