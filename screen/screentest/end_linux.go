package screentest

import "syscall"

// endWithUs ends the program also when the test process is killed.
func endWithUs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
