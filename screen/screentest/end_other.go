//go:build !linux

package screentest

import "syscall"

func endWithUs() *syscall.SysProcAttr { return nil }
